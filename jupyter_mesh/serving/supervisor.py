"""The life of a model's worker: started on first use, restarted after a crash, stopped idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ..errors import ConfigError, MeshError, ProviderUnavailable
from ..spi.engine import EngineHealth, EngineSpec, ModelInfo
from ..spi.jobs import Done, Job, Output
from .connection import WorkerEnded
from .process import WorkerProcess, launch

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between a crash and the next start: none after the first, then doubling."""
_PONG_SECONDS = 5.0


class Supervisor:
    """An `Engine` (see `jupyter_mesh.spi.engine`) whose model lives in a worker process.

    All of it belongs to one event loop. A crash costs the requests under way; the next request
    starts the worker again, at once after a first crash, after a growing pause when crashes follow
    each other without a finished request between them.
    """

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self._info: ModelInfo | None = None
        self._worker: WorkerProcess | None = None
        self._starting: asyncio.Task[WorkerProcess | MeshError] | None = None
        self._stage = ""
        self._failures = 0
        self._failure: MeshError | None = None
        self._not_before = 0.0
        self._active = 0
        self._idle: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def info(self) -> ModelInfo | None:
        """What is known of the model; None until it has been loaded once."""
        return self._info

    async def start(self) -> ModelInfo:
        """Load the model unless it is loaded; see `Engine.start`."""
        self._begin()
        try:
            return (await self._ready()).info
        finally:
            self._end()

    async def submit(self, job: Job) -> AsyncGenerator[Output, None]:
        """Answer `job`; see `Engine.submit`."""
        self._begin()
        try:
            worker = await self._ready()
            async with aclosing(self._answer(worker, job)) as outputs:
                async for output in outputs:
                    yield output
        finally:
            self._end()

    async def _answer(self, worker: WorkerProcess, job: Job) -> AsyncGenerator[Output, None]:
        try:
            async with aclosing(worker.connection.submit(job)) as outputs:
                async for output in outputs:
                    if isinstance(output, Done):
                        self._failures, self._failure = 0, None
                    yield output
        except WorkerEnded:
            raise (self._shut() if self._closed else await worker.obituary()) from None

    async def health(self) -> EngineHealth:
        """How it is doing; see `Engine.health`."""
        if self._starting is not None:
            return EngineHealth(state="starting", stage=self._stage)
        if self._worker is None or not self._worker.alive:
            crashed = self._worker is not None or self._failure is not None
            return EngineHealth(state="failed" if crashed else "stopped")
        try:
            async with asyncio.timeout(_PONG_SECONDS):
                pong = await self._worker.connection.ping()
        except (TimeoutError, WorkerEnded):
            return EngineHealth(state="failed", pid=self._worker.process.pid)
        return EngineHealth(
            state="ready",
            pid=self._worker.process.pid,
            running=pong.running,
            waiting=pong.waiting,
            produced=pong.produced,
            memory=pong.memory,
        )

    async def aclose(self) -> None:
        """Stop the worker, or its start, for good."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        self._stop()
        if self._stopping:
            await asyncio.wait(self._stopping)

    # ── starting ────────────────────────────────────────────────────────────────────────────────

    async def _ready(self) -> WorkerProcess:
        """The running worker; a start is shared by all who wait for it, and outlives each."""
        if self._closed:
            raise self._shut()
        if self._worker is not None and self._worker.alive:
            return self._worker
        if self._starting is None:
            self._note_crash()
            self._check_pause()
            self._starting = asyncio.create_task(self._start())
        starting = self._starting
        await asyncio.wait({starting})  # unlike `await starting`, leaves it running when cancelled
        if starting.cancelled():
            raise self._shut()
        if isinstance(outcome := starting.result(), MeshError):
            raise outcome
        return outcome

    async def _start(self) -> WorkerProcess | MeshError:
        """The new worker, or why there is none (perhaps nobody waits any more to see it raised)."""
        self._stage = "starting"
        try:
            self._worker = worker = await launch(self._spec, self._set_stage)
        except MeshError as error:
            return self._fail(error)
        except OSError as error:
            return self._fail(
                ProviderUnavailable(
                    f"The worker of {self._spec.model.name} could not be started: {error.strerror}."
                )
            )
        else:
            self._info = worker.info
            return worker
        finally:
            self._starting = None

    def _set_stage(self, stage: str) -> None:
        self._stage = stage

    def _note_crash(self) -> None:
        """A worker that is here but not alive has crashed since it was last used."""
        if self._worker is not None:
            self._stop()
            self._fail(ProviderUnavailable(f"The worker of {self._spec.model.name} crashed."))

    def _fail(self, error: MeshError) -> MeshError:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._failures - 1)) if self._failures else 0
        self._failures += 1
        self._failure = error
        self._not_before = time.monotonic() + pause
        return error

    def _check_pause(self) -> None:
        wait = self._not_before - time.monotonic()
        if wait > 0 and self._failure is not None:
            kind = ConfigError if isinstance(self._failure, ConfigError) else ProviderUnavailable
            message = f"{self._failure.message} The next start is possible in {wait:.0f} s."
            raise kind(message, retry_after=wait)

    def _shut(self) -> ProviderUnavailable:
        return ProviderUnavailable(f"The model {self._spec.model.name} is shutting down.")

    # ── stopping ────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        self._active += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end(self) -> None:
        self._active -= 1
        if self._active == 0 and self._spec.idle_unload is not None and not self._closed:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._spec.idle_unload, self._stop)

    def _stop(self) -> None:
        """Let go of the worker now; it ends in the background."""
        worker, self._worker = self._worker, None
        if worker is not None:
            stopping = asyncio.create_task(worker.stop())
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)
