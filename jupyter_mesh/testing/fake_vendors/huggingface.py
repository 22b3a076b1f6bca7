"""Hugging Face's router, on the server's side."""

from __future__ import annotations

import re

from ...providers.hashed_embedding import hashed_embedding
from ...schemas.json import Json, JsonObject, as_list
from ..fake_openai.dialect import OpenAIDialect
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Streamed
from ..fake_upstream.record import Received
from .at_path import refuse_others

_PIPELINE = re.compile(r"/hf-inference/models/(.+)/pipeline/feature-extraction")
_OPTIONS = ("inputs", "normalize", "truncate", "prompt_name", "truncation_direction")


class HuggingFaceDialect(OpenAIDialect):
    """As `router.huggingface.co` speaks."""

    def __init__(self) -> None:
        super().__init__("huggingface")

    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        if _PIPELINE.fullmatch(received.path):
            body = received.json
            refuse_others(body, _OPTIONS)
            inputs = body.get("inputs")
            if isinstance(inputs, str):
                return [*hashed_embedding(inputs, 8)]
            return [[*hashed_embedding(str(text), 8)] for text in as_list(inputs) or []]
        return (
            super().answer(received, behaviour) if received.path == "/v1/chat/completions" else None
        )

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path != "/v1/models":
            return None
        rows: list[Json] = [
            {
                "id": name,
                "object": "model",
                "owned_by": name.partition("/")[0],
                "providers": [
                    {"provider": "a", "status": "live", "context_length": 8_192},
                    {"provider": "b", "status": "live", "context_length": 131_072},
                    {"provider": "c", "status": "live"},
                ],
            }
            for name in names
        ]
        return {"object": "list", "data": rows}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"error": message}
