"""When a budget's window begins and ends, in the budget's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ..schemas.policy import BudgetRule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER = 900
"""Seconds."""


def window_of(rule: BudgetRule, now: datetime) -> tuple[datetime, datetime | None]:
    """(start, end) of the window that holds `now`, in UTC; end None for `total`.

    The ledger keeps a rolling window under one name for good: its start is as long before 1970 as
    it is long, and it has no end.
    """
    if rule.rolling is not None:
        return _EPOCH - rule.rolling, None
    return _window(rule.window, rule.timezone, int(now.timestamp()) // _QUARTER)


@lru_cache(maxsize=256)
def _window(window: str, zone: str, number: int) -> tuple[datetime, datetime | None]:
    """By the quarter of an hour: zones are off from UTC by some of them, such as 5:30 and 5:45.
    `number` counts them since 1970.
    """
    quarter = _EPOCH + timedelta(seconds=number * _QUARTER)
    local = quarter.astimezone(ZoneInfo(zone))
    day = local.replace(hour=0, minute=0)
    if window == "total":
        return _EPOCH, None
    if window == "hour":
        hour = quarter.replace(minute=0)
        return hour, hour + timedelta(hours=1)
    if window == "day":
        start, end = day, day + timedelta(days=1)
    elif window == "week":
        start = day - timedelta(days=day.weekday())
        end = start + timedelta(days=7)
    else:
        months = 1 if window == "month" else 3
        first = day.month - (day.month - 1) % months
        start = day.replace(month=first, day=1)
        end = start.replace(
            year=start.year + (first + months > 12), month=(first + months - 1) % 12 + 1
        )
    return start.astimezone(UTC), end.astimezone(UTC)


def began(start: datetime, now: datetime) -> datetime:
    """When a window really began that `window_of` says starts at `start`."""
    return start if start >= _EPOCH else now - (_EPOCH - start)
