"""One upstream call whose answer others wait for, at the provider's pace, not its client's."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TypeAlias

from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered, Notice
from ..schemas.json import JsonObject
from ..spi.cache import CacheEntry
from .call import Call
from .fold import Fold

Keep: TypeAlias = Callable[[CacheEntry, bool], Awaitable[None]]
Lost: TypeAlias = Callable[[], Awaitable[None]]

_LARGEST = 4 * 1024 * 1024
"""Characters of the longest answer that is kept for others."""
_MOST_AHEAD = 32 * 1024 * 1024
"""Bytes, about, by which a flight may run ahead of its own client."""
_EVENT_BYTES = 1024
"""About what an event takes in memory beside its text."""


class Recording:
    """What an answer is made of, while it passes."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._fold: Fold | None = None
        self._answer: JsonObject | None = None
        self._metered: Metered | None = None
        self._finished: Finished | None = None

    @property
    def too_large(self) -> bool:
        """Whether the answer is longer than what is kept for others."""
        return self._call.produced.characters > _LARGEST

    def add(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, Chunk):
            self._fold = self._fold or Fold()
            if not self.too_large:
                self._fold.add(event.data)
        elif isinstance(event, Answer):
            self._answer = event.data
        elif isinstance(event, Metered) and event.final:
            self._metered = event
        elif isinstance(event, Finished):
            self._finished = event

    @property
    def whole(self) -> bool:
        """Whether the answer came to the end that its model gave it."""
        return self._finished is not None and self._finished.reason in ("stop", "tool_calls")

    def entry(self) -> CacheEntry | None:
        """The finished answer, unless it is too large to keep."""
        if self._finished is None or self._metered is None or self.too_large:
            return None
        body = self._answer or (self._fold.answer() if self._fold else None)
        if body is None:
            return None
        return CacheEntry(
            body=body,
            model=self._metered.model,
            usage=self._metered.usage,
            cost=_whole_cost(self._metered, self._call),
            created=time.time(),
            owner=self._call.principal.user,
        )


def _whole_cost(metered: Metered, call: Call) -> Decimal | None:
    """What the answer would cost without any cache."""
    return None if metered.cost is None else metered.cost + call.report.saved


class Flight:
    """A call that leads. Its own client sets the pace as long as nobody else waits; from the first
    follower on, the answer is taken as fast as it comes and laid aside for that client, up to a
    bound. If the leader leaves while a retry of the same call waits, the answer is taken to its end
    for that: it is paid, and nobody may ask for another.

    Args:
        call: The leader.
        digest: What is asked under an idempotency key; empty without one.
        inner: The answer, from the step further in.
        keep: Called with the finished answer, and whether it came to its own end.
        lost: Called before those who wait hear that there is no answer for them.
    """

    def __init__(self, call: Call, digest: str, inner: Events, keep: Keep, lost: Lost) -> None:
        self._call = call
        self.digest = digest
        self._inner = inner
        self._keep = keep
        self._lost = lost
        self._waiting = 0
        self._alone = asyncio.Event()
        self._pulling: asyncio.Task[Event | None] | None = None
        self._recording = Recording(call)
        self._ahead: deque[Event] = deque()
        self._ahead_bytes = 0
        self._ended = False
        self._closing = False
        # `inner` runs for one task at a time: for the leader while it is not free, and once there
        # is a hurry for whoever has the turn.
        self._free = asyncio.Event()
        self._turn = asyncio.Lock()
        self._hurry: asyncio.Task[None] | None = None
        self._landed: asyncio.Future[CacheEntry | None] = asyncio.get_running_loop().create_future()

    async def next(self) -> Event | None:
        """The leader's next event; None after the last one."""
        if self._hurry is not None:
            return await self._next_in_turn(self._hurry)
        self._free.clear()
        if not self.digest:
            event = await self._pull()
            self._free.set()
            return event
        # In a task of its own: if the leader is cancelled, what was asked for comes all the same.
        self._pulling = asyncio.create_task(self._pull())
        self._pulling.add_done_callback(lambda _: self._free.set())
        return await asyncio.shield(self._pulling)

    @property
    def notices(self) -> list[Notice]:
        """What those who get this answer should know of where it comes from."""
        return [one for one in self._call.report.notices if one.code == "similar_answer"]

    async def join(self) -> CacheEntry | None:
        """Wait for the answer; None when this flight brings none that others could use."""
        if self._hurry is None and not (self._landed.done() or self._closing):
            self._hurry = asyncio.create_task(self._run_ahead())
        self._waiting += 1
        self._alone.clear()
        try:
            return await asyncio.shield(self._landed)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._alone.set()

    async def aclose(self) -> None:
        """End the flight: the leader has its answer, or leaves."""
        try:
            while self.digest and self._waiting:
                await self._alone.wait()
        finally:
            self._closing = True  # who comes now hears of the end, and asks `inner` for nothing
            try:
                for task in (self._hurry, self._pulling):
                    if task is not None:
                        task.cancel()
                        await asyncio.gather(task, return_exceptions=True)
                await self._inner.aclose()
            finally:
                await self._end()

    async def _next_in_turn(self, hurry: asyncio.Task[None]) -> Event | None:
        if not self._ahead:
            await asyncio.sleep(0)  # the hurry goes first: it goes on though the leader leaves
            async with self._turn:
                if not self._ahead:
                    if hurry.done():
                        hurry.result()  # what went wrong there is the leader's to hear
                    return await self._pull()
        event = self._ahead.popleft()
        self._ahead_bytes -= _weight(event)
        return event

    async def _pull(self) -> Event | None:
        if self._ended:
            return None
        event = await anext(self._inner, None)
        if event is None:
            self._ended = True
            return None
        self._recording.add(event)
        if isinstance(event, Finished):
            # A retry is answered as the call was; others get no answer that was cut or filtered.
            use = self._recording.whole or self.digest
            entry = self._recording.entry() if use else None
            if entry is None:
                await self._end()
            else:
                await self._keep(entry, self._recording.whole)
                self._land(entry)
        return event

    async def _run_ahead(self) -> None:
        """Take the answer in although the leader's client does not ask for it yet."""
        try:
            await self._free.wait()
            while not (self._landed.done() or self._ended or self._recording.too_large):
                if self._ahead_bytes > _MOST_AHEAD:
                    return
                async with self._turn:
                    await self._take_ahead()
        finally:
            await self._end()

    async def _take_ahead(self) -> None:
        if self._landed.done():
            return
        try:
            event = await self._pull()
        except BaseException:
            await self._end()  # before the leader has the turn and looks how this ended
            raise
        if event is not None:
            self._ahead.append(event)
            self._ahead_bytes += _weight(event)

    async def _end(self) -> None:
        """There is no answer for those who wait, unless they have it."""
        if not self._landed.done():
            try:
                await self._lost()
            finally:
                self._land(None)

    def _land(self, entry: CacheEntry | None) -> None:
        if not self._landed.done():
            self._landed.set_result(entry)


def _weight(event: Event) -> int:
    raw = event.raw if isinstance(event, Chunk | Answer) else None
    return _EVENT_BYTES + len(raw or b"")
