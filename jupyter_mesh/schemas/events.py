"""What flows back through the pipeline. An answer is the fold of its events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Literal, TypeAlias

from .frozen import frozen
from .json import JsonObject
from .spend import Usage


@frozen
class Chunk:
    """One `chat.completion.chunk` (or `text_completion`) of a streamed answer, in OpenAI's shape.

    Unknown fields stay intact. `raw` is the JSON text as it arrived; it is forwarded byte for byte
    unless a step changed `data`, which then passes on a new chunk without `raw`.

    Attributes:
        usage_only: The extra chunk the mesh asked the provider for; removed again at the transport
            when the client did not ask for usage itself.
    """

    data: JsonObject
    raw: bytes | None = None
    usage_only: bool = False


@frozen
class Answer:
    """A whole, non-streamed answer: `chat.completion`, an embeddings `list`, a ranking, labels."""

    data: JsonObject
    raw: bytes | None = None


@frozen
class Notice:
    """Something the person should know, such as `fallback`, `redacted` or `cache_hit`."""

    code: str
    message: str
    details: JsonObject | None = None

    def as_json(self) -> JsonObject:
        """As callers get it."""
        said: JsonObject = {"code": self.code, "message": self.message}
        return said if self.details is None else {**said, "details": self.details}


@frozen
class Metered:
    """Tokens so far (`final` False, while streaming: an estimate) or of the whole call, by one
    model.

    Providers yield it without a cost; Price adds it. `cost` None means the price is unknown, never
    zero.
    """

    usage: Usage
    model: str = ""
    cost: Decimal | None = None
    final: bool = True


FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "aborted", "error"
]


@frozen
class Finished:
    """Always the last event of a call that ended without an exception."""

    reason: FinishReason = "stop"


Event: TypeAlias = Chunk | Answer | Notice | Metered | Finished
Events: TypeAlias = AsyncGenerator[Event, None]
