"""What guards found, added up by hour in the commit that settles a call: always the sums of the
record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, cast

from ..schemas.guards import GuardHits, GuardHitsHour
from ..schemas.json import Json, as_int, as_list, as_object, as_str
from .location import Cursor
from .values import HOUR, from_json, micros, moment, text

_KEY = "hour, guard, subject, action, mode"
_ADD = f"""
    INSERT INTO guard_hits_hourly ({_KEY}, calls, hits) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT ({_KEY}) DO UPDATE SET
    calls = guard_hits_hourly.calls + excluded.calls,
    hits = guard_hits_hourly.hits + excluded.hits"""
_SUM = """
    SELECT guard, subject, action, mode, CAST(sum(calls) AS bigint), CAST(sum(hits) AS bigint)
    FROM guard_hits_hourly WHERE hour >= ? AND hour < ? GROUP BY guard, subject, action, mode"""
_HOURS = """
    SELECT hour, action, mode, CAST(sum(hits) AS bigint) FROM guard_hits_hourly
    WHERE hour >= ? AND hour < ? GROUP BY hour, action, mode"""


class Hit(NamedTuple):
    """What one verdict is counted as."""

    guard: str
    subject: str
    """The entity that was found, or the direction of the text that was judged."""
    action: str
    mode: str


def hits_of(verdicts: Json) -> Counter[Hit]:
    """How often each guard did what in one call."""
    found: Counter[Hit] = Counter()
    for one in as_list(verdicts) or ():
        verdict = as_object(one) or {}
        guard, action = as_str(verdict.get("guard")), as_str(verdict.get("action"))
        if guard is None or action is None:
            continue
        subject = as_str(verdict.get("entity")) or as_str(verdict.get("direction")) or ""
        mode = "enforce"
        if action == "monitor":
            mode, action = "monitor", as_str(verdict.get("would")) or ""
        found[Hit(guard, subject, action, mode)] += as_int(verdict.get("count")) or 1
    return found


def add(cursor: Cursor, started: int, verdicts: str) -> None:
    """Count the verdicts of a call that began then, as its record holds them."""
    for hit, count in sorted(hits_of(from_json(verdicts)).items()):
        cursor.execute(_ADD, (started // HOUR, *map(text, hit), 1, count))


def sums(cursor: Cursor, since: datetime, until: datetime) -> list[GuardHits]:
    """Over whole hours that overlap the time asked for, what was found most first."""
    cursor.execute(_SUM, _hours(since, until))
    rows = cast("list[tuple[str, str, str, str, int, int]]", cursor.fetchall())
    ordered = sorted(rows, key=lambda row: (-row[5], row[:4]))
    return [
        GuardHits(guard=guard, subject=subject, action=action, mode=mode, calls=calls, hits=hits)
        for guard, subject, action, mode, calls, hits in ordered
    ]


def by_hour(cursor: Cursor, since: datetime, until: datetime) -> list[GuardHitsHour]:
    """Hits of each hour that had some, by what came of them; what was only watched is `watched`."""
    cursor.execute(_HOURS, _hours(since, until))
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for hour, action, mode, hits in cast("Iterable[tuple[int, str, str, int]]", cursor.fetchall()):
        found[hour][action if mode == "enforce" else "watched"] += int(hits)
    return [
        GuardHitsHour(hour=moment(hour * HOUR), hits=dict(sorted(hits.items())))
        for hour, hits in sorted(found.items())
    ]


def _hours(since: datetime, until: datetime) -> tuple[int, int]:
    return micros(since) // HOUR, -(-micros(until) // HOUR)
