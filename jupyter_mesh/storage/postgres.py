"""A store in PostgreSQL. Imported only where one is named: psycopg is an extra."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ..errors import ConfigError
from .failure import Failure, UnfitStore
from .location import BUSY_MS, Connection, Cursor, Durability, Errors, Location
from .postgres_connection import PostgresConnection, Session
from .postgres_failure import failure_of
from .postgres_presence import SessionPresence

if TYPE_CHECKING:
    import sqlalchemy

_JOURNAL, _CHANGE, _UPGRADE = (int.from_bytes(b"mesh") << 32 | number for number in (1, 2, 3))
"""Keys of advisory locks; those of writers are their ids."""

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({})"
_GIVE_UP_SECONDS = 15.0
"""A server that accepts statements and never answers is lost after so long."""

_DEFAULTS: Mapping[str, str] = {
    "connect_timeout": "5",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "application_name": "jupyter-mesh",
}
_FORCED: Mapping[str, str] = {"client_encoding": "utf8"}

# A gateway that hangs, or whose machine is gone, keeps nobody waiting for long.
_PREPARE = f"""
    SET lock_timeout = {BUSY_MS}; SET idle_in_transaction_session_timeout = 10000;
    SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 15000"""
_STATE = """
    SELECT pg_is_in_recovery(), current_setting('transaction_read_only'),
    current_setting('server_encoding'), current_setting('fsync'),
    current_setting('full_page_writes'), current_setting('synchronous_commit')"""


@dataclass(frozen=True, slots=True)
class PostgresLocation(Location):
    """A PostgreSQL database, shared by any number of gateways on any number of machines.

    Attributes:
        shown: Host, port and database.
        conninfo: libpq's parameters, with the password.
    """

    shown: str
    conninfo: str = field(repr=False)

    begin: ClassVar[str] = _BEGIN.format(_JOURNAL)
    begin_change: ClassVar[str] = _BEGIN.format(_CHANGE)
    begin_read: ClassVar[str] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    find_versions: ClassVar[str] = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    errors: ClassVar[Errors] = (psycopg.Error, OSError, UnfitStore)
    own_errors: ClassVar[Errors] = (psycopg.DataError,)
    conflicts: ClassVar[Errors] = (psycopg.IntegrityError,)

    @classmethod
    def of_url(cls, url: str, password: str | None) -> PostgresLocation:
        """Read a URL as libpq does.

        Raises:
            ConfigError: libpq cannot read it.
        """
        try:
            named = cast("dict[str, str]", conninfo_to_dict(url))
        except psycopg.Error:  # whose text may quote the password
            named = {}
        if "dbname" not in named:
            raise ConfigError(
                "`store.url` must be `postgresql://<role>@<host>/<database>`; what is special "
                "in a password there must be percent-encoded."
            )
        if password is not None:
            named["password"] = password
        shown = f"{named.get('host', 'localhost')}:{named.get('port', 5432)}/{named['dbname']}"
        return cls(shown, make_conninfo(**{**_DEFAULTS, **named, **_FORCED}))

    @property
    def name(self) -> str:
        return self.shown.rpartition("/")[2]

    @property
    def url(self) -> str:
        return f"postgresql://{self.shown}"

    @property
    def key_file(self) -> Path | None:
        return None

    def exists(self) -> bool:
        return True

    def identity(self) -> tuple[int, int]:
        return 0, 0

    def connect(self, durability: Durability | None = None) -> Connection:
        session = Session.open(self.conninfo, _GIVE_UP_SECONDS)
        try:
            session.execute(_PREPARE.encode(), prepare=False)
            self._check(session, durability)
        except BaseException:
            session.close()
            raise
        return PostgresConnection(session)

    def read(self) -> Connection:
        return PostgresConnection(Session.open(self.conninfo, None))

    def _check(self, session: Session, durability: Durability | None) -> None:
        """Whether what is committed here is written, and stays so.

        Raises:
            UnfitStore: It does not.
        """
        row = cast("tuple[bool, str, str, str, str, str]", session.execute(_STATE).fetchone())
        standby, read_only, encoding, fsync, pages, synchronous = row
        if standby:
            raise UnfitStore("the store is a standby, which takes no writes")
        if read_only == "on":
            raise UnfitStore("the store is read-only")
        if encoding != "UTF8":
            raise UnfitStore(f"its database is encoded in {encoding}; it must be UTF8")
        if durability == "batched":
            session.execute("SET synchronous_commit = off")
            return
        for setting, value in (("fsync", fsync), ("full_page_writes", pages)):
            if value == "off" and durability == "strict":
                raise UnfitStore(
                    f"PostgreSQL runs with {setting} = off and may lose what it has committed; "
                    "turn it on, or set `audit.durability: batched`"
                )
        if synchronous == "off":
            session.execute("SET synchronous_commit = on")

    def set_patience(self, cursor: Cursor, milliseconds: int) -> None:
        cursor.execute(f"SET lock_timeout = {milliseconds}")

    def look_for_damage(self, cursor: Cursor) -> None:
        """PostgreSQL checks its pages itself, and reports at each statement what is damaged."""

    def failure_of(self, error: Exception) -> Failure:
        return failure_of(error)

    def presence(self, writer: str) -> SessionPresence:
        return SessionPresence(writer)

    @contextmanager
    def locked(self) -> Generator[None]:
        session = Session.open(self.conninfo, None)
        try:
            session.execute("SELECT pg_advisory_lock($1)", (_UPGRADE,))
            yield
        finally:
            session.close()

    @contextmanager
    def migration(self, *, new: bool) -> Generator[sqlalchemy.Connection]:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        def connect() -> psycopg.Connection:
            return psycopg.Connection.connect(self.conninfo)

        engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
