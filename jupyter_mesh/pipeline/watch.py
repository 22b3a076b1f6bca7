"""Waiting for a provider: no longer than its connection allows, and counted."""

from __future__ import annotations

import asyncio
import time

from ..errors import ProviderProtocolError, ProviderTimeout
from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered
from ..spi.faults import fault_point
from .call import Call
from .health import Sample
from .snapshot import Candidate


class Watch:
    """Watches one attempt. One timer serves all its events: it is set once and looks again when it
    fires, since setting one for each event would cost more than the event.
    """

    def __init__(self, call: Call, candidate: Candidate) -> None:
        self._call = call
        self._candidate = candidate
        self._loop = asyncio.get_running_loop()
        self._started = time.perf_counter()
        self._patience = candidate.limits.timeout
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[object] | None = None
        self._since = 0.0
        self._expired = False
        self._first_ms: float | None = None
        self._streamed = False
        self._tokens = 0
        self._finished = False

    @property
    def began(self) -> bool:
        """Whether anything has come."""
        return self._first_ms is not None

    async def next(self, events: Events) -> Event | None:
        """The provider's next event; None when there is none.

        Raises:
            ProviderTimeout: It was silent for longer than its connection's time limit.
        """
        self._since = self._loop.time()
        self._waiting = asyncio.current_task()
        if self._timer is None:
            self._started = time.perf_counter()
            self._timer = self._loop.call_later(self._patience, self._look)
        asked = time.perf_counter()
        event: Event | None = None
        try:
            event = await anext(events, None)
        except asyncio.CancelledError:
            task = self._waiting
            if not self._expired or task is None or task.uncancel() > 0:
                raise
            raise ProviderTimeout(
                f"{self._candidate.id} was silent for {self._patience:g} s; try again, or raise "
                "its timeout."
            ) from None
        finally:
            self._call.report.upstream_ms += (time.perf_counter() - asked) * 1000
            self._waiting = None
            if event is None or isinstance(event, Finished):
                self._timer.cancel()
        if event is not None:
            self._note(event)
        return event

    def _note(self, event: Event) -> None:
        if self._first_ms is None:
            self._first_ms = (time.perf_counter() - self._started) * 1000
            self._patience = self._candidate.limits.idle_timeout
            if not isinstance(event, Answer):  # after which nothing is waited for
                self.stop()
                self._timer = self._loop.call_later(self._patience, self._look)
            fault_point("route.first_event")
        else:
            fault_point("route.mid_stream")
        if isinstance(event, Chunk):
            self._streamed = True
        elif isinstance(event, Metered):
            self._tokens = event.usage.output
        elif isinstance(event, Finished):
            self._finished = True

    def _look(self) -> None:
        """Give up when the present wait is too long; else look again when it would be."""
        task = self._waiting
        remaining = self._since + self._patience - self._loop.time()
        if task is not None and remaining <= 0:
            self._expired = True
            task.cancel()
            return
        delay = remaining if task is not None and remaining > 0 else self._patience
        self._timer = self._loop.call_later(delay, self._look)

    def stop(self) -> None:
        """Forget the timer: the attempt is over."""
        if self._timer is not None:
            self._timer.cancel()

    def require_end(self) -> None:
        """Raises ProviderProtocolError when the answer was not finished."""
        if not self._finished:
            raise ProviderProtocolError(
                f"{self._candidate.id} ended its answer without finishing it.", processed=True
            )

    def sample(self) -> Sample:
        """What this attempt says of the model's speed."""
        total = (time.perf_counter() - self._started) * 1000
        first = self._first_ms if self._streamed else None
        return Sample(time.time(), total, first, self._tokens, True)
