"""What a step is, and how steps become one function.

A step acts on the way in, then hands out a stream. One that looks at no event returns the inner
stream itself, and what it has to do at the end it leaves to `call.at_end`: an event passes only
through the steps that look at it.

Rules for writers of steps: wrap every inner stream in `contextlib.aclosing`, or an abandoned call
keeps its reservation until the garbage collector comes; never `yield` inside `asyncio.timeout()`
or a task group; never buffer a whole answer; keep state on the `Call`, never on a module.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeAlias

from ..schemas.events import Events
from .call import Call

Next: TypeAlias = Callable[[Call], Awaitable[Events]]


class Step(ABC):
    """One concern, wrapped around all that is further in."""

    @abstractmethod
    async def __call__(self, call: Call, next: Next) -> Events:
        """Act on the way in; the stream passes on or changes events on the way out."""


class Endpoint(ABC):
    """The innermost: it answers, and has no next."""

    @abstractmethod
    async def __call__(self, call: Call) -> Events:
        """The answer as events."""


async def begun_by(next: Next, call: Call) -> Events:
    """The stream of `next`, which is called only when the first event is asked for."""
    async with aclosing(await next(call)) as events:
        async for event in events:
            yield event


def compose(steps: Sequence[Step], endpoint: Endpoint) -> Next:
    """Fold steps round the endpoint; the first of `steps` is the outermost."""
    composed: Next = endpoint
    for step in reversed(steps):
        composed = partial(step, next=composed)
    return composed
