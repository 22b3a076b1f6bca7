"""One authenticated connection to one model API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from ..schemas.catalog import ModelFacts
from ..schemas.events import Events
from ..schemas.frozen import frozen
from ..schemas.json import JsonObject
from ..schemas.request import Request
from .engine import EngineFactory
from .secrets import SecretStore


class ProviderConfig(BaseModel):
    """Base of what `mesh.yaml` may say about a connection beyond the common fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderContext:
    """What a provider is given of the world.

    Attributes:
        connection: Name of the connection; the first part of its models' ids.
        models: The models the admin listed, with the options written beside each.
        longest: The most tokens of an answer by a model, where the admin wrote it.
        secrets: Resolves `env:`, `file:` and stored secret references; call it at use, do not keep
            the value. The first time may read a file or the store: do that in a thread, from
            `models`; after that it is a look into memory.
        state_dir: A folder of its own for sockets and logs.
        engine: Runs models on this machine; None where the host runs none.
    """

    connection: str
    secrets: SecretStore
    state_dir: Path
    models: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    longest: dict[str, int] = field(default_factory=dict[str, int])
    engine: EngineFactory | None = None


@frozen(kw_only=True)
class Attempt:
    """One try at answering a request.

    Attributes:
        request: What to send. `request.model` is still the name the caller used.
        model: The provider's own name of the model, to put into the upstream body.
        stream: Whether to ask the upstream for a stream (may differ from the client's wish).
        timeout: Seconds until the first event must have arrived.
        idle_timeout: Seconds that may pass between two events.
        call_id: For the upstream's logs, where it has a place for it.
        traceparent: The header of W3C Trace Context to send along; None: none.
    """

    request: Request
    model: str
    stream: bool
    timeout: float
    idle_timeout: float
    call_id: str
    traceparent: str | None = None


class Provider(ABC):
    """Subclass this to add a backend; register it under `jupyter_mesh.provider.v1`.

    An instance lives as long as its connection and serves many calls at once on one event loop.
    """

    Config: type[ProviderConfig] = ProviderConfig
    name: ClassVar[str]
    """The word used in `provider:`; also the price list's provider id unless `price_lookup` says
    otherwise.
    """
    label: ClassVar[str] = ""
    """What people call it, such as `AWS Bedrock`; empty: its name."""
    local: ClassVar[bool] = False
    """True when no text leaves this machine; the connection's residency then defaults to `local`.
    """

    def __init__(self, config: ProviderConfig, context: ProviderContext) -> None:
        self.config = config
        self.context = context

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        """(provider id, base URL) as `Prices.price` takes them."""
        return self.name, None

    @abstractmethod
    def stream(self, attempt: Attempt) -> Events:
        """Answer as events: `Chunk`s when `attempt.stream`, else one `Answer`; then exactly one
        final
        `Metered` (without cost; `usage.estimated` when the provider reported none); then
        `Finished`.

        Closing the generator must close the upstream connection at once.

        Raises:
            ProviderError: The leaf that fits; `retryable` decides whether Route goes on.
            ContextTooLong: The model's context cannot hold the prompt; Route goes on.
        """

    async def ready(self, model: str) -> None:  # noqa: B027 - most have nothing to make ready
        """Load what must be loaded before `model` can answer, and return at once when it is.

        It comes before the attempt, so it does not count against the connection's `timeout`; the
        provider bounds it itself. Nothing of the request is known here, and nothing is sent.

        Raises:
            ProviderError: It cannot be made ready, or not in time.
            ConfigError: Not as configured.
        """

    async def models(self) -> list[ModelFacts]:
        """Facts about the models this connection offers: those listed by the admin, enriched, or,
        when none are listed, those the backend itself lists. Price is filled in later.

        Raises:
            ProviderError: The backend does not answer.
        """
        return [self.facts(name) for name in self.context.models]

    async def probe(self) -> list[ModelFacts]:
        """Whether the connection works: what the backend lists, whatever the admin listed. Asks no
        model and costs nothing; a backend that lists nothing answers with what it was given.

        Raises:
            ProviderError: The backend does not answer, or refuses the key.
        """
        return await self.models()

    def facts(self, name: str) -> ModelFacts:
        """What is known of the model `name` without asking anybody."""
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
        )

    async def aclose(self) -> None:  # noqa: B027 - most providers have nothing to release
        """Release clients and processes."""
