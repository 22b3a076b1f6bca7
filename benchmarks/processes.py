"""Starting the things that are measured, and reading what they use."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

_START_SECONDS = 180.0


@dataclass(slots=True)
class Process:
    """A process of ours, with its children, that listens on `port`."""

    handle: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu(self) -> float:
        """Seconds of CPU, user and system, of the whole tree so far."""
        total = 0.0
        for process in self._tree():
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def memory(self) -> float:
        """Resident MiB of the whole tree."""
        return sum(process.memory_info().rss for process in self._tree()) / 2**20

    def descriptors(self) -> list[int]:
        """How many each process has open, but for connections to what it asks."""
        return [process.num_fds() - len(_asking(process, self.port)) for process in self._tree()]

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.handle.pid)
        return [root, *root.children(recursive=True)]

    def stop(self) -> None:
        """End the tree we started."""
        for process in reversed(self._tree()):
            process.terminate()
        self.handle.wait(20)


def start(
    command: Sequence[str],
    port_file: Path,
    *,
    core: int | None,
    env: dict[str, str] | None = None,
) -> Process:
    """Start a Python command, pinned to one core or not, and wait until it has written its port."""
    log = port_file.with_suffix(".log")
    port_file.unlink(missing_ok=True)  # an earlier run's
    handle = _spawn([sys.executable, *command], log, core, env)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if port_file.exists() and (text := port_file.read_text().strip()):
            return Process(handle, _port(text), log)
        if handle.poll() is not None:
            break
        time.sleep(0.05)
    handle.kill()
    raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read_text()[-2000:]}")


def start_listening(
    command: Sequence[str],
    port: int,
    log: Path,
    *,
    core: int,
    env: dict[str, str] | None = None,
) -> Process:
    """Start a server of another make pinned to one core and wait until it listens on `port`."""
    handle = _spawn(command, log, core, env)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and handle.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return Process(handle, port, log)
        time.sleep(0.1)
    handle.kill()
    raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read_text()[-2000:]}")


def _spawn(
    command: Sequence[str], log: Path, core: int | None, env: dict[str, str] | None
) -> subprocess.Popen[bytes]:
    pinned = core is not None and (os.cpu_count() or 1) > 1
    pin = ["taskset", "-c", str(core)] if pinned else []
    with log.open("wb") as output:
        return subprocess.Popen(
            [*pin, *command], stdout=output, stderr=output, env={**os.environ, **(env or {})}
        )


def _asking(process: psutil.Process, port: int) -> list[object]:
    """Its connections to others, which it keeps for a while; not those that come to `port`."""
    return [
        one
        for one in process.net_connections("tcp")
        if one.raddr and one.laddr.port != port and one.status == psutil.CONN_ESTABLISHED
    ]


def _port(text: str) -> int:
    """The port in what a process announced: the number, or `{"url": …}`."""
    announced: object = json.loads(text)
    if isinstance(announced, int):
        return announced
    assert isinstance(announced, dict)
    port = urlsplit(str(announced["url"])).port
    assert port is not None
    return port
