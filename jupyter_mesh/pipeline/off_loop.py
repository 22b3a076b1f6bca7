"""Work on long texts, beside the event loop: short ones are not worth a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

LONG = 65_536
"""Characters from which on a thread is worth its price."""

T = TypeVar("T")


async def off_loop(size: int, work: Callable[[], T]) -> T:
    """What `work` gives, in a thread if it works on `LONG` characters or more."""
    return work() if size < LONG else await asyncio.to_thread(work)
