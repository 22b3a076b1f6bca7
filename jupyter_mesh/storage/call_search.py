"""Searching the record: newest first, page by page, with a bound on the work of each.

A page walks the index of the most telling field that was asked for (or all calls by time) and looks
at so many rows at most. Where they do not fill it, `next` goes on from the last one looked at: so a
search for what hardly exists costs many small pages and never one endless statement.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

import orjson

from ..errors import InvalidRequest
from ..schemas.api import MOST_CALLS, CallPage
from ..schemas.call_search import CallSearch, Whose
from .calls import SUMMARY, Record, summary_of
from .location import Cursor, Value
from .values import micros, moment, money, text

MOST_LOOKED_AT = 20_000
"""Rows of the index that one page looks at."""
_NEWEST_FIRST = "ORDER BY started_at DESC, seq DESC"
_INDEXED = ("document", "key_id", "error_code", "problem", "username", "finding", "application")
"""What the walk may be along, most telling first. Every index costs each call some microseconds:
models and purposes have few values, and most pages fill without one.
"""


class _Condition(NamedTuple):
    """One condition of a statement."""

    sql: str
    values: tuple[Value, ...] = ()


_NOTHING = _Condition("1 = 0")


class Place(NamedTuple):
    """A place in the order of calls: when one began, and its number where several began then."""

    started_at: int
    seq: int

    @classmethod
    def of(cls, written: str) -> Place:
        """The inverse of `str`.

        Raises:
            InvalidRequest: It is not the `next` of a page.
        """
        numbers = written.split(".")
        if len(numbers) != 2 or not all(
            one.isascii() and one.isdigit() and len(one) < 19 for one in numbers
        ):
            raise InvalidRequest("`before` must be the `next` of an earlier page.", param="before")
        return cls(int(numbers[0]), int(numbers[1]))

    def __str__(self) -> str:
        return f"{self.started_at}.{self.seq}"


def search_query(
    search: CallSearch,
    *,
    whose: Whose,
    before: str | None,
    limit: int,
    most: int = MOST_LOOKED_AT,
) -> Callable[[Cursor], CallPage]:
    """One page.

    Args:
        search: What is asked for.
        whose: The calls that may be seen at all.
        before: Where the page before ended.
        limit: Calls on the page.
        most: Rows to look at.

    Raises:
        InvalidRequest: `before` is not the `next` of a page.
    """
    size = max(1, min(limit, MOST_CALLS))
    walk, others = _conditions(search, whose)
    if before is not None:
        place = Place.of(before)
        walk.append(_Condition("(started_at, seq) < (?, ?)", (place.started_at, place.seq)))

    def query(cursor: Cursor) -> CallPage:
        floor = _floor(cursor, walk, most) if others else None
        chosen = [*walk, *others]
        if floor is not None:
            chosen.append(_Condition("(started_at, seq) >= (?, ?)", tuple(floor)))
        statement = f"SELECT {', '.join(SUMMARY)} FROM calls{_where(chosen)} {_NEWEST_FIRST}"
        cursor.execute(f"{statement} LIMIT {size + 1}", _values(chosen))
        found = [Record(SUMMARY, row) for row in cursor.fetchall()]
        shown = found[:size]
        end = _place(shown[-1]) if len(found) > size else floor
        return CallPage(
            calls=[summary_of(record) for record in shown],
            next=None if end is None else str(end),
            searched_to=None if end is None else moment(end.started_at),
        )

    return query


def _floor(cursor: Cursor, walk: list[_Condition], most: int) -> Place | None:
    """The last row that may be looked at; None where all that is left may be."""
    statement = f"SELECT started_at, seq FROM calls{_where(walk)} {_NEWEST_FIRST}"
    cursor.execute(f"{statement} LIMIT 1 OFFSET {most - 1}", _values(walk))
    row = cast("tuple[int, int] | None", cursor.fetchone())
    return None if row is None else Place(*row)


def _place(record: Record) -> Place:
    return Place(record.number("started_at"), record.number("seq"))


def _where(conditions: list[_Condition]) -> str:
    return f" WHERE {' AND '.join(one.sql for one in conditions)}" if conditions else ""


def _values(conditions: list[_Condition]) -> list[Value]:
    return [value for one in conditions for value in one.values]


def _conditions(search: CallSearch, whose: Whose) -> tuple[list[_Condition], list[_Condition]]:
    """Those of the walk, and those each row it passes is held against."""
    walk: list[_Condition] = []
    if search.since is not None:
        walk.append(_Condition("started_at >= ?", (micros(search.since),)))
    if search.until is not None:
        walk.append(_Condition("started_at < ?", (micros(search.until),)))
    indexed = _indexed(search)
    others = _unindexed(search)
    if whose.groups:
        others.append(_seen(whose))
    elif whose.user is not None:
        own = _Condition("username = ?", (text(whose.user),))
        if indexed.get("username", own) != own:
            others.append(_NOTHING)
        indexed["username"] = own
    for name in _INDEXED:
        if name in indexed:
            walk.append(indexed.pop(name))
            break
    return walk, [*indexed.values(), *others]


def _indexed(search: CallSearch) -> dict[str, _Condition]:
    found: dict[str, _Condition] = {}
    for column, value in (
        ("username", search.user),
        ("application", search.application),
        ("document", search.document),
        ("key_id", search.key),
        ("error_code", search.error_code),
    ):
        if value is not None:
            found[column] = _Condition(f"{column} = ?", (text(value),))
    if search.outcome in ("refused", "blocked", "failed", "aborted", "interrupted"):
        # Said once more in constants, so that the index of problems fits.
        found["problem"] = _Condition(
            "outcome = ? AND outcome NOT IN ('answered', 'cached', 'pending')", (search.outcome,)
        )
    if search.has_finding or search.verdict is not None or search.finding is not None:
        found["finding"] = _Condition("verdicts IS NOT NULL")
    return found


def _unindexed(search: CallSearch) -> list[_Condition]:
    found: list[_Condition] = []
    if search.group is not None:
        found.append(_lists("groups", search.group))
    for column, value in (
        ("coalesce(model, requested_model)", search.model),
        ("connection", search.connection),
        ("purpose", search.purpose),
        ("operation", search.operation),
    ):
        if value is not None:
            found.append(_Condition(f"{column} = ?", (text(value),)))
    if search.outcome in ("answered", "cached", "pending"):
        found.append(_Condition("outcome = ?", (search.outcome,)))
    if search.min_cost is not None:
        found.append(_Condition("cost >= ?", (money(search.min_cost),)))
    if search.has_finding is False:
        found.append(_Condition("verdicts IS NULL"))
    if search.verdict is not None:
        found.append(_holds("verdicts", f'"action":{_json(search.verdict)}'))
    if search.finding is not None:
        found.append(_lists("verdicts", search.finding))
    if search.tag is not None:
        found.append(_tagged(*search.tag))
    return found


def _seen(whose: Whose) -> _Condition:
    """What one may see: one's own, and what was made in some groups."""
    ways = [_lists("groups", group) for group in sorted(whose.groups)]
    if whose.user is not None:
        ways.append(_Condition("username = ?", (text(whose.user),)))
    return _either(ways)


def _lists(column: str, name: str) -> _Condition:
    """JSON that holds `name` as a text of its own."""
    return _holds(column, _json(name))


def _tagged(name: str, value: str) -> _Condition:
    """A tag's value as a text, or as what it is in JSON."""
    ways = [_holds("tags", f"{_json(name)}:{_json(value)}")]
    ways += [_holds("tags", f"{_json(name)}:{value}{end}") for end in (",", "}")]
    return _either(ways)


def _either(ways: list[_Condition]) -> _Condition:
    return _Condition(f"({' OR '.join(one.sql for one in ways)})", tuple(_values(ways)))


def _holds(column: str, part: str) -> _Condition:
    """Exact, with regard to case, in SQLite and PostgreSQL alike."""
    return _Condition(f"replace({column}, ?, '') <> {column}", (text(part),))


def _json(value: str) -> str:
    return orjson.dumps(text(value)).decode()
