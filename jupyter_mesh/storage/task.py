"""One piece of work for the writer's thread, and how whoever waits for it learns of the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import Conflict, MeshError
from ..spi.faults import fault_point
from .location import Cursor, Location

Kind: TypeAlias = Literal["open", "close", "change", "other"]

_ITS_OWN = (MeshError, ValueError, TypeError, OverflowError)
"""Errors of one operation, that say nothing about the store."""


@dataclass(slots=True, eq=False)
class Task:
    """What to do with a cursor.

    Attributes:
        operation: Called inside a transaction.
        kind: For fault points.
        owed: It is to be done later if the store fails now.
        undo: Takes it back where it turns out later that it was done after all.
        future: Of whoever waits.
    """

    operation: Callable[[Cursor], object]
    kind: Kind
    owed: bool
    undo: Callable[[Cursor], object] | None
    future: asyncio.Future[object]
    result: object = None
    error: Exception | None = None

    def run(self, cursor: Cursor, location: Location) -> bool:
        """Do the work; False if it failed for a reason of its own and may be half done."""
        try:
            self.result = self.operation(cursor)
        except (*_ITS_OWN, *location.own_errors) as error:
            self.error = error
            return False
        except location.conflicts:
            self.error = Conflict("A call with this id has been recorded already.")
            return False
        return True

    def run_apart(self, cursor: Cursor, location: Location) -> None:
        """Do the work or none of it, without harm to what the transaction did before."""
        self.error = None
        cursor.execute("SAVEPOINT operation")
        if not self.run(cursor, location):
            cursor.execute("ROLLBACK TO operation")
        cursor.execute("RELEASE operation")


def pass_faults(batch: list[Task], when: str) -> None:
    """Pass the fault points of a commit: `journal.before_open_commit` and its kin."""
    for kind in ("open", "close", "change"):
        if any(task.kind == kind for task in batch):
            fault_point(f"journal.{when}_{kind}_commit")


def answer(batch: list[Task]) -> None:
    """Wake everybody, with one call into each event loop."""
    if len(batch) == 1:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            batch[0].future.get_loop().call_soon_threadsafe(_resolve, batch)
        return
    loops: dict[asyncio.AbstractEventLoop, list[Task]] = {}
    for task in batch:
        loops.setdefault(task.future.get_loop(), []).append(task)
    for loop, tasks in loops.items():
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, tasks)


def _resolve(batch: list[Task]) -> None:
    for task in batch:
        if task.future.done():
            continue
        if task.error is None:
            task.future.set_result(task.result)
        else:
            task.future.set_exception(task.error)
