"""`/mesh/v1/…`: what any OpenAI client speaks."""

from __future__ import annotations

from jupyter_mesh.errors import ModelNotFound
from jupyter_mesh.pipeline.snapshot import OWN_GUARDS
from jupyter_mesh.schemas.api import ModelCard
from jupyter_mesh.schemas.json import Json, JsonObject, as_object
from jupyter_mesh.schemas.request import Operation, parse_request

from .calling import begin, stream_reply
from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .openai_answer import ChunkEncoder, answer_headers, whole_answer
from .problems import fault
from .replies import json_reply


async def chat_completions(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/chat/completions`, streamed or whole."""
    return await _answer(gateway, request, body, Operation.CHAT)


async def completions(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/completions`, streamed or whole."""
    return await _answer(gateway, request, body, Operation.COMPLETION)


async def embeddings(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/embeddings`."""
    return await _answer(gateway, request, body, Operation.EMBEDDING)


async def rerank(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/rerank`, in the shape that vLLM serves."""
    return await _answer(gateway, request, body, Operation.RERANK)


async def classify(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/classify`, in the shape that vLLM serves."""
    return await _answer(gateway, request, body, Operation.CLASSIFY)


async def moderations(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /v1/moderations`: what the mesh's own guards say."""
    named = as_object(body)
    if named is not None and named.get("model") is None:
        body = {**named, "model": OWN_GUARDS}
    return await _answer(gateway, request, body, Operation.MODERATION)


async def list_models(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /v1/models`: what the caller may use, aliases included."""
    catalogue = await gateway.mesh.models(request.principal)
    data: list[Json] = [_listed(card) for card in catalogue.models]
    return json_reply({"object": "list", "data": data})


async def get_model(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /v1/models/{id}`; ids may hold slashes."""
    name = request.params["id"]
    catalogue = await gateway.mesh.models(request.principal)
    for card in catalogue.models:
        if card.id == name:
            return json_reply(_listed(card))
    raise ModelNotFound(
        f"No model {name[:80]!r} is open to you; GET models lists those that are.", param="model"
    )


def _listed(card: ModelCard) -> JsonObject:
    return {"id": card.id, "object": "model", "created": 0, "owned_by": card.provider}


async def _answer(
    gateway: Gateway, request: HttpRequest, body: Json, operation: Operation
) -> Reply:
    asked = parse_request(operation, body)
    call, options = await begin(gateway, request, asked)
    if not asked.stream:
        answer = await whole_answer(gateway.mesh.run(call), call, details=options.details)
        return JsonReply(answer, headers=answer_headers(call))
    encoder = ChunkEncoder(call, details=options.details, fail=lambda error: fault(error, request))
    return await stream_reply(gateway, call, encoder)
