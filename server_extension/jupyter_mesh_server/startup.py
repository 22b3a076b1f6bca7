"""The mesh is built after Jupyter has started, so that Jupyter starts as fast as without it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .exchange import Answers

DELAY = 1.0
"""Seconds after the start of the server; its first page is out then. A request begins at once."""
PATIENCE = 30.0
"""Seconds for which a request waits for the mesh."""
PAUSE = 10.0
"""Seconds after which a request has a mesh built again that could not be built."""

log = logging.getLogger("jupyter_mesh")


class Running(Protocol):
    """A mesh behind its dispatcher."""

    dispatcher: Answers

    @property
    def works(self) -> bool:
        """False: all it can do is say what is wrong."""
        ...

    def outdated(self) -> bool:
        """Whether what was wrong may have been put right since."""
        ...

    async def aclose(self) -> None:
        """Let running calls end, then close."""
        ...


class Startup:
    """Builds the mesh in the background; one that does not work, again after a pause, or as soon as
    what was wrong with it has changed.

    Args:
        build: Imports what it needs outside the event loop, and starts the mesh. A wrong
            configuration is its own to tell every caller; it raises only what nobody foresaw.

    Attributes:
        dispatcher: None until the mesh is there and works.
    """

    def __init__(self, build: Callable[[], Awaitable[Running]]) -> None:
        self.dispatcher: Answers | None = None
        self._build = build
        self._task: asyncio.Task[Running] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended = 0.0

    def soon(self) -> None:
        """Begin in a moment."""
        if self._task is None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._begin)

    async def wait(self) -> Answers | None:
        """The dispatcher; None when it takes longer than `PATIENCE`.

        Raises:
            Exception: What nobody foresaw while it was built.
        """
        task = self._begin()
        if task.done() and self._worth_another_try(task):
            self._task = None
            task = self._begin()
        await asyncio.wait((task,), timeout=PATIENCE)
        return task.result().dispatcher if task.done() else None

    async def aclose(self) -> None:
        """Close the mesh, or give up building it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._task is None:
            return
        if not self._task.done():
            self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled() and self._task.exception() is None:
            await self._task.result().aclose()

    def _begin(self) -> asyncio.Task[Running]:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return self._task

    def _worth_another_try(self, task: asyncio.Task[Running]) -> bool:
        rested = asyncio.get_running_loop().time() - self._ended >= PAUSE
        if task.exception() is not None:
            return rested
        running = task.result()
        return running.outdated() or (rested and not running.works)

    async def _run(self) -> Running:
        try:
            running = await self._build()
        finally:
            self._ended = asyncio.get_running_loop().time()
        if running.works:
            self.dispatcher = running.dispatcher
        return running
