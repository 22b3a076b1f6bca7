"""The process that holds a model: `python -m jupyter_mesh.serving.worker --socket ADDRESS`.

It connects to the gateway that started it, loads the one model it is told to, and answers requests
in the order they come (`protocol` describes the wire). Two threads: one talks, one computes, so a
cancellation is heard while the model is busy. The connection's end is the process's end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Protocol, TypeVar

from ..errors import MeshError, ProviderUnavailable
from ..isolation import cut_off_network, die_with
from ..spi.engine import ModelSpec, Task
from ..spi.jobs import Done, Job, Output
from . import protocol as wire

_Argument = TypeVar("_Argument")


class Runner(Protocol):
    """Does one kind of job with one model."""

    produced: int

    def run(self, job: Job, emit: Callable[[Output], None], cancelled: Event) -> Done:
        """Do `job`, emitting outputs; return early when `cancelled` is set."""
        ...


class Worker:
    """One connection, one model, a queue of requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._compute = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        self._runner: Runner | None = None
        self._requests: dict[int, Event] = {}
        self._status = 0

    async def serve(self, token: str) -> int:
        """Answer frames until the connection ends; returns the exit status of the process."""
        self._send(wire.Hello(protocol=wire.PROTOCOL, token=token, pid=os.getpid()))
        while (frame := await wire.read_from_gateway(self._reader)) is not None:
            self._handle(frame)
        return self._status

    def _handle(self, frame: wire.ToWorker) -> None:
        match frame:
            case wire.Load():
                loading = self._compute.submit(self._load, frame.model)
                loading.add_done_callback(partial(self._post, self._loaded))
            case wire.Submit():
                self._requests[frame.id] = cancelled = Event()
                job = self._compute.submit(self._run, frame.id, frame.job, cancelled)
                job.add_done_callback(partial(self._post, partial(self._finished, frame.id)))
            case wire.Cancel():
                if cancelled := self._requests.get(frame.id):
                    cancelled.set()
            case wire.Ping():
                self._send(self._pong(frame.id))

    # ── on the thread that computes ─────────────────────────────────────────────────────────────

    def _load(self, spec: ModelSpec) -> wire.Ready:
        from .loading import load

        loaded = load(spec, lambda stage: self._post(self._send, wire.Progress(stage=stage)))
        self._runner = runner_for(spec.task)(loaded)
        return wire.Ready(model=loaded.info)

    def _run(self, id: int, job: Job, cancelled: Event) -> wire.Result | None:
        if cancelled.is_set():
            return None
        if self._runner is None:
            raise ProviderUnavailable("No model is loaded yet; send `load` and wait for `ready`.")
        done = self._runner.run(
            job, lambda output: self._post(self._send, wire.Result(id=id, output=output)), cancelled
        )
        return wire.Result(id=id, output=done)

    # ── on the thread that talks ────────────────────────────────────────────────────────────────

    def _post(self, call: Callable[[_Argument], None], argument: _Argument) -> None:
        self._loop.call_soon_threadsafe(call, argument)

    def _loaded(self, loading: Future[wire.Ready]) -> None:
        error = loading.exception()
        if error is None:
            self._send(loading.result())
            return
        if isinstance(error, MeshError):
            self._send(wire.Failed.of(error))
        else:
            traceback.print_exception(error)  # its last line is what the gateway reports
        self._status = 1
        self._writer.close()

    def _finished(self, id: int, job: Future[wire.Result | None]) -> None:
        del self._requests[id]
        error = job.exception()
        if error is None:
            if (result := job.result()) is not None:
                self._send(result)
            return
        if not isinstance(error, MeshError):
            traceback.print_exception(error)
            error = ProviderUnavailable(
                f"The model failed on this request ({type(error).__name__}); the worker's log says "
                "more."
            )
        self._send(wire.Failed.of(error, id))

    def _pong(self, id: int) -> wire.Pong:
        waiting = max(0, len(self._requests) - 1)
        return wire.Pong(
            id=id,
            running=len(self._requests) - waiting,
            waiting=waiting,
            produced=self._runner.produced if self._runner else 0,
            memory=_resident_bytes(),
        )

    def _send(self, frame: wire.FromWorker) -> None:
        if not self._writer.is_closing():
            self._writer.write(wire.encode(frame))


def runner_for(task: Task) -> Callable[..., Runner]:
    """What does the jobs of a task; importing it takes seconds."""
    if task is Task.CHAT:
        from .generation import Generator

        return Generator
    from .encoding import ENCODERS

    return ENCODERS[task]


def _resident_bytes() -> int:
    """Memory this process holds; 0 where the platform does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


async def _main(address: str, token: str) -> int:
    kind, _, place = address.partition(":")
    if kind == "unix":
        reader, writer = await asyncio.open_unix_connection(place)
    else:
        host, _, port = place.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
    return await Worker(reader, writer).serve(token)


def main() -> None:
    """Serve until the gateway hangs up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True, help="unix:PATH or tcp:HOST:PORT")
    parser.add_argument("--parent", required=True, type=int, help="process id of the gateway")
    parser.add_argument("--offline", action="store_true", help="leave every network")
    arguments = parser.parse_args()
    if arguments.offline and (reason := cut_off_network()) is not None:
        sys.stderr.write(f"The network stays reachable: {reason}.\n")
    die_with(arguments.parent)  # after the above, which may undo it
    status = asyncio.run(_main(arguments.socket, sys.stdin.readline().strip()))
    sys.stderr.flush()
    os._exit(status)  # the thread that computes may be busy for long; nothing waits for it any more


if __name__ == "__main__":
    main()
