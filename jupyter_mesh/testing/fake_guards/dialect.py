"""What the fakes of services that look through texts share."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping

import orjson

from ...schemas.json import Json, JsonObject, as_object
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Dialect, Refusal
from ..fake_upstream.heard import Heard
from ..fake_upstream.record import Received
from ..fake_upstream.server import FakeUpstream


class ServiceDialect(Dialect):
    """One service's format, on the server's side.

    Args:
        known: What it finds, each with the service's own word for its kind.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})

    def answer(self, received: Received, behaviour: Behaviour) -> JsonObject | list[Json] | None:
        if behaviour.answer is not None:
            return dict(behaviour.answer)
        body = as_object(orjson.loads(received.body))
        if body is None:
            raise Refusal(400, "The body must be a JSON object.")
        return self.looked_through(received, body)

    @abstractmethod
    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        """The answer to a request; None: there is no such path.

        Raises:
            Refusal: The request is not as the vendor wants it.
        """

    def found_in(self, text: str) -> Iterator[tuple[int, int, str]]:
        """What is known of it: where, in characters, and its kind."""
        for value, kind in self._known.items():
            for match in re.finditer(re.escape(value), text):
                yield match.start(), match.end(), kind

    def heard(self, received: Received) -> Heard:
        raise AssertionError("this service holds no conversations")

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        return None

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"error": {"code": code or f"{status}", "message": message}}

    def error_event(self, message: str) -> bytes:
        raise AssertionError("this service streams nothing")

    def text_event(self, text: str) -> bytes:
        raise AssertionError("this service streams nothing")


class FakeGuard(FakeUpstream):
    """A fake of one such service.

    Args:
        dialect: The format it speaks.
        api_key: Ask for this key; None takes any.
    """

    def __init__(self, dialect: ServiceDialect, *, api_key: str | None = None) -> None:
        super().__init__(dialect, models=(), api_key=api_key)


def needed(body: JsonObject, *names: str) -> None:
    """Raises Refusal where the request lacks one of its fields."""
    for name in names:
        if name not in body:
            raise Refusal(400, f"The request has no {name!r}.", "InvalidRequest", name)
