"""A few threads with read-only connections, so that no read ever waits for a write or blocks the
loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from ..errors import StoreUnavailable
from .location import Connection, Cursor, Location
from .values import HOUR, micros

T = TypeVar("T")
_MOST_TRIES = 4
_BEGIN_ONCE = "INSERT INTO done_once (name, at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
_FORGET = "DELETE FROM done_once WHERE at < ?"
_REMEMBERED = 24 * HOUR


class Reader:
    """Runs functions over a cursor in a small pool of threads."""

    def __init__(self, location: Location, threads: int = 2) -> None:
        self._location = location
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mesh-history")
        self._local = threading.local()
        self._open: dict[int, Connection] = {}

    async def read(self, query: Callable[[Cursor], T]) -> T:
        """The result of `query`, which sees one consistent state of the store.

        Raises:
            StoreUnavailable: The store cannot be read.
        """
        return await self._run(lambda: self._snapshot(query))

    async def write(self, change: Callable[[Cursor], T]) -> T:
        """Run `change` in a transaction of its own on a new connection: for what is rare.

        Raises:
            StoreUnavailable: The store cannot be written.
        """
        return await self._run(lambda: self._transact(change))

    async def write_once(self, name: str, change: Callable[[Cursor], object]) -> None:
        """`write` what must not be done twice. After a failure nobody may know whether it was done:
        try again under the same name, within a day.

        Raises:
            StoreUnavailable: The store cannot be written, or failed in the commit.
        """

        def once(cursor: Cursor) -> None:
            now = micros(datetime.now(UTC))
            cursor.execute(_BEGIN_ONCE, (name, now))
            if cursor.rowcount == 1:
                change(cursor)
                cursor.execute(_FORGET, (now - _REMEMBERED,))

        await self.write(once)

    async def aclose(self) -> None:
        """Close the connections and end the threads."""
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    async def _run(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            try:
                return self._persistent(work)
            except self._location.errors as error:
                reason = self._location.failure_of(error).reason
                raise StoreUnavailable(
                    f"The mesh's records cannot be reached: {reason}."
                ) from error

        return await asyncio.get_running_loop().run_in_executor(self._pool, guarded)

    def _persistent(self, work: Callable[[], T]) -> T:
        """Do over what met another transaction; for what only reads, also with a new connection
        where the old one had been closed from the other side.
        """
        for _ in range(_MOST_TRIES):
            kept = self._open.get(threading.get_ident())
            try:
                return work()
            except self._location.errors as error:
                failure = self._location.failure_of(error)
                self._drop()
                if not (failure.undone or (failure.lost and kept)):
                    raise
        return work()

    def _snapshot(self, query: Callable[[Cursor], T]) -> T:
        cursor = self._connection().cursor()
        cursor.execute(self._location.begin_read)
        try:
            return query(cursor)
        finally:
            cursor.execute("COMMIT")  # unlike a rollback, it costs no prepared statement

    def _connection(self) -> Connection:
        """This thread's own, made anew when the file was replaced."""
        identity = self._location.identity()
        if getattr(self._local, "identity", None) != identity:
            self._drop()
            self._open[threading.get_ident()] = self._location.read()
            self._local.identity = identity
        return self._open[threading.get_ident()]

    def _drop(self) -> None:
        self._local.identity = None
        if connection := self._open.pop(threading.get_ident(), None):
            connection.close()

    def _transact(self, change: Callable[[Cursor], T]) -> T:
        connection = self._location.connect()
        try:
            cursor = connection.cursor()
            cursor.execute(self._location.begin_change)
            result = change(cursor)
            cursor.execute("COMMIT")
            return result
        finally:
            connection.close()
