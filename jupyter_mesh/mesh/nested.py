"""Calls the mesh makes for a call that runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

from ..errors import NotFound
from ..pipeline.call import Call, NestedPurpose
from ..schemas.events import Events
from ..schemas.request import Request


class NestedCalls:
    """`spi.Models`: as the same principal, audited under the running call, drawing on its
    reservation and slot.

    Args:
        live: The calls that run, by id.

    Attributes:
        run: Runs a call through every step; set once there is a pipeline.
    """

    run: Callable[[Call], Events]

    def __init__(self, live: Mapping[str, Call]) -> None:
        self._live = live
        self._rehearsed: dict[str, Call] = {}

    @contextmanager
    def rehearsal(self, call: Call) -> Generator[None]:
        """Let guards ask models for a call that is only looked at. What they ask is a call like any
        other: it is paid for by who asks, and recorded.
        """
        self._rehearsed[call.id] = call
        try:
            yield
        finally:
            del self._rehearsed[call.id]

    def stream(self, request: Request, *, parent: str, purpose: NestedPurpose) -> Events:
        """A call made for the running call `parent`.

        Raises:
            NotFound: No such call is running.
        """
        outer = self._live.get(parent) or self._rehearsed.get(parent)
        if outer is None:
            raise NotFound(f"No call {parent!r} is running that another could be made for.")
        inner = Call(
            id=new_call_id(),
            principal=outer.principal,
            snapshot=outer.snapshot,
            request=request,
            purpose=outer.purpose,
            document=outer.document,
            tags=outer.tags,
            cache=outer.cache,
            parent=outer,
            trace=outer.trace and outer.trace.nested(),
            nested=purpose,
        )
        return self.run(inner)


def new_call_id() -> str:
    """Sorts by time; 16 hex digits of nanoseconds and 12 random ones."""
    return f"call_{time.time_ns():016x}{secrets.token_hex(6)}"
