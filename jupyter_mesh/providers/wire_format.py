"""What differs between vendors: how a request is put to one, and how its answer is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

from ..outbound.faults import Faults
from ..schemas.catalog import ModelFacts
from ..schemas.events import Answer, Chunk, Finished, Metered, Notice
from ..schemas.frozen import frozen
from ..schemas.json import Json, JsonObject
from ..schemas.request import Operation
from ..schemas.spend import Usage
from ..spi.provider import Attempt
from .sse import EventParser, ServerSentEvent


@frozen(kw_only=True)
class Outgoing:
    """A request as the vendor wants it.

    Attributes:
        path: After the base URL, or a whole URL.
        body: Sent as JSON.
        headers: Beside those of the connection.
        dropped: Parameters of the caller's that were left out, since the vendor does not have them.
    """

    path: str
    body: JsonObject
    headers: Mapping[str, str] | None = None
    dropped: tuple[str, ...] = ()

    def notice(self, connection: str) -> Notice:
        """What the caller is told of the parameters that were left out."""
        names = ", ".join(f"`{name}`" for name in self.dropped)
        return Notice(
            "parameters_dropped",
            f"Left out for the connection {connection!r}: {names}. Its API does not have it, or "
            "not for this model, this value or beside what else was asked.",
            {"parameters": [*self.dropped]},
        )


@frozen(kw_only=True)
class Whole:
    """A whole answer, read."""

    answer: Answer
    usage: Usage
    finished: Finished


class Parser(Protocol):
    """Cuts the bytes of a stream into events, however they arrive."""

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that `piece` completes.

        Raises:
            ValueError: The bytes are not what they should be; the message says how, in words that
                follow "sent".
        """
        ...

    def flush(self) -> list[ServerSentEvent]:
        """The event that stood unfinished when the stream ended."""
        ...


class Reading(Protocol):
    """What a stream has said so far."""

    @property
    def done(self) -> bool:
        """Whether its end mark has come."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the answer has ended, with or without an end mark."""
        ...

    def read(self, event: ServerSentEvent) -> Sequence[Chunk]:
        """The chunks in an event, in OpenAI's shape.

        Raises:
            ProviderError: The event is an error, or nonsense.
        """
        ...

    def slice(self) -> Metered | None:
        """An interim count, now and then."""
        ...

    def end(self) -> tuple[Metered, Finished]:
        """The final count and the reason, once the stream has ended.

        Raises:
            ProviderProtocolError: It ended before the answer did.
        """
        ...


class WireFormat(ABC):
    """The format of one vendor; it keeps nothing between requests."""

    streamed: ClassVar[frozenset[Operation]] = frozenset({Operation.CHAT})
    """Operations that can be answered as a stream."""
    stream_type: ClassVar[str] = "text/event-stream"
    """Media type of a stream."""

    @abstractmethod
    def outgoing(self, attempt: Attempt) -> Outgoing:
        """Put the request to the vendor.

        Raises:
            UnsupportedParameter: It asks for what this API cannot do.
            ProviderRejected: The operation is none of this API's.
        """

    @abstractmethod
    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        """Read a whole answer.

        Args:
            data: Its JSON.
            raw: The same as it came.
            attempt: What was asked.
            faults: To raise when it is not what it should be.

        Raises:
            ProviderError: It is not an answer.
        """

    @abstractmethod
    def reading(self, attempt: Attempt, faults: Faults) -> Reading:
        """A new reading of a stream."""

    def parser(self) -> Parser:
        """Cuts a stream into events."""
        return EventParser()

    @abstractmethod
    def listed(self, data: Json) -> list[ModelFacts] | None:
        """The models in an answer to the question for them; None when it is none."""

    def next_page(self, data: Json) -> str | None:
        """Where the list of models goes on, after the base URL; None: this was all of it."""
        return None
