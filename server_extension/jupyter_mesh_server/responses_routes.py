"""`POST /v1/responses`: OpenAI's newer API, without state, over the same path as every call."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.pipeline.fold import unfold
from jupyter_mesh.schemas.events import Answer, Chunk, Event
from jupyter_mesh.schemas.json import Json, JsonObject, as_object
from jupyter_mesh.schemas.request import Operation, parse_request, refuse_routing

from .calling import begin, stream_reply
from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .openai_answer import answer_headers, folded, mesh_details
from .problems import fault
from .responses_answer import Response
from .responses_request import chat_body


async def responses(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/responses`, streamed or whole."""
    asked = as_object(body)
    if asked is None:
        raise InvalidRequest("The body must be a JSON object.")
    refuse_routing(asked)
    chat = parse_request(Operation.CHAT, chat_body(asked))
    call, options = await begin(gateway, request, chat)
    response = Response(asked, call.id)
    if chat.stream:
        encoder = _Events(call, response, lambda error: fault(error, request), options.details)
        return await stream_reply(gateway, call, encoder)
    answer = await folded(gateway.mesh.run(call))
    for chunk in unfold(answer.data, Operation.CHAT):
        response.take(chunk.data)
    *_, last = response.end(call.report.usage)
    whole = as_object(last["response"]) or {}
    if options.details:
        whole = {**whole, "mesh": mesh_details(call)}
    return JsonReply(orjson.dumps(whole), headers=answer_headers(call))


class _Events:
    """The events of a response as server-sent events with names."""

    def __init__(
        self,
        call: Call,
        response: Response,
        fail: Callable[[BaseException], JsonObject],
        details: bool,
    ) -> None:
        self._call = call
        self._response = response
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
        events = [*self._begin()]
        for chunk in chunks:
            events += self._response.take(chunk.data)
        return _framed(events)

    def finish(self) -> bytes:
        *before, last = [*self._begin(), *self._response.end(self._call.report.usage)]
        if self._details:
            last = {**last, "mesh": mesh_details(self._call)}
        return _framed([*before, last])

    def fail(self, error: BaseException) -> bytes:
        told = as_object(self._fail(error)["error"]) or {}
        return _framed([*self._begin(), *self._response.fail(told)])

    def _begin(self) -> list[JsonObject]:
        if self._begun:
            return []
        self._begun = True
        return self._response.begin()


def _framed(events: list[JsonObject]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), orjson.dumps(event))
        for event in events
    )
