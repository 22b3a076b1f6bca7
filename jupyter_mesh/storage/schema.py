"""Brings a store to this version's tables. Forward only: a store of a newer version is refused, not
guessed at.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..errors import ConfigError, StoreUnavailable
from .failure import failure_of
from .lease import Lease
from .location import Location

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""Every revision under `migrations/versions`, oldest first."""


def upgrade(url: str | Path) -> None:
    """Create the store, or bring it to the newest revision; several processes may do so at once.

    Raises:
        ConfigError: The store was written by a newer version.
        StoreUnavailable: It cannot be opened or written.
    """
    try:
        prepare(Location.of(url))
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(
            f"The store cannot be set up: {failure_of(error).reason}. Check `store.url`."
        ) from error


def prepare(location: Location) -> None:
    """`upgrade`, with the database's own errors.

    Raises:
        ConfigError: The store was written by a newer version.
        OSError, sqlite3.Error: It cannot be opened or written.
    """
    if revision(location) == REVISIONS[-1]:
        return
    lease = Lease.take(location.beside(".upgrade"), wait=True)
    if lease is None:
        raise OSError("the upgrade of the store cannot be locked")
    try:
        if (found := revision(location)) != REVISIONS[-1]:
            _migrate(location, found)
    finally:
        lease.release()


def revision(location: Location) -> str | None:
    """The revision of the store; None where there is none yet. Asked in plain SQL: Alembic's import
    is slow.

    Raises:
        ConfigError: It is one this version does not know.
        OSError, sqlite3.Error: The store cannot be opened.
    """
    if not location.path.exists():
        return None
    connection = location.connect()
    try:
        tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
        if connection.execute(tables).fetchone() is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    finally:
        connection.close()
    found = str(row[0]) if row else None
    if found is not None and found not in REVISIONS:
        raise ConfigError(
            f"The store {location.path.name} is of revision {found}, which is newer than this "
            "version of jupyter-mesh knows. Upgrade jupyter-mesh, or give `store.url` another file."
        )
    return found


def _migrate(location: Location, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    if found is None:
        connection = location.connect()
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()
    engine = create_engine("sqlite://", creator=location.connect, poolclass=StaticPool)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with engine.connect() as connection:
            # The driver begins nothing by itself: without this each statement would stand alone.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, REVISIONS[-1])
            connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()
