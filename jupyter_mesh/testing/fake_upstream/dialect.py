"""What a fake upstream must know of a vendor's format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ...schemas.frozen import frozen
from ...schemas.json import Json, JsonObject
from .behaviour import Behaviour
from .heard import Heard
from .record import Received


@frozen
class Streamed:
    """A stream, framed as it goes over the wire.

    Attributes:
        events: In order.
        end: How many of the last ones say only that the answer is over; left out by the fault
            `no_done`.
    """

    events: list[bytes]
    end: int = 1


class Refusal(Exception):
    """What a request is answered with when it is not as the vendor wants it."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "invalid_request_error",
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param


class Dialect(ABC):
    """One vendor's format, on the server's side. It is held to be faithful because the vendor's own
    client is run against it.
    """

    stream_type: ClassVar[str] = "text/event-stream"
    comment: ClassVar[bytes] = b": keep-alive\n\n"
    """Bytes of a stream that mean nothing."""
    broken_event: ClassVar[bytes] = b'data: {"choices": [\n\n'
    """An event whose JSON is not whole."""

    @abstractmethod
    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        """The answer to a POST; None: the vendor has no such path.

        Raises:
            Refusal: The request is not as the vendor wants it.
        """

    @abstractmethod
    def heard(self, received: Received) -> Heard:
        """What a chat request asks."""

    @abstractmethod
    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        """The answer to a GET for the list of models; None: it is not that path.

        Raises:
            Refusal: The request is not as the vendor wants it.
        """

    @abstractmethod
    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        """The body of an error of this status; `code` is OpenAI's word for it, if there is one."""

    def answer_headers(self, received: Received) -> dict[str, str]:
        """Headers of a whole answer."""
        return {}

    def error_headers(self, status: int, error: JsonObject) -> dict[str, str]:
        """Headers of an error's answer, with `error` as its body."""
        return {}

    @abstractmethod
    def error_event(self, message: str) -> bytes:
        """An error in the middle of a stream, framed."""

    @abstractmethod
    def text_event(self, text: str) -> bytes:
        """An event of a stream with these words, framed."""

    def too_long(self) -> tuple[int, JsonObject]:
        """Status and body of the refusal of a prompt that the model's context cannot hold."""
        message = "This model's maximum context length is 100 tokens; your messages have 200."
        return 400, self.error(400, message, "context_length_exceeded", "messages")

    def credential(self, received: Received) -> str | None:
        """The key or token that a request carries."""
        return received.token

    def authorized(self, received: Received, api_key: str) -> bool:
        """Whether a request shows that it may ask."""
        return self.credential(received) == api_key
