"""One worker process: started, loaded, talked to, stopped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import ProviderProtocolError, ProviderTimeout, ProviderUnavailable
from ..spi.engine import EngineSpec, ModelInfo
from . import protocol as wire
from .connection import Connection
from .environment import worker_environment
from .listener import Listener, Streams

_STOP_SECONDS = 5.0
_LOG_TAIL = 4096


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A worker that has loaded its model."""

    spec: EngineSpec
    process: Process
    connection: Connection
    info: ModelInfo
    log: Path

    @property
    def alive(self) -> bool:
        """Whether it takes requests."""
        return self.connection.open and self.process.returncode is None

    async def stop(self) -> None:
        """Hang up, which ends it, and make sure that it has ended."""
        await self.connection.aclose()
        await _reap(self.process)

    async def obituary(self) -> ProviderUnavailable:
        """Why a worker that is not alive any more has ended."""
        await self.stop()
        return await _died(self.process, self.spec, self.log, "while it answered")


async def launch(spec: EngineSpec, on_stage: Callable[[str], None]) -> WorkerProcess:
    """Start a worker and let it load its model.

    Call it on the event loop's own thread: Linux ends a worker with the thread that started it.

    Args:
        spec: The model, and where the log goes.
        on_stage: Told what the start is doing whenever that changes.

    Raises:
        ConfigError: The model cannot be served as configured.
        ProviderUnavailable: The worker ended.
        ProviderTimeout: It was not ready in time. Either message holds the last line of its log.
    """
    log = _fresh_log(spec)
    async with Listener(spec.state_dir) as listener:
        process = await _spawn(spec, listener, log)
        try:
            async with asyncio.timeout(spec.startup_timeout):
                streams = await _arrival(listener, process, spec, log)
                info = await _load(streams, process, spec, log, on_stage)
        except TimeoutError:
            await _reap(process, patience=0)
            raise ProviderTimeout(
                f"The model {spec.model.name} was not ready after {spec.startup_timeout:g} s: "
                f"raise `startup_timeout`, or choose a smaller model. {_last_words(log)}"
            ) from None
        except BaseException:
            await _reap(process, patience=0)
            raise
    return WorkerProcess(spec, process, Connection(*streams), info, log)


async def _spawn(spec: EngineSpec, listener: Listener, log: Path) -> Process:
    # A port could not be reached from there; a Unix socket is a file.
    secluded = listener.address.startswith("unix:") and not spec.model.download
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # never import from the folder it runs in
            "-m",
            "jupyter_mesh.serving.worker",
            f"--socket={listener.address}",
            f"--parent={os.getpid()}",
            *(["--offline"] if secluded else []),
            stdin=PIPE,
            stdout=output,
            stderr=output,
            cwd=spec.state_dir,
            env=worker_environment(os.environ, download=spec.model.download),
            start_new_session=True,  # Ctrl-C in the server's terminal is for the server
        )
    assert process.stdin is not None
    with suppress(ConnectionError):  # it may have ended already; `_arrival` tells
        process.stdin.write(f"{listener.token}\n".encode())
        await process.stdin.drain()
    process.stdin.close()
    return process


async def _arrival(listener: Listener, process: Process, spec: EngineSpec, log: Path) -> Streams:
    """The worker's connection, unless it ends before it connects."""
    arrival = asyncio.create_task(listener.worker())
    end = asyncio.create_task(process.wait())
    try:
        await asyncio.wait({arrival, end}, return_when=asyncio.FIRST_COMPLETED)
        if arrival.done():
            return arrival.result()
    finally:
        arrival.cancel()
        end.cancel()
    raise await _died(process, spec, log, "while it started")


async def _load(
    streams: Streams,
    process: Process,
    spec: EngineSpec,
    log: Path,
    on_stage: Callable[[str], None],
) -> ModelInfo:
    reader, writer = streams
    writer.write(wire.encode(wire.Load(model=spec.model)))
    try:
        while not isinstance(frame := await wire.read_from_worker(reader), wire.Ready):
            match frame:
                case wire.Progress():
                    on_stage(frame.stage)
                case wire.Failed():
                    raise frame.error()
                case None:
                    raise await _died(process, spec, log, "while it loaded")
                case _:
                    raise ProviderProtocolError(f"`{frame.type}` came while a model loaded.")
    except BaseException:
        writer.close()
        raise
    return frame.model


async def _died(process: Process, spec: EngineSpec, log: Path, when: str) -> ProviderUnavailable:
    status = await process.wait()
    reason = f"exit status {status}"
    if status < 0:
        reason = signal.Signals(-status).name
        if -status == signal.SIGKILL:
            reason += ", as when memory runs out"
    return ProviderUnavailable(
        f"The worker of {spec.model.name} ended {when} ({reason}). {_last_words(log)}"
    )


async def _reap(process: Process, patience: float = _STOP_SECONDS) -> None:
    """Wait for the process to end by itself for `patience` seconds, then kill it."""
    try:
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _fresh_log(spec: EngineSpec) -> Path:
    """An empty log for this start; that of the start before is kept beside it."""
    spec.state_dir.mkdir(parents=True, exist_ok=True)
    log = spec.state_dir / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', spec.model.name)}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.previous"))
    log.touch(mode=0o600)
    return log


def _last_words(log: Path) -> str:
    """The last line of a log, cut and without control characters, and where to read on."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_TAIL))
        lines = file.read().decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
    printable = "".join(character if character.isprintable() else " " for character in last)
    return f"Its log {log.name} ends with: {printable[:300]}"
