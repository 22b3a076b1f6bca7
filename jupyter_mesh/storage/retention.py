"""Deletes what policy no longer keeps, a little at a time, so that no call waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from ..schemas.policy import AuditRule
from .location import Cursor
from .reader import Reader
from .values import micros

_BATCH = 500
_OLD_CONTENT = (
    "DELETE FROM call_content WHERE call_id IN "
    f"(SELECT call_id FROM call_content WHERE stored_at < ? ORDER BY stored_at LIMIT {_BATCH})"
)
# Oldest first in the order of recording; a call in flight is never touched.
_OLDEST = (
    f"SELECT seq, id, started_at, outcome FROM calls WHERE seq > ? ORDER BY seq LIMIT {_BATCH}"
)


async def prune(reader: Reader, now: datetime, rule: AuditRule) -> int:
    """Delete content and calls older than `rule` keeps them; sums of usage and spent money stay.

    Returns how many rows went. Can be stopped between two batches and loses nothing.

    Raises:
        StoreUnavailable: The store cannot be written.
    """
    gone = 0
    content_until = micros(now - rule.content_retain)
    while deleted := await reader.write(_delete_content(content_until)):
        gone += deleted
    calls_until = micros(now - rule.retain)
    place: int | None = 0
    while place is not None:
        deleted, place = await reader.write(_delete_calls(calls_until, place))
        gone += deleted
    return gone


def _delete_content(until: int) -> Callable[[Cursor], int]:
    def change(cursor: Cursor) -> int:
        cursor.execute(_OLD_CONTENT, (until,))
        return cursor.rowcount

    return change


def _delete_calls(until: int, place: int) -> Callable[[Cursor], tuple[int, int | None]]:
    def change(cursor: Cursor) -> tuple[int, int | None]:
        cursor.execute(_OLDEST, (place,))
        rows = cast("list[tuple[int, str, int, str]]", cursor.fetchall())
        old = [row for row in rows if row[2] < until]
        ended = [(seq, call_id) for seq, call_id, _, outcome in old if outcome != "pending"]
        for seq, call_id in ended:
            cursor.execute("DELETE FROM calls WHERE seq = ?", (seq,))
            cursor.execute("DELETE FROM call_content WHERE call_id = ?", (call_id,))
        return len(ended), old[-1][0] if old and len(rows) == _BATCH else None

    return change
