"""Streams of events that have types, as the Responses API and Anthropic's send them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import orjson

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.pipeline.fold import unfold
from jupyter_mesh.schemas.events import Answer, Chunk, Event
from jupyter_mesh.schemas.json import Json, JsonObject, as_object
from jupyter_mesh.schemas.request import Operation, refuse_routing
from jupyter_mesh.schemas.spend import Usage

from .openai_answer import mesh_details


class Told(Protocol):
    """A chat answer as it is told in an API's own events."""

    def begin(self) -> list[JsonObject]:
        """The events before anything is said."""
        ...

    def take(self, chunk: JsonObject) -> list[JsonObject]:
        """The events in a chunk of the answer."""
        ...

    def end(self, usage: Usage | None) -> list[JsonObject]:
        """The events after everything is said."""
        ...


class TypedEvents:
    """An answer as server-sent events under the names of their types: an `sse.Encoder`.

    Args:
        call: Its report is read when the stream ends.
        told: The answer.
        fail: The events of a call that fails after its first byte.
        details: The caller wants the `mesh` object, in the last event.
    """

    def __init__(
        self,
        call: Call,
        told: Told,
        fail: Callable[[BaseException], Sequence[JsonObject]],
        *,
        details: bool,
    ) -> None:
        self._call = call
        self._told = told
        self._fail = fail
        self._details = details
        self._begun = False

    def feed(self, event: Event) -> bytes:
        if isinstance(event, Chunk):
            chunks = [] if event.usage_only else [event]
        elif isinstance(event, Answer):
            chunks = unfold(event.data, Operation.CHAT)
        else:
            return b""
        begun = self._begin()  # before anything is taken: it says how things stood
        taken = [one for chunk in chunks for one in self._told.take(chunk.data)]
        return _framed([*begun, *taken])

    def finish(self) -> bytes:
        *before, last = [*self._begin(), *self._told.end(self._call.report.usage)]
        if self._details:
            last = {**last, "mesh": mesh_details(self._call)}
        return _framed([*before, last])

    def fail(self, error: BaseException) -> bytes:
        return _framed([*self._begin(), *self._fail(error)])

    def _begin(self) -> list[JsonObject]:
        if self._begun:
            return []
        self._begun = True
        return self._told.begin()


def asked_of(body: Json) -> JsonObject:
    """The fields of a request in an API's own shape.

    Raises:
        InvalidRequest: It is no object.
        UnknownParameter: A field would choose where it goes.
    """
    asked = as_object(body)
    if asked is None:
        raise InvalidRequest("The body must be a JSON object.")
    refuse_routing(asked)
    return asked


def _framed(events: Sequence[JsonObject]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), orjson.dumps(event))
        for event in events
    )
