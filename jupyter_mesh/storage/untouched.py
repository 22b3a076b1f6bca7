"""Reading a store that belongs to somebody else: nothing of it is changed, no file beside it made,
also while its gateway runs.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import quote

import orjson

from ..errors import ConfigError, StoreUnavailable
from ..schemas.json import JsonObject
from . import sealed
from .location import BUSY_MS, Cursor
from .schema import REVISIONS, prepare
from .sqlite import SqliteLocation

_MOST_TRIES = 5
_REVISION = "SELECT version_num FROM alembic_version"
_SETTINGS = "SELECT kind, name, body FROM settings ORDER BY kind, name"
_PREFERENCES = "SELECT name, setting FROM preferences WHERE username = ? ORDER BY name"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is configured in a store.

    Attributes:
        settings: (kind, name, body) of what admins set.
        preferences: Of the mesh itself, by name.
        secrets: As they are sealed.
        calls: How many are recorded.
    """

    settings: list[tuple[str, str, JsonObject]]
    preferences: dict[str, str]
    secrets: list[sealed.SealedRow]
    calls: int


def read_untouched(path: Path, owner: str) -> Contents:
    """What is configured in the store at `path`; `owner` names whose preferences are the mesh's.

    Raises:
        ConfigError: There is none, or it is of a newer version.
        StoreUnavailable: It cannot be read, or is no store of a mesh.
    """
    if not path.is_file():
        raise ConfigError(f"There is no store {path}.")
    try:
        for _ in range(_MOST_TRIES):
            before = _state(path)
            found = _read(path, lambda source: _contents(source, path.name, owner))
            # What nobody else writes is read without a lock; had somebody begun to, read again.
            if before is None or _state(path) == before:
                return found
    except sqlite3.Error as error:
        reason = SqliteLocation(path).failure_of(error).reason
        raise StoreUnavailable(f"The store {path} cannot be read: {reason}.") from error
    raise StoreUnavailable(f"The store {path} keeps changing; try again.")


def _state(path: Path) -> tuple[int, int, int] | None:
    """What tells that it was changed, where no gateway has it open; None where one has."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return None
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path, query: Callable[[sqlite3.Connection], T]) -> T:
    # Without a log nobody has it open: `immutable` then makes no files beside it.
    mode = "mode=ro" if _state(path) is None else "mode=ro&immutable=1"
    url = f"file:{quote(str(path.absolute()))}?{mode}"
    with closing(sqlite3.connect(url, uri=True, isolation_level=None)) as source:
        source.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        return query(source)


def _contents(source: sqlite3.Connection, name: str, owner: str) -> Contents:
    row = cast("tuple[str] | None", source.execute(_REVISION).fetchone())
    if row is None or row[0] not in REVISIONS:
        raise ConfigError(
            f"The store {name} is of revision {row[0] if row else 'none'}, which this version of "
            "jupyter-mesh does not know. Upgrade jupyter-mesh here first."
        )
    if row[0] == REVISIONS[-1]:
        source.execute("BEGIN")
        return _rows(source.cursor(), owner)
    with tempfile.TemporaryDirectory(prefix="mesh-migrate-") as folder:
        return _upgraded(source, SqliteLocation(Path(folder, name)), owner)


def _upgraded(source: sqlite3.Connection, copy: SqliteLocation, owner: str) -> Contents:
    """An older store is read in a copy that is brought to this version's tables."""
    with closing(cast(sqlite3.Connection, copy.connect())) as target:
        source.backup(target)
    prepare(copy)
    with closing(copy.read()) as upgraded:
        return _rows(upgraded.cursor(), owner)


def _rows(cursor: Cursor, owner: str) -> Contents:
    cursor.execute(_SETTINGS)
    settings = [
        (kind, name, cast(JsonObject, orjson.loads(body)))
        for kind, name, body in cast("list[tuple[str, str, str]]", cursor.fetchall())
    ]
    cursor.execute(_PREFERENCES, (owner,))
    preferences = dict(cast("list[tuple[str, str]]", cursor.fetchall()))
    cursor.execute("SELECT count(*) FROM calls")
    (calls,) = cast("tuple[int]", cursor.fetchone())
    rows = sealed.all_rows(cursor)
    return Contents(settings=settings, preferences=preferences, secrets=rows, calls=calls)
