"""What `mesh.yaml` may say about a connection to Anthropic's API."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from .remote_config import ConvertedConfig

ANTHROPIC = "https://api.anthropic.com"


class AnthropicConfig(ConvertedConfig):
    """Settings of a connection to Anthropic's API, or to a server that speaks it.

    Attributes:
        base_url: Where the API is, without `/v1`.
        api_version: The version of the API to ask for. By default the newest, and the one before it
            for a request with `temperature`, `top_p` or `top_k`, which the newest no longer has.
        beta: Names of beta features to ask for.
        max_tokens: The longest answer of a model whose maximum is not known, where the caller does
            not say: the API takes no request without.
        key_header: How the key is shown: `x-api-key`, or as a bearer token, which some gateways
            in front of the API want.
    """

    base_url: str = ANTHROPIC
    api_version: Literal["2023-06-01", "2026-10-21"] | None = None
    beta: tuple[str, ...] = ()
    max_tokens: int = Field(default=8_192, ge=1)
    key_header: Literal["x-api-key", "bearer"] = "x-api-key"

    @field_validator("base_url")
    @classmethod
    def _is_without_version(cls, value: str) -> str:
        return value.rstrip("/").removesuffix("/v1")
