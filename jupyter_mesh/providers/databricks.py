"""Databricks model serving, once MosaicML: endpoints of a workspace, by their names.

Source: Databricks, "Foundation model REST API reference", "Authorize service principal access with
OAuth", serving endpoints API 2.0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from ..outbound.authorization import Authorization, Token, TokenHeader, secret_of
from ..outbound.faults import Faults
from ..outbound.settings import SECRET, SecretReference
from ..schemas.catalog import ModelFacts
from ..schemas.events import Answer, Chunk
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .oauth_client import client_token
from .openai_stream import StreamReading
from .openai_vendor import OpenAIVendor, VendorFormat, names
from .remote_config import ConvertedConfig
from .sse import ServerSentEvent
from .wire_format import Whole

_TASKS = {
    "llm/v1/chat": Operation.CHAT,
    "llm/v1/completions": Operation.COMPLETION,
    "llm/v1/embeddings": Operation.EMBEDDING,
    "agent/v1/chat": Operation.CHAT,
}


class DatabricksConfig(ConvertedConfig):
    """Settings of a connection to a Databricks workspace.

    Attributes:
        base_url: The workspace, such as `https://NAME.cloud.databricks.com`, with `/ai-gateway/…`
            for its AI gateway.
        api_key: A personal access token; without it, `client_id` and `client_secret` say who asks.
        client_id: Of a service principal.
        client_secret: A reference.
    """

    client_id: str | None = None
    client_secret: SecretReference | None = Field(default=None, json_schema_extra=SECRET)

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if (self.client_id is None) is not (self.client_secret is None):
            raise ValueError("`client_id` and `client_secret` belong together")
        if self.api_key is not None and self.client_id is not None:
            raise ValueError("`api_key` and `client_id` exclude each other")
        return self

    @property
    def workspace(self) -> str:
        """Scheme and host."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"


class DatabricksFormat(VendorFormat):
    """OpenAI's format; a model that thinks answers with a list of parts, here read into text and
    thoughts.
    """

    operations: ClassVar[frozenset[Operation]] = frozenset(
        {Operation.CHAT, Operation.COMPLETION, Operation.EMBEDDING}
    )
    takes = names(
        *("max_tokens", "temperature", "top_p", "top_k", "stop", "n", "tools", "tool_choice"),
        *("response_format", "logprobs", "top_logprobs", "reasoning_effort", "thinking"),
        max_completion_tokens="max_tokens",
    )

    def path(self, operation: Operation, model: str) -> str:
        path = super().path(operation, model)
        return path if urlsplit(self._base_url).path else f"serving-endpoints/{path}"

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        whole = super().whole(data, raw, attempt, faults)
        if not _flatten(data, "message"):
            return whole
        return replace(whole, answer=Answer(data))

    def reading(self, attempt: Attempt, faults: Faults) -> StreamReading:
        return DatabricksReading(attempt.request, attempt.model, faults)

    def listed(self, data: Json) -> list[ModelFacts] | None:
        items = as_list(dig(data, "endpoints"))
        if items is None:
            return None
        found: list[ModelFacts] = []
        for item in items:
            name, task = as_str(dig(item, "name")), as_str(dig(item, "task"))
            operation = _TASKS.get(task or "")
            if name and operation and dig(item, "state", "ready") != "NOT_READY":
                found.append(replace(self._facts(name), operations=frozenset({operation})))
        return found


class DatabricksReading(StreamReading):
    """A stream, whose deltas may be lists of parts."""

    def read(self, event: ServerSentEvent) -> list[Chunk]:
        chunks = super().read(event)
        return [
            Chunk(c.data, usage_only=c.usage_only) if _flatten(c.data, "delta") else c
            for c in chunks
        ]


class Databricks(OpenAIVendor):
    """The serving endpoints of a Databricks workspace."""

    Config: type[ProviderConfig] = DatabricksConfig
    name: ClassVar[str] = "databricks"
    label: ClassVar[str] = "Databricks (MosaicML)"
    format_type: ClassVar[type[VendorFormat]] = DatabricksFormat

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        return self.settings.price_provider or "databricks", None

    def list_paths(self) -> tuple[str, ...]:
        return (f"{self._config.workspace}/api/2.0/serving-endpoints",)

    def describe(self, listed: ModelFacts) -> ModelFacts:
        return listed

    def make_authorization(self) -> Authorization:
        return (
            super().make_authorization()
            if self._config.client_id is None
            else TokenHeader(self._token)
        )

    def _token(self) -> Token:
        config = self._config
        assert config.client_id is not None
        assert config.client_secret is not None
        return client_token(
            f"{config.workspace}/oidc/v1/token",
            config.client_id,
            secret_of(self.context.secrets, config.client_secret),
            "all-apis",
            who=self.who,
            verify=config.tls_verify,
            ca_file=config.ca_file,
        )

    @property
    def _config(self) -> DatabricksConfig:
        assert isinstance(self.settings, DatabricksConfig)
        return self.settings


def _flatten(data: JsonObject, field: str) -> bool:
    """Put lists of parts into text and thoughts, in place; whether there were any."""
    changed = False
    for choice in as_list(data.get("choices")) or []:
        said = as_object(dig(choice, field))
        parts = as_list(said.get("content")) if said is not None else None
        if said is None or parts is None:
            continue
        changed = True
        texts = [as_str(dig(part, "text")) for part in parts]
        said["content"] = "".join(text for text in texts if text)
        thoughts = [
            as_str(dig(piece, "text"))
            for part in parts
            for piece in as_list(dig(part, "summary")) or []
        ]
        if any(thoughts):
            said["reasoning_content"] = "".join(text for text in thoughts if text)
    return changed
