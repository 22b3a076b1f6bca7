"""Every change of what is configured: by whom, what it was before, its seal in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import orjson

from ..schemas.json import JsonObject
from ..schemas.setting import ChangeKind, SettingChange
from .chain import Chain
from .location import Cursor, Row, Value
from .values import micros, moment, text

COLUMNS = "version, kind, name, changed_at, changed_by, via, before, after"
_INSERT = """
    INSERT INTO setting_changes (kind, name, changed_at, changed_by, via, before, after)
    VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING version"""
_REVISION = "SELECT coalesce(max(version), 0) FROM setting_changes"
_LATEST = """
    SELECT after FROM setting_changes WHERE kind = ? AND name = ? ORDER BY version DESC LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to record; None before it was made, None after it was removed."""

    kind: ChangeKind
    name: str
    at: datetime
    by: str
    via: str
    before: JsonObject | None
    after: JsonObject | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A change in the table, not yet sealed."""

    version: int
    row: Row
    at: int

    def seal(self, cursor: Cursor, chain: Chain) -> None:
        """Enter it in the chain: the last act of its transaction."""
        chain.append(cursor, "change", str(self.version), self.at, (self.version, *self.row), None)


def record(cursor: Cursor, change: Change) -> Recorded:
    """Write one change; `seal` it when all else is done."""
    at = micros(change.at)
    body = (as_text(change.before), as_text(change.after))
    row = (change.kind, text(change.name), at, text(change.by), change.via, *body)
    cursor.execute(_INSERT, row)
    (version,) = cast("tuple[int]", cursor.fetchone())
    return Recorded(version, row, at)


def as_text(body: JsonObject | None) -> str | None:
    """A body as its column holds it."""
    return None if body is None else orjson.dumps(body).decode()


def revision(cursor: Cursor) -> int:
    """Grows with every change, by whichever gateway it is made."""
    cursor.execute(_REVISION)
    (found,) = cast("tuple[int]", cursor.fetchone())
    return found


def latest(cursor: Cursor, kind: ChangeKind, name: str) -> JsonObject | None:
    """What the last change of this object left; None where there is none."""
    cursor.execute(_LATEST, (kind, text(name)))
    row = cast("tuple[str | None] | None", cursor.fetchone())
    return orjson.loads(row[0]) if row is not None and row[0] is not None else None


def page(cursor: Cursor, wanted: Sequence[tuple[str, Value]], limit: int) -> list[SettingChange]:
    """Changes that meet every condition, newest first."""
    where = " AND ".join(condition for condition, _ in wanted) or "1 = 1"
    cursor.execute(
        f"SELECT {COLUMNS} FROM setting_changes WHERE {where} ORDER BY version DESC LIMIT ?",
        (*(value for _, value in wanted), limit),
    )
    return [_change(row) for row in cursor.fetchall()]


def _change(row: tuple[object, ...]) -> SettingChange:
    version, kind, name, at, by, via, before, after = cast(
        "tuple[int, str, str, int, str, str, str | None, str | None]", row
    )
    return SettingChange(
        version=version,
        kind=cast(ChangeKind, kind),
        name=name,
        changed_at=moment(at),
        changed_by=by,
        via=via,
        before=orjson.loads(before) if before else None,
        after=orjson.loads(after) if after else None,
    )
