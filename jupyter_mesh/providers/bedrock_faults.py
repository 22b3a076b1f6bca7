"""What went wrong at Bedrock: AWS names its exceptions in a header, or as the type of an event."""

from __future__ import annotations

from collections.abc import Mapping

from ..outbound.faults import Fault, Faults
from ..schemas.frozen import frozen
from ..schemas.json import JsonObject, as_str

STATUSES = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "InternalServerException": 500,
    "InvalidSignatureException": 403,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 429,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "UnrecognizedClientException": 403,
    "ValidationException": 400,
}
"""Of the service model of `bedrock-runtime`; a quota that is used up is 400 there."""


@frozen
class BedrockFaults(Faults):
    """Names the failures of a connection to Bedrock."""

    def from_status(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        kind = headers.get("x-amzn-ErrorType", "").partition(":")[0]
        return Faults.from_status(self, STATUSES.get(kind, status), headers, body)

    def from_event(self, name: str, data: JsonObject) -> Fault:
        """The error for an exception in a stream.

        Args:
            name: Of its type, such as `throttlingException`.
            data: What it says.
        """
        status = STATUSES.get(name[:1].upper() + name[1:], 500)
        said = as_str(data.get("message")) or as_str(data.get("originalMessage")) or name
        return self.from_error({"message": said, "code": status})
