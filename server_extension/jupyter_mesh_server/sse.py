"""Events of the pipeline as server-sent events.

A task of its own runs the pipeline and puts what is ready into a buffer; the host takes the buffer
as one piece and writes it. So chunks that arrive together leave in one write, a slow client holds
the pipeline back at a bounded buffer, and one timer for the whole stream keeps the line alive.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Protocol

from jupyter_mesh.errors import Unavailable
from jupyter_mesh.schemas.events import Event, Events

log = logging.getLogger("jupyter_mesh.http")

KEEP_ALIVE = b": keep-alive\n\n"
BEAT = 15.0
"""Seconds between two looks at a stream; one that was silent in between gets a comment."""
PATIENCE = 20
"""Beats for which a client may take nothing of a piece before it loses the stream."""
MAX_WAITING = 256 * 1024
"""Bytes that may wait for the client before the pipeline is held back."""


class Encoder(Protocol):
    """Turns events into bytes."""

    def feed(self, event: Event) -> bytes:
        """What to send because of `event`; may be nothing."""
        ...

    def finish(self) -> bytes:
        """What to send after the last event."""
        ...

    def fail(self, error: BaseException) -> bytes:
        """What to send instead of the rest, when the call fails after its first byte."""
        ...


class EventStream:
    """The pieces of one answer. `first` must be awaited before the headers go out, `aclose` always.

    Args:
        events: The pipeline; closed when the stream is.
        encoder: Makes bytes of events.
        beat: Seconds between heartbeats.
        max_waiting: Bytes that may wait for the client.

    Attributes:
        hang_up: Closes the client's connection; the host sets it.
    """

    def __init__(
        self,
        events: Events,
        encoder: Encoder,
        *,
        beat: float = BEAT,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._events = events
        self._encoder = encoder
        self._max_waiting = max_waiting
        self._waiting: list[bytes] = []
        self._size = 0
        self._some: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._ended = False
        self._live = False
        self._beat = beat
        self._silent = True
        self._handed = False
        self._blocked = 0
        self.hang_up: Callable[[], None] | None = None
        self._timer = self._loop.call_later(beat, self._on_beat)
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._wake)

    async def first(self) -> None:
        """Wait until there is something to send.

        Raises:
            MeshError: The call failed before; so it becomes an HTTP status.
        """
        while not self._waiting:
            if self._task.done():
                error = self._error()
                self._ended = True
                if error is not None:
                    raise error
                return
            await self._something()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> bytes:
        self._live = True
        self._handed = False
        self._blocked = 0
        while not self._waiting:
            if self._task.done():
                return self._last_piece()
            await self._something()
        piece = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        self._silent = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._handed = True
        return piece

    async def aclose(self) -> None:
        """Close the pipeline at once and wait until it has recorded how the call ended."""
        self._timer.cancel()
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.exception()  # seen: nothing is left for the loop to complain about

    async def _run(self) -> None:
        feed, waiting = self._encoder.feed, self._waiting
        async with aclosing(self._events) as events:
            async for event in events:
                if data := feed(event):
                    waiting.append(data)
                    self._size += len(data)
                    self._wake()
                    if self._size > self._max_waiting:
                        await self._taken()
        if data := self._encoder.finish():
            waiting.append(data)

    async def _taken(self) -> None:
        """Wait until the client has taken what waits."""
        while self._size > self._max_waiting:
            self._room = self._loop.create_future()
            await self._room

    async def _something(self) -> None:
        """Wait until something waits, or the pipeline has ended."""
        self._some = self._loop.create_future()
        await self._some

    def _wake(self, _task: object = None) -> None:
        if self._some is not None and not self._some.done():
            self._some.set_result(None)

    def _error(self) -> BaseException | None:
        if self._task.cancelled():
            return Unavailable("The gateway is stopping; ask again in a moment.")
        return self._task.exception()

    def _last_piece(self) -> bytes:
        error = None if self._ended else self._error()
        self._ended = True
        if error is None:
            raise StopAsyncIteration
        return self._encoder.fail(error)

    def _on_beat(self) -> None:
        """Keep a silent line alive; give up a client that takes nothing."""
        if self._handed:
            self._blocked += 1
            if self._blocked >= PATIENCE:
                waited = PATIENCE * self._beat
                log.warning("A client took nothing for %.0f s and lost its stream.", waited)
                self._task.cancel()
                if self.hang_up is not None:
                    self.hang_up()
                return
        elif self._silent and self._live:
            self._waiting.append(KEEP_ALIVE)
            self._wake()
        self._silent = True
        self._timer = self._loop.call_later(self._beat, self._on_beat)
