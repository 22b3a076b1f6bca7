"""What `mesh.yaml` may say about a connection to any model API over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from ..spi.provider import ProviderConfig

SECRET_REFERENCES = ("env:", "file:", "store:")

_OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)


def _is_reference(value: str) -> str:
    if not value.startswith(SECRET_REFERENCES):
        raise ValueError("write a reference such as env:OPENAI_API_KEY, never the key itself")
    return value


SecretReference: TypeAlias = Annotated[str, AfterValidator(_is_reference)]
"""`env:NAME`, `file:PATH` or `store:NAME`."""

SECRET: JsonDict = {"format": "secret"}
"""As `json_schema_extra` of a field: a form keeps what is typed there as a secret."""

RARE: JsonDict = {"x-rare": True}
"""The same: a form shows it among the settings that are right as they are, nearly always."""

Unsupported: TypeAlias = Literal["drop", "refuse"]


class RemoteConfig(ProviderConfig):
    """Settings of a connection to a model API over HTTP; each provider adds its own.

    Attributes:
        base_url: Where the API is.
        api_key: A reference (`env:NAME`, `file:PATH`, `store:NAME`); without it no key is sent.
        headers: Sent with every request; a value that is a secret reference is resolved.
        price_provider: The price list's provider id; by default found by the provider and
            `base_url`.
        tls_verify: Off only for tests: anybody on the way could then read key and prompts.
        ca_file: Certificates to trust instead of the system's.
        connect_timeout: Seconds to establish a connection.
        max_connections: Connections open at once.
        max_answer_bytes: The longest non-streamed answer that is read.
    """

    # A key pasted where a reference belongs must not come back in the message that refuses it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str
    api_key: SecretReference | None = Field(default=None, json_schema_extra=SECRET)
    headers: dict[str, str] = Field(default_factory=dict, json_schema_extra=RARE)
    price_provider: str | None = Field(default=None, json_schema_extra=RARE)
    tls_verify: bool = True
    ca_file: Path | None = Field(default=None, json_schema_extra=RARE)
    connect_timeout: float = Field(default=10.0, gt=0)
    max_connections: int = Field(default=100, ge=1)
    max_answer_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)

    @field_validator("base_url")
    @classmethod
    def _is_plain_url(cls, value: str) -> str:
        parts = urlsplit(value)
        try:
            _ = parts.port
        except ValueError:  # not quoted: what stands in its place may be a password
            raise ValueError("its port is not a number") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write an http:// or https:// URL such as https://api.openai.com/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("write it without user, password, query and fragment")
        return value.rstrip("/")

    @field_validator("headers")
    @classmethod
    def _are_free(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name.lower() in _OWN_HEADERS or not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"the header {name!r} cannot be set")
        return value


class ConvertedConfig(RemoteConfig):
    """Settings of a connection to an API of a shape of its own, into which requests are converted.

    Attributes:
        unsupported: What becomes of a parameter that this API does not have, such as `seed`:
            `drop` leaves it out and says so with the answer, `refuse` refuses the call. What would
            change the answer's shape (`n`, tools, a schema, images) is refused in any case.
    """

    unsupported: Unsupported = Field(default="drop", json_schema_extra=RARE)
