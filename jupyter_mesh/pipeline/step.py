"""What a step is, and how steps become one function.

A step that has nothing to do on the way out acts and returns the inner stream itself, so that an
event passes only through the steps that look at it. What it raises then comes out where the outer
step asks for its stream.

Rules for writers of steps: wrap every inner stream in `contextlib.aclosing`, or an abandoned call
keeps its reservation until the garbage collector comes; never `yield` inside `asyncio.timeout()`
or a task group; never buffer a whole answer; keep state on the `Call`, never on a module.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from ..schemas.events import Events
from .call import Call

Next: TypeAlias = Callable[[Call], Events]


class Step(ABC):
    """One concern, wrapped around all that is further in."""

    @abstractmethod
    def __call__(self, call: Call, next: Next) -> Events:
        """Act on the way in, pass on or change events on the way out."""


class Endpoint(ABC):
    """The innermost: it answers, and has no next."""

    @abstractmethod
    def __call__(self, call: Call) -> Events:
        """The answer as events."""


def compose(steps: Sequence[Step], endpoint: Endpoint) -> Next:
    """Fold steps round the endpoint; the first of `steps` is the outermost."""
    composed: Next = endpoint
    for step in reversed(steps):
        composed = partial(step, next=composed)
    return composed
