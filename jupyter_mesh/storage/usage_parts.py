"""Which tables hold the usage of some time: whole months where they are added up, days before and
after, hours at both ends.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from .usage_sums import Folded, month_after, month_of

_BY_HOUR = {"hour", "document"}
_BY_DAY = {"day", "week"}


class Part(NamedTuple):
    """Rows `first <= time < end` of one table.

    Attributes:
        time: Its column of time: `hour` (since 1970 UTC) or `day`.
    """

    table: str
    time: str
    first: int
    end: int


def parts_of(first: int, end: int, asked: Collection[str], until: Folded) -> list[Part]:
    """The parts that together are the hours `first <= hour < end`.

    Args:
        first: Hours since 1970.
        end: The first hour that is too late.
        asked: What is grouped by or narrowed to, by names of `schemas.usage.GROUPINGS`.
        until: How far days and months are added up.
    """
    if _BY_HOUR & set(asked):
        return [Part("usage_hourly", "hour", first, end)]
    days = (-(-first // 24), min(end // 24, until.days))
    if days[0] >= days[1]:
        return [Part("usage_hourly", "hour", first, end)]
    parts = [
        Part("usage_hourly", "hour", first, days[0] * 24),
        *_days(*days, asked, until),
        Part("usage_hourly", "hour", days[1] * 24, end),
    ]
    return [part for part in parts if part.first < part.end]


def _days(first: int, end: int, asked: Collection[str], until: Folded) -> list[Part]:
    begins = first if month_of(first) == first else month_after(first)
    ends = month_of(min(end, until.months))
    if _BY_DAY & set(asked) or begins >= ends:
        return [Part("usage_daily", "day", first, end)]
    return [
        Part("usage_daily", "day", first, begins),
        Part("usage_monthly", "day", begins, ends),
        Part("usage_daily", "day", ends, end),
    ]
