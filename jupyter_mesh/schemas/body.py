"""What every body of the HTTP API is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """Base of every body: immutable."""

    model_config = ConfigDict(frozen=True)
