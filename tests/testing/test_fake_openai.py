"""The fake itself: what it records, and that another process can run and direct it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import openai
import pytest
from pydantic import BaseModel

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI, read_log


def post(url: str, body: object, headers: dict[str, str] | None = None) -> bytes:
    data = json.dumps(body).encode()
    with urlopen(Request(url, data=data, headers=headers or {}, method="POST")) as response:
        return response.read()


def ask(base_url: str, **body: object) -> dict[str, object]:
    fields = {"model": "m", "messages": [{"role": "user", "content": "one two three"}], **body}
    return json.loads(post(f"{base_url}/chat/completions", fields, {"Authorization": "Bearer k"}))


def test_it_answers_as_scripted_then_as_by_default() -> None:
    with FakeOpenAI() as fake:
        fake.default = Behaviour(text="always")
        fake.script(Behaviour(text="first"), Behaviour(text="second"))
        texts = [ask(fake.base_url)["choices"][0]["message"]["content"] for _ in range(3)]
    assert texts == ["first", "second", "always"]


def test_it_records_what_came() -> None:
    with FakeOpenAI() as fake:
        before = time.monotonic_ns()
        ask(fake.base_url, seed=7)
        (received,) = fake.requests
        assert before < received.accepted_ns < time.monotonic_ns()
    assert (received.method, received.path, received.token) == ("POST", "/v1/chat/completions", "k")
    assert received.json["seed"] == 7
    assert received.end == "answered"
    assert received.sent_bytes > 100


def test_words_are_counted_and_limits_kept() -> None:
    with FakeOpenAI() as fake:
        answer = ask(fake.base_url, max_tokens=2)
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert answer["choices"][0]["finish_reason"] == "length"


def test_several_servers_run_side_by_side() -> None:
    with FakeOpenAI() as one, FakeOpenAI() as two:
        ask(one.base_url)
        assert one.port != two.port
        assert (len(one.requests), len(two.requests)) == (1, 0)


class City(BaseModel):
    name: str
    population: int


def test_the_official_client_understands_it() -> None:
    with FakeOpenAI(api_key="right") as fake:
        client = openai.OpenAI(base_url=fake.base_url, api_key="right", max_retries=0)
        messages = [{"role": "user", "content": "Tell me."}]
        stream = client.chat.completions.create(
            model="m", messages=messages, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        assert chunks[-1].usage.completion_tokens == 8
        parsed = client.chat.completions.parse(model="m", messages=messages, response_format=City)
        assert isinstance(parsed.choices[0].message.parsed, City)
        assert len(client.embeddings.create(model="m", input="text").data[0].embedding) == 8
        assert [model.id for model in client.models.list()] == ["fake-model", "fake-embedding"]
        fake.script(Behaviour(fault="rate_limited"))
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="m", messages=messages)
        wrong = openai.OpenAI(base_url=fake.base_url, api_key="wrong", max_retries=0)
        with pytest.raises(openai.AuthenticationError, match="wrong"):
            wrong.chat.completions.create(model="m", messages=messages)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """The fake in a process of its own."""
    port_file, log = tmp_path / "port", tmp_path / "log"
    command = [sys.executable, "-m", "jupyter_mesh.testing.fake_openai"]
    command += ["--port-file", str(port_file), "--log", str(log)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    while not port_file.exists():
        assert child.poll() is None, "the fake ended by itself"
        time.sleep(0.02)
    yield child, f"http://127.0.0.1:{port_file.read_text()}", log
    if child.poll() is None:
        child.terminate()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def test_another_process_prints_the_address_to_be_typed(
    process: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    child, address, _ = process
    assert child.stdout is not None
    assert f" {address}/v1 ".encode() in child.stdout.readline()


def test_another_process_takes_orders_and_shows_what_it_got(
    process: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    _, address, _ = process
    order = {"behaviours": [{"text": "as told"}], "default": {"text": "otherwise"}}
    assert json.loads(post(f"{address}/_script", order)) == {"waiting": 1}
    texts = [ask(f"{address}/v1")["choices"][0]["message"]["content"] for _ in range(2)]
    assert texts == ["as told", "otherwise"]
    with urlopen(f"{address}/_requests") as response:
        shown = json.loads(response.read())["requests"]
    assert [one["end"] for one in shown] == ["answered", "answered"]


def test_the_log_holds_each_request_even_when_the_fake_is_killed(
    process: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    child, address, log = process
    ask(f"{address}/v1", seed=1)
    post(f"{address}/_script", {"default": {"fault": "stall"}})
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as waiting:
        waiting.sendall(
            b'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"a":"b"}'
        )
        while len(log.read_bytes().splitlines()) < 5:
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    answered, cut = read_log(log)
    assert (answered.json["seed"], answered.end) == (1, "answered")
    assert answered.sent_bytes > 0
    assert (cut.body, cut.end) == (b'{"a":"b"}', None)
    assert cut.accepted_ns > answered.accepted_ns
