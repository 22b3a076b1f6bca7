"""What PostgreSQL's errors mean for the store."""

from __future__ import annotations

import re

import psycopg

from .failure import Failure, UnfitStore

_SHUT = "PostgreSQL is shutting down or starting up"
_NO_LOCK = "another process holds the lock of the store"
_REASONS = {
    "25006": "the store is read-only",
    "26000": "PostgreSQL lost a prepared statement: a pooler in between must pool whole sessions",
    "28000": "PostgreSQL refuses the role of the store",
    "28P01": "PostgreSQL refuses the password of the store",
    "3D000": "the database of the store does not exist",
    "42501": "the role of the store lacks a permission",
    "42P01": "a table of the store is missing",
    "53100": "the disk of the store is full",
    "53200": "PostgreSQL is out of memory",
    "53300": "PostgreSQL takes no more connections",
    "55P03": _NO_LOCK,
    "57014": "PostgreSQL cancelled a statement",
    "58030": "the disk of the store reports an error",
    "XX001": "the store is damaged",
    "XX002": "the store is damaged",
}
_UNDONE = {"40001", "40P01"}
"""A serialization failure, a deadlock: the transaction left nothing behind."""
_ENDED = {"25P03", "57P01", "57P02", "57P03", "57P05"}
"""The server ended the session, or begins none now."""
_DAMAGED = {"XX001", "XX002"}
_FATAL = re.compile(r"FATAL: +(.+)")


def failure_of(error: Exception) -> Failure:
    """What one of `PostgresLocation.errors` means."""
    if isinstance(error, UnfitStore):
        return Failure(str(error))
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    if code is None:
        return Failure(_without_code(error), lost=True)
    if code in _UNDONE:
        return Failure("other gateways change the same rows", undone=True)
    if code in _ENDED or code.startswith("08"):
        return Failure(_SHUT, lost=True)
    # Not the message: it may quote what was to be written.
    reason = _REASONS.get(code, f"PostgreSQL reports {type(error).__name__} ({code})")
    return Failure(reason, damaged=code in _DAMAGED)


def _without_code(error: Exception) -> str:
    """An error on the way to the server: what the server said last, if it said anything."""
    if found := _FATAL.search(str(error)):
        return f"PostgreSQL says: {found[1].strip()}"
    return "PostgreSQL cannot be reached"
