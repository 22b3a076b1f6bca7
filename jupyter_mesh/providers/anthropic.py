"""Anthropic's API, and every server that speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from ..outbound.authorization import Authorization, KeyHeader, NoAuthorization
from ..schemas.catalog import Capability, ModelFacts
from ..spi.provider import ProviderConfig
from .anthropic_config import AnthropicConfig
from .anthropic_format import LIST_PATH, AnthropicFormat
from .anthropic_models import claude_model
from .remote import RemoteProvider
from .wire_format import WireFormat


class Anthropic(RemoteProvider):
    """Anthropic, or any server that speaks its Messages API at the base URL that you give."""

    Config: type[ProviderConfig] = AnthropicConfig
    name: ClassVar[str] = "anthropic"
    label: ClassVar[str] = "Anthropic"
    list_path: ClassVar[str | None] = LIST_PATH

    def make_format(self) -> WireFormat:
        assert isinstance(self.settings, AnthropicConfig)
        self._longest = dict(self.context.longest)
        who = f"The connection {self.context.connection!r}"
        return AnthropicFormat(who, self.settings, self.facts, self._longest)

    def make_authorization(self) -> Authorization:
        assert isinstance(self.settings, AnthropicConfig)
        reference = self.settings.api_key
        if reference is None:
            return NoAuthorization()
        if self.settings.key_header == "bearer":
            return KeyHeader(self.context.secrets, reference)
        return KeyHeader(self.context.secrets, reference, header="x-api-key", scheme="")

    def vendor_headers(self) -> Mapping[str, str]:
        assert isinstance(self.settings, AnthropicConfig)
        version = {"anthropic-version": self.settings.api_version or "2026-10-21"}
        beta = ",".join(self.settings.beta)
        return {**version, "anthropic-beta": beta} if beta else version

    def facts(self, name: str) -> ModelFacts:
        model = claude_model(name)
        capabilities = {Capability.STREAM, Capability.TOOLS, Capability.VISION}
        if model.schemas:
            capabilities.add(Capability.JSON_SCHEMA)
        if model.thinks:
            capabilities.add(Capability.REASONING)
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            capabilities=frozenset(capabilities),
            max_output=model.max_output,
        )

    def describe(self, listed: ModelFacts) -> ModelFacts:
        described = super().describe(listed)
        if described.max_output is not None:
            self._longest.setdefault(listed.name, described.max_output)
        return replace(described, capabilities=listed.capabilities)
