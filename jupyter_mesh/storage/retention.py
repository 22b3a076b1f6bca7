"""Deletes what policy no longer keeps, a little at a time, so that no call waits for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal, TypeAlias, cast

from ..schemas.record_policy import AuditRule
from .location import Cursor
from .reader import Reader
from .values import micros

_OLD_CONTENT = """
    DELETE FROM call_content WHERE call_id IN (
    SELECT call_id FROM call_content WHERE stored_at < ? ORDER BY stored_at LIMIT ?)"""
_OLD_CONTENT_THERE = "SELECT 1 FROM call_content WHERE stored_at < ? LIMIT 1"
_OLD_CALL_THERE = """
    SELECT 1 FROM (SELECT ended_at FROM calls ORDER BY seq LIMIT 1000) AS oldest
    WHERE ended_at < ? LIMIT 1"""
_OLDEST = "SELECT seq, id, started_at, ended_at FROM calls WHERE seq > ? ORDER BY seq LIMIT ?"


Announce: TypeAlias = Callable[[Literal["prune", "prune_content"], datetime], Awaitable[None]]


async def prune(
    reader: Reader, now: datetime, rule: AuditRule, batch: int, announce: Announce
) -> int:
    """Delete content and calls that ended longer ago than `rule` keeps them; sums of usage and
    money stay.

    Args:
        reader: The store.
        now: The time.
        rule: What is kept.
        batch: How many rows go at a time.
        announce: Records in the chain what is about to go, before it does.

    Returns how many rows went. It may be stopped between two batches and loses nothing.

    Raises:
        StoreUnavailable: The store cannot be written.
    """
    gone = 0
    if await reader.read(_any(_OLD_CONTENT_THERE, micros(now - rule.content_retain))):
        await announce("prune_content", now - rule.content_retain)
    while deleted := await reader.write(_delete_content(micros(now - rule.content_retain), batch)):
        gone += deleted
    if await reader.read(_any(_OLD_CALL_THERE, micros(now - rule.retain))):
        await announce("prune", now - rule.retain)
    place: int | None = 0
    while place is not None:
        deleted, place = await reader.write(_delete_calls(micros(now - rule.retain), place, batch))
        gone += deleted
    return gone


def _any(statement: str, until: int) -> Callable[[Cursor], bool]:
    def query(cursor: Cursor) -> bool:
        cursor.execute(statement, (until,))
        return cursor.fetchone() is not None

    return query


def _delete_content(until: int, batch: int) -> Callable[[Cursor], int]:
    def change(cursor: Cursor) -> int:
        cursor.execute(_OLD_CONTENT, (until, batch))
        return cursor.rowcount

    return change


def _delete_calls(until: int, place: int, batch: int) -> Callable[[Cursor], tuple[int, int | None]]:
    """Of the next calls in the order of recording; returns how many went and where to go on."""

    def change(cursor: Cursor) -> tuple[int, int | None]:
        cursor.execute(_OLDEST, (place, batch))
        rows = cast("list[tuple[int, str, int, int | None]]", cursor.fetchall())
        old = [row for row in rows if row[2] < until]
        ended = [(seq, one) for seq, one, _, end in old if end is not None and end < until]
        for seq, call_id in ended:
            cursor.execute("DELETE FROM calls WHERE seq = ?", (seq,))
            cursor.execute("DELETE FROM call_content WHERE call_id = ?", (call_id,))
        return len(ended), old[-1][0] if old and len(rows) == batch else None

    return change
