"""Sealed secrets as rows, inside a transaction of whoever calls."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from typing import NamedTuple, cast

from .location import Cursor

_PUT = """
    INSERT INTO secrets (name, nonce, sealed, stored_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE
    SET nonce = excluded.nonce, sealed = excluded.sealed, stored_at = excluded.stored_at"""
_RESEAL = "UPDATE secrets SET nonce = ?, sealed = ? WHERE name = ?"
_ROW = "SELECT nonce, sealed FROM secrets WHERE name = ?"
_ALL = "SELECT name, nonce, sealed, stored_at FROM secrets ORDER BY name"
_MADE_HERE = re.compile(r".+\.[0-9a-f]{8}")
"""Names that the mesh gives to keys that were typed with a connection: used once, never again."""
_LAST_USED = """
    SELECT max(changed_at) FROM setting_changes
    WHERE before LIKE ? ESCAPE '!' OR after LIKE ? ESCAPE '!'"""
_TEXTS = ("SELECT body FROM settings", "SELECT setting FROM preferences")


class SealedRow(NamedTuple):
    """One row; `stored_at` in microseconds since 1970."""

    name: str
    nonce: bytes
    sealed: bytes
    stored_at: int


def put(cursor: Cursor, name: str, nonce: bytes, sealed: bytes) -> None:
    """Write one, over what is there."""
    cursor.execute(_PUT, (name, nonce, sealed, time.time_ns() // 1000))


def reseal(cursor: Cursor, name: str, nonce: bytes, sealed: bytes) -> None:
    """The same secret under another key."""
    cursor.execute(_RESEAL, (nonce, sealed, name))


def delete(cursor: Cursor, name: str) -> bool:
    """Remove one; False where there is none."""
    cursor.execute("DELETE FROM secrets WHERE name = ?", (name,))
    return cursor.rowcount > 0


def row(cursor: Cursor, name: str) -> tuple[bytes, bytes] | None:
    """(nonce, sealed) of one."""
    cursor.execute(_ROW, (name,))
    return cast("tuple[bytes, bytes] | None", cursor.fetchone())


def all_rows(cursor: Cursor) -> list[SealedRow]:
    """Every one, by name."""
    cursor.execute(_ALL)
    return [
        SealedRow(*row) for row in cast("list[tuple[str, bytes, bytes, int]]", cursor.fetchall())
    ]


def unused(cursor: Cursor, before: int, in_use: Collection[str]) -> list[str]:
    """Keys typed with a connection that nothing has referred to since `before`: those that were
    replaced, deleted with their connection, or sealed for a change that was refused.

    Args:
        cursor: Reads.
        before: Microseconds since 1970. Until then other gateways may still have used them.
        in_use: References outside the store, such as `store:NAME` in `mesh.yaml`.
    """
    old = [one.name for one in all_rows(cursor) if one.stored_at < before]
    candidates = [name for name in old if _MADE_HERE.fullmatch(name)]
    candidates = [name for name in candidates if f"store:{name}" not in in_use]
    if not candidates:
        return []
    texts: list[str] = []
    for query in _TEXTS:
        cursor.execute(query)
        texts += [text for (text,) in cast("list[tuple[str]]", cursor.fetchall())]
    said = "\n".join(texts)
    return [
        name
        for name in candidates
        if f'"store:{name}"' not in said and _last_used(cursor, name) < before
    ]


def _last_used(cursor: Cursor, name: str) -> int:
    """When a change last took it in or out; 0 for never."""
    pattern = "%" + re.sub(r"[!%_]", r"!\g<0>", f'"store:{name}"') + "%"
    cursor.execute(_LAST_USED, (pattern, pattern))
    (found,) = cast("tuple[int | None]", cursor.fetchone())
    return found or 0
