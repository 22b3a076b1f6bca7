"""One screening worker as its gateway sees it: started, asked, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple, TypeVar

from ..schemas.json import JsonObject
from ..spi.workers import Scanner
from . import frames
from .worker import OUT_OF_MEMORY

_Frame = TypeVar("_Frame", frames.Ready, frames.Made, frames.Found)

START_SECONDS = 60.0
MAKE_SECONDS = 60.0
"""Loading a library and a model, on a machine that is busy."""
_END_SECONDS = 1.0
_FORGET_SECONDS = 600.0

_KEPT = ("LANG", "LANGUAGE", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR", "TZ")
_ALWAYS = {
    "MKL_NUM_THREADS": "1",  # as many processes as there shall be, and not several times that
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class WorkerFailed(Exception):
    """What a worker did wrong, in words that hold nothing of a text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Order(NamedTuple):
    """A kind of scanner with settings, under a number of its own."""

    number: int
    scanner: type[Scanner]
    settings: JsonObject

    @property
    def name(self) -> str:
        """Where the class is found."""
        return f"{self.scanner.__module__}:{self.scanner.__qualname__}"


def worker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """No secret, and the same modules as here."""
    kept = {name: environ[name] for name in environ if name in _KEPT or name.startswith("LC_")}
    return {**kept, **_ALWAYS, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


class WorkerProcess:
    """A process that has started. One question at a time; after `WorkerFailed` see `alive`."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._writer, self._reader = process.stdin, process.stdout
        self._made: dict[int, float] = {}

    @property
    def alive(self) -> bool:
        """Whether it can be asked, as far as is known yet."""
        return self._process.returncode is None and not self._writer.is_closing()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @classmethod
    async def start(cls, memory: int) -> WorkerProcess:
        """A new one that may allocate `memory` MiB.

        Call it on the event loop's own thread: Linux ends a worker with the thread that started it.

        Raises:
            WorkerFailed: There is none.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # never import from the folder it runs in
                "-m",
                "jupyter_mesh.guards.worker",
                f"--parent={os.getpid()}",
                f"--memory={memory}",
                stdin=PIPE,
                stdout=PIPE,
                env=worker_environment(os.environ),
                start_new_session=True,  # Ctrl-C in the gateway's terminal is for the gateway
            )
        except OSError as error:
            raise WorkerFailed(f"could not be started: {error.strerror}") from None
        worker = cls(process)
        try:
            await worker._expect(frames.Ready, START_SECONDS)
        except BaseException:
            await worker.end()
            raise
        return worker

    async def scan(self, order: Order, texts: list[str], seconds: float) -> list[frames.FoundSpan]:
        """What the scanner finds, within so many seconds once it is made.

        Raises:
            WorkerFailed: It does not answer, or not as it should.
        """
        if order.number not in self._made:
            await self._make(order)
        self._made[order.number] = time.monotonic()
        await self._write(frames.encode_scan(order.number, texts))
        deadline = time.monotonic() + seconds
        found: list[frames.FoundSpan] = []
        while True:
            some = await self._expect(frames.Found, deadline - time.monotonic())
            found += some.spans
            if some.last:
                return found
            await asyncio.sleep(0)  # reading what has come already lets nobody else in

    async def _make(self, order: Order) -> None:
        unused = time.monotonic() - _FORGET_SECONDS
        for number in [one for one, used in self._made.items() if used < unused]:
            del self._made[number]
            await self._write(frames.encode(frames.Forget(number=number)))
        make = frames.Make(number=order.number, scanner=order.name, settings=order.settings)
        # A list of a million names takes longer to write down than the loop may stand still.
        await self._write(await asyncio.to_thread(frames.encode, make))
        await self._expect(frames.Made, MAKE_SECONDS)

    async def end(self) -> None:
        """Make sure that there is no process any more."""
        self._writer.close()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def gone(self) -> None:
        """Return when there is no process any more."""
        await self._process.wait()

    async def _write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
        except (OSError, RuntimeError):  # uvloop says at once that nobody reads any more
            raise await self._ended() from None

    async def _expect(self, kind: type[_Frame], seconds: float) -> _Frame:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                frame = await frames.read_from_worker(self._reader)
        except TimeoutError:
            await self.end()
            raise WorkerFailed("did not answer in time") from None
        except frames.BadFrame:
            frame = frames.Failed(reason="")
        if frame is None:
            raise await self._ended()
        if isinstance(frame, frames.Failed) and frame.reason:
            raise WorkerFailed(f"failed: {frame.reason}")
        if not isinstance(frame, kind):
            await self.end()
            raise WorkerFailed("answered something that is no answer")
        return frame

    async def _ended(self) -> WorkerFailed:
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        await self.end()
        status = self._process.returncode or 0
        if status == OUT_OF_MEMORY:
            return WorkerFailed("needed more memory than `workers.memory_mb` gives it")
        if status < 0:
            hint = ", as when memory runs out" if -status == signal.SIGKILL else ""
            return WorkerFailed(f"was ended by {signal.Signals(-status).name}{hint}")
        return WorkerFailed(f"ended with status {status}")
