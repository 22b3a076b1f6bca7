"""Days and months of usage, and the span of each use, added up from hours once they are over.

`usage_hourly` is whole and exact. What is added up here spares whoever asks for a long time the
reading of every hour, and costs a call nothing: a day is added up a day after it ended, a month
with its last day.

A call that is recorded so late that its day may be there already is added to it too: one that took
long, or began before the machine slept or the store was away. Whoever adds takes the row of
`usage_folded` first, so that nothing is added twice or left out.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, cast

from . import sql, usage_totals
from .location import Cursor
from .use_cases import KEEP_SPAN_OF_CALL, KEEP_SPANS

_EPOCH = date(1970, 1, 1)
_AFTER = timedelta(days=1)
"""How long after its end a day is added up."""
_LATE_SECONDS = 12 * 3600
"""A call that began longer ago may find its day there: half of `_AFTER`, as clocks differ."""
_DAYS_AT_ONCE = 3
"""Nobody else can write meanwhile."""

_TAKE = "UPDATE usage_folded SET until_day = until_day"
_UNTIL = "SELECT period, until_day FROM usage_folded"
_MOVE = "UPDATE usage_folded SET until_day = ? WHERE period = ?"
_FIRST_HOUR = "SELECT min(hour) FROM usage_hourly"
_DAY_OF_CALL = "SELECT started_at / 86400000000 FROM calls WHERE id = ?"
_FIELDS = ", ".join(sql.USAGE_FIELDS)
_SUMS = ", ".join(f"sum({one})" for one in sql.USAGE_SUMS)
_COLUMNS = f"day, {_FIELDS}, {', '.join(sql.USAGE_SUMS)}"
_FOLD_DAY = f"""
    INSERT INTO usage_daily ({_COLUMNS}) SELECT hour / 24, {_FIELDS}, {_SUMS} FROM usage_hourly
    WHERE hour >= ? AND hour < ? GROUP BY hour / 24, {_FIELDS}"""
_FOLD_MONTH = f"""
    INSERT INTO usage_monthly ({_COLUMNS}) SELECT ?, {_FIELDS}, {_SUMS} FROM usage_daily
    WHERE day >= ? AND day < ? GROUP BY {_FIELDS}"""


class Folded(NamedTuple):
    """The first day (since 1970) that is not added up yet: as a day, and in a month."""

    days: int
    months: int


def folded(cursor: Cursor) -> Folded:
    """How far it is."""
    cursor.execute(_UNTIL)
    until = dict(cast("list[tuple[str, int]]", cursor.fetchall()))
    return Folded(until["day"], until["month"])


def month_of(day: int) -> int:
    """The first day of the month that `day` lies in."""
    return ((_EPOCH + timedelta(days=day)).replace(day=1) - _EPOCH).days


def month_after(day: int) -> int:
    """The first day of the next month."""
    return month_of(month_of(day) + 31)


def fold(cursor: Cursor, now: datetime) -> int:
    """Add up some days that are over, and the months that end with them; returns how many days, 0
    when none is left.
    """
    cursor.execute(_TAKE)
    at = folded(cursor)
    cursor.execute(_FIRST_HOUR)
    (first,) = cast("tuple[int | None]", cursor.fetchone())
    over = ((now.astimezone(UTC) - _AFTER).date() - _EPOCH).days
    begin = at.days or (over if first is None else first // 24)
    end = min(over, begin + _DAYS_AT_ONCE)
    if end <= at.days:
        return 0
    cursor.execute(_FOLD_DAY, (begin * 24, end * 24))
    usage_totals.fold_days(cursor, begin, end)
    cursor.execute(KEEP_SPANS, (begin * 24, end * 24))
    cursor.execute(_MOVE, (end, "day"))
    month = at.months or month_of(begin)
    while (next := month_after(month)) <= end:
        cursor.execute(_FOLD_MONTH, (month, month, next))
        usage_totals.fold_month(cursor, month, next)
        month = next
    cursor.execute(_MOVE, (month, "month"))
    return end - begin


def is_late(started: int) -> bool:
    """Whether the day of a call that began then (microseconds) may have been added up already."""
    return time.time() - started / 1_000_000 > _LATE_SECONDS


def add_late(cursor: Cursor, call_id: str) -> None:
    """Add a finished call to the day and the month that were added up without it."""
    cursor.execute(_TAKE)
    until = folded(cursor)
    cursor.execute(_DAY_OF_CALL, (call_id,))
    (day,) = cast("tuple[int]", cursor.fetchone())
    if day < until.days:
        cursor.execute(sql.ADD_TO_DAY, (day, call_id))
        usage_totals.add(cursor, "day", day, call_id)
        cursor.execute(KEEP_SPAN_OF_CALL, (call_id,))
    if day < until.months:
        cursor.execute(sql.ADD_TO_MONTH, (month_of(day), call_id))
        usage_totals.add(cursor, "month", month_of(day), call_id)
