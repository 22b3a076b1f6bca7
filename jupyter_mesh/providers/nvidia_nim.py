"""NVIDIA NIM: models at NVIDIA's own address, or in containers of one's own.

Source: NIM for LLMs, NeMo Retriever embedding and reranking, API references.
"""

from __future__ import annotations

import math
from typing import ClassVar

from ..errors import InvalidRequest
from ..outbound.faults import Faults
from ..schemas.catalog import ModelFacts
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .converted import ranking_answer
from .openai_usage import usage_from_openai
from .openai_vendor import OpenAIVendor, VendorFormat
from .remote_config import RemoteConfig
from .wire_format import Outgoing, Whole

HOSTED = "https://integrate.api.nvidia.com/v1"
_RANKINGS = "https://ai.api.nvidia.com/v1/retrieval"


class NvidiaNimConfig(RemoteConfig):
    """Settings of a connection to NVIDIA NIM.

    Attributes:
        base_url: NVIDIA's own, or that of a container: up to and with `/v1`.
        truncate: What a retrieval model does with a text that is too long: `NONE` refuses it.
    """

    base_url: str = HOSTED
    truncate: str = "NONE"


class NimFormat(VendorFormat):
    """OpenAI's format; embeddings say whether they are for a question or for a text to be found,
    and rankings have a shape of their own.
    """

    operations: ClassVar[frozenset[Operation]] = frozenset(
        {Operation.CHAT, Operation.COMPLETION, Operation.EMBEDDING, Operation.RERANK}
    )
    truncate: str = "NONE"

    def path(self, operation: Operation, model: str) -> str:
        path = super().path(operation, model)
        if operation is not Operation.RERANK:
            return path
        if self._base_url != HOSTED:
            return "ranking"
        return f"{_RANKINGS}/{model.replace('.', '_')}/reranking"

    def outgoing(self, attempt: Attempt) -> Outgoing:
        sent = super().outgoing(attempt)
        body = attempt.request.body
        match attempt.request.operation:
            case Operation.EMBEDDING:
                wanted: JsonObject = {"input_type": "passage", "truncate": self.truncate}
                return Outgoing(path=sent.path, body={**wanted, **sent.body})
            case Operation.RERANK:
                return Outgoing(path=sent.path, body=self._ranking(body, attempt.model))
            case _:
                return sent

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        if attempt.request.operation is not Operation.RERANK:
            return super().whole(data, raw, attempt, faults)
        rows = as_list(data.get("rankings"))
        if rows is None:
            raise faults.protocol("sent an answer without 'rankings'")
        scores: list[tuple[int, float]] = []
        for row in rows:
            index, logit = as_int(dig(row, "index")), dig(row, "logit")
            if index is not None and isinstance(logit, int | float):
                scores.append((index, _likelihood(logit)))
        most = as_int(attempt.request.body.get("top_n"))
        usage = as_object(data.get("usage"))
        counted = None if usage is None else usage_from_openai(usage)
        return ranking_answer(attempt, scores[:most], counted)

    def _ranking(self, body: JsonObject, model: str) -> JsonObject:
        query, documents = as_str(body.get("query")), as_list(body.get("documents"))
        if query is None or not documents:
            raise InvalidRequest("A ranking needs `query` and `documents`.", param="documents")
        passages: list[Json] = [
            {"text": one if isinstance(one, str) else as_str(dig(one, "text")) or ""}
            for one in documents
        ]
        question: JsonObject = {"text": query}
        wanted: JsonObject = {"model": model, "query": question, "passages": passages}
        return {**wanted, "truncate": self.truncate}


class NvidiaNim(OpenAIVendor):
    """NVIDIA NIM, hosted or one's own."""

    Config: type[ProviderConfig] = NvidiaNimConfig
    name: ClassVar[str] = "nvidia_nim"
    label: ClassVar[str] = "NVIDIA NIM"
    format_type: ClassVar[type[VendorFormat]] = NimFormat

    def make_format(self) -> NimFormat:
        assert isinstance(self.settings, NvidiaNimConfig)
        made = NimFormat(self.who, self.facts, self.settings.base_url)
        made.truncate = self.settings.truncate
        return made

    async def probe(self, within: float = 10.0) -> list[ModelFacts]:
        """What the server lists; one's own container is first asked whether its model is loaded.

        Raises:
            ProviderError: It does not answer, or is not ready.
        """
        if self.settings.base_url != HOSTED:
            await self.page("health/ready", within)
        return await super().probe(within)


def _likelihood(logit: float) -> float:
    """Between 0 and 1, as other vendors' scores are; the order stays."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
