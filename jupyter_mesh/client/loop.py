"""A background thread with an event loop, so that blocking code can use the asynchronous client.

It works inside a running loop too (a notebook's), and an interrupt cancels what is under way and
waits until its connection is closed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import aclosing
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_CLOSING_SECONDS = 2.0


class Work(Generic[T]):
    """A coroutine on its way in the background thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> None:
        self._loop = loop
        self._task: asyncio.Task[T] | None = None
        self._finished = threading.Event()
        loop.call_soon_threadsafe(self._start, work)

    @property
    def finished(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self._finished.is_set()

    def result(self, seconds: float | None = None) -> T:
        """Wait for the result, or raise what the coroutine raised.

        Raises:
            TimeoutError: It goes on after `seconds`.
        """
        if not self._finished.wait(seconds) or self._task is None:
            raise TimeoutError
        return self._task.result()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, in whichever way; False when `seconds` were not enough."""
        return self._finished.wait(seconds)

    def cancel(self, seconds: float = _CLOSING_SECONDS) -> None:
        """Cancel it, and wait that long at most until what it had open is closed."""
        if not self.finished:
            self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())
            self._finished.wait(seconds)

    def _start(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(work)
        self._task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # seen: whoever asks for the result gets it raised
        self._finished.set()


class BackgroundLoop:
    """One daemon thread, started with the first call and again in a forked child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; an interrupt cancels it."""
        job = self.submit(work)
        try:
            return job.result()
        finally:
            job.cancel()

    def submit(self, work: Coroutine[Any, Any, T]) -> Work[T]:
        """Start `work` and go on."""
        return Work(self._running_loop(), work)

    def batches(
        self, source: AsyncGenerator[T, None], every: float
    ) -> Generator[list[T], None, None]:
        """What `source` yields, collected: at most one batch in `every` seconds, the first at once.

        Closing the generator (`contextlib.closing`) or an interrupt closes `source`.
        """
        inbox = _Inbox[T]()
        job = self.submit(inbox.fill(source))
        try:
            while not inbox.ended:
                if batch := inbox.collect(every):
                    yield batch
            inbox.raise_failure()
        finally:
            job.cancel()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = asyncio.new_event_loop()  # a fork leaves a loop without its thread
                self._loop.set_exception_handler(_report)
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="jupyter-mesh-client", daemon=True
                )
                self._thread.start()
            return self._loop


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say what went wrong, but not that a program ended without closing its client."""
    if not {"client_session", "connector"} & context.keys():
        loop.default_exception_handler(context)


class _End:
    """The last thing in an inbox: how the stream ended."""

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


class _Inbox(Generic[T]):
    """Items on their way from the loop's thread to the caller's."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[T | _End] = SimpleQueue()
        self._end: _End | None = None
        self._open_until = 0.0

    @property
    def ended(self) -> bool:
        return self._end is not None

    async def fill(self, source: AsyncGenerator[T, None]) -> None:
        failure: BaseException | None = None
        try:
            async with aclosing(source):
                async for item in source:
                    self._queue.put(item)
        except BaseException as error:
            failure = error
            raise
        finally:
            self._queue.put(_End(failure))

    def collect(self, every: float) -> list[T]:
        """At least one item, unless the source has ended; then all until the interval is over."""
        batch: list[T] = []
        self._take(batch, None)
        while not self.ended:
            left = self._open_until - time.monotonic()
            try:
                self._take(batch, max(left, 0.0))
            except Empty:
                break
        self._open_until = time.monotonic() + every
        return batch

    def raise_failure(self) -> None:
        if self._end is not None and self._end.failure is not None:
            raise self._end.failure

    def _take(self, batch: list[T], seconds: float | None) -> None:
        item = self._queue.get(timeout=seconds)
        if isinstance(item, _End):
            self._end = item
        else:
            batch.append(item)


background = BackgroundLoop()
"""The one of this process."""
