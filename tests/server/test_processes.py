"""The parent of several processes: it loses none of them, whatever happens to them meanwhile.

The processes are scripts that say what they do by files; tests/durability has real gateways.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

PARENT = """
import asyncio, sys
from jupyter_mesh_server.processes import Processes, listening_at
with listening_at("127.0.0.1", 0) as listening:
    command, count = sys.argv[1:2], int(sys.argv[2])
    asyncio.run(Processes(command, listening, count).run(lambda url: print(url, flush=True)))
"""
CHILD = """#!{python}
import os, pathlib, signal, sys, time
folder = pathlib.Path({folder!r})
me = os.getpid()

def leave(*_):
    (folder / f"leaving-{{me}}").touch()
    while (folder / f"busy-{{me}}").exists():
        time.sleep(0.02)
    (folder / f"left-{{me}}").touch()
    os._exit(0)

signal.signal(signal.SIGTERM, leave)
(folder / f"begun-{{me}}").touch()
while (folder / "slow").exists():
    time.sleep(0.02)
if (folder / "noisy").exists():
    (folder / "noisy").unlink()
    print("Some library says hello.", flush=True)
else:
    print('{{"url": "http://127.0.0.1/mesh/"}}', flush=True)
os.read(int(sys.argv[-1].split(",")[1]), 1)
leave()
"""


def until(true: Callable[[], object], within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass
class Parent:
    folder: Path
    process: subprocess.Popen[str] | None = None

    @property
    def command(self) -> Path:
        return self.folder / "child"

    def start(self, count: int = 1) -> None:
        self.command.write_text(CHILD.format(python=sys.executable, folder=str(self.folder)))
        self.command.chmod(0o755)
        command = [sys.executable, "-c", PARENT, str(self.command), str(count)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def announced(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "http://127.0.0.1/mesh/\n"

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(timeout=60)

    def children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children()

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    def begun(self) -> set[int]:
        return {int(path.name.partition("-")[2]) for path in self.folder.glob("begun-*")}


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    one = Parent(tmp_path)
    yield one
    for name in ("slow", *(path.name for path in tmp_path.glob("busy-*"))):
        (tmp_path / name).unlink(missing_ok=True)
    if one.process is not None:
        one.process.kill()
        one.process.wait()
        assert one.process.stdout is not None
        one.process.stdout.close()
    until(lambda: not any(psutil.pid_exists(pid) for pid in one.begun()))


def test_one_that_was_replaced_ends_what_it_does_before_the_parent_ends(parent: Parent) -> None:
    parent.start()
    parent.announced()
    (old,) = parent.begun()
    (parent.folder / f"busy-{old}").touch()
    parent.send(signal.SIGUSR2)
    until(lambda: parent.has(f"leaving-{old}"))
    (new,) = parent.begun() - {old}
    parent.send(signal.SIGTERM)
    until(lambda: parent.has(f"left-{new}"))
    time.sleep(0.5)  # as long as it is busy nobody may end it, which only time can show
    (parent.folder / f"busy-{old}").unlink()
    assert parent.wait() == 0
    assert parent.has(f"left-{old}")


def test_what_cannot_be_started_for_a_while_is_started_later(parent: Parent) -> None:
    parent.start()
    parent.announced()
    (old,) = parent.begun()
    away = parent.command.rename(parent.folder / "away")  # as when there is no memory for it
    psutil.Process(old).kill()
    until(lambda: not parent.children())
    time.sleep(1.5)  # the first attempt comes after a second
    away.rename(parent.command)
    until(lambda: len(parent.begun()) == 2)
    assert [one.pid for one in parent.children()] == [*parent.begun() - {old}]


def test_one_that_does_not_say_where_it_is_is_ended_and_another_started(parent: Parent) -> None:
    parent.start(2)
    parent.announced()
    victim, other = parent.begun()
    (parent.folder / "noisy").touch()
    psutil.Process(victim).kill()
    until(lambda: len(parent.begun()) == 4)
    until(lambda: len(parent.children()) == 2)
    assert other in {one.pid for one in parent.children()}


@pytest.mark.parametrize("count", [1, 3])
def test_told_to_stop_while_they_start_it_stops(parent: Parent, count: int) -> None:
    (parent.folder / "slow").touch()
    parent.start(count)
    until(parent.begun)
    parent.send(signal.SIGTERM)
    assert parent.wait() == 0
    assert {f"left-{pid}" for pid in parent.begun()} == {
        p.name for p in parent.folder.glob("left-*")
    }


def test_one_that_does_not_start_takes_the_others_along(parent: Parent) -> None:
    (parent.folder / "noisy").touch()
    parent.start(3)
    assert parent.wait() == 1
    assert not any(psutil.pid_exists(pid) for pid in parent.begun())
