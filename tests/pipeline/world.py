"""A whole pipeline over a journal in memory and providers that answer as told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Literal, cast

import pytest

from jupyter_mesh.pipeline.audit import Audit
from jupyter_mesh.pipeline.authorize import Authorize
from jupyter_mesh.pipeline.budget import Budget
from jupyter_mesh.pipeline.cache import Cached
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.pipeline.chunks import chunk_text
from jupyter_mesh.pipeline.headroom import Headroom
from jupyter_mesh.pipeline.health import Health
from jupyter_mesh.pipeline.limit import Limit
from jupyter_mesh.pipeline.moderate import Moderate
from jupyter_mesh.pipeline.order import ORDER
from jupyter_mesh.pipeline.price import PriceStep
from jupyter_mesh.pipeline.resolve import Resolve
from jupyter_mesh.pipeline.route import Route
from jupyter_mesh.pipeline.screen import Screen
from jupyter_mesh.pipeline.snapshot import Candidate, ConnectionLimits, Snapshot
from jupyter_mesh.pipeline.step import Step, begun_by, compose
from jupyter_mesh.schemas.catalog import Capability, ModelFacts, Residency
from jupyter_mesh.schemas.events import Answer, Chunk, Event, Events, Metered, Notice
from jupyter_mesh.schemas.policy import AliasRule
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.schemas.spend import Price
from jupyter_mesh.spi.cache import CacheEntry
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.spi.journal import History
from jupyter_mesh.storage.memory_limits import MemoryLimits
from jupyter_mesh.storage.memory_similar import MemorySimilar
from jupyter_mesh.testing.memory_journal import MemoryJournal
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

ADA = Principal(user="ada", scopes=frozenset({Scope.USE}))
BOB = Principal(user="bob", scopes=frozenset({Scope.USE}))
PRICE = Price(input=Decimal(1), output=Decimal(10))


class DictCache:
    """The smallest cache."""

    def __init__(self) -> None:
        self.entries: dict[str, CacheEntry] = {}

    async def get(self, keys: Sequence[str]) -> dict[str, CacheEntry]:
        return {key: self.entries[key] for key in keys if key in self.entries}

    async def put(self, entries: Mapping[str, CacheEntry], ttl: float) -> None:
        self.entries |= entries

    async def purge(self, *, model: str | None = None, owner: str | None = None) -> int:
        raise AssertionError("no step asks this of it")

    def resize(self, max_entries: int, max_bytes: int) -> None:
        raise AssertionError("no step asks this of it")


def candidate(
    id: str,
    provider: ScriptedProvider | None = None,
    *,
    residency: Residency = Residency.EXTERNAL,
    price: Price | None = PRICE,
    operations: Sequence[Operation] = (Operation.CHAT,),
    streams: bool = True,
    context_window: int | None = None,
    max_output: int | None = None,
    internal: bool = False,
    limits: ConnectionLimits = ConnectionLimits(retries=0),  # noqa: B008
) -> Candidate:
    """A candidate answered by a scripted provider."""
    connection, _, name = id.partition("/")
    facts = ModelFacts(
        id=id,
        connection=connection,
        name=name,
        provider="scripted",
        operations=frozenset(operations),
        capabilities=frozenset({Capability.STREAM} if streams else set()),
        residency=residency,
        price=price,
        context_window=context_window,
        max_output=max_output,
        internal=internal,
    )
    return Candidate(facts=facts, provider=provider or ScriptedProvider(), limits=limits)


def chat(text: str = "Hi", model: str = "a/m", **body: object) -> Request:
    """A chat request of one message."""
    return parse_request(
        Operation.CHAT, {"model": model, "messages": [{"role": "user", "content": text}], **body}
    )


@dataclass
class Outcome:
    """What came of a call."""

    call: Call
    events: list[Event] = field(default_factory=list)
    error: Exception | None = None

    @property
    def text(self) -> str:
        """What a client would have read."""
        return "".join(chunk_text(e.data) for e in self.events if isinstance(e, Chunk | Answer))

    @property
    def notices(self) -> list[str]:
        """Codes of the notices."""
        return [e.code for e in self.events if isinstance(e, Notice)]

    @property
    def metered(self) -> list[Metered]:
        """The metering events."""
        return [e for e in self.events if isinstance(e, Metered)]


class Pipeline:
    """The ten steps in their order."""

    def __init__(self, snapshot: Snapshot, journal: MemoryJournal | None = None) -> None:
        self.snapshot = snapshot
        self.journal = journal or MemoryJournal()
        self.health = Health()
        self.cache = DictCache()
        self.similar = MemorySimilar(1000)
        self.live: dict[str, Call] = {}
        self.headroom = Headroom(cast(History, self.journal))
        self.happenings = Happenings()
        limits = MemoryLimits()
        steps: dict[type[Step], Step] = {
            Audit: Audit(self.journal),
            Authorize: Authorize(),
            Resolve: Resolve(),
            Limit: Limit(limits),
            Screen: Screen(self.happenings),
            Cached: Cached(self.cache, self.similar, self),
            Budget: Budget(self.journal, self.headroom, self.happenings),
            Moderate: Moderate(),
            PriceStep: PriceStep(),
        }
        composed = compose([steps[kind] for kind in ORDER], Route(self.health, limits))
        self.run = partial(begun_by, composed)
        self._ids = count(1)

    def call(self, request: Request, principal: Principal = ADA, **fields: object) -> Call:
        """A call ready to run."""
        return Call(
            id=f"call-{next(self._ids)}",
            principal=principal,
            snapshot=self.snapshot,
            request=request,
            **fields,  # pyright: ignore[reportArgumentType]
        )

    def stream(
        self, request: Request, *, parent: str, purpose: Literal["guard", "cache", "rag"]
    ) -> Events:
        """`spi.Models`: a call made for one that runs."""
        outer = self.live[parent]
        return self.run(self.call(request, outer.principal, parent=outer, nested=purpose))

    async def ask(self, request: Request, principal: Principal = ADA, **fields: object) -> Outcome:
        """Run a call to its end, collecting events and the error, if one came."""
        outcome = Outcome(self.call(request, principal, **fields))
        self.live[outcome.call.id] = outcome.call
        try:
            async with aclosing(self.run(outcome.call)) as events:
                async for event in events:
                    outcome.events.append(event)
        except Exception as error:  # noqa: BLE001 - a test looks at whatever was raised
            outcome.error = error
        return outcome


def pipeline(
    *candidates: Candidate,
    aliases: dict[str, AliasRule] | None = None,
    journal: MemoryJournal | None = None,
    **policy: object,
) -> Pipeline:
    """A pipeline over `candidates` with some policy."""
    return Pipeline(
        Snapshot(
            models={one.id: one for one in candidates},
            aliases=aliases or {},
            **policy,  # pyright: ignore[reportArgumentType]
        ),
        journal,
    )


@pytest.fixture
def provider() -> ScriptedProvider:
    """Answers "Hello" to everything."""
    return ScriptedProvider(replies=[Reply()])
