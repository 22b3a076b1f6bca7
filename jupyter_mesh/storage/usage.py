"""Sums of calls by any of their groups, read from the hourly usage and never from the calls
themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from ..errors import InvalidRequest
from ..schemas.api import GROUPINGS, Spend, UsageRow
from .location import Cursor, Value
from .values import HOUR, micros, moment, text, usd

_COLUMNS = {field: field for field in GROUPINGS} | {
    "user": "username",
    "day": "hour / 24",
    "month": "hour / 24",  # SQL's calendars differ: days are folded into months here
}
_FORMATS = {"hour": "%Y-%m-%dT%H:00:00Z", "day": "%Y-%m-%d", "month": "%Y-%m"}
_HOURS = {"hour": 1, "day": 24, "month": 24}
_SUMS = (
    *("sum(cost)", "sum(saved)", "sum(calls)", "sum(cached_calls)"),
    *("sum(input_tokens)", "sum(output_tokens)", "sum(unpriced)"),
)


def usage_query(
    *,
    since: datetime,
    until: datetime,
    by: Sequence[str],
    user: str | None,
    document: str | None,
) -> Callable[[Cursor], list[UsageRow]]:
    """The sums over whole hours (UTC) that overlap `since <= time < until`.

    Raises:
        InvalidRequest: `by` names something that calls are not grouped by.
    """
    for field in by:
        if field not in GROUPINGS:
            raise InvalidRequest(
                f"Usage cannot be grouped by {field[:40]!r}; choose among {', '.join(GROUPINGS)}.",
                param="by",
            )
    columns = [_COLUMNS[field] for field in by]
    where = ["hour >= ?", "hour < ?"]
    bounds: list[Value] = [micros(since) // HOUR, -(-micros(until) // HOUR)]
    for column, value in (("username", user), ("document", document)):
        if value is not None:
            where.append(f"{column} = ?")
            bounds.append(text(value))
    statement = (
        f"SELECT {', '.join([*columns, *_SUMS])} FROM usage_hourly WHERE {' AND '.join(where)}"
    )
    if columns:
        statement += f" GROUP BY {', '.join(dict.fromkeys(columns))}"

    def query(cursor: Cursor) -> list[UsageRow]:
        cursor.execute(statement, bounds)
        return _rows(by, cursor.fetchall())

    return query


def _rows(by: Sequence[str], found: list[tuple[object, ...]]) -> list[UsageRow]:
    sums: dict[tuple[str, ...], list[int]] = {}
    for row in found:
        if row[-1] is None:  # the sum over no rows at all
            continue
        key = tuple(_label(field, value) for field, value in zip(by, row, strict=False))
        numbers = [int(cast(int, value)) for value in row[len(by) :]]
        known = sums.setdefault(key, [0] * len(numbers))
        sums[key] = [a + b for a, b in zip(known, numbers, strict=True)]
    return [
        UsageRow(key=dict(zip(by, key, strict=True)), spend=_spend(*numbers))
        for key, numbers in sorted(sums.items())
    ]


def _label(field: str, value: object) -> str:
    if field in _FORMATS:
        return moment(cast(int, value) * _HOURS[field] * HOUR).strftime(_FORMATS[field])
    return cast(str, value)


def _spend(
    cost: int, saved: int, calls: int, cached: int, input: int, output: int, unpriced: int
) -> Spend:
    return Spend(
        cost_usd=usd(cost),
        saved_usd=usd(saved),
        calls=calls,
        cached_calls=cached,
        input_tokens=input,
        output_tokens=output,
        unpriced=unpriced,
    )
