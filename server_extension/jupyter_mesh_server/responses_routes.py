"""`POST /v1/responses`: OpenAI's newer API, without state, over the same path as every call."""

from __future__ import annotations

import orjson

from jupyter_mesh.pipeline.fold import unfold
from jupyter_mesh.schemas.json import Json, JsonObject, as_object
from jupyter_mesh.schemas.request import Operation, parse_request

from .calling import begin, stream_reply
from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .openai_answer import answer_headers, folded, mesh_details
from .problems import fault
from .responses_answer import Response
from .responses_request import chat_body
from .typed_events import TypedEvents, asked_of


async def responses(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/responses`, streamed or whole."""
    asked = asked_of(body)
    chat = parse_request(Operation.CHAT, chat_body(asked))
    call, options = await begin(gateway, request, chat)
    response = Response(asked, call.id)
    if chat.stream:

        def fail(error: BaseException) -> list[JsonObject]:
            return response.fail(as_object(fault(error, request)["error"]) or {})

        encoder = TypedEvents(call, response, fail, details=options.details)
        return await stream_reply(gateway, call, encoder)
    answer = await folded(gateway.mesh.run(call))
    for chunk in unfold(answer.data, Operation.CHAT):
        response.take(chunk.data)
    *_, last = response.end(call.report.usage)
    whole = as_object(last["response"]) or {}
    if options.details:
        whole = {**whole, "mesh": mesh_details(call)}
    return JsonReply(orjson.dumps(whole), headers=answer_headers(call))
