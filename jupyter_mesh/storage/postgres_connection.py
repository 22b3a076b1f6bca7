"""psycopg behind the few methods that the store uses, with SQLite's way to write a parameter and
SQLite's few types.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.adapt import Loader
from psycopg.types.numeric import Int8Dumper

from .location import Value

T = TypeVar("T")


class Session(psycopg.Connection[tuple[object, ...]]):
    """A connection in autocommit mode that does not wait for ever."""

    give_up: float | None = None
    """Seconds for one statement; None: as long as it takes."""

    @classmethod
    def open(cls, conninfo: str, give_up: float | None) -> Self:
        """Connect.

        Raises:
            psycopg.Error: It cannot be reached.
        """
        session = cls.connect(conninfo, autocommit=True, cursor_factory=psycopg.RawCursor)
        session.give_up = give_up
        session.adapters.register_dumper(int, Int8Dumper)
        session.adapters.register_dumper(bool, _FlagDumper)
        session.adapters.register_loader("numeric", _SumLoader)
        return session

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        return super().wait(gen, interval, self.give_up if timeout is None else timeout)


class PostgresCursor:
    """`location.Cursor` over one of psycopg's."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: psycopg.Cursor[tuple[object, ...]]) -> None:
        self._cursor = cursor

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> Self:
        if parameters:
            self._cursor.execute(_numbered(sql).encode(), parameters)
        else:  # which may be several statements: they cannot be prepared
            self._cursor.execute(sql.encode(), prepare=False)
        return self

    def fetchone(self) -> tuple[object, ...] | None:
        return self._cursor.fetchone()

    def fetchall(self) -> list[tuple[object, ...]]:
        return self._cursor.fetchall()

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount


class PostgresConnection:
    """`location.Connection` over one of psycopg's."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def cursor(self) -> PostgresCursor:
        return PostgresCursor(self._session.cursor())

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> PostgresCursor:
        return self.cursor().execute(sql, parameters)

    def close(self) -> None:
        self._session.close()


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> str:
    """Number the parameters: `$1`, `$2`."""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


class _FlagDumper(Int8Dumper):
    """A flag is a number, as everywhere in the tables."""

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class _SumLoader(Loader):
    """A sum of integers is an integer: PostgreSQL gives it as numeric."""

    def load(self, data: bytes | bytearray | memoryview) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)
