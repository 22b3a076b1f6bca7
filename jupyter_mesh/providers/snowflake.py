"""Snowflake Cortex: models within a Snowflake account.

Source: Snowflake, "Cortex REST API" (Chat Completions), "Cortex Embed", "Authenticating to the
server" (programmatic access tokens, key-pair JWT).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

from pydantic import Field, model_validator

from ..errors import UnsupportedParameter
from ..outbound.authorization import Authorization, KeyHeader, Token, TokenHeader, secret_of
from ..outbound.faults import Faults
from ..outbound.settings import SECRET, SecretReference
from ..schemas.json import Json, JsonObject, as_list, as_object, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .openai_vendor import OpenAIVendor, VendorFormat, names
from .remote_config import ConvertedConfig
from .snowflake_jwt import key_pair_token
from .wire_format import Outgoing, Whole

_KIND = "X-Snowflake-Authorization-Token-Type"


class SnowflakeConfig(ConvertedConfig):
    """Settings of a connection to Snowflake Cortex.

    Attributes:
        account: Its identifier, such as `myorg-myaccount`.
        base_url: By default that of the account.
        api_key: A programmatic access token; without it, `user` and `private_key` say who asks.
        user: Whose key it is.
        private_key: A reference to an RSA key in PEM.
        private_key_passphrase: A reference, where the key is encrypted.
    """

    account: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    base_url: str = ""
    user: str | None = None
    private_key: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    private_key_passphrase: SecretReference | None = Field(default=None, json_schema_extra=SECRET)

    @model_validator(mode="before")
    @classmethod
    def _address_of_the_account(cls, value: dict[str, Json]) -> dict[str, Json]:
        account = value.get("account")
        if not isinstance(account, str) or value.get("base_url"):
            return value
        host = account.lower().replace("_", "-")  # an underscore is valid in no host name
        return {**value, "base_url": f"https://{host}.snowflakecomputing.com/api/v2/cortex/v1"}

    def lacks(self) -> str | None:
        if self.api_key is not None or self.private_key is not None or self.headers:
            return None
        return (
            "Snowflake lets nobody in without a token: give `api_key`, or `user` and `private_key`."
        )

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if (self.user is None) is not (self.private_key is None):
            raise ValueError("`user` and `private_key` belong together")
        if self.api_key is not None and self.private_key is not None:
            raise ValueError("`api_key` and `private_key` exclude each other")
        return self


class SnowflakeFormat(VendorFormat):
    """OpenAI's format for chats, Snowflake's own for embeddings."""

    takes = names(
        *("max_completion_tokens", "temperature", "top_p", "stop", "tools", "tool_choice"),
        *("response_format", "reasoning_effort", "reasoning"),
        max_tokens="max_completion_tokens",
    )

    def path(self, operation: Operation, model: str) -> str:
        path = super().path(operation, model)
        if operation is not Operation.EMBEDDING:
            return path
        return f"{self._base_url.removesuffix('/v1')}/inference:embed"

    def outgoing(self, attempt: Attempt) -> Outgoing:
        sent = super().outgoing(attempt)
        if attempt.request.operation is not Operation.EMBEDDING:
            return sent
        value = sent.body.get("input")
        texts = as_list(value) if isinstance(value, list) else [value]
        if not texts or not all(isinstance(one, str) for one in texts):
            raise UnsupportedParameter(
                f"{self._who} embeds text, not token numbers.", param="input"
            )
        left = self.only(sent, {})
        return replace(left, body={"model": attempt.model, "text": texts})

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        whole = super().whole(data, raw, attempt, faults)
        if attempt.request.operation is not Operation.EMBEDDING:
            return whole
        for row in as_list(data.get("data")) or []:
            fields = as_object(row) or {}
            inner = as_list(dig(row, "embedding", 0))
            if inner is not None:  # each is a list of one
                fields["embedding"] = inner
        return replace(whole, answer=replace(whole.answer, raw=None))


class Snowflake(OpenAIVendor):
    """Snowflake Cortex."""

    Config: type[ProviderConfig] = SnowflakeConfig
    name: ClassVar[str] = "snowflake"
    label: ClassVar[str] = "Snowflake Cortex"
    address_settings: ClassVar[str] = "its `account`, or its base URL"
    format_type: ClassVar[type[VendorFormat]] = SnowflakeFormat
    list_path: ClassVar[str | None] = None
    knock_path: ClassVar[str | None] = "chat/completions"

    def make_authorization(self) -> Authorization:
        config, secrets = self._config, self.context.secrets
        if config.private_key is not None:
            return TokenHeader(self._token, others={_KIND: "KEYPAIR_JWT"})
        if config.api_key is None:
            return super().make_authorization()
        return KeyHeader(secrets, config.api_key, others={_KIND: "PROGRAMMATIC_ACCESS_TOKEN"})

    def _token(self) -> Token:
        config, secrets = self._config, self.context.secrets
        assert config.user is not None
        assert config.private_key is not None
        phrase = config.private_key_passphrase
        return key_pair_token(
            config.account,
            config.user,
            secrets.resolve(config.private_key),
            None if phrase is None else secret_of(secrets, phrase),
        )

    @property
    def _config(self) -> SnowflakeConfig:
        assert isinstance(self.settings, SnowflakeConfig)
        return self.settings
