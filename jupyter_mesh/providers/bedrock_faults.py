"""What went wrong at Bedrock: AWS names its exceptions in a header, or as the type of an event."""

from __future__ import annotations

from ..outbound.aws_faults import STATUSES, AwsFaults
from ..outbound.faults import Fault
from ..schemas.frozen import frozen
from ..schemas.json import JsonObject, as_str


@frozen
class BedrockFaults(AwsFaults):
    """Names the failures of a connection to Bedrock."""

    def from_event(self, name: str, data: JsonObject) -> Fault:
        """The error for an exception in a stream.

        Args:
            name: Of its type, such as `throttlingException`.
            data: What it says.
        """
        status = STATUSES.get(name[:1].upper() + name[1:], 500)
        said = as_str(data.get("message")) or as_str(data.get("originalMessage")) or name
        return self.from_error({"message": said, "code": status})
