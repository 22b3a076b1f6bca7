"""Several gateways behind one listening socket: started, watched, replaced one by one, stopped.

The socket is the parent's, and every process accepts from it: a connection that waits in its queue
is lost with no process, and a busy process leaves it to the others.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

import orjson

from jupyter_mesh.errors import ConfigError

from .service import BACKLOG, DRAIN
from .terminal import Terminal

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds before a process that ended is started again; doubled each time it ends soon."""
_SETTLED = 60.0
"""Seconds after which a process counts as one that works."""
_SLOWEST_START = 120.0

log = logging.getLogger("jupyter_mesh")


class Processes:
    """Runs the same command so many times.

    Args:
        command: Serves at the socket that `--inherited` names, prints `{"url": …}` when it does,
            and ends when the pipe named there is closed.
        listening: Bound and listening.
        count: How many processes.
    """

    def __init__(self, command: Sequence[str], listening: socket.socket, count: int) -> None:
        self._listening = listening
        self._alive, self._ours = os.pipe()
        inherited = f"{listening.fileno()},{self._alive}"
        self._command = [*command, "--json", "--inherited", inherited]
        self._running: list[asyncio.subprocess.Process] = []
        self._begun: list[asyncio.subprocess.Process] = []  # also those that start or leave
        self._count = count
        self._watchers: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()

    async def run(self, announce: Callable[[str], None]) -> None:
        """Until SIGINT or SIGTERM, or until the terminal is closed. Any other SIGHUP goes to every
        process; SIGUSR2 replaces one by one.

        Raises:
            ConfigError: The processes do not start; their log says why.
        """
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        terminal = Terminal()

        def hung_up() -> None:
            stop.set() if terminal.is_closed else _send(signal.SIGHUP, self._running)

        loop.add_signal_handler(signal.SIGHUP, hung_up)
        loop.add_signal_handler(signal.SIGUSR2, lambda: self._watch(self._replace_all()))
        serving, stopped = loop.create_task(self._serve(announce)), loop.create_task(stop.wait())
        try:
            await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
                await stopped
            log.info("Stopping: running calls may take up to %.0f s more.", DRAIN)
        finally:
            serving.cancel()
            await self._stop()

    async def _serve(self, announce: Callable[[str], None]) -> None:
        """Start all of them, and have each looked after."""
        first, url = await self._started()  # it makes the tables
        self._running.append(first)
        others = (self._started() for _ in range(1, self._count))
        self._running += [process for process, _ in await asyncio.gather(*others)]
        for place, process in enumerate(self._running):
            self._watch(self._keep(place, process))
        announce(url)

    def _watch(self, doing: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._watchers.add(task)
        task.add_done_callback(self._watchers.discard)

    async def _started(self) -> tuple[asyncio.subprocess.Process, str]:
        """A process that answers, and where.

        Raises:
            ConfigError: It cannot be started for now, ended, said something else, or took too long.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=(self._listening.fileno(), self._alive),
                start_new_session=True,  # ^C is the parent's to answer
            )
        except OSError as error:  # no memory, or too many processes
            raise ConfigError(f"No process of the gateway starts: {error.strerror}.") from error
        self._begun = [*(one for one in self._begun if one.returncode is None), process]
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_SLOWEST_START):
                line = await process.stdout.readline()
            return process, str(orjson.loads(line)["url"])
        except (TimeoutError, ValueError, KeyError, TypeError):
            pass
        with suppress(ProcessLookupError):
            process.kill()
        status = await process.wait()
        raise ConfigError(f"A process of the gateway did not start (exit status {status}).")

    async def _keep(self, place: int, process: asyncio.subprocess.Process) -> None:
        """Start another one when this one ends by itself."""
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
        while True:
            began = loop.time()
            status = await process.wait()
            if self._running[place] is not process:
                return  # it was replaced, and its successor is looked after
            if loop.time() - began > _SETTLED:
                pause = _FIRST_PAUSE
            log.error(
                "Process %d of the gateway ended (%d); another one starts in %.0f s.",
                process.pid,
                status,
                pause,
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            async with self._changing:
                if self._running[place] is not process:
                    return
                try:
                    process, _ = await self._started()
                except ConfigError as error:  # tried again after the pause
                    log.error("%s", error)
                else:
                    self._running[place] = process

    async def _replace_all(self) -> None:
        """A new process for each; the old one goes when the new one answers."""
        async with self._changing:
            for place, old in enumerate(self._running):
                try:
                    new, _ = await self._started()
                except ConfigError as error:
                    log.error("%s What was running goes on.", error)
                    return
                self._running[place] = new
                self._watch(self._keep(place, new))
                with suppress(ProcessLookupError):
                    old.terminate()
        log.info("All %d processes of the gateway were replaced.", self._count)

    async def _stop(self) -> None:
        """End all of them, also those that are starting or were replaced; wait until they have."""
        for task in self._watchers:
            task.cancel()
        os.close(self._ours)
        _send(signal.SIGTERM, self._begun)
        ends = [asyncio.ensure_future(process.wait()) for process in self._begun]
        if ends:
            _, late = await asyncio.wait(ends, timeout=DRAIN + 10)
            if late:
                _send(signal.SIGKILL, self._begun)
        os.close(self._alive)


def _send(number: signal.Signals, processes: Sequence[asyncio.subprocess.Process]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            process.send_signal(number)


def listening_at(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        ConfigError: The address is taken, or is none.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
