"""NVIDIA NIM's format, on the server's side."""

from __future__ import annotations

from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_openai.dialect import OpenAIDialect
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Refusal, Streamed
from ..fake_upstream.record import Received
from .at_path import refuse_others

_OF_EMBEDDINGS = (
    *("model", "input", "input_type", "truncate", "encoding_format", "dimensions"),
    *("user", "modality"),
)


class NimDialect(OpenAIDialect):
    """As a container of NVIDIA's speaks.

    Args:
        ready: Whether its model is loaded.
    """

    def __init__(self, *, ready: bool = True) -> None:
        super().__init__("nvidia")
        self.ready = ready

    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        body = as_object(received.json) or {}
        if received.path == "/v1/ranking":
            return _ranking(body, behaviour)
        if received.path in ("/v1/rerank", "/v1/classify"):
            return None
        if received.path == "/v1/embeddings":
            refuse_others(body, _OF_EMBEDDINGS)
            if body.get("input_type") not in ("query", "passage"):
                raise Refusal(400, "'input_type' parameter is required for asymmetric models")
        return super().answer(received, behaviour)

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path == "/v1/health/ready":
            if not self.ready:
                raise Refusal(503, "Service is not ready.")
            return {"object": "health-response", "message": "Service is ready."}
        return super().models(received, names)


def _ranking(body: JsonObject, behaviour: Behaviour) -> JsonObject:
    refuse_others(body, ("model", "query", "passages", "truncate"))
    query = set((as_str(dig(body, "query", "text")) or "").split())
    logits = [
        (10.0 * len(query & set((as_str(dig(one, "text")) or "").split())) - 5, index)
        for index, one in enumerate(as_list(body.get("passages")) or [])
    ]
    ranked = sorted(logits, key=lambda pair: -pair[0])
    rankings: list[Json] = [{"index": index, "logit": logit} for logit, index in ranked]
    usage = behaviour.usage or {"prompt_tokens": 9, "total_tokens": 9}
    return {"rankings": rankings, "usage": dict(usage)}
