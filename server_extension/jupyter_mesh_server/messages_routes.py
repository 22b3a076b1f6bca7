"""`/anthropic/v1/…`: what clients of Anthropic's API speak, for every model of the mesh."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from jupyter_mesh.errors import InvalidRequest, ModelNotFound
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.pipeline.fold import unfold
from jupyter_mesh.schemas.api import ModelCard
from jupyter_mesh.schemas.events import Answer, Chunk, Event
from jupyter_mesh.schemas.json import Json, JsonObject, as_object
from jupyter_mesh.schemas.request import Operation, parse_request, refuse_routing

from .calling import begin, stream_reply
from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .messages_answer import Message
from .messages_request import chat_body
from .openai_answer import answer_headers, folded, mesh_details
from .problems import fault
from .replies import json_reply

_UNKNOWN_DAY = "1970-01-01T00:00:00Z"
"""What Anthropic itself says of a model whose day nobody knows."""


async def messages(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /anthropic/v1/messages`, streamed or whole."""
    asked = _asked(body)
    chat = parse_request(Operation.CHAT, chat_body(asked))
    call, options = await begin(gateway, request, chat)
    message = Message(asked, call.id)
    if chat.stream:
        encoder = _Events(call, message, lambda error: fault(error, request), options.details)
        reply = await stream_reply(gateway, call, encoder)
        reply.headers["request-id"] = call.id
        return reply
    answer = await folded(gateway.mesh.run(call))
    for chunk in unfold(answer.data, Operation.CHAT):
        message.take(chunk.data)
    message.end(call.report.usage)
    whole = message.as_json(call.report.usage)
    if options.details:
        whole = {**whole, "mesh": mesh_details(call)}
    return JsonReply(orjson.dumps(whole), headers={**answer_headers(call), "request-id": call.id})


async def count_tokens(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /anthropic/v1/messages/count_tokens`: an estimate, and nothing is sent."""
    asked = {name: value for name, value in _asked(body).items() if name != "stream"}
    chat = parse_request(Operation.CHAT, chat_body(asked, counting=True))
    call, _ = await begin(gateway, request, chat)
    counted = await gateway.mesh.dry_run(call)
    return json_reply({"input_tokens": counted.input_tokens})


async def list_anthropic_models(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /anthropic/v1/models`: what the caller may use, aliases included, on one page."""
    cards = await _chats(gateway, request)
    names: list[Json] = [card.id for card in cards]
    return json_reply(
        {
            "data": [_listed(card) for card in cards],
            "has_more": False,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    )


async def get_anthropic_model(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /anthropic/v1/models/{id}`; ids may hold slashes."""
    name = request.params["id"]
    for card in await _chats(gateway, request):
        if card.id == name:
            return json_reply(_listed(card))
    raise ModelNotFound(
        f"No model {name[:80]!r} is open to you; GET models lists those that are.", param="model"
    )


async def _chats(gateway: Gateway, request: HttpRequest) -> list[ModelCard]:
    catalogue = await gateway.mesh.models(request.principal)
    return [card for card in catalogue.models if Operation.CHAT in card.operations]


def _listed(card: ModelCard) -> JsonObject:
    return {
        "type": "model",
        "id": card.id,
        "display_name": card.id,
        "created_at": _UNKNOWN_DAY,
        "lifecycle": "active",
        "max_input_tokens": card.context_window,
        "max_tokens": card.max_output,
    }


def _asked(body: Json) -> JsonObject:
    asked = as_object(body)
    if asked is None:
        raise InvalidRequest("The body must be a JSON object.")
    refuse_routing(asked)
    return asked


class _Events:
    """The events of a message as server-sent events with names."""

    def __init__(
        self,
        call: Call,
        message: Message,
        fail: Callable[[BaseException], JsonObject],
        details: bool,
    ) -> None:
        self._call = call
        self._message = message
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
        taken = [one for chunk in chunks for one in self._message.take(chunk.data)]
        return _framed([*self._begin(), *taken])

    def finish(self) -> bytes:
        *before, last = [*self._begin(), *self._message.end(self._call.report.usage)]
        if self._details:
            last = {**last, "mesh": mesh_details(self._call)}
        return _framed([*before, last])

    def fail(self, error: BaseException) -> bytes:
        return _framed([{"type": "error", **self._fail(error)}])

    def _begin(self) -> list[JsonObject]:
        if self._begun:
            return []
        self._begun = True
        return self._message.begin()


def _framed(events: list[JsonObject]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), orjson.dumps(event))
        for event in events
    )
