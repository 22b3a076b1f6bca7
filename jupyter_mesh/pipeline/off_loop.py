"""Work on long texts, beside the event loop: short ones are not worth a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..schemas.json import Json, JsonObject

LONG = 8_192
"""Characters from which on a thread is worth its price (a tenth of a millisecond)."""
HUGE = 1_048_576
"""Characters from which on one text waits for another, so that many of them together take neither
all memory nor all of the interpreter's time.
"""
_ONE = 32
"""Characters that a value weighs besides what it says."""
_in_turn = ThreadPoolExecutor(1, "huge-texts")

T = TypeVar("T")


async def off_loop(size: int, work: Callable[[], T]) -> T:
    """What `work` gives, in a thread if it works on `LONG` characters or more."""
    if size < LONG:
        return work()
    if size < HUGE:
        return await asyncio.to_thread(work)
    return await asyncio.get_running_loop().run_in_executor(_in_turn, work)


def size_of(body: JsonObject) -> int:
    """How much work it is to go through a body, in characters; no more than about `HUGE` is
    counted, so that counting is none.
    """
    size = 0
    waiting: list[Json] = [body]
    while waiting and size < HUGE:
        value = waiting.pop()
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, list):
            size += _ONE * len(value)
            if size < HUGE:
                waiting += value
    return size
