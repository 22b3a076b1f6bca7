"""What is recorded of a call: the intent before anything leaves, the completion after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from .frozen import frozen
from .json import JsonObject
from .spend import Usage

Outcome: TypeAlias = Literal[
    "answered", "cached", "refused", "blocked", "failed", "aborted", "interrupted"
]
"""`refused`: by the mesh, nothing was sent. `interrupted`: the gateway died; settled after restart.
"""
KeptForm: TypeAlias = Literal["redacted", "full"]
"""Content without what detectors find, or as it came."""
UNSPECIFIED = "unspecified"
"""The purpose on record of a call that declared none."""


@frozen(kw_only=True)
class Intent:
    """Who asked what, of which model, for which purpose. Durable before the call leaves."""

    id: str
    started_at: datetime
    user: str
    via: str
    application: str
    operation: str
    requested_model: str
    candidates: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    purpose: str = UNSPECIFIED
    document: str | None = None
    key_id: str | None = None
    parent: str | None = None
    tags: JsonObject = field(default_factory=lambda: {})
    streamed: bool = False
    charged_group: str = ""
    """The one of `groups` that pays: sums by group are then those of the calls."""
    estimated_cost: Decimal | None = Decimal(0)
    """What the call is charged if the gateway dies and nobody can say more; None is unknown."""
    content: JsonObject | None = None
    """The request as it is kept, or None when policy keeps no content."""
    form: KeptForm = "redacted"
    """How `content` is kept."""


@frozen(kw_only=True)
class Timing:
    """Milliseconds since the call entered the pipeline; None where it did not happen."""

    total: float
    first_token: float | None = None
    upstream: float | None = None
    """Time spent waiting for providers."""
    overhead: float | None = None
    """The gateway's own time before the request left plus after the last event arrived."""


@frozen(kw_only=True)
class Completion:
    """How a call ended. Durable before the last byte is sent to the client."""

    id: str
    started_at: datetime
    """As its intent says."""
    ended_at: datetime
    outcome: Outcome
    model: str | None = None
    """`connection/name` of what really answered."""
    provider: str | None = None
    connection: str | None = None
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = None
    """None: the price is unknown. A cache hit costs 0."""
    saved: Decimal = Decimal(0)
    """What a cache hit would have cost."""
    saved_by_fallback: Decimal = Decimal(0)
    """By how much it was cheaper than the first model of the alias would have been."""
    cost_classes: Mapping[str, Decimal] = field(default_factory=lambda: {})
    """`cost` by class of tokens, and `request` for what each call costs; empty: not known."""
    priced_at: datetime | None = None
    """When the prices were looked up that it was charged by."""
    timing: Timing = Timing(total=0.0)
    finish_reason: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    attempts: tuple[JsonObject, ...] = ()
    notices: tuple[JsonObject, ...] = ()
    verdicts: tuple[JsonObject, ...] = ()
    """Guards' verdicts: kind, count, action; never the text found."""
    price_source: str | None = None
    screened: str = "no"
    """`yes`, `no`, or why not."""
    content: JsonObject | None = None
    kept: Mapping[str, Decimal] = field(default_factory=lambda: {})
    """USD by budget keys that pay what they reserved, since nobody knows the price of what
    answered.
    """
    form: KeptForm = "redacted"
    user: str | None = None
    """Whose call it is, where `content` is given."""
    stands_for: int = 1
    """How many calls: those of a second that were turned away unread share a record."""
    uncharged: tuple[str, ...] = ()
    """Budget keys whose hold is released without a charge, since a connection or model outside
    their
    scope answered.
    """


@frozen(kw_only=True)
class Hold:
    """A reservation of money in one budget window."""

    budget: str
    """Stable key of the budget and the one it applies to, such as `2|user=ada`."""
    window_start: datetime
    """Of a rolling window: as long before 1970 as it is long."""
    window: str
    limit: Decimal
    amount: Decimal
    title: str = ""
    """What people call the budget."""
    hard: bool = True
    """A soft budget counts and warns but never refuses."""
