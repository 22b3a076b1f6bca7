"""Something that shows who asks, got by a call that blocks: once for all who want it at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_AGAIN = 60.0
"""Seconds before what was refused is fetched anew once more: many refusals are no fault of its."""


class Fetched(Generic[Value]):
    """What was fetched last. For one event loop.

    Args:
        fetch: Gets it; it may block, and runs in a thread.
        keep: Is told of each one.

    Attributes:
        value: None: there is none yet, or it was dropped.
    """

    def __init__(self, fetch: Callable[[], Value], keep: Callable[[Value], None]) -> None:
        self.value: Value | None = None
        self._fetch = fetch
        self._keep = keep
        self._fetching: asyncio.Task[Value] | None = None
        self._dropped_at = float("-inf")

    def start(self) -> asyncio.Task[Value]:
        """The fetching that runs, begun if none does. Not to be cancelled: others wait for it."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.ensure_future(asyncio.to_thread(self._fetch))
            self._fetching.add_done_callback(self._done)
        return self._fetching

    async def wait(self) -> Value:
        """A new one. Whoever leaves does not stop it for the others."""
        return await asyncio.shield(self.start())

    def put(self, value: Value) -> None:
        """Keep one that was fetched elsewhere."""
        self.value = value
        self._keep(value)

    def drop(self) -> bool:
        """Have the next one fetched anew; not again within a minute. Whether it was dropped."""
        now = time.monotonic()
        if now - self._dropped_at <= _AGAIN:
            return False
        self._dropped_at = now
        self.value = None
        return True

    def _done(self, fetching: asyncio.Task[Value]) -> None:
        # Asking for the exception keeps it from being reported as never looked at.
        if not fetching.cancelled() and fetching.exception() is None:
            self.put(fetching.result())
