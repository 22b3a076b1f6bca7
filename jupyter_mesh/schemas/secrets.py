"""Bodies of `/mesh/api/secrets` and `/mesh/api/master-key`; a value only ever goes in."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from .api import Body


class SealedSecret(Body):
    """A secret that is sealed in the store."""

    name: str
    stored_at: datetime
    used_by: list[str] = Field(description="What refers to it as `store:NAME`.")
    key: Literal["current", "older", "unknown"] = Field(
        description="The key it is sealed with; unknown: none of those there are opens it."
    )


class SealedSecretList(Body):
    """All of them, without their values."""

    secrets: list[SealedSecret]


class SecretValue(Body):
    """A value to seal."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    value: str = Field(min_length=1, max_length=65_536)
    test: bool = Field(
        default=True,
        description="Try the connections that use it first; where one fails the old value stays.",
    )


class SecretRotation(Body):
    """What came of replacing the key that seals."""

    secrets: int = Field(description="How many are sealed with the new key.")
    unopened: list[str] = Field(description="Those that no key opens; set them again.")
