"""What a window will have cost at its end, from the days before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ..spi.journal import History
from .forecast import forecast

_DAYS_OF_HISTORY = 180
_LEAST_DAYS_WITH_SPEND = 7
_LEAST_SHARE = Decimal("0.05")
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Expected:
    """USD at the end of a window, and the ends of the interval it falls into four times of five;
    None where nobody can say.
    """

    expected: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None


UNKNOWN = Expected(None)


async def expected(
    history: History,
    spent: Decimal,
    window: tuple[datetime, datetime],
    now: datetime,
    *,
    user: str | None = None,
    groups: Collection[str] | None = None,
    where: Mapping[str, str] | None = None,
) -> Expected:
    """By the rhythm of the last months; at the present rate where they hold too little.

    Args:
        history: Where the days are read.
        spent: In the window so far.
        window: Its beginning and end.
        now: The time.
        user: Whose calls; None: everybody's.
        groups: Only calls charged to one of these.
        where: Only calls with these values.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=_DAYS_OF_HISTORY)
    rows = await history.usage(
        since=since, until=midnight, by=("day",), user=user, groups=groups, where=where
    )
    by_day = {row.key["day"]: float(row.spend.cost_usd) for row in rows}
    days = [since + timedelta(days=n) for n in range(_DAYS_OF_HISTORY)]
    daily = [by_day.get(day.strftime("%Y-%m-%d"), 0.0) for day in days]
    if sum(1 for amount in daily if amount) < _LEAST_DAYS_WITH_SPEND:
        return at_this_rate(spent, window, now)
    said = forecast(daily, float(spent), (window[1] - now) / timedelta(days=1))
    return Expected(_money(said.expected), _money(said.low), _money(said.high))


def at_this_rate(spent: Decimal, window: tuple[datetime, datetime], now: datetime) -> Expected:
    """What the window will have cost if it goes on so; unknown in its first twentieth."""
    start, end = window
    passed = Decimal((now - start).total_seconds() / (end - start).total_seconds())
    if passed < _LEAST_SHARE:
        return UNKNOWN
    return Expected((spent / passed).quantize(_MICRO))


def _money(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(amount).quantize(_MICRO)
