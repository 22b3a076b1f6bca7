"""What was said, as rows of their own: sealed, read back, sealed later, erased.

An erased row stays, empty, until retention takes it: so a call of which nothing was ever kept is
not taken for one whose text was destroyed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, cast

from .content_keys import ContentKeys
from .location import Cursor
from .records import ContentRow

State = Literal["none", "redacted", "full", "erased"]

PUT_CONTENT = """
    INSERT INTO call_content (call_id, form, sealed_request, sealed_response, stored_at)
    VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (call_id) DO UPDATE SET form = excluded.form,
    sealed_response = excluded.sealed_response, stored_at = excluded.stored_at"""
_OWNER = "SELECT username FROM calls WHERE id = ?"
_READ = """
    SELECT request, response, form, sealed_request, sealed_response FROM call_content
    WHERE call_id = ?"""
_PLAIN = """
    SELECT call_content.call_id, calls.username, call_content.request, call_content.response
    FROM call_content JOIN calls ON calls.id = call_content.call_id
    WHERE call_content.form IS NULL LIMIT ?"""
_SEAL_PLAIN = """
    UPDATE call_content SET request = NULL, response = NULL, form = 'redacted',
    sealed_request = ?, sealed_response = ? WHERE call_id = ?"""
_ERASE = """
    UPDATE call_content SET form = 'erased', request = NULL, response = NULL,
    sealed_request = NULL, sealed_response = NULL
    WHERE call_id = ? AND (form IS NULL OR form <> 'erased')"""
_ANY = "SELECT call_id FROM call_content WHERE call_id > ? ORDER BY call_id LIMIT ?"
_CALLS_OF = """
    SELECT started_at, seq, id FROM calls WHERE username = ? AND (started_at, seq) > (?, ?)
    ORDER BY started_at, seq LIMIT ?"""


_PARTS = ("request", "response")


class Said(NamedTuple):
    """What is kept of a call, as JSON text; `state` says how, or why there is nothing."""

    request: str | None
    response: str | None
    state: State


class SealedRow(NamedTuple):
    """What `PUT_CONTENT` takes."""

    call_id: str
    form: str
    request: bytes | None
    response: bytes | None
    stored_at: int


def put(cursor: Cursor, keys: ContentKeys, row: ContentRow) -> SealedRow:
    """Seal and write what was said; in the writer's thread."""
    user = row.username
    if user is None:
        cursor.execute(_OWNER, (row.call_id,))
        (user,) = cast("tuple[str]", cursor.fetchone())
    sealed = SealedRow(
        row.call_id,
        row.form,
        _sealed(cursor, keys, user, row.call_id, "request", row.request),
        _sealed(cursor, keys, user, row.call_id, "response", row.response),
        row.stored_at,
    )
    cursor.execute(PUT_CONTENT, sealed)
    return sealed


def read(cursor: Cursor, keys: ContentKeys, call_id: str, user: str) -> Said:
    """What is kept of a call."""
    cursor.execute(_READ, (call_id,))
    row = cast(
        "tuple[str | None, str | None, State | None, bytes | None, bytes | None] | None",
        cursor.fetchone(),
    )
    if row is None:
        return Said(None, None, "none")
    request, response, form, sealed_request, sealed_response = row
    if form is None:
        return Said(request, response, "redacted")
    said = [
        None if sealed is None else opened(cursor, keys, call_id, user, part, bytes(sealed))
        for part, sealed in enumerate((sealed_request, sealed_response))
    ]
    lost = said == [None, None] and (sealed_request or sealed_response)
    return Said(said[0], said[1], "erased" if lost else form)


def opened(
    cursor: Cursor, keys: ContentKeys, call_id: str, user: str, part: int, sealed: bytes
) -> str | None:
    """The request (`part` 0) or the response (1) as JSON text; None where its key is gone."""
    return keys.open(cursor, user, _place(call_id, _PARTS[part]), sealed)


def seal_plain(keys: ContentKeys, batch: int) -> Callable[[Cursor], int]:
    """Seal some of what an earlier version kept in plain text; how many calls that were."""

    def change(cursor: Cursor) -> int:
        keys.begin()
        cursor.execute(_PLAIN, (batch,))
        rows = cast("list[tuple[str, str, str | None, str | None]]", cursor.fetchall())
        for call_id, user, request, response in rows:
            sealed = (
                _sealed(cursor, keys, user, call_id, "request", request),
                _sealed(cursor, keys, user, call_id, "response", response),
            )
            cursor.execute(_SEAL_PLAIN, (*sealed, call_id))
        return len(rows)

    return change


def erase_of(
    user: str, after: tuple[int, int], batch: int
) -> Callable[[Cursor], tuple[int, tuple[int, int] | None]]:
    """Erase the content of some of a user's calls: how many had some, and where to go on."""

    def change(cursor: Cursor) -> tuple[int, tuple[int, int] | None]:
        cursor.execute(_CALLS_OF, (user, *after, batch))
        rows = cast("list[tuple[int, int, str]]", cursor.fetchall())
        gone = sum(_erase(cursor, call_id) for _, _, call_id in rows)
        return gone, rows[-1][:2] if len(rows) == batch else None

    return change


def erase_any(after: str, batch: int) -> Callable[[Cursor], tuple[int, str | None]]:
    """Erase the content of some calls, whoever's: how many had some, and where to go on."""

    def change(cursor: Cursor) -> tuple[int, str | None]:
        cursor.execute(_ANY, (after, batch))
        found = [call_id for (call_id,) in cast("list[tuple[str]]", cursor.fetchall())]
        gone = sum(_erase(cursor, call_id) for call_id in found)
        return gone, found[-1] if len(found) == batch else None

    return change


def _erase(cursor: Cursor, call_id: str) -> int:
    """1 where something was there; 0 otherwise."""
    cursor.execute(_ERASE, (call_id,))
    return cursor.rowcount


def _sealed(
    cursor: Cursor, keys: ContentKeys, user: str, call_id: str, part: str, said: str | None
) -> bytes | None:
    return None if said is None else keys.seal(cursor, user, _place(call_id, part), said)


def _place(call_id: str, part: str) -> str:
    return f"{call_id} {part}"
