"""Who waits at the limits that are counted in Redis, in one gateway.

Redis tells nobody that a slot has come free, so somebody has to ask again and again: only whoever
is first in the line of a share does. The others wait for their turn and cost nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

_SHORTEST_NAP, _LONGEST_NAP = 0.02, 0.2
"""Seconds between two looks whether a slot is free."""


class LimitQueue:
    """How many wait at each share, and the lines for slots.

    Args:
        left: Told the name of a share at which there may now be room earlier than it seemed, since
            one waits there no more.
    """

    def __init__(self, left: Callable[[str], object]) -> None:
        self.left = left
        self.at_rates: Counter[str] = Counter()
        self.lines: dict[str, list[Place]] = {}

    def waiting(self, share: str) -> int:
        """How many calls wait at a share."""
        return self.at_rates[share] + len(self.lines.get(share, ()))

    def came_free(self, share: str) -> None:
        """A slot was given back in this gateway: the first in line need not sleep on."""
        if line := self.lines.get(share):
            line[0].woken.set()


class Place:
    """One call that may have to wait; a context, since it leaves its line however it ends."""

    def __init__(self, queue: LimitQueue) -> None:
        self._queue = queue
        self._line: str | None = None
        self._rate: str | None = None
        self._nap = _SHORTEST_NAP
        self.woken = asyncio.Event()
        self.has_waited = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave_line()
        if error is not None and self._rate is not None:
            self._queue.left(self._rate)  # without what it waited for: that is there for another

    async def wait_for_rate(self, share: str, seconds: float) -> None:
        """Wait until a bucket has been refilled."""
        self._leave_line()
        self.has_waited, self._rate = True, share
        at_rates = self._queue.at_rates
        at_rates[share] += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            at_rates[share] -= 1
            if not at_rates[share]:
                del at_rates[share]

    async def wait_for_slot(self, share: str, longest: float) -> None:
        """Wait until it is time to look whether a slot is free, at most `longest` seconds."""
        self.has_waited = True
        if self._line != share:
            self._leave_line()
            self._line = share
            self._queue.lines.setdefault(share, []).append(self)
        if self._queue.lines[share][0] is self:
            longest, self._nap = min(longest, self._nap), min(self._nap * 1.5, _LONGEST_NAP)
        self.woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await self.woken.wait()

    def _leave_line(self) -> None:
        if self._line is None:
            return
        share, self._line = self._line, None
        line = self._queue.lines[share]
        line.remove(self)
        if line:
            line[0].woken.set()
        else:
            del self._queue.lines[share]
        self._queue.left(share)
