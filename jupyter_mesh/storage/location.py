"""Where the store is, and how a connection to it is made."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias
from urllib.parse import quote

from ..errors import ConfigError

Value: TypeAlias = "str | int | float | bytes | None"
Row: TypeAlias = "tuple[Value, ...]"

BUSY_MS = 5000
"""How long a statement waits for another process's commit before it gives up."""


class Cursor(Protocol):
    """The part of a DBAPI cursor that the store uses; psycopg's fits as well."""

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> object: ...
    def fetchone(self) -> tuple[object, ...] | None: ...
    def fetchall(self) -> list[tuple[object, ...]]: ...
    @property
    def rowcount(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Location:
    """A store, as `sqlite:///mesh.db` or a path names it."""

    path: Path

    @classmethod
    def of(cls, url_or_path: str | Path) -> Location:
        """Read a URL or a path.

        Raises:
            ConfigError: The URL is of another database, or names no file.
        """
        if isinstance(url_or_path, Path) or "://" not in url_or_path:
            return cls(Path(url_or_path).expanduser().absolute())
        scheme, _, rest = url_or_path.partition("://")
        name = rest.removeprefix("/")
        if scheme != "sqlite" or not rest.startswith("/") or name in ("", ":memory:"):
            raise ConfigError(
                "`store.url` must be `sqlite:///<path of a file>`; this version has no store for "
                f"{scheme}://."
            )
        return cls(Path(name).expanduser().absolute())

    def beside(self, suffix: str) -> Path:
        """The file next to the database whose name goes on with `suffix`."""
        return self.path.with_name(self.path.name + suffix)

    def identity(self) -> tuple[int, int]:
        """What changes when the file is deleted or replaced.

        Raises:
            OSError: There is no file.
        """
        found = os.stat(self.path)
        return found.st_dev, found.st_ino

    def connect(self, synchronous: str = "FULL", busy_ms: int = BUSY_MS) -> sqlite3.Connection:
        """A connection that writes; creates the file, readable by its owner only.

        Raises:
            OSError, sqlite3.Error: The file cannot be opened.
        """
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = self._open("rw")
        try:
            connection.execute(f"PRAGMA busy_timeout={busy_ms}")
            connection.execute(f"PRAGMA synchronous={synchronous}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def read(self) -> sqlite3.Connection:
        """A connection that only reads.

        Raises:
            sqlite3.Error: There is no store yet, or it cannot be opened.
        """
        connection = self._open("ro")
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        return connection

    def _open(self, mode: str) -> sqlite3.Connection:
        # Transactions are begun and ended by hand; a connection is used by one thread at a time.
        return sqlite3.connect(
            f"file:{quote(str(self.path))}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
