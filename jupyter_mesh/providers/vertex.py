"""Gemini and Google's embedding models on Google Vertex AI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..outbound.authorization import Authorization, KeyHeader, TokenHeader
from ..outbound.google_credentials import GoogleCredentials
from ..schemas.catalog import Capability, ModelFacts
from ..schemas.request import Operation
from ..spi.provider import ProviderConfig
from .gemini_format import MODELS, GeminiFormat
from .model_hints import capabilities_of, operations_of
from .remote import RemoteProvider
from .vertex_config import VertexConfig
from .wire_format import WireFormat

_OF_GEMINI = frozenset(
    {Capability.AUDIO, Capability.LOGPROBS, Capability.REASONING, Capability.VISION}
)


class Vertex(RemoteProvider):
    """Google Vertex AI: Gemini, tuned Gemini models at endpoints, and text embeddings."""

    Config: type[ProviderConfig] = VertexConfig
    name: ClassVar[str] = "vertex"
    label: ClassVar[str] = "Google Vertex AI"
    address_settings: ClassVar[str] = "its `location`, or its base URL"
    list_path: ClassVar[str | None] = MODELS

    def make_format(self) -> WireFormat:
        who = f"The connection {self.context.connection!r}"
        return GeminiFormat(who, self.facts, self._vertex)

    def make_authorization(self) -> Authorization:
        settings, secrets = self._vertex, self.context.secrets
        if settings.api_key is not None:
            return KeyHeader(secrets, settings.api_key, header="x-goog-api-key", scheme="")
        if settings.access_token is not None:
            return KeyHeader(secrets, settings.access_token)
        credentials = GoogleCredentials(
            f"The connection {self.context.connection!r}",
            secrets,
            settings.credentials,
            (settings.ca_file or True) if settings.tls_verify else False,
        )
        return TokenHeader(credentials.fetch)

    def vendor_headers(self) -> Mapping[str, str]:
        quota = self._vertex.quota_project
        return {} if quota is None else {"x-goog-user-project": quota}

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        return self.settings.price_provider or "google", None

    def facts(self, name: str) -> ModelFacts:
        capabilities = capabilities_of(name)
        if Operation.CHAT in operations_of(name) and "gemini-" in name:
            capabilities |= _OF_GEMINI
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=operations_of(name) or frozenset({Operation.CHAT}),
            capabilities=capabilities,
        )

    @property
    def _vertex(self) -> VertexConfig:
        assert isinstance(self.settings, VertexConfig)
        return self.settings
