"""One thread that commits in groups: it takes all that waits, runs it in one transaction, and
answers everybody.

Nothing is ever held back for a timer: a lone operation is committed at once, and what arrives while
a commit is being flushed shares the next one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from ..errors import AuditUnavailable, MeshError
from ..spi.faults import ARMED
from .chain import Chain, Head
from .failure import Failure
from .location import BUSY_MS, Connection, Cursor, Location
from .task import Kind, Task, answer, pass_faults

T = TypeVar("T")
_MOST_AT_ONCE = 512
_PROBE_SECONDS = 1.0
_PROBE_BUSY_MS = 250
_MOST_TRIES = 5
_CLOSED = Failure("the journal is closed", for_good=True)


@dataclass(slots=True, eq=False)
class _Doubt:
    """A commit whose end nobody has seen.

    Attributes:
        head: Where the chain ends if it held.
        batch: What was committed.
        refused: Those who wait have been told that it failed.
        committed: It held.
    """

    head: Head
    batch: list[Task]
    refused: bool = False
    committed: bool = False


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
        connect: Callable[[], Connection],
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
        self._connection: Connection | None = None
        self._cursor: Cursor
        self._identity = (0, 0)
        self._owed: list[Task] = []
        self._committing = False
        self._doubtful: list[_Doubt] = []
        self._next_probe = 0.0
        self._stopped = False
        self.failure: Failure | None = None
        self.commits = 0
        self._reconnect()
        self._thread = threading.Thread(target=self._main, name="mesh-journal", daemon=True)
        self._thread.start()

    async def submit(
        self,
        operation: Callable[[Cursor], T],
        kind: Kind = "other",
        *,
        owed: bool = False,
        undo: Callable[[Cursor], object] | None = None,
    ) -> T:
        """Run `operation` in the next commit and return its result once that is durable.

        Args:
            operation: Called in the writer's thread with a cursor inside a transaction.
            kind: For fault points.
            owed: Keep it if the store fails, and run it when the store works again.
            undo: Run when the store works again, should it turn out then that `operation` was
                committed although its commit had failed.

        Raises:
            AuditUnavailable: The store failed; what `operation` did is undone, or will be.
            MeshError: What `operation` raised; what it did is undone.
        """
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._queue.put(Task(operation, kind, owed, undo, future))
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
        for _ in range(_MOST_TRIES):
            try:
                if self._location.identity() != self._identity:
                    raise FileNotFoundError("its file has been replaced")
                self._transact(batch, self._cursor)
            except self._location.errors as error:
                failure = self._location.failure_of(error)
                found = self._find_out(failure, batch)
                if found == "undone":
                    continue
                if found == "failed":
                    self._refuse(batch, self.failure or failure)
                    return
            break
        else:
            self._refuse(batch, Failure("other gateways keep changing what this call changes"))
            return
        if not self._batched:
            answer(batch)

    def _transact(self, batch: list[Task], cursor: Cursor) -> None:
        location = self._location
        self._committing = False
        cursor.execute(location.begin)
        self._chain.begin()
        if not all(task.run(cursor, location) for task in batch):
            # Savepoints cost every call something, and refusals are rare: do it over with them.
            cursor.execute("ROLLBACK")
            cursor.execute(location.begin)
            self._chain.begin()
            for task in batch:
                task.run_apart(cursor, location)
        if self._batched:
            answer(batch)
        if ARMED:
            pass_faults(batch, "before")
        self._committing = True
        cursor.execute("COMMIT")
        self._chain.committed()
        self.commits += 1
        if ARMED:
            pass_faults(batch, "after")

    # failure

    def _find_out(
        self, failure: Failure, batch: list[Task]
    ) -> Literal["committed", "undone", "failed"]:
        """What became of a transaction that did not end well."""
        if failure.undone:
            with suppress(*self._location.errors):
                self._cursor.execute("ROLLBACK")
            return "undone"
        doubt = None
        if self._committing and self._chain.ahead:
            doubt = _Doubt(self._chain.head, batch)
            self._doubtful.append(doubt)
        self._fail(failure)
        if failure.lost:
            self._probe()
        if self.failure:
            if doubt:
                doubt.refused = True
            return "failed"
        if not self._committing:
            return "undone"
        if doubt is None:  # nothing tells whether it held
            return "failed"
        return "committed" if doubt.committed else "undone"

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
                self._owed.append(task)
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
        except self._location.errors as error:
            self._fail(self._location.failure_of(error))
        else:
            self._owed.clear()
            self._doubtful.clear()
            self.failure = None

    def _prove(self, cursor: Cursor) -> None:
        self._location.set_patience(cursor, _PROBE_BUSY_MS if self.failure else BUSY_MS)
        if self.failure and self.failure.damaged:
            self._location.look_for_damage(cursor)
        cursor.execute(self._location.begin)
        self._alive(cursor)
        for doubt in self._doubtful:
            doubt.committed = self._chain.passed(cursor, doubt.head)
            if doubt.committed and doubt.refused:
                for task in doubt.batch:
                    if task.undo is not None:
                        task.undo(cursor)
        for task in self._owed:
            # Not in one with the others: a call that was never recorded has nothing to complete.
            task.run_apart(cursor, self._location)
        cursor.execute("COMMIT")
        self._chain.committed()
        self._location.set_patience(cursor, BUSY_MS)

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(*self._location.errors):
                self._connection.close()
            self._connection = None
