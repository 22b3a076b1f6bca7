"""What `mesh.yaml` may say about a connection to any model API over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import ConfigDict, Field, field_validator

from ..outbound.settings import RARE, SECRET, Headers, SecretReference, plain_url
from ..spi.provider import ProviderConfig

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
    headers: Headers = Field(default_factory=dict, json_schema_extra=RARE)
    price_provider: str | None = Field(default=None, json_schema_extra=RARE)
    tls_verify: bool = True
    ca_file: Path | None = Field(default=None, json_schema_extra=RARE)
    connect_timeout: float = Field(default=10.0, gt=0)
    max_connections: int = Field(default=100, ge=1)
    max_answer_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)

    def lacks(self) -> str | None:
        """What is missing to be let in at the vendor's own address, in words; None: nothing."""
        own = type(self).model_fields["base_url"].default
        if self.api_key is not None or self.headers or not own or self.base_url != own:
            return None
        return f"{own} lets nobody in without a key: give a reference as `api_key`."

    @field_validator("base_url")
    @classmethod
    def _is_plain_url(cls, value: str) -> str:
        """Also of a provider that declares the field again, with a default of its own."""
        return plain_url(value)


class ConvertedConfig(RemoteConfig):
    """Settings of a connection to an API of a shape of its own, into which requests are converted.

    Attributes:
        unsupported: What becomes of a parameter that this API does not have, such as `seed`:
            `drop` leaves it out and says so with the answer, `refuse` refuses the call. What would
            change the answer's shape (`n`, tools, a schema, images) is refused in any case.
    """

    unsupported: Unsupported = Field(default="drop", json_schema_extra=RARE)
