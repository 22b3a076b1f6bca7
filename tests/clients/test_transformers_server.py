"""A server of another make behind the gateway: `transformers serve`, with a small real model.

What it reports, and what passes between it and the gateway, is noted on the wire and compared with
what clients get and what is recorded.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.gateway_process import GatewayProcess
from tests.kernel.real_kernel import RealKernel

from .conftest import Gateway
from .tap import Tap

MODEL = "tf/tiny"
PROMPT: Any = [{"role": "user", "content": "The quick brown fox"}]
INPUT, OUTPUT = Decimal("0.25"), Decimal("1.5")
"""USD per million tokens."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class Server:
    """The server as a process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def wait(self) -> None:
        """Until it answers; it loads its model before."""
        deadline = time.monotonic() + 150
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                    return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()[-3000:]
                assert time.monotonic() < deadline, self.log.read_text()[-3000:]
                time.sleep(0.1)


@pytest.fixture(scope="module")
def server(tiny_chat: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`transformers serve tiny`."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(tiny_chat, folder / "tiny")
    port = free_port()
    command = [*(str(Path(sys.executable).with_name("transformers")), "serve", "tiny")]
    options = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf")},
            stdout=output,
            stderr=output,
        )
    try:
        yield Server(process, port, log)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def tap(server: Server) -> Iterator[Tap]:
    with Tap(server.port) as tap:
        yield tap


@pytest.fixture(scope="module")
def behind(server: Server, tap: Tap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose only connection is to that server, over the tap."""
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"))
    price = {"input": str(INPUT), "output": str(OUTPUT)}
    tf = {
        "provider": "openai_compatible",
        "base_url": f"http://127.0.0.1:{tap.port}/v1",
        "models": {"tiny": {"price": price}},
        "residency": "local",
        "retries": 0,
    }
    process.configure({"connections": {"tf": tf}, "cache": {"exact": {"enabled": False}}})
    with process:
        server.wait()  # it starts beside the gateway: both take a while
        yield Gateway(process, FakeOpenAI())


@pytest.fixture
def client(behind: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=behind.base_url, api_key=behind.key, max_retries=0) as one:
        yield one


def cost(usage: Any) -> Decimal:
    read, written = usage["prompt_tokens"], usage["completion_tokens"]
    return (read * INPUT + written * OUTPUT) / 1_000_000


def assert_recorded(record: Any, usage: Any) -> None:
    """What is recorded of a call is what the server reported."""
    tokens = record["tokens"]
    assert tokens["estimated"] is False
    assert (tokens["input"], tokens["output"]) == (
        usage["prompt_tokens"],
        usage["completion_tokens"],
    )
    assert Decimal(record["cost_usd"]) == cost(usage)
    assert (record["outcome"], record["model"]) == ("answered", MODEL)


def test_a_stream_is_the_servers_own_and_recorded_as_it_reported_and_took(
    behind: Gateway, tap: Tap, client: openai.OpenAI
) -> None:
    began = time.perf_counter()
    stream = client.chat.completions.create(
        model=MODEL, messages=PROMPT, max_completion_tokens=60, stream=True
    )
    pieces: list[str] = []
    first = 0.0
    for chunk in stream:
        first = first or (time.perf_counter() - began) * 1000
        pieces.append(chunk.choices[0].delta.content or "")
    total = (time.perf_counter() - began) * 1000

    passage = tap.passages[-1]
    said = [e["choices"][0]["delta"].get("content") or "" for e in passage.events if e["choices"]]
    assert pieces == said, "every chunk, as it was cut"
    assert len([piece for piece in pieces if piece]) > 10
    record = behind.last_call()
    usage = passage.events[-1]["usage"]
    assert usage["completion_tokens"] > 10
    assert_recorded(record, usage)
    timing = record["timing"]
    assert passage.first_event_ms() <= timing["first_token"] <= first
    # Between what passed on the wire and what the client saw; the time the client itself takes to
    # fetch a chunk is not counted, so a little less than the wire is right too.
    assert 0.8 * passage.total_ms() <= timing["total"] <= total
    assert timing["first_token"] <= timing["total"]
    parts = float(timing["upstream"]) + float(timing["overhead"])
    assert parts == pytest.approx(float(timing["total"]))


def test_a_whole_answer_is_the_servers_own(
    behind: Gateway, tap: Tap, client: openai.OpenAI
) -> None:
    options: Any = {"model": MODEL, "messages": PROMPT, "max_completion_tokens": 20}
    raw = client.chat.completions.with_raw_response.create(**options)
    answer, said = raw.parse(), tap.passages[-1].body
    assert json.loads(raw.text) == said, "not a field more or less"
    assert answer.choices[0].message.content == said["choices"][0]["message"]["content"]
    assert answer.choices[0].finish_reason == "length"
    record = behind.record(raw.headers["x-mesh-request-id"])["summary"]
    assert_recorded(record, said["usage"])
    assert Decimal(raw.headers["x-mesh-cost-usd"]) == Decimal(record["cost_usd"])


def test_what_the_server_refuses_is_passed_on(
    behind: Gateway, tap: Tap, client: openai.OpenAI
) -> None:
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(
            model=MODEL, messages=PROMPT, extra_body={"no_such_parameter": 1}
        )
    assert raised.value.status_code in (400, 422)
    assert "no_such_parameter" in raised.value.message
    assert behind.last_call()["outcome"] == "failed"
    assert b"no_such_parameter" in tap.passages[-1].request


def test_leaving_the_stream_is_seen_on_the_wire_and_recorded(
    behind: Gateway, tap: Tap, client: openai.OpenAI
) -> None:
    stream = client.chat.completions.create(
        model=MODEL, messages=PROMPT, max_completion_tokens=200, stream=True
    )
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    deadline = time.monotonic() + 20
    while behind.last_call()["outcome"] == "pending":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert behind.last_call()["outcome"] == "aborted"
    assert not any(event.get("usage") for event in tap.passages[-1].events)


def test_the_magic_streams_its_tokens_and_shows_what_it_cost(
    behind: Gateway, tap: Tap, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "JUPYTER_MESH_URL": behind.process.url,
        "JUPYTER_MESH_TOKEN": behind.key,
    }
    kernel = RealKernel(tmp_path, environment)
    tap.pause = 0.03  # so slow that there is something to see
    try:
        kernel.announce(document="a.ipynb", model=None, purpose=None, renderer=1)
        outcome = kernel.run(f"%%llm {MODEL} --max-tokens 40 -f text\nThe quick brown fox")
    finally:
        tap.pause = 0.0
        kernel.stop()
    assert outcome.error is None
    usage = tap.passages[-1].events[-1]["usage"]
    shown = outcome.answers[-1]
    assert shown["text"] == tap.passages[-1].text
    text, growing = "", outcome.answers[:-1]
    for update in growing:
        assert update["state"] == "streaming"
        text = update.get("text", text) + update.get("append", "")
        assert shown["text"].startswith(text)
    assert len(growing) > 3, "it grew while it came"
    assert shown["usage"]["output"] == usage["completion_tokens"] > 10
    assert Decimal(shown["cost_usd"]) == cost(usage)
    record = behind.record(shown["request_id"])["summary"]
    assert_recorded(record, usage)
    assert record["document"] == "a.ipynb"
