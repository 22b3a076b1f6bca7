"""Hugging Face's hosted inference: one address that routes to many providers of models.

Source: Hugging Face, "Inference Providers" (chat completion, feature extraction).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ..errors import UnsupportedParameter
from ..outbound.faults import Faults
from ..outbound.http import Reply
from ..schemas.catalog import ModelFacts
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .converted import embedding_answer
from .hashed_embedding import as_base64
from .openai_vendor import OpenAIVendor, VendorFormat, names
from .remote_config import ConvertedConfig
from .wire_format import Outgoing, Whole

ROUTER = "https://router.huggingface.co/v1"
_VECTORS = "vectors"


class HuggingFaceInferenceConfig(ConvertedConfig):
    """Settings of a connection to Hugging Face's hosted inference, or to an endpoint of one's own.

    Attributes:
        base_url: Up to and with `/v1`.
    """

    base_url: str = ROUTER


class HuggingFaceInferenceFormat(VendorFormat):
    """OpenAI's format for chats, a pipeline's for embeddings."""

    def path(self, operation: Operation, model: str) -> str:
        path = super().path(operation, model)
        if operation is not Operation.EMBEDDING:
            return path
        root = self._base_url.removesuffix("/v1")
        return f"{root}/hf-inference/models/{model}/pipeline/feature-extraction"

    def outgoing(self, attempt: Attempt) -> Outgoing:
        sent = super().outgoing(attempt)
        if attempt.request.operation is not Operation.EMBEDDING:
            return sent
        texts = _inputs(sent.body, self._who)
        options = names("normalize", "truncate", "prompt_name", "truncation_direction")
        left = self.only(replace(sent, body={**sent.body, "encoding_format": None}), options)
        own = {name: value for name, value in left.body.items() if name in options}
        return replace(left, body={"inputs": texts, **own})

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        if attempt.request.operation is not Operation.EMBEDDING:
            return super().whole(data, raw, attempt, faults)
        vectors = as_list(data.get(_VECTORS))
        if not vectors or len(vectors) != len(_inputs(attempt.request.body, self._who)):
            raise faults.protocol("sent an answer without a vector for each text")
        if attempt.request.body.get("encoding_format") == "base64":
            vectors = [as_base64(_numbers(vector)) for vector in vectors]
        return embedding_answer(attempt, vectors, None)

    def listed(self, data: Json) -> list[ModelFacts] | None:
        found = super().listed(data)
        if found is None:
            return None
        windows = {
            as_str(dig(item, "id")): _window(item) for item in as_list(dig(data, "data")) or []
        }
        return [
            replace(one, context_window=one.context_window or windows.get(one.name))
            for one in found
        ]


class HuggingFaceInference(OpenAIVendor):
    """Hugging Face's hosted inference."""

    Config: type[ProviderConfig] = HuggingFaceInferenceConfig
    name: ClassVar[str] = "huggingface_inference"
    label: ClassVar[str] = "Hugging Face Inference"
    format_type: ClassVar[type[VendorFormat]] = HuggingFaceInferenceFormat

    def _judged(self, reply: Reply, faults: Faults) -> Json:
        value = super()._judged(reply, faults)
        return {_VECTORS: value} if isinstance(value, list) else value


def _inputs(body: JsonObject, who: str) -> list[Json]:
    value = body.get("input")
    texts: list[Json] = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(one, str) for one in texts):
        raise UnsupportedParameter(f"{who} embeds text, not token numbers.", param="input")
    return texts


def _numbers(vector: Json) -> list[float]:
    return [float(one) for one in as_list(vector) or [] if isinstance(one, int | float)]


def _window(item: Json) -> int | None:
    """The longest context that any of a model's providers has."""
    providers = (as_object(one) or {} for one in as_list(dig(item, "providers")) or [])
    lengths = (as_int(one.get("context_length")) for one in providers)
    return max((length for length in lengths if length), default=None)
