"""Deletes what policy no longer keeps, a little at a time, so that no call waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from ..schemas.policy import AuditRule
from .location import Cursor
from .reader import Reader
from .values import micros

_OLD_CONTENT = """
    DELETE FROM call_content WHERE call_id IN (
    SELECT call_id FROM call_content WHERE stored_at < ? ORDER BY stored_at LIMIT ?)"""
_OLDEST = "SELECT seq, id, started_at, outcome FROM calls WHERE seq > ? ORDER BY seq LIMIT ?"


async def prune(reader: Reader, now: datetime, rule: AuditRule, batch: int) -> int:
    """Delete content and calls older than `rule` keeps them; sums of usage and money stay.

    Returns how many rows went. It may be stopped between two batches and loses nothing.

    Raises:
        StoreUnavailable: The store cannot be written.
    """
    gone = 0
    while deleted := await reader.write(_delete_content(micros(now - rule.content_retain), batch)):
        gone += deleted
    place: int | None = 0
    while place is not None:
        deleted, place = await reader.write(_delete_calls(micros(now - rule.retain), place, batch))
        gone += deleted
    return gone


def _delete_content(until: int, batch: int) -> Callable[[Cursor], int]:
    def change(cursor: Cursor) -> int:
        cursor.execute(_OLD_CONTENT, (until, batch))
        return cursor.rowcount

    return change


def _delete_calls(until: int, place: int, batch: int) -> Callable[[Cursor], tuple[int, int | None]]:
    """Of the next calls in the order of recording; returns how many went and where to go on."""

    def change(cursor: Cursor) -> tuple[int, int | None]:
        cursor.execute(_OLDEST, (place, batch))
        rows = cast("list[tuple[int, str, int, str]]", cursor.fetchall())
        old = [row for row in rows if row[2] < until]
        ended = [(seq, call_id) for seq, call_id, _, outcome in old if outcome != "pending"]
        for seq, call_id in ended:
            cursor.execute("DELETE FROM calls WHERE seq = ?", (seq,))
            cursor.execute("DELETE FROM call_content WHERE call_id = ?", (call_id,))
        return len(ended), old[-1][0] if old and len(rows) == batch else None

    return change
