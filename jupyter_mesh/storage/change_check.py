"""Whether what is configured is what was recorded: every change, and what the changes left."""

from __future__ import annotations

from typing import cast

from ..schemas.setting import KINDS
from .chain import digest_of
from .changes import COLUMNS
from .location import Cursor, Row

_CHANGE = f"SELECT {COLUMNS} FROM setting_changes WHERE version = ?"
_UNSEALED = """
    SELECT setting_changes.version FROM setting_changes LEFT JOIN audit_chain
    ON audit_chain.kind = 'change'
    AND audit_chain.subject = CAST(setting_changes.version AS TEXT)
    WHERE audit_chain.subject IS NULL ORDER BY setting_changes.version"""
_SEALED = "SELECT subject FROM audit_chain WHERE kind = 'change'"
_LAST = f"""
    SELECT max(version) AS version FROM setting_changes
    WHERE kind IN ({", ".join("?" * len(KINDS))}) GROUP BY kind, name"""
_NOT_AS_LEFT = f"""
    SELECT said.version, said.kind, said.name FROM setting_changes AS said
    JOIN ({_LAST}) AS last ON last.version = said.version
    LEFT JOIN settings AS found ON found.kind = said.kind AND found.name = said.name
    WHERE (said.after IS NULL AND found.name IS NOT NULL)
    OR (said.after IS NOT NULL AND (found.name IS NULL OR found.version <> said.version
    OR found.body <> said.after OR found.changed_by <> said.changed_by
    OR found.changed_at <> said.changed_at))
    ORDER BY said.version LIMIT 1"""
_UNKNOWN = """
    SELECT found.version, found.kind, found.name FROM settings AS found
    LEFT JOIN setting_changes AS said ON said.kind = found.kind AND said.name = found.name
    WHERE said.version IS NULL ORDER BY found.version LIMIT 1"""


def wrong_change(cursor: Cursor, subject: str, digest: bytes) -> str | None:
    """What is wrong with a change that the chain knows; None if it is as it was recorded."""
    if not subject.isdigit():
        return "the entry names no change"
    cursor.execute(_CHANGE, (int(subject),))
    row = cast("Row | None", cursor.fetchone())
    if row is None:
        return "the change is missing, and no policy deletes changes"
    if digest_of(tuple(row)) == digest:
        return None
    return f"the change of {row[1]} {row[2]!r} was altered"


def unsealed_changes(cursor: Cursor) -> tuple[tuple[int, str] | None, int]:
    """Changes that stand in no chain: (the first that was put in, how many are from before)."""
    cursor.execute(_SEALED)
    sealed = [int(name) for (name,) in cast("list[tuple[str]]", cursor.fetchall())]
    cursor.execute(_UNSEALED)
    without = [version for (version,) in cast("list[tuple[int]]", cursor.fetchall())]
    begun = min(sealed, default=None)
    forged = [version for version in without if begun is not None and version > begun]
    if forged:
        return (forged[0], "the change stands in no chain: it was put in from outside"), 0
    return None, len(without)


def altered_setting(cursor: Cursor) -> tuple[int, str] | None:
    """A setting that is not as its last change left it: (that change, in words)."""
    for query, parameters in ((_NOT_AS_LEFT, KINDS), (_UNKNOWN, ())):
        cursor.execute(query, parameters)
        found = cast("tuple[int, str, str] | None", cursor.fetchone())
        if found is not None:
            version, kind, name = found
            return version, f"{kind} {name!r} in the store is not what its last change left"
    return None
