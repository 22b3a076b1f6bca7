"""OpenAI's API, and every server that speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..schemas.catalog import ModelFacts
from ..schemas.request import Operation
from ..spi.provider import ProviderConfig
from .model_hints import capabilities_of, operations_of
from .openai_config import OpenAIConfig
from .openai_format import OpenAIFormat
from .remote import RemoteProvider
from .wire_format import WireFormat


class OpenAICompatible(RemoteProvider):
    """Any server that speaks OpenAI's API at the base URL that you give: vLLM, Ollama, TGI, LM
    Studio, LiteLLM and many vendors.
    """

    Config: type[ProviderConfig] = OpenAIConfig
    name: ClassVar[str] = "openai"
    label: ClassVar[str] = "OpenAI-compatible server"
    address_hint: ClassVar[str] = ": with most servers it ends with /v1"

    def make_format(self) -> WireFormat:
        who = f"The connection {self.context.connection!r}"
        return OpenAIFormat(who, self.facts, self.settings.base_url)

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=operations_of(name) or frozenset({Operation.CHAT}),
            capabilities=capabilities_of(name),
        )

    def vendor_headers(self) -> Mapping[str, str]:
        assert isinstance(self.settings, OpenAIConfig)
        organization = self.settings.organization
        return {} if organization is None else {"OpenAI-Organization": organization}


class OpenAI(OpenAICompatible):
    """OpenAI's own models, with a key from platform.openai.com."""

    label: ClassVar[str] = "OpenAI"
