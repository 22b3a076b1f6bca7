"""What admins set while the mesh runs, with every change they made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import orjson

from ..errors import Conflict
from ..schemas.json import JsonObject
from ..schemas.setting import ChangeKind, Kind, Setting, SettingChange
from . import changes
from .chain import Chain
from .changes import Change
from .journal import SqlJournal
from .location import Cursor, Location, StorePlace
from .reader import Reader
from .values import moment, text

_FIELDS = "kind, name, body, version, changed_at, changed_by"
_BODY = "SELECT body, version FROM settings WHERE kind = ? AND name = ?"
_ADD = f"INSERT INTO settings ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_PUT = """
    UPDATE settings SET body = ?, version = ?, changed_at = ?, changed_by = ?
    WHERE kind = ? AND name = ? AND version = ?"""
_REMOVE = "DELETE FROM settings WHERE kind = ? AND name = ? AND version = ?"


class SqlSettings:
    """Settings by kind and name. A change names the version it was made from, so that of two
    people who save at once the second is told, and nothing is lost. Each is sealed in the chain
    of the journal, in the commit that makes it.

    Args:
        place: The store, the same as the journal's.
        journal: Writes them.
    """

    def __init__(self, place: StorePlace, journal: SqlJournal) -> None:
        self._reader = Reader(Location.of(place), threads=1)
        self._journal = journal

    async def all(self) -> tuple[int, list[Setting]]:
        """The revision of the whole, and every setting.

        Raises:
            StoreUnavailable: The store cannot be read.
        """

        def query(cursor: Cursor) -> tuple[int, list[Setting]]:
            return changes.revision(cursor), all_settings(cursor)

        return await self._reader.read(query)

    async def revision(self) -> int:
        """Grows with every change, by whichever gateway it is made."""
        return await self._reader.read(changes.revision)

    async def put(
        self,
        kind: Kind,
        name: str,
        body: JsonObject | None,
        *,
        expected: int | None,
        by: str,
        via: str,
    ) -> int:
        """Write or, with `body` None, remove one setting; the change is recorded in the same
        commit.

        Args:
            kind: Of the object.
            name: Of the object.
            body: As it would stand in `mesh.yaml`.
            expected: The version the change was made from; None: it must not exist.
            by: Who changes it.
            via: How they are known: `browser`, `key`, …

        Returns:
            Its new version.

        Raises:
            Conflict: Somebody changed it in between.
            StoreUnavailable: The store cannot be written.
        """

        def change(cursor: Cursor, chain: Chain) -> int:
            cursor.execute(_BODY, (kind, text(name)))
            found = cast("tuple[str, int] | None", cursor.fetchone())
            if (found[1] if found else None) != expected:
                raise Conflict(changed_meanwhile(kind, name))
            before = orjson.loads(found[0]) if found else None
            now = datetime.now(UTC)
            made = Change(kind=kind, name=name, at=now, by=by, via=via, before=before, after=body)
            recorded = changes.record(cursor, made)
            where = (kind, text(name))
            if body is None:
                cursor.execute(_REMOVE, (*where, expected))
            else:
                values = (changes.as_text(body), recorded.version, recorded.at, text(by))
                if expected is None:
                    cursor.execute(_ADD, (*where, *values))
                else:
                    cursor.execute(_PUT, (*values, *where, expected))
            if cursor.rowcount != 1:  # another process was faster
                raise Conflict(changed_meanwhile(kind, name))
            recorded.seal(cursor, chain)
            return recorded.version

        return await self._journal.seal(change)

    async def note(
        self, kind: ChangeKind, name: str, after: JsonObject | None, *, by: str, via: str
    ) -> bool:
        """Record what was changed elsewhere than in the settings, with what it was before.

        Returns:
            False where it is as the last record of it says; nothing is recorded then.

        Raises:
            StoreUnavailable: The store cannot be written.
        """

        def change(cursor: Cursor, chain: Chain) -> bool:
            before = changes.latest(cursor, kind, name)
            if before == after:
                return False
            now = datetime.now(UTC)
            made = Change(kind=kind, name=name, at=now, by=by, via=via, before=before, after=after)
            changes.record(cursor, made).seal(cursor, chain)
            return True

        return await self._journal.seal(change)

    async def changes(
        self, *, kind: ChangeKind | None, name: str | None, before: int | None, limit: int
    ) -> list[SettingChange]:
        """Newest first; `before` is the version of the last one seen."""
        wanted = [("version < ?", before), ("kind = ?", kind), ("name = ?", name)]
        chosen = [(condition, value) for condition, value in wanted if value is not None]
        return await self._reader.read(lambda cursor: changes.page(cursor, chosen, limit))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.aclose()


def all_settings(cursor: Cursor) -> list[Setting]:
    """Every setting, by kind and name."""
    cursor.execute(f"SELECT {_FIELDS} FROM settings ORDER BY kind, name")
    rows = cast("list[tuple[str, str, str, int, int, str]]", cursor.fetchall())
    return [
        Setting(
            kind=cast(Kind, kind),
            name=name,
            body=orjson.loads(body),
            version=version,
            changed_at=moment(at),
            changed_by=by,
        )
        for kind, name, body, version, at, by in rows
    ]


def changed_meanwhile(kind: Kind, name: str) -> str:
    """What whoever saves second is told."""
    return (
        f"{kind} {name!r} was changed or removed by somebody else in between; nothing was "
        "changed now. Load it again and repeat your change."
    )
