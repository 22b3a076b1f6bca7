"""What admins set while the mesh runs, with every change they made."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import orjson

from ..errors import Conflict
from ..schemas.json import JsonObject
from ..schemas.setting import Kind, Setting, SettingChange
from .location import Cursor, Location
from .reader import Reader
from .values import micros, moment, text

_FIELDS = "kind, name, body, version, changed_at, changed_by"
_CHANGE_FIELDS = "version, kind, name, changed_at, changed_by, via, before, after"
_BODY = "SELECT body, version FROM settings WHERE kind = ? AND name = ?"
_RECORD = """
    INSERT INTO setting_changes (kind, name, changed_at, changed_by, via, before, after)
    VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING version"""
_PUT = f"""
    INSERT INTO settings ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body, version = excluded.version,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by"""
_REMOVE = "DELETE FROM settings WHERE kind = ? AND name = ?"
_REVISION = "SELECT coalesce(max(version), 0) FROM setting_changes"


class SqlSettings:
    """Settings by kind and name. A change names the version it was made from, so that of two
    people who save at once the second is told, and nothing is lost.

    Args:
        url_or_path: The store, the same as the journal's.
    """

    def __init__(self, url_or_path: str | Path) -> None:
        self._reader = Reader(Location.of(url_or_path), threads=1)

    async def all(self) -> tuple[int, list[Setting]]:
        """The revision of the whole, and every setting.

        Raises:
            StoreUnavailable: The store cannot be read.
        """

        def query(cursor: Cursor) -> tuple[int, list[Setting]]:
            revision = _revision(cursor)
            cursor.execute(f"SELECT {_FIELDS} FROM settings ORDER BY kind, name")
            rows = cast("list[tuple[str, str, str, int, int, str]]", cursor.fetchall())
            return revision, [
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

        return await self._reader.read(query)

    async def revision(self) -> int:
        """Grows with every change, by whichever gateway it is made."""
        return await self._reader.read(_revision)

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

        def change(cursor: Cursor) -> int:
            cursor.execute(_BODY, (kind, text(name)))
            found = cast("tuple[str, int] | None", cursor.fetchone())
            if (found[1] if found else None) != expected:
                raise Conflict(changed_meanwhile(kind, name))
            now = micros(datetime.now(UTC))
            after = None if body is None else orjson.dumps(body).decode()
            before = found[0] if found else None
            cursor.execute(_RECORD, (kind, text(name), now, text(by), via, before, after))
            (version,) = cast("tuple[int]", cursor.fetchone())
            if after is None:
                cursor.execute(_REMOVE, (kind, text(name)))
            else:
                cursor.execute(_PUT, (kind, text(name), after, version, now, text(by)))
            return version

        return await self._reader.write(change)

    async def changes(
        self, *, kind: Kind | None, name: str | None, before: int | None, limit: int
    ) -> list[SettingChange]:
        """Newest first; `before` is the version of the last one seen."""

        def query(cursor: Cursor) -> list[SettingChange]:
            wanted = [("version < ?", before), ("kind = ?", kind), ("name = ?", name)]
            chosen = [(condition, value) for condition, value in wanted if value is not None]
            where = " AND ".join(condition for condition, _ in chosen) or "1 = 1"
            cursor.execute(
                f"SELECT {_CHANGE_FIELDS} FROM setting_changes WHERE {where} "
                "ORDER BY version DESC LIMIT ?",
                (*(value for _, value in chosen), limit),
            )
            return [_change(row) for row in cursor.fetchall()]

        return await self._reader.read(query)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.aclose()


def changed_meanwhile(kind: Kind, name: str) -> str:
    """What whoever saves second is told."""
    return (
        f"{kind} {name!r} was changed or removed by somebody else in between; nothing was "
        "changed now. Load it again and repeat your change."
    )


def _revision(cursor: Cursor) -> int:
    cursor.execute(_REVISION)
    (revision,) = cast("tuple[int]", cursor.fetchone())
    return revision


def _change(row: tuple[object, ...]) -> SettingChange:
    version, kind, name, at, by, via, before, after = cast(
        "tuple[int, str, str, int, str, str, str | None, str | None]", row
    )
    return SettingChange(
        version=version,
        kind=cast(Kind, kind),
        name=name,
        changed_at=moment(at),
        changed_by=by,
        via=via,
        before=orjson.loads(before) if before else None,
        after=orjson.loads(after) if after else None,
    )
