"""Where records of the audit go besides the mesh's own store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from ..schemas.json import JsonObject
from .secrets import SecretStore


class SinkConfig(BaseModel):
    """Base of a sink's settings in `mesh.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AuditSink(ABC):
    """Takes records of calls that have ended. Register under `jupyter_mesh.sink.v1`.

    Every record comes at least once, in the order in which its gateway recorded it; after a fault
    some come again, with the same `id`. A record is a JSON object: `id`, `writer` and `number` (its
    place in the audit chain) and `call`, which is what `/mesh/api/calls/{id}` answers, without
    `request` and `response` unless the sink was given them.

    Args:
        config: Its settings.
        secrets: Resolves references to secrets among them.
    """

    Config: type[SinkConfig] = SinkConfig
    name: ClassVar[str]

    def __init__(self, config: SinkConfig, secrets: SecretStore) -> None:
        self.config = config
        self.secrets = secrets

    @abstractmethod
    async def write(self, records: Sequence[JsonObject]) -> None:
        """Take all of `records`, or raise: then they come again. Returns once they are as safe as
        the sink makes them. One call at a time.
        """

    async def aclose(self) -> None:
        """Let go of what is open."""
        return
