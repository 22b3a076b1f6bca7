"""How long callbacks keep an event loop from everything else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class LoopBlocks:
    """The longest that one callback keeps the loop: seconds, and those it spent working."""

    def __init__(self) -> None:
        self.longest = self.working = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at every callback of the running loop."""
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            began, worked = time.perf_counter(), time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.perf_counter() - began)
            self.working = max(self.working, time.thread_time() - worked)

        asyncio.Handle._run = timed  # pyright: ignore[reportAttributeAccessIssue]
        try:
            yield
        finally:
            asyncio.Handle._run = run  # pyright: ignore[reportAttributeAccessIssue]
