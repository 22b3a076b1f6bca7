"""AWS Bedrock: the models of many vendors in one API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..outbound.authorization import Authorization, KeyHeader
from ..outbound.aws_credentials import AwsAuthorization
from ..outbound.faults import Faults
from ..outbound.http import Reply
from ..schemas.catalog import ModelFacts
from ..schemas.events import Events
from ..schemas.json import Json
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .batches import embedded
from .bedrock_config import BedrockConfig
from .bedrock_faults import BedrockFaults
from .bedrock_format import BedrockFormat, models_url, profiles_url
from .bedrock_invoke import TOKENS_HEADER, TOKENS_READ, inputs_of, texts_at_once
from .bedrock_models import bedrock_capabilities, plain_name
from .model_hints import operations_of
from .remote import RemoteProvider
from .wire_format import WireFormat


class Bedrock(RemoteProvider):
    """AWS Bedrock, by Converse and InvokeModel; signed, or with a Bedrock API key."""

    Config: type[ProviderConfig] = BedrockConfig
    name: ClassVar[str] = "bedrock"
    label: ClassVar[str] = "AWS Bedrock"
    address_settings: ClassVar[str] = "its `region`, or its base URL"
    faults_type: ClassVar[type[Faults]] = BedrockFaults

    @property
    def _config(self) -> BedrockConfig:
        assert isinstance(self.settings, BedrockConfig)
        return self.settings

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        return self.settings.price_provider or "aws", None

    def make_format(self) -> WireFormat:
        return BedrockFormat(self._who, self._config, self.facts)

    def make_authorization(self) -> Authorization:
        if self.settings.api_key is not None:
            return KeyHeader(self.context.secrets, self.settings.api_key)
        return AwsAuthorization(self._config, self.context.secrets, self._who, "bedrock")

    def vendor_headers(self) -> Mapping[str, str]:
        return {"Accept": "*/*"}

    def list_paths(self) -> tuple[str, ...]:
        return models_url(self._config), profiles_url(self._config)

    def describe(self, listed: ModelFacts) -> ModelFacts:
        return listed

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=operations_of(plain_name(name)) or frozenset({Operation.CHAT}),
            capabilities=bedrock_capabilities(name),
        )

    def stream(self, attempt: Attempt) -> Events:
        if attempt.request.operation is Operation.EMBEDDING:
            texts = inputs_of(attempt.request.body)
            return embedded(attempt, texts, texts_at_once(attempt.model), self._whole)
        return super().stream(attempt)

    def _judged(self, reply: Reply, faults: Faults) -> Json:
        value = super()._judged(reply, faults)
        if isinstance(value, dict) and "message" in value and len(value) <= 2:
            raise faults.once(reply.status).from_error(value)
        tokens = reply.headers.get(TOKENS_HEADER, "")
        if isinstance(value, dict) and tokens.isdecimal():
            value.setdefault(TOKENS_READ, int(tokens))
        return value

    @property
    def _who(self) -> str:
        return f"The connection {self.context.connection!r}"
