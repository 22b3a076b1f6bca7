"""Why a write failed, and whether trying again can mean anything."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_FSYNC = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_REASONS = {
    sqlite3.SQLITE_BUSY: "another process holds the lock of the store",
    sqlite3.SQLITE_LOCKED: "another process holds the lock of the store",
    sqlite3.SQLITE_FULL: "the disk of the store is full",
    sqlite3.SQLITE_READONLY: "the store is read-only",
    sqlite3.SQLITE_CANTOPEN: "the store cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the store is damaged",
    sqlite3.SQLITE_NOTADB: "the store is damaged",
    sqlite3.SQLITE_IOERR: "the disk of the store reports an error",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """The state of a store that cannot be written.

    Attributes:
        reason: Half a sentence without a path.
        for_good: Nothing but a restart helps.
        damaged: The file itself must be checked before it is trusted again.
    """

    reason: str
    for_good: bool = False
    damaged: bool = False


def failure_of(error: sqlite3.Error | OSError) -> Failure:
    """What `error` means for the store."""
    if isinstance(error, OSError):
        return Failure(f"the store cannot be opened ({error.strerror or error})")
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _FSYNC:
        return Failure(
            "the disk could not make a write durable; restart the gateway once the disk is sound",
            for_good=True,
        )
    primary = code & 0xFF
    return Failure(
        _REASONS.get(primary, f"the store reports: {error}"), damaged=primary in _DAMAGED
    )
