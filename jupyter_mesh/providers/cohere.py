"""Cohere: Command, Embed and Rerank."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ..schemas.catalog import Capability, ModelFacts
from ..schemas.events import Events
from ..schemas.json import as_list
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .batches import embedded
from .cohere_config import CohereConfig
from .cohere_format import LIST_PATH, CohereFormat
from .cohere_request import MOST_TEXTS
from .model_hints import capabilities_of, operations_of
from .remote import RemoteProvider
from .wire_format import WireFormat

_OF_COMMAND = frozenset({Capability.TOOLS, Capability.JSON_SCHEMA, Capability.LOGPROBS})


class Cohere(RemoteProvider):
    """Cohere, or a deployment of its models that speaks its API at the base URL that you give."""

    Config: type[ProviderConfig] = CohereConfig
    name: ClassVar[str] = "cohere"
    label: ClassVar[str] = "Cohere"
    list_path: ClassVar[str | None] = LIST_PATH

    def make_format(self) -> WireFormat:
        assert isinstance(self.settings, CohereConfig)
        who = f"The connection {self.context.connection!r}"
        return CohereFormat(who, self.facts, self.settings)

    def stream(self, attempt: Attempt) -> Events:
        texts = as_list(attempt.request.body.get("input"))
        if attempt.request.operation is Operation.EMBEDDING and texts is not None:
            attempt.request.require_text()
            found = [one for one in texts if isinstance(one, str)]
            return embedded(attempt, found, MOST_TEXTS, self._whole)
        return super().stream(attempt)

    def facts(self, name: str) -> ModelFacts:
        capabilities = capabilities_of(name)
        if name.startswith("command"):
            capabilities |= _OF_COMMAND
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=operations_of(name) or frozenset({Operation.CHAT}),
            capabilities=capabilities,
        )

    def describe(self, listed: ModelFacts) -> ModelFacts:
        described = super().describe(listed)
        return replace(described, operations=listed.operations, capabilities=listed.capabilities)
