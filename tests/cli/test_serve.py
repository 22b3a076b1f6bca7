"""`jupyter mesh serve` as a process: it answers, drains and stops."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_mesh import config

from .conftest import Run

KEY, HASH = config.new_key()


@dataclass
class Served:
    url: str
    process: subprocess.Popen[str]

    def ask(self, path: str, key: str | None = KEY, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)


@pytest.fixture
def served(home: Path, tmp_path: Path) -> Iterator[Served]:
    keys = f"[{{name: app, hash: {HASH}, user: ada, application: reports}}]"
    (home / "mesh.yaml").write_text(
        f"connections: {{echo: {{provider: echo, delay_ms: 30}}}}\nkeys: {keys}\n"
    )
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    yield Served(json.loads(process.stdout.readline())["url"], process)
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()


def stop(served: Served, number: int = signal.SIGTERM) -> int:
    served.process.send_signal(number)
    return served.process.wait(timeout=60)


CHAT = {"model": "echo/echo", "messages": [{"role": "user", "content": "hello there"}]}


def test_it_answers_who_has_a_key_and_charges_the_keys_user(served: Served) -> None:
    assert served.ask("healthz", key=None) == (200, {"status": "ok"})
    assert served.ask("readyz", key=None)[0] == 200
    assert served.ask("v1/chat/completions", key=None, body=CHAT)[0] == 401
    status, answer = served.ask("v1/chat/completions", body=CHAT)
    assert status == 200
    assert "hello there" in answer["choices"][0]["message"]["content"]
    status, usage = served.ask("api/usage?by=user,application")
    assert usage["rows"][0]["key"] == {"user": "ada", "application": "reports"}
    assert served.ask("metrics")[0] == 403
    assert stop(served) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stream_that_runs_when_it_is_told_to_stop_ends_whole(served: Served, number: int) -> None:
    body = {**CHAT, "stream": True, "messages": [{"role": "user", "content": "word " * 40}]}
    request = urllib.request.Request(
        f"{served.url}v1/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {KEY}"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        first = reply.readline()
        served.process.send_signal(number)
        rest = reply.read()
    assert first.startswith(b"data: {")
    assert rest.endswith(b"data: [DONE]\n\n")
    assert served.process.wait(timeout=60) == 0


def test_the_commands_ask_a_gateway_that_runs(
    served: Served, mesh: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_MESH_URL", served.url)
    monkeypatch.setenv("JUPYTER_MESH_TOKEN", KEY)
    assert "over there" in mesh("ask", "echo/echo", "over there").out
    assert mesh("usage", "--json").json["total"]["calls"] == 1
    assert "echo/echo" in mesh("models").out
    monkeypatch.setenv("JUPYTER_MESH_TOKEN", "wrong")
    assert mesh("ask", "echo/echo", "x").code == 3


def test_a_port_that_is_taken_is_5_and_one_line(
    served: Served, mesh: Callable[..., Run], tmp_path: Path
) -> None:
    port = served.url.rpartition(":")[2].partition("/")[0]
    shown = mesh("serve", "--port", port, "--state", str(tmp_path / "other"))
    assert shown.code == 5
    assert f"Cannot listen on 127.0.0.1:{port}" in shown.err


def test_its_first_start_says_what_is_missing_and_nothing_of_how_a_store_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACME_KEY", raising=False)
    acme = "{provider: openai, api_key: 'env:ACME_KEY', models: [small]}"
    (home / "mesh.yaml").write_text(f"connections: {{acme: {acme}}}\n")
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    _, logged = process.communicate(timeout=60)
    (line,) = (line for line in logged.splitlines() if "ACME_KEY" in line)
    assert "WARNING acme" in line
    assert "alembic" not in logged
    assert "Running upgrade" not in logged


def test_what_it_inherits_it_passes_on_to_no_process_of_its_own(home: Path) -> None:
    (home / "mesh.yaml").write_text("connections: {echo: {provider: echo}}\n")
    alive, ours = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        given = (listening.fileno(), alive)
        command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--json"]
        command += ["--inherited", f"{given[0]},{given[1]}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=given)
        assert process.stdout is not None
        process.stdout.readline()
        for number in given:
            said = Path(f"/proc/{process.pid}/fdinfo/{number}").read_text()
            (flags,) = re.findall(r"flags:\s+(\d+)", said)
            assert int(flags, 8) & os.O_CLOEXEC
        os.close(alive)
        os.close(ours)  # whom it belongs to is gone
        assert process.wait(timeout=60) == 0
        process.stdout.close()
