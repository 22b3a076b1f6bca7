"""Room for a few questions at a time, which calls share by turns."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager


class CallTurns:
    """At most so many at once. Where more wait, each call in turn gets room for one of its own: a
    short call waits for one question of a long one, and never for all of them.

    Args:
        size: How many at once.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """By call; the one whose turn it is comes first."""

    @asynccontextmanager
    async def turn(self, call: Hashable, until: float) -> AsyncGenerator[None]:
        """Room for one question of `call`.

        Raises:
            TimeoutError: There was none `until` then, on the event loop's clock.
        """
        await self._enter(call, until)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, call: Hashable, until: float) -> None:
        if self._free:  # nobody waits while there is room
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(call, deque()).append(mine)
        try:
            async with asyncio.timeout_at(until):
                await mine
        except BaseException:
            if mine.done() and not mine.cancelled():
                self._leave()  # it came just when nobody wanted it any more
            raise

    def _leave(self) -> None:
        """Hand the room on."""
        while self._waiting:
            call = next(iter(self._waiting))
            queue = self._waiting.pop(call)
            while queue and queue[0].done():
                queue.popleft()
            if not queue:
                continue
            queue.popleft().set_result(None)
            if queue:
                self._waiting[call] = queue
            return
        self._free += 1
