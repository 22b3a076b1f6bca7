"""Sums of calls by any of their groups, read from usage by hour, day and month and never from the
calls themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import NamedTuple, cast

from pydantic import TypeAdapter

from ..errors import InvalidRequest
from ..schemas.usage import FIELDS, GROUPINGS, PERIODS, UsageRow
from . import sql
from .location import Cursor, Value
from .usage_parts import Part, parts_of
from .usage_sums import folded
from .usage_totals import Period, table_of
from .values import HOUR, micros, moment, text, usd

_COLUMNS = {name: name for name in FIELDS} | {
    "user": "username",
    "group": "charged_group",
    "key": "key_id",
    "hour": "hour",
    # SQL's calendars differ: days are folded into longer periods here
    **dict.fromkeys(PERIODS[1:], "day"),
}
_FORMATS = {"hour": "%Y-%m-%dT%H:00:00Z", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
_PERIODS: Mapping[str, Period] = {"usage_daily": "day", "usage_monthly": "month"}
"""What smaller sums there may be of."""
# PostgreSQL's sums are of any length otherwise, and come as decimals.
_SUMS = tuple(f"CAST(sum({column}) AS bigint)" for column in sql.USAGE_SUMS)
_MONEY = {"cost": "cost_usd", "saved": "saved_usd", "saved_fallback": "saved_by_fallback_usd"}
_FIGURES = tuple(_MONEY.get(one, one) for one in sql.USAGE_SUMS)
_PLACES = tuple((name, sql.USAGE_SUMS.index(one)) for one, name in _MONEY.items())
_ROWS = TypeAdapter(list[UsageRow])
_USE = ("application", "purpose", "username", "charged_group")


def usage_query(
    *,
    since: datetime,
    until: datetime,
    by: Sequence[str],
    user: str | None,
    groups: Collection[str] | None = None,
    where: Mapping[str, str] | None = None,
    most: int | None = None,
) -> Callable[[Cursor], list[UsageRow]]:
    """The sums over whole hours (UTC) that overlap `since <= time < until`.

    Args:
        since: The first moment.
        until: The first moment that is too late.
        by: Names of `GROUPINGS`.
        user: Only this user's calls; None: everybody's.
        groups: Only calls charged to one of these.
        where: Only calls with these values, by names of `FIELDS`.
        most: Rows; more are refused.

    Raises:
        InvalidRequest: `by` or `where` names something that calls are not grouped by.
    """
    columns = [_column(field, GROUPINGS, "grouped by", "by") for field in by]
    chosen = _chosen(user, groups, where or {})
    fields = (_COLUMNS[name] for name in by if name not in PERIODS)
    asked = {*fields, *chosen.columns}
    first, end = micros(since) // HOUR, -(-micros(until) // HOUR)

    def query(cursor: Cursor) -> list[UsageRow]:
        parts = parts_of(first, end, {*by, *(where or {})}, folded(cursor))
        statement, values = _statement(columns, parts, chosen, asked)
        if most is not None:
            statement += f" LIMIT {most + 1}"
        cursor.execute(statement, values)
        found = cursor.fetchall()
        if most is not None and len(found) > most:
            raise InvalidRequest(
                f"That makes more than {most:,} rows: ask for less time, or group by less.",
                param="by",
            )
        return _rows(by, found)

    return query


class People(NamedTuple):
    """Who called, and which groups were charged."""

    users: set[str]
    groups: set[str]


def people_query(
    since: datetime, until: datetime
) -> Callable[[Cursor], dict[tuple[str, str], People]]:
    """Who called, by application and purpose, over the whole hours (UTC) of a time."""
    first, end = micros(since) // HOUR, -(-micros(until) // HOUR)

    def query(cursor: Cursor) -> dict[tuple[str, str], People]:
        parts = parts_of(first, end, (), folded(cursor))
        statement = " UNION ".join(
            f"SELECT {', '.join(_USE)} FROM {_table(part, _USE)} "
            f"WHERE {part.time} >= ? AND {part.time} < ?"
            for part in parts
        )
        cursor.execute(statement, [bound for part in parts for bound in (part.first, part.end)])
        found: dict[tuple[str, str], People] = {}
        rows = cast("list[tuple[str, str, str, str]]", cursor.fetchall())
        for application, purpose, user, group in rows:
            people = found.setdefault((application, purpose), People(set(), set()))
            people.users.add(user)
            people.groups.add(group)
        return found

    return query


class _Chosen(NamedTuple):
    """Which rows are asked for, besides their time."""

    columns: tuple[str, ...]
    conditions: tuple[str, ...]
    values: tuple[Value, ...]


def _chosen(user: str | None, groups: Collection[str] | None, where: Mapping[str, str]) -> _Chosen:
    wanted = [(_column(name, FIELDS, "narrowed to", name), v) for name, v in where.items()]
    wanted += [("username", user)] if user is not None else []
    columns = [column for column, _ in wanted]
    conditions = [f"{column} = ?" for column in columns]
    values = [text(value) for _, value in wanted]
    if groups is not None:
        columns.append("charged_group")
        conditions.append(f"charged_group IN ({', '.join('?' * len(groups)) or 'NULL'})")
        values += [text(group) for group in sorted(groups)]
    return _Chosen(tuple(columns), tuple(conditions), tuple(values))


def _statement(
    columns: Sequence[str], parts: Sequence[Part], chosen: _Chosen, asked: Collection[str]
) -> tuple[str, list[Value]]:
    """The sums over all parts, and its values; `asked`: all columns that matter, besides time."""
    names = list(dict.fromkeys(columns))
    values: list[Value] = []
    selects: list[str] = []
    for part in parts:
        day = "day" if part.time == "day" else "hour / 24 AS day"
        own = [day if one == "day" else one for one in names]
        conditions = (f"{part.time} >= ?", f"{part.time} < ?", *chosen.conditions)
        selects.append(
            f"SELECT {', '.join([*own, *sql.USAGE_SUMS])} FROM {_table(part, asked)} "
            f"WHERE {' AND '.join(conditions)}"
        )
        values += [part.first, part.end, *chosen.values]
    rows = " UNION ALL ".join(selects)
    statement = f"SELECT {', '.join([*columns, *_SUMS])} FROM ({rows}) AS parts"
    return statement + (f" GROUP BY {', '.join(names)}" if names else ""), values


def _table(part: Part, asked: Collection[str]) -> str:
    """The smallest that has what is asked."""
    period = _PERIODS.get(part.table)
    return (period and table_of(period, asked)) or part.table


def _column(field: str, known: Sequence[str], how: str, param: str) -> str:
    if field not in known:
        raise InvalidRequest(
            f"Usage cannot be {how} {field[:40]!r}; choose among {', '.join(known)}.",
            param=param[:40],
        )
    return _COLUMNS[field]


def _rows(by: Sequence[str], found: Sequence[tuple[object, ...]]) -> list[UsageRow]:
    labels = [partial(label, field) if field in PERIODS else None for field in by]
    sums: dict[tuple[str, ...], Sequence[int]] = {}
    for row in found:
        if row[-1] is None:  # the sum over no rows at all
            continue
        key = cast("tuple[str, ...]", row[: len(by)])
        if any(labels):
            key = tuple(name(one) if name else one for name, one in zip(labels, key, strict=True))
        numbers = cast("Sequence[int]", row[len(by) :])
        known = sums.get(key)
        if known is not None:
            numbers = [a + b for a, b in zip(known, numbers, strict=True)]
        sums[key] = numbers
    return _ROWS.validate_python(
        [
            {"key": dict(zip(by, key, strict=True)), "spend": _spend(numbers)}
            for key, numbers in sorted(sums.items())
        ]
    )


@lru_cache(maxsize=4096)  # of thousands of rows of a few days
def label(field: str, value: object) -> str:
    """What a group is called: a period by its beginning, anything else by itself."""
    if field not in PERIODS:
        return cast(str, value)
    began = moment(cast(int, value) * (1 if field == "hour" else 24) * HOUR).astimezone(UTC)
    if field == "quarter":
        return f"{began.year:04}-Q{(began.month + 2) // 3}"
    return began.strftime(_FORMATS[field])


def _spend(numbers: Sequence[int]) -> dict[str, int | Decimal]:
    named: dict[str, int | Decimal] = dict(zip(_FIGURES, numbers, strict=True))
    for name, place in _PLACES:
        named[name] = usd(numbers[place])
    return named
