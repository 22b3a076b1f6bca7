"""A few threads with read-only connections, so that no read ever waits for a write or blocks the
loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..errors import StoreUnavailable
from .failure import failure_of
from .location import Cursor, Location

T = TypeVar("T")


class Reader:
    """Runs functions over a cursor in a small pool of threads."""

    def __init__(self, location: Location, threads: int = 2) -> None:
        self._location = location
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mesh-history")
        self._local = threading.local()
        self._open: dict[int, sqlite3.Connection] = {}

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

    async def aclose(self) -> None:
        """Close the connections and end the threads."""
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    async def _run(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            try:
                return work()
            except (sqlite3.Error, OSError) as error:
                self._drop()
                raise StoreUnavailable(
                    f"The mesh's records cannot be reached: {failure_of(error).reason}."
                ) from error

        return await asyncio.get_running_loop().run_in_executor(self._pool, guarded)

    def _snapshot(self, query: Callable[[Cursor], T]) -> T:
        cursor = self._connection().cursor()
        cursor.execute("BEGIN")
        try:
            return query(cursor)
        finally:
            cursor.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
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
            cursor.execute("BEGIN IMMEDIATE")
            result = change(cursor)
            cursor.execute("COMMIT")
            return result
        finally:
            connection.close()
