"""Since when, and until when, each use of the models has been seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from ..schemas.json import as_list
from .location import Cursor
from .values import HOUR, from_json, micros, moment, text

_SPANS = """
    SELECT application, purpose, min(first_hour), max(last_hour) FROM (
    SELECT application, purpose, first_hour, last_hour FROM use_spans
    UNION ALL SELECT application, purpose, hour, hour FROM usage_hourly
    WHERE hour >= (SELECT until_day * 24 FROM usage_folded WHERE period = 'day')) AS seen
    GROUP BY application, purpose"""
_WIDEN = """
    ON CONFLICT (application, purpose) DO UPDATE SET
    first_hour = CASE WHEN excluded.first_hour < use_spans.first_hour
    THEN excluded.first_hour ELSE use_spans.first_hour END,
    last_hour = CASE WHEN excluded.last_hour > use_spans.last_hour
    THEN excluded.last_hour ELSE use_spans.last_hour END"""
KEEP_SPANS = f"""
    INSERT INTO use_spans (application, purpose, first_hour, last_hour)
    SELECT application, purpose, min(hour), max(hour) FROM usage_hourly
    WHERE hour >= ? AND hour < ? GROUP BY application, purpose {_WIDEN}"""
KEEP_SPAN_OF_CALL = f"""
    INSERT INTO use_spans (application, purpose, first_hour, last_hour)
    SELECT application, purpose, started_at / 3600000000, started_at / 3600000000 FROM calls
    WHERE id = ? {_WIDEN}"""

_AT_ONCE = 400
"""Users of one statement; SQLite takes 500 parts of a union."""
_LAST_GROUPS = """
    SELECT u.username, (SELECT c.groups FROM calls c WHERE c.username = u.username
    AND c.started_at < ? ORDER BY c.started_at DESC, c.seq DESC LIMIT 1) FROM ({users}) AS u"""


class Span(NamedTuple):
    """The first and the last hour (UTC) in which a use was seen."""

    application: str
    purpose: str
    first: datetime
    last: datetime


def last_groups(
    cursor: Cursor, users: Sequence[str], before: datetime
) -> dict[str, tuple[str, ...]]:
    """The groups each user was in at their last call before a moment, those of the identity source
    too; without those whose calls are not kept any more.
    """
    found: dict[str, tuple[str, ...]] = {}
    for first in range(0, len(users), _AT_ONCE):
        some = users[first : first + _AT_ONCE]
        named = " UNION ALL ".join(["SELECT CAST(? AS TEXT) AS username"] * len(some))
        values = (micros(before), *(text(user) for user in some))
        cursor.execute(_LAST_GROUPS.format(users=named), values)
        for user, groups in cast("list[tuple[str, str | None]]", cursor.fetchall()):
            found[user] = tuple(str(group) for group in as_list(from_json(groups)) or ())
    return found


def spans(cursor: Cursor) -> list[Span]:
    """Of every application and purpose."""
    cursor.execute(_SPANS)
    rows = cast("list[tuple[str, str, int, int]]", cursor.fetchall())
    return [Span(one, two, moment(a * HOUR), moment(b * HOUR)) for one, two, a, b in rows]
