"""What signals do to `jupyter mesh serve`, from a terminal and without one."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ON_A_TERMINAL = (
    "import os, sys; os.login_tty(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"
)


@dataclass
class Serving:
    """A gateway, and the end of its terminal that a window would hold."""

    process: subprocess.Popen[str]
    url: str
    log: Path
    window: int | None = None

    def answers(self) -> bool:
        with urllib.request.urlopen(f"{self.url}healthz", timeout=30) as reply:
            return reply.status == 200

    def says(self, text: str) -> bool:
        return text in self.log.read_text("utf-8")


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def serve(home: Path, tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    started: list[subprocess.Popen[str]] = []
    (home / "mesh.yaml").write_text("connections: {echo: {provider: echo}}\n")

    def start(*, terminal: bool, before: tuple[str, ...] = ()) -> Serving:
        command = [*before, sys.executable, "-m", "jupyter_mesh.cli", "serve", "--port", "0"]
        log, window = tmp_path / "log", None
        with log.open("w") as file:
            if terminal:
                window, own = pty.openpty()
                put = [sys.executable, "-c", ON_A_TERMINAL, str(own)]
                # What it logs goes to a file also there: `login_tty` would take it.
                shell = ["/bin/sh", "-c", 'exec "$@" >"$OUT" 2>"$LOG" </dev/null', "sh"]
                command = [*put, *shell, *command, "--json"]
            else:
                own = None
                command = [*command, "--json"]
            environ = {**os.environ, "OUT": str(tmp_path / "out"), "LOG": str(log)}
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env=environ,
                pass_fds=() if own is None else (own,),
                start_new_session=not terminal,
            )
        if own is not None:
            os.close(own)
        started.append(process)
        return Serving(process, url_of(process, tmp_path / "out", terminal), log, window)

    yield start
    for process in started:
        process.kill()
        process.wait()


def url_of(process: subprocess.Popen[str], out: Path, terminal: bool) -> str:
    assert process.stdout is not None
    if not terminal:
        return str(json.loads(process.stdout.readline())["url"])
    until(lambda: out.exists() and out.read_text().endswith("\n"))
    return str(json.loads(out.read_text())["url"])


def test_a_signal_for_several_processes_ends_no_single_one(serve: Callable[..., Serving]) -> None:
    one = serve(terminal=False)
    one.process.send_signal(signal.SIGUSR2)
    until(lambda: one.says("SIGUSR2 replaces the processes of `--processes`"))
    assert one.answers()
    assert one.process.poll() is None


def test_a_terminal_that_is_closed_ends_it(serve: Callable[..., Serving]) -> None:
    one = serve(terminal=True)
    assert one.window is not None
    assert one.answers()
    os.close(one.window)
    assert one.process.wait(60) == 0
    assert one.says("Stopping")


@pytest.mark.parametrize("terminal", [True, False])
def test_hanging_up_while_there_is_no_terminal_or_it_is_still_there_reads_the_file_again(
    serve: Callable[..., Serving], terminal: bool
) -> None:
    one = serve(terminal=terminal)
    one.process.send_signal(signal.SIGHUP)
    until(lambda: one.says("mesh.yaml: ok"))
    assert one.answers()
    assert one.process.poll() is None


def test_with_nohup_it_outlives_its_terminal(serve: Callable[..., Serving]) -> None:
    one = serve(terminal=True, before=("nohup",))
    assert one.window is not None
    os.close(one.window)
    until(lambda: one.says("mesh.yaml: ok"))
    assert one.answers()
    assert one.process.poll() is None
