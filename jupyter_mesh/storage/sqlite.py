"""A store in a file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast
from urllib.parse import quote

from .failure import Failure
from .lease import FilePresence, Lease
from .location import BUSY_MS, Connection, Cursor, Durability, Errors, Location

if TYPE_CHECKING:
    import sqlalchemy

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
class SqliteLocation(Location):
    """A SQLite database in WAL mode, shared by the processes of one machine."""

    path: Path

    begin: ClassVar[str] = "BEGIN IMMEDIATE"
    begin_change: ClassVar[str] = "BEGIN IMMEDIATE"
    begin_read: ClassVar[str] = "BEGIN"
    find_versions: ClassVar[str] = (
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    )
    errors: ClassVar[Errors] = (sqlite3.Error, OSError)
    own_errors: ClassVar[Errors] = (
        sqlite3.ProgrammingError,
        sqlite3.InterfaceError,
        sqlite3.DataError,
    )
    conflicts: ClassVar[Errors] = (sqlite3.IntegrityError,)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def key_file(self) -> Path | None:
        return self.path.with_suffix(".key")

    def exists(self) -> bool:
        return self.path.exists()

    def identity(self) -> tuple[int, int]:
        found = os.stat(self.path)
        return found.st_dev, found.st_ino

    def connect(self, durability: Durability | None = None) -> Connection:
        # Readable by its owner only. A file that is there is not opened: closing it would end the
        # locks of every connection that this process has, and another would remove its log.
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        connection = self._open("rw")
        try:
            connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            connection.execute(
                f"PRAGMA synchronous={'NORMAL' if durability == 'batched' else 'FULL'}"
            )
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def read(self) -> Connection:
        connection = self._open("ro")
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        return connection

    def _open(self, mode: str) -> sqlite3.Connection:
        # A connection is used by one thread at a time.
        return sqlite3.connect(
            f"file:{quote(str(self.path))}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )

    def set_patience(self, cursor: Cursor, milliseconds: int) -> None:
        cursor.execute(f"PRAGMA busy_timeout={milliseconds}")

    def look_for_damage(self, cursor: Cursor) -> None:
        cursor.execute("PRAGMA quick_check(1)")
        if (verdict := cursor.fetchone()) != ("ok",):
            raise sqlite3.DatabaseError(f"the store is damaged: {verdict}")

    def failure_of(self, error: Exception) -> Failure:
        if isinstance(error, OSError):
            return Failure(f"the store cannot be opened ({error.strerror or error})")
        code = cast(int, getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))
        if code in _FSYNC:
            return Failure(
                "the disk could not make a write durable; restart the gateway once the disk is "
                "sound",
                for_good=True,
            )
        primary = code & 0xFF
        return Failure(
            _REASONS.get(primary, f"the store reports: {error}"), damaged=primary in _DAMAGED
        )

    def presence(self, writer: str) -> FilePresence:
        return FilePresence(self.path, writer)

    @contextmanager
    def locked(self) -> Generator[None]:
        lease = Lease.take(self.path.with_name(f"{self.path.name}.upgrade"), wait=True)
        if lease is None:
            raise OSError("the upgrade of the store cannot be locked")
        try:
            yield
        finally:
            lease.release()

    @contextmanager
    def migration(self, *, new: bool) -> Generator[sqlalchemy.Connection]:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import StaticPool

        if new:
            with closing(self.connect()) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
        engine = create_engine("sqlite://", creator=self.connect, poolclass=StaticPool)
        try:
            with engine.connect() as connection:
                # The driver begins nothing by itself: each statement would stand alone.
                connection.exec_driver_sql(self.begin)
                yield connection
                connection.exec_driver_sql("COMMIT")
        finally:
            engine.dispose()
