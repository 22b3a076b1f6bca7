"""Azure OpenAI: OpenAI's models under names of deployments.

Source: Azure OpenAI REST API reference (2024-10-21, v1) and `openai.AzureOpenAI`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, Self
from urllib.parse import quote

from pydantic import Field, field_validator, model_validator

from ..outbound.authorization import Authorization, KeyHeader, TokenHeader, secret_of
from ..outbound.azure_identity import EntraTokens, Identity
from ..outbound.faults import Faults
from ..outbound.settings import SECRET, SecretReference
from ..schemas.catalog import ModelFacts
from ..schemas.events import Chunk
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .model_cards import with_card_of
from .model_hints import capabilities_of, operations_of
from .openai_stream import StreamReading
from .openai_vendor import OpenAIVendor, VendorFormat
from .remote_config import RemoteConfig
from .sse import ServerSentEvent
from .wire_format import WireFormat

_LIST_VERSION = "2023-03-15-preview"
"""The last version of the API that lists a resource's deployments."""


class AzureOpenAIConfig(RemoteConfig):
    """Settings of a connection to an Azure OpenAI resource.

    Attributes:
        base_url: The resource's endpoint, such as `https://NAME.openai.azure.com`.
        api_version: Such as `2024-10-21`, for the API whose addresses name the deployment; without
            it, the v1 API is used.
        api_key: A reference; without it, Microsoft Entra ID says who asks.
        identity: Who asks Entra ID for a token: `default` (what the library finds), `managed`,
            `workload` or `client_secret`.
        tenant_id: Of the directory.
        client_id: Of the program, or of a managed identity that a user assigned.
        client_secret: A reference.
        scope: For what the token is.
    """

    api_version: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}(?:-preview)?$")
    identity: Identity | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    scope: str = "https://cognitiveservices.azure.com/.default"

    @field_validator("base_url")
    @classmethod
    def _is_the_resource(cls, value: str) -> str:
        return value.rstrip("/").removesuffix("/v1").removesuffix("/openai")

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if self.api_key is not None and self.identity is not None:
            raise ValueError("`api_key` and `identity` exclude each other")
        if self.identity == "client_secret" and not (
            self.tenant_id and self.client_id and self.client_secret
        ):
            raise ValueError("this identity needs `tenant_id`, `client_id` and `client_secret`")
        return self


class AzureFormat(VendorFormat):
    """OpenAI's format, at the addresses of a resource."""

    strict: ClassVar[bool] = True
    operations: ClassVar[frozenset[Operation]] = frozenset(
        {Operation.CHAT, Operation.COMPLETION, Operation.EMBEDDING}
    )
    api_version: str | None = None

    def path(self, operation: Operation, model: str) -> str:
        path = super().path(operation, model)
        if self.api_version is None:
            return f"openai/v1/{path}"
        deployment = quote(model, safe="")
        return f"openai/deployments/{deployment}/{path}?api-version={self.api_version}"

    def reading(self, attempt: Attempt, faults: Faults) -> StreamReading:
        return AzureReading(attempt.request, attempt.model, faults)

    def listed(self, data: Json) -> list[ModelFacts] | None:
        items = as_list(dig(data, "data"))
        if items is None:
            return None
        return [self._deployed(as_object(item) or {}) for item in items if _runs(item)]

    def _deployed(self, item: JsonObject) -> ModelFacts:
        model = as_str(item.get("model")) or as_str(item.get("id")) or ""
        known = self._facts(as_str(item.get("id")) or "")
        facts = replace(
            known,
            operations=operations_of(model) or known.operations,
            capabilities=capabilities_of(model),
        )
        named = as_str(item.get("model"))
        return facts if named is None else with_card_of(facts, AzureOpenAI.name, named)


class AzureReading(StreamReading):
    """A stream that begins with what the content filter found in the prompt: a chunk of no kind."""

    def read(self, event: ServerSentEvent) -> Sequence[Chunk]:
        chunks = super().read(event)
        for chunk in chunks:
            if not chunk.data.get("object"):
                named: JsonObject = {"object": "chat.completion.chunk", "model": self._model}
                return [Chunk({**chunk.data, **named}, usage_only=chunk.usage_only)]
        return chunks


class AzureOpenAI(OpenAIVendor):
    """An Azure OpenAI resource; its deployments are the models."""

    Config: type[ProviderConfig] = AzureOpenAIConfig
    name: ClassVar[str] = "azure_openai"
    label: ClassVar[str] = "Azure OpenAI"
    list_path: ClassVar[str | None] = f"openai/deployments?api-version={_LIST_VERSION}"

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        return self.settings.price_provider or "azure", None

    def make_format(self) -> WireFormat:
        made = AzureFormat(self.who, self.facts, self.settings.base_url)
        made.api_version = self._config.api_version
        return made

    def make_authorization(self) -> Authorization:
        config, secrets = self._config, self.context.secrets
        if config.api_key is not None:
            return KeyHeader(secrets, config.api_key, header="api-key", scheme="")
        tokens = EntraTokens(
            config.identity or "default",
            config.scope,
            self.who,
            tenant_id=config.tenant_id,
            client_id=config.client_id,
            client_secret=partial(secret_of, secrets, config.client_secret or ""),
            known_values=secrets.known_values,
        )
        return TokenHeader(tokens.fetch)

    def describe(self, listed: ModelFacts) -> ModelFacts:
        return listed

    @property
    def _config(self) -> AzureOpenAIConfig:
        assert isinstance(self.settings, AzureOpenAIConfig)
        return self.settings


def _runs(item: Json) -> bool:
    deployment = as_object(item) or {}
    if deployment.get("status") not in (None, "succeeded"):
        return False
    model = as_str(deployment.get("model")) or as_str(deployment.get("id"))
    return bool(as_str(deployment.get("id")) and operations_of(model or ""))
