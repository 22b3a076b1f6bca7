"""Bodies of usage, charge-back and its forecast (`/mesh/api/usage…`)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field

from .body import Body
from .call_search import View

PERIODS = ("hour", "day", "week", "month", "quarter")
"""Stretches of time, in UTC, that usage can be grouped by; `2026-W07` is a week of ISO 8601."""
FIELDS = (
    "user",
    "group",
    "application",
    "connection",
    "provider",
    "model",
    "purpose",
    "document",
    "key",
    "operation",
)
"""What usage can be grouped by and narrowed to. A call has one `group`: the one it is charged
to.
"""
GROUPINGS = (*PERIODS, *FIELDS)
"""What usage can be grouped by."""
MOST_ROWS = 20_000
"""Rows of one answer; a file may have more."""

ForecastWindow: TypeAlias = Literal["day", "week", "month", "quarter"]


class Spend(Body):
    """Money and tokens of some calls. `cost_usd` sums known costs; `unpriced` counts the others."""

    cost_usd: Decimal
    saved_usd: Decimal = Field(description="What answers from the cache would have cost.")
    saved_by_fallback_usd: Decimal = Field(
        default=Decimal(0),
        description="By how much other models of an alias were cheaper than its first.",
    )
    fixed_usd: Decimal = Field(
        default=Decimal(0),
        description="The share, by tokens, of what connections cost an hour; beside `cost_usd`.",
    )
    calls: int
    cached_calls: int
    input_tokens: int = Field(description="With those of the cache, of audio and of images.")
    output_tokens: int = Field(description="With those of reasoning and of audio.")
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    input_image_tokens: int = 0
    unpriced: int


class UsageRow(Body):
    """Spend of one group of calls; `key` holds the grouping fields."""

    key: dict[str, str]
    spend: Spend


class Usage(Body):
    """Rows and their total."""

    since: datetime
    until: datetime
    by: list[str]
    rows: list[UsageRow]
    total: Spend
    view: View = "own"
    where: dict[str, str] = Field(
        default_factory=dict[str, str], description="The fields it was narrowed to."
    )
    idle_usd: Decimal = Field(
        default=Decimal(0),
        description="What connections cost by the hour that nobody used in this time.",
    )
    notes: list[str] = Field(
        default_factory=list[str], description="What should be known of these costs, in words."
    )


class DayCost(Body):
    """What one day (UTC) has cost."""

    day: date
    cost_usd: Decimal


class UsageForecast(Body):
    """What was spent in a window that still runs, and what it will have cost at its end."""

    window: ForecastWindow
    timezone: str
    window_start: datetime
    window_end: datetime
    view: View
    where: dict[str, str]
    spent_usd: Decimal
    expected_usd: Decimal | None = Field(
        description="At the end; null where too little of the window has passed to say."
    )
    low_usd: Decimal | None = Field(
        description="With `high_usd`: four times of five it comes out in between. Null under two "
        "weeks of history."
    )
    high_usd: Decimal | None
    saved_usd: Decimal = Field(description="By the cache, in the window so far.")
    saved_by_fallback_usd: Decimal
    calls: int
    unpriced: int
    days: list[DayCost] = Field(description="Of the window so far, oldest first.")
