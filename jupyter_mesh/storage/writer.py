"""One thread that commits in groups: it takes all that waits, runs it in one transaction, and
answers everybody.

Nothing is ever held back for a timer: a lone operation is committed at once, and what arrives while
a commit is being flushed shares the next one.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

from ..errors import AuditUnavailable, MeshError
from ..spi.faults import ARMED
from .chain import Chain
from .failure import Failure, failure_of
from .location import BUSY_MS, Cursor, Location
from .task import Kind, Task, answer, pass_faults

T = TypeVar("T")
_MOST_AT_ONCE = 512
_PROBE_SECONDS = 1.0
_PROBE_BUSY_MS = 250
_CLOSED = Failure("the journal is closed", for_good=True)


class Writer:
    """Owns the only connection of this process that writes calls and money.

    A failed commit makes it unhealthy: what waits and what comes later is refused with
    `AuditUnavailable`. Every second it then tries a write of its own on a new connection, and is
    healthy again once that is durable. After a failed fsync it never is: the kernel may have
    dropped the pages and reports that only once, so a later success would prove nothing. A restart
    reads what really reached the disk.

    Args:
        location: The store.
        connect: Makes the connection; called again after each failure.
        alive: The write that proves the store works.
        chain: Told where a transaction begins and that it is durable.
        batched: Answer before the commit instead of after it.

    Attributes:
        failure: Why nothing can be written; None while it can.
        commits: Transactions so far.

    Raises:
        MeshError: What `connect` raised.
    """

    def __init__(
        self,
        location: Location,
        connect: Callable[[], sqlite3.Connection],
        alive: Callable[[Cursor], None],
        chain: Chain,
        *,
        batched: bool,
    ) -> None:
        self._location = location
        self._connect = connect
        self._alive = alive
        self._chain = chain
        self._batched = batched
        self._queue: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._cursor: Cursor
        self._identity = (0, 0)
        self._owed: list[Callable[[Cursor], object]] = []
        self._next_probe = 0.0
        self._stopped = False
        self.failure: Failure | None = None
        self.commits = 0
        self._reconnect()
        self._thread = threading.Thread(target=self._main, name="mesh-journal", daemon=True)
        self._thread.start()

    async def submit(
        self, operation: Callable[[Cursor], T], kind: Kind = "other", *, owed: bool = False
    ) -> T:
        """Run `operation` in the next commit and return its result once that is durable.

        Args:
            operation: Called in the writer's thread with a cursor inside a transaction.
            kind: For fault points.
            owed: Keep it if the store fails, and run it when the store works again.

        Raises:
            AuditUnavailable: The store failed; what `operation` did is undone.
            MeshError: What `operation` raised; what it did is undone.
        """
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._queue.put(Task(operation, kind, owed, future))
        if self._stopped:
            self._refuse_waiting()
        return cast(T, await future)

    async def aclose(self) -> None:
        """Commit what waits, then end the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # the thread

    def _main(self) -> None:
        batch: list[Task] | None = None
        try:
            while (batch := self._take()) is not None:
                if (
                    self.failure
                    and not self.failure.for_good
                    and time.monotonic() >= self._next_probe
                ):
                    self._probe()
                if self.failure:
                    self._refuse(batch, self.failure)
                elif batch:
                    self._commit(batch)
        finally:
            self.failure = self.failure or _CLOSED
            self._stopped = True
            self._disconnect()
            self._refuse(batch or [], self.failure)
            self._refuse_waiting()

    def _take(self) -> list[Task] | None:
        """All that waits; nothing when it is time to probe; None when it is time to end."""
        recovering = self.failure and not self.failure.for_good
        try:
            task = self._queue.get(timeout=_PROBE_SECONDS if recovering else None)
        except queue.Empty:
            return []
        batch: list[Task] = []
        while task is not None:
            batch.append(task)
            if len(batch) == _MOST_AT_ONCE or self._queue.empty():
                return batch
            task = self._queue.get_nowait()
        if not batch:
            return None
        self._queue.put(None)  # what came before the end goes first
        return batch

    def _commit(self, batch: list[Task]) -> None:
        try:
            if self._location.identity() != self._identity:
                raise FileNotFoundError("its file has been replaced")
            self._transact(batch, self._cursor)
        except (sqlite3.Error, OSError) as error:
            failure = failure_of(error)
            self._fail(failure)
            self._refuse(batch, failure)
        else:
            if not self._batched:
                answer(batch)

    def _transact(self, batch: list[Task], cursor: Cursor) -> None:
        cursor.execute("BEGIN IMMEDIATE")
        self._chain.begin()
        if not all(task.run(cursor) for task in batch):
            # Savepoints cost every call something, and refusals are rare: do it over with them.
            cursor.execute("ROLLBACK")
            cursor.execute("BEGIN IMMEDIATE")
            self._chain.begin()
            for task in batch:
                task.run_apart(cursor)
        if self._batched:
            answer(batch)
        if ARMED:
            pass_faults(batch, "before")
        cursor.execute("COMMIT")
        self._chain.committed()
        self.commits += 1
        if ARMED:
            pass_faults(batch, "after")

    # failure

    def _fail(self, failure: Failure) -> None:
        self.failure = failure
        self._next_probe = time.monotonic() + _PROBE_SECONDS
        self._disconnect()

    def _refuse(self, batch: list[Task], failure: Failure) -> None:
        for task in batch:
            task.error = AuditUnavailable(
                f"The call cannot be recorded: {failure.reason}. Until it can be, none is let out.",
                retry_after=None if failure.for_good else _PROBE_SECONDS,
            )
            if task.owed and not failure.for_good:
                self._owed.append(task.operation)
        answer(batch)

    def _refuse_waiting(self) -> None:
        waiting: list[Task] = []
        with suppress(queue.Empty):
            while True:
                task = self._queue.get_nowait()
                if task is not None:
                    waiting.append(task)
        self._refuse(waiting, self.failure or _CLOSED)

    def _probe(self) -> None:
        try:
            self._reconnect()
        except MeshError as error:  # the store was replaced by one that is not ours
            self._fail(Failure(error.message))

    def _reconnect(self) -> None:
        """Connect, write, and do what is owed; unhealthy where that fails."""
        try:
            self._connection = self._connect()
            self._cursor = self._connection.cursor()
            self._identity = self._location.identity()
            self._prove(self._cursor)
        except (sqlite3.Error, OSError) as error:
            self._fail(failure_of(error))
        else:
            self._owed.clear()
            self.failure = None

    def _prove(self, cursor: Cursor) -> None:
        cursor.execute(f"PRAGMA busy_timeout={_PROBE_BUSY_MS if self.failure else BUSY_MS}")
        if self.failure and self.failure.damaged:
            cursor.execute("PRAGMA quick_check(1)")
            if (verdict := cursor.fetchone()) != ("ok",):
                raise sqlite3.DatabaseError(f"the store is damaged: {verdict}")
        cursor.execute("BEGIN IMMEDIATE")
        self._alive(cursor)
        for operation in self._owed:
            with suppress(MeshError):  # the call was never recorded: nothing to complete
                operation(cursor)
        cursor.execute("COMMIT")
        self._chain.committed()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
