"""One call on its way through the steps. Everything that belongs to a call hangs here, never on a
module.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from ..schemas.audit import Hold, KeptForm
from ..schemas.events import Metered, Notice
from ..schemas.json import JsonObject
from ..schemas.principal import Principal
from ..schemas.request import Request
from ..schemas.spend import Usage
from ..schemas.tokens import estimate_tokens
from .chunks import Channel, texts
from .snapshot import Candidate, Snapshot
from .trace import Trace

NestedPurpose = Literal["guard", "cache", "rag"]
Window: TypeAlias = tuple[str, datetime]
"""The key of a budget and the start of its window."""


@dataclass(frozen=True, slots=True)
class CacheDirective:
    """What the caller says of the cache: never use it, only answers to exactly this question, only
    entries younger than `max_age` seconds.
    """

    no_store: bool = False
    max_age: float | None = None
    exact: bool = False


@dataclass(slots=True)
class Report:
    """What the transport tells the client beside the answer. Filled as the call goes on.

    Attributes:
        model: `connection/name` of what answers; set before the first event.
        cost: USD; None is unknown.
        limits: `X-RateLimit-*` headers.
        held_back_ms: How long the piece of the answer that waited longest did, to be judged; None
            where nothing of it had to.
    """

    model: str | None = None
    provider: str | None = None
    connection: str | None = None
    cache: Literal["hit", "miss", "bypass"] = "bypass"
    usage: Usage | None = None
    cost: Decimal | None = None
    saved: Decimal = Decimal(0)
    total_ms: float | None = None
    first_token_ms: float | None = None
    upstream_ms: float = 0.0
    overhead_ms: float | None = None
    held_back_ms: float | None = None
    finish_reason: str | None = None
    notices: list[Notice] = field(default_factory=lambda: [])
    attempts: list[JsonObject] = field(default_factory=lambda: [])
    verdicts: list[JsonObject] = field(default_factory=lambda: [])
    screened: str = "no"
    saved_by_fallback: Decimal = Decimal(0)
    price_source: str | None = None
    priced_at: datetime | None = None
    cost_classes: dict[str, Decimal] = field(default_factory=lambda: {})
    limits: dict[str, str] = field(default_factory=lambda: {})


@dataclass(slots=True)
class Produced:
    """What the model has written so far: what an aborted call is charged for, and what the audit
    keeps.

    `text` is as received from the provider, before placeholders are put back: every piece in the
    order it came. `said` is the same pieces apart: those of several choices, or of several calls of
    tools, come in turns.
    """

    text: list[str] = field(default_factory=lambda: [])
    said: dict[Channel, list[str]] = field(default_factory=lambda: {})
    characters: int = 0
    body: JsonObject | None = None
    _counted: int = 0
    _tokens: int = 0

    def add(self, data: JsonObject) -> None:
        """Take in what a chunk or an answer carries."""
        for channel, _, text in texts(data):
            self.text.append(text)
            self.characters += len(text)
            if (pieces := self.said.get(channel)) is None:
                self.said[channel] = [text]
            else:
                pieces.append(text)

    def tokens(self) -> int:
        """The estimated tokens of `text`; looks only at what has come since it was last asked."""
        fresh = "".join(self.text[self._counted :])
        self._counted = len(self.text)
        self._tokens += estimate_tokens(fresh)
        return self._tokens


@dataclass(slots=True)
class Reservation:
    """What a call has of one budget window, in USD.

    Attributes:
        title: What people call the budget.
        first: What it may cost before a top-up.
        claimed: Of that, what the reservation of the call it is made for pays.
        own: What it holds itself, top-ups included.
        room: What is left of both, without what calls made for it claim.
    """

    title: str
    first: Decimal
    claimed: Decimal
    own: Decimal
    room: Decimal


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One request and what the steps have decided about it.

    Attributes:
        request: Replaced by Screen with the redacted one; nothing inward sees the original.
        candidates: Set by Resolve, thinned by Screen, ordered by Route.
        content: The request as the audit keeps it; `response` likewise, in the form `kept`. Set by
            Screen.
        holds: Set by Budget, committed together with the intent by `open`.
        reserved: What it has of each budget window. Set by Budget.
        upstream_streams: Whether to ask the provider for a stream; None follows the client.
        slots: Names of shares of limits of which it has a slot.
        opened: True once the intent is durable; only then may anything be sent.
        sent: True while a provider works on it, or has: what it may charge although no usage comes.
        lost: Estimates of tries that broke off after a provider had worked on them.
        open: Commits intent and holds; the last act before Route sends.
        thread: What the caller calls the conversation that this is a turn of.
        at_end: What steps have to do when the call ends, however it ends; what came last goes
            first.
        trace: None while no traces are made.
        parent: The call this one is made for, if the mesh made it itself.
    """

    id: str
    principal: Principal
    snapshot: Snapshot
    request: Request
    groups: frozenset[str] = frozenset()
    purpose: str | None = None
    document: str | None = None
    thread: str | None = None
    tags: JsonObject = field(default_factory=lambda: {})
    cache: CacheDirective = CacheDirective()
    idempotency_key: str | None = None
    parent: Call | None = None
    trace: Trace | None = None
    nested: NestedPurpose | None = None
    started: float = field(default_factory=time.perf_counter)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    candidates: tuple[Candidate, ...] = ()
    candidate: Candidate | None = None
    content: JsonObject | None = None
    response: JsonObject | None = None
    kept: KeptForm = "redacted"
    input_bound: int = 0
    holds: tuple[Hold, ...] = ()
    reserved: dict[Window, Reservation] = field(default_factory=lambda: {})
    upstream_streams: bool | None = None
    slots: set[str] = field(default_factory=lambda: set())
    opened: bool = False
    sent: bool = False
    lost: list[Metered] = field(default_factory=lambda: [])
    open: Callable[[], Awaitable[None]] | None = None
    at_end: list[Callable[[], None]] = field(default_factory=lambda: [])
    report: Report = field(default_factory=Report)
    produced: Produced = field(default_factory=Produced)

    @property
    def depth(self) -> int:
        """0 for a caller's own request, 1 for a call made for it, and so on."""
        return 0 if self.parent is None else self.parent.depth + 1

    @property
    def guarded(self) -> bool:
        """False for the mesh's own guard and cache calls, which skip Screen, Cache and Moderate."""
        return self.nested not in ("guard", "cache")

    def notice(self, code: str, message: str, details: JsonObject | None = None) -> Notice:
        """Record something the person should know and return it for yielding."""
        notice = Notice(code, message, details)
        self.report.notices.append(notice)
        return notice
