"""Asking the Hub about somebody: seldom, once at a time for each, and never for long.

An answer is used for at most `cache_seconds`. In the second half of that time it is asked for
again while the old one still serves, so that calls do not wait for the Hub, and a Hub that is down
for a moment is not noticed. When the time is over and the Hub does not answer, nobody is known.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jupyter_mesh.errors import IdentityUnavailable

from .hub_api import HubUser

NEGATIVE_SECONDS = 5.0
"""For how long what the Hub does not know is not asked about again."""
FRESH_SECONDS = 5.0
"""How old an answer may be for who has waited to be told of another."""
RETRY_SECONDS = 1.0
"""Between two attempts to renew an answer that still serves."""
MOST_REMEMBERED = 10_000
_MOST_AT_ONCE = 16
"""Questions to the Hub at a time, about strangers and about whom it has named before: a flood of
made-up tokens must not become the Hub's flood, nor keep out who is known.
"""
_MOST_WAITING = 500
"""Questions that wait for their turn, before more about strangers are refused at once."""
_PATIENCE = 10.0
"""Seconds for which a caller waits for its turn and the answer."""

log = logging.getLogger("jupyter_mesh.hub")


@dataclass(slots=True)
class _Known:
    """An answer of the Hub.

    Attributes:
        asked: When the question was put, which is from when on it may be outdated.
        next_try: When to ask again, while it still serves.
    """

    user: HubUser | None
    asked: float
    next_try: float


class HubAnswers:
    """Who is this?

    Args:
        put: Asks the Hub; None: it knows nobody of that kind.
        issuer: Which Hub.
        cache_seconds: How old an answer may be.
        clock: Seconds; any beginning, never backwards.
    """

    def __init__(
        self,
        put: Callable[[str], Awaitable[HubUser | None]],
        issuer: str,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._question = put
        self._age = cache_seconds
        self._clock = clock
        self._issuer = f"{issuer}\0".encode()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[_Known]] = {}
        self._strangers = asyncio.Semaphore(_MOST_AT_ONCE)
        self._renewals = asyncio.Semaphore(_MOST_AT_ONCE)

    async def find(self, asked: str, *, now: bool = False) -> HubUser | None:
        """Who it is; None where the Hub does not know.

        Args:
            asked: About whom.
            now: An answer of more than `FRESH_SECONDS` does not serve while the Hub gives another.

        Raises:
            IdentityUnavailable: The Hub does not answer, and no answer of it is young enough.
        """
        key = self._key(asked)
        known, at = self._known.get(key), self._clock()
        is_stranger = known is None or known.user is None
        turns = self._strangers if is_stranger else self._renewals
        serves = known is not None and at - known.asked < self._lasts(known)
        if known is not None and serves and not (now and at - known.asked > FRESH_SECONDS):
            if not is_stranger and at >= known.next_try:
                known.next_try = at + RETRY_SECONDS
                self._ask(key, asked, turns)
            return known.user
        if is_stranger and len(self._asking) >= _MOST_WAITING and key not in self._asking:
            raise _too_long()
        try:
            return await self._awaited(key, asked, turns)
        except IdentityUnavailable:
            if known is not None and self._clock() - known.asked < self._lasts(known):
                return known.user
            raise

    async def aclose(self) -> None:
        """Give up questions that run."""
        tasks = [*self._asking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _awaited(self, key: bytes, asked: str, turns: asyncio.Semaphore) -> HubUser | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                return (await asyncio.shield(self._ask(key, asked, turns))).user
        except TimeoutError:
            raise _too_long() from None

    def _key(self, asked: str) -> bytes:
        return hashlib.sha256(self._issuer + asked.encode()).digest()

    def _lasts(self, known: _Known) -> float:
        return self._age if known.user is not None else min(NEGATIVE_SECONDS, self._age)

    def _ask(self, key: bytes, about: str, turns: asyncio.Semaphore) -> asyncio.Task[_Known]:
        """The question that runs about it, else a new one."""
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._put(key, about, turns))
            task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: bytes, task: asyncio.Task[_Known]) -> None:
        del self._asking[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("A question to JupyterHub failed: %s", error)

    async def _put(self, key: bytes, about: str, turns: asyncio.Semaphore) -> _Known:
        async with turns:
            began = self._clock()
            user = await self._question(about)
        known = _Known(user, began, began + self._age / 2)
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return known


def _too_long() -> IdentityUnavailable:
    return IdentityUnavailable(
        "JupyterHub takes too long to say who you are: try again in a moment.", retry_after=5
    )
