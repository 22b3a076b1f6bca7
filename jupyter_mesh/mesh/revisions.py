"""Waiting until what is configured is another: so open views follow it without asking every second.

One event for all who wait in this process; whoever takes over a change sets it.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from ..errors import LimitExceeded

MOST_OF_ONE_USER = 16
"""Requests of one user that may wait at a time: pages that are open and looked at."""
_LATER = 30.0


class Revisions:
    """Which state of the configuration is in force here, and who waits for a later one.

    Attributes:
        current: Grows with every change; the same number is the same state at every gateway over a
            store. -1: what is stored could not be read yet.
    """

    def __init__(self) -> None:
        self.current = -1
        self._changed = asyncio.Event()
        self._waiting: Counter[str] = Counter()
        self._is_over = False

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._waiting.total()

    def reach(self, revision: int) -> None:
        """Say what is in force from now on; those who wait look whether it is theirs."""
        self.current = revision
        self._wake()

    def end(self) -> None:
        """Let nobody wait any longer: the gateway is about to stop."""
        self._is_over = True
        self._wake()

    async def later_than(self, revision: int, user: str, seconds: float) -> None:
        """Return when a later state is in force, when there is to be no more waiting, or after so
        many seconds.

        Raises:
            LimitExceeded: So many requests of this user wait already.
        """
        if self._waiting[user] >= MOST_OF_ONE_USER:
            raise LimitExceeded(
                f"{MOST_OF_ONE_USER} requests of yours wait for a change already.",
                retry_after=_LATER,
            )
        self._waiting[user] += 1
        try:
            async with asyncio.timeout(seconds):
                while self.current <= revision and not self._is_over:
                    await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[user] -= 1
            if not self._waiting[user]:
                del self._waiting[user]

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
