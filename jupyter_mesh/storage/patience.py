"""How long an answer of another process is waited for, when one's own may be what is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_LATE = 0.05
"""Seconds by which an event loop is late that has more to do than it can."""
_MOST = 10
"""How often waiting is prolonged."""


@asynccontextmanager
async def patience(seconds: float) -> AsyncGenerator[None]:
    """`asyncio.timeout`, but a moment that this process itself has missed counts for nobody: what
    came meanwhile is still to be read, so the wait goes on for a quarter of its length, ten times
    at most.

    Raises:
        TimeoutError: The time is over.
    """
    loop = asyncio.get_running_loop()
    left = _MOST

    def over(due: float) -> None:
        nonlocal left, timer
        now = loop.time()
        if now - due > _LATE and left:
            left -= 1
            timer = loop.call_at(now + seconds / 4, over, now + seconds / 4)
        else:
            limit.reschedule(now)

    due = loop.time() + seconds
    timer = loop.call_at(due, over, due)
    try:
        async with asyncio.timeout(None) as limit:
            yield
    finally:
        timer.cancel()
