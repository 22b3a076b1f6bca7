"""What a configuration may say of a guard that is a service over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from ..outbound.azure_identity import Identity
from ..outbound.settings import RARE, SECRET, BaseUrl, Headers, SecretReference
from ..schemas.catalog import Residency
from ..spi.guard import GuardConfig


class RemoteGuardConfig(GuardConfig):
    """Settings of a guard that is a service; each service adds its own.

    Attributes:
        residency: Where the service is: it is shown every text that its rule covers, before
            anything in it is redacted. There is no default.
        base_url: Where its API is.
        api_key: A reference (`env:NAME`, `file:PATH`, `store:NAME`); without it no key is sent.
        headers: Sent with every request; a value that is a secret reference is resolved.
        timeout: Seconds for all texts of a call together; then the call is refused.
        parallel: Requests at once; further ones wait, within `timeout`, and calls take turns.
        remember: Seconds for which a result is kept, by a keyed hash of its text: a conversation
            repeats its texts with every turn. 0: not at all.
        tls_verify: Off only for tests: anybody on the way could then read key and texts.
        ca_file: Certificates to trust instead of the system's.
        connect_timeout: Seconds to establish a connection.
        max_answer_bytes: The longest answer that is read.
    """

    # A key pasted where a reference belongs must not come back in the message that refuses it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    residency: Residency
    base_url: BaseUrl
    api_key: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    headers: Headers = Field(default_factory=dict, json_schema_extra=RARE)
    timeout: float = Field(default=5.0, gt=0, le=15)
    parallel: int = Field(default=32, ge=1, le=200)
    remember: float = Field(default=300.0, ge=0, le=86_400)
    tls_verify: bool = Field(default=True, json_schema_extra=RARE)
    ca_file: Path | None = Field(default=None, json_schema_extra=RARE)
    connect_timeout: float = Field(default=2.0, gt=0, json_schema_extra=RARE)
    max_answer_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, json_schema_extra=RARE)


class AzureConfig(RemoteGuardConfig):
    """Settings of a guard that is a service of Azure AI: a key, or Microsoft Entra ID.

    Attributes:
        base_url: The resource's endpoint, such as `https://NAME.cognitiveservices.azure.com`.
        api_key: A reference; without it, Microsoft Entra ID says who asks.
        identity: Who asks Entra ID for a token: `default` (what its library finds), `managed`,
            `workload` or `client_secret`.
        tenant_id: Of the directory.
        client_id: Of the program, or of a managed identity that a user assigned.
        client_secret: A reference.
        scope: For what the token is.
    """

    identity: Identity | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    scope: str = Field(
        default="https://cognitiveservices.azure.com/.default", json_schema_extra=RARE
    )

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        if (self.api_key is None) is (self.identity is None):
            raise ValueError("set one of `api_key` and `identity`")
        if self.identity == "client_secret" and not (
            self.tenant_id and self.client_id and self.client_secret
        ):
            raise ValueError("this identity needs `tenant_id`, `client_id` and `client_secret`")
        return self
