"""Processes that screen, supervised: started when first needed, shared fairly, replaced when they
fail.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Sequence

from ..errors import ScreeningUnavailable
from ..schemas.json import JsonObject
from ..spi.happenings import Happening, Happenings
from ..spi.workers import ScannedSpan, Scanner
from .orders import Orders
from .scan_call import ScanCall
from .worker_process import WorkerFailed, WorkerProcess

_log = logging.getLogger("jupyter_mesh")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""Seconds between a failure and the next start: none after the first, then doubling."""
SCAN_SECONDS = 5.0
"""For one slice; one that takes longer hangs."""
IDLE_SECONDS = 600.0
CALM_SECONDS = 60.0
"""Without a failure, after which it is over."""
MOST_WAITING = 16_000_000
"""Characters; half a minute's work of two processes with the slowest detectors."""
_ALL = "screening workers"


def usual_count() -> int:
    """A process for each core but one, which is the gateway's; not more than four."""
    return max(1, min(4, (os.cpu_count() or 1) - 1))


class WorkerPool:
    """`spi.Workers`. Each process looks through one batch at a time, and calls take turns, so that
    a short text waits for a slice of a long one and never for all of it.

    A process that ends, hangs or answers garbage costs the call it worked for and no other. All of
    it belongs to one event loop.

    Args:
        happenings: Told when workers fail and when they work again.
        count: Processes at most; None for what the machine has.
        memory: MiB that each may allocate.
        seconds: For one slice of text; None for `SCAN_SECONDS`.
        most_waiting: Characters that may wait.
        idle: Seconds without work after which a process ends.
    """

    def __init__(
        self,
        happenings: Happenings,
        *,
        count: int | None = None,
        memory: int = 2048,
        seconds: float | None = None,
        most_waiting: int = MOST_WAITING,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._happenings = happenings
        self._count = count or usual_count()
        self._memory = memory
        self._seconds = seconds or SCAN_SECONDS
        self._most_waiting = most_waiting
        self._idle = idle
        self._orders = Orders()
        self._queue: deque[ScanCall] = deque()
        self._more = asyncio.Event()
        self._slots: set[asyncio.Task[None]] = set()
        self._processes: set[WorkerProcess] = set()
        self._resting = 0
        self._failures = 0
        self._not_before = 0.0
        self._troubles: dict[str, float] = {}
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """Of the processes that have started."""
        return sorted(one.pid for one in self._processes)

    async def scan(
        self, scanner: type[Scanner], settings: JsonObject, texts: Sequence[str]
    ) -> list[list[ScannedSpan]]:
        """What a scanner with these settings finds in each text; see `Workers.scan`."""
        call = ScanCall(await self._orders.order(scanner, settings), texts)
        if not call.waiting:
            return call.found
        waiting = sum(one.waiting for one in self._queue)
        if waiting and waiting + call.waiting > self._most_waiting:
            raise ScreeningUnavailable("Too much text waits to be screened.", retry_after=1.0)
        self._queue.append(call)
        self._more.set()
        self._grow()
        if not self._slots:
            self._refuse_all()
        try:
            return await call.done
        finally:
            call.waiting = 0

    async def aclose(self) -> None:
        """End the processes; calls that wait are refused."""
        self._closed = True
        slots = list(self._slots)
        for slot in slots:
            slot.cancel()
        if slots:
            await asyncio.wait(slots)
        self._refuse_all()

    # ── one process ─────────────────────────────────────────────────────────────────────────────

    def _grow(self) -> None:
        """Start another process where work waits and none is free for it."""
        if not self._queue or self._resting or len(self._slots) >= self._count or self._closed:
            return
        if time.monotonic() >= self._not_before:
            slot = asyncio.create_task(self._run())
            self._slots.add(slot)
            slot.add_done_callback(self._ended)

    async def _run(self) -> None:
        """Start a process and let it work until it fails or nothing comes for long."""
        try:
            worker = await WorkerProcess.start(self._memory)
        except WorkerFailed as failure:
            self._failed(failure.reason, _ALL)
            return
        self._processes.add(worker)
        gone = asyncio.create_task(worker.gone())
        gone.add_done_callback(lambda _: self._more.set())
        try:
            while (call := await self._next(worker)) is not None:
                await self._scan(worker, call)
        finally:
            self._processes.discard(worker)
            await worker.end()
            await gone

    async def _scan(self, worker: WorkerProcess, call: ScanCall) -> None:
        """Look through the next batch of a call."""
        batch = call.take()
        if call.waiting:
            self._queue.append(call)
        self._grow()
        name = call.order.name
        try:
            call.add(batch, await worker.scan(call.order, call.shown(batch), self._seconds))
        except WorkerFailed as failure:
            call.fail()
            self._failed(failure.reason, name if worker.alive else _ALL)
        except ValueError as error:
            call.fail()
            self._failed(f"answered garbage: {error}", name)
        except BaseException:
            call.fail()
            raise
        else:
            self._worked(name)

    async def _next(self, worker: WorkerProcess) -> ScanCall | None:
        """The call whose turn it is; None when there was none for long, or the worker has ended."""
        while worker.alive:
            while self._queue:
                call = self._queue.popleft()
                if call.waiting:
                    return call
            self._more.clear()
            self._resting += 1
            try:
                async with asyncio.timeout(self._idle):
                    await self._more.wait()
            except TimeoutError:
                return None
            finally:
                self._resting -= 1
            if not worker.alive:
                _log.warning("A process that screens texts ended while it had nothing to do.")
        return None

    # ── failures ────────────────────────────────────────────────────────────────────────────────

    def _failed(self, reason: str, subject: str) -> None:
        """Tell of it; where a process failed, wait longer each time before the next starts."""
        if subject == _ALL:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._failures - 1))
            self._not_before = time.monotonic() + (pause if self._failures else 0.0)
            self._failures += 1
        if self._closed:
            return
        said = f"A process that screens texts {reason}. Calls that it worked for were refused."
        _log.warning("%s", said)
        self._troubles[subject] = time.monotonic()
        self._happenings.publish(Happening(kind="guard_failing", subject=subject, message=said))

    def _worked(self, name: str) -> None:
        """A batch was looked through: what has not failed for a while is in order again."""
        self._failures = 0
        calm = time.monotonic() - CALM_SECONDS
        for subject in (name, _ALL) if self._troubles else ():
            if self._troubles.get(subject, calm) < calm:
                del self._troubles[subject]
                said = "Texts are screened again."
                self._happenings.publish(
                    Happening(kind="guard_working", subject=subject, message=said)
                )

    def _ended(self, slot: asyncio.Task[None]) -> None:
        self._slots.discard(slot)
        if not slot.cancelled() and (error := slot.exception()) is not None:
            self._failed(f"could not be worked with ({type(error).__name__})", _ALL)
        self._grow()
        if not self._slots:
            self._refuse_all()

    def _refuse_all(self) -> None:
        """Nobody will look through what waits."""
        while self._queue:
            self._queue.popleft().fail()
