"""`/anthropic/v1/…`: what clients of Anthropic's API speak, for every model of the mesh."""

from __future__ import annotations

import orjson

from jupyter_mesh.errors import ModelNotFound
from jupyter_mesh.pipeline.fold import unfold
from jupyter_mesh.schemas.api import ModelCard
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation, parse_request

from .calling import begin, stream_reply
from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .messages_answer import Message
from .messages_request import chat_body
from .openai_answer import answer_headers, folded, mesh_details
from .problems import fault
from .replies import json_reply
from .typed_events import TypedEvents, asked_of

_UNKNOWN_DAY = "1970-01-01T00:00:00Z"
"""What Anthropic itself says of a model whose day nobody knows."""


async def messages(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /anthropic/v1/messages`, streamed or whole."""
    asked = asked_of(body)
    chat = parse_request(Operation.CHAT, chat_body(asked))
    call, options = await begin(gateway, request, chat)
    message = Message(asked, call.id)
    if chat.stream:

        def fail(error: BaseException) -> list[JsonObject]:
            return [{"type": "error", **fault(error, request)}]

        encoder = TypedEvents(call, message, fail, details=options.details)
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
    asked = {name: value for name, value in asked_of(body).items() if name != "stream"}
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
