"""LlamaIndex's OpenAI classes, given a URL and a key.

Its packages ask for `openai` below 3, so they run in an environment of their own.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from scripts.system_parts import PARTS

from .conftest import Gateway
from .test_openai_client import TOOL_CALL

pytestmark = pytest.mark.needs("llama-index")
PROGRAM = Path(__file__).with_name("llama_index_program.py")
KINDS = pytest.mark.parametrize("kind", ["chat", "responses"])


class LlamaIndex:
    """The program, to which is said what to do."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        python = PARTS["llama-index"].find()
        assert python is not None
        self._process = subprocess.Popen(
            [str(python), str(PROGRAM), gateway.base_url, gateway.key],
            env={"HOME": str(folder), "NLTK_DATA": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, do: str, kind: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "kind": kind}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def running_program(
    running: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlamaIndex]:
    program = LlamaIndex(running, tmp_path_factory.mktemp("llama-index"))
    yield program
    program.end()


@pytest.fixture
def program(gateway: Gateway, running_program: LlamaIndex) -> LlamaIndex:
    return running_program


@KINDS
def test_it_completes_and_chats(
    gateway: Gateway, upstream: FakeOpenAI, program: LlamaIndex, kind: str
) -> None:
    assert program("complete", kind) == {"text": Behaviour().text}
    assert program("chat", kind) == {"text": Behaviour().text, "role": "assistant"}
    # LlamaIndex itself calls it so where it speaks the newer API.
    instructions = "system" if kind == "chat" else "developer"
    sent = upstream.requests[-1].json["messages"]
    assert [turn["role"] for turn in sent] == [instructions, "user"]
    call = gateway.last_call()
    assert (call["outcome"], call["model"]) == ("answered", "up/m")


@KINDS
@pytest.mark.parametrize("how", ["stream", "stream_asynchronously"])
def test_it_streams(upstream: FakeOpenAI, program: LlamaIndex, kind: str, how: str) -> None:
    pieces = program(how, kind)["pieces"]
    assert "".join(pieces) == Behaviour().text
    assert len([one for one in pieces if one]) > 3
    assert upstream.requests[-1].json["stream"] is True


@KINDS
def test_it_calls_tools(upstream: FakeOpenAI, program: LlamaIndex, kind: str) -> None:
    upstream.script(Behaviour(tool_calls=(TOOL_CALL,)))
    assert program("tools", kind) == {"text": "Rain in Oslo"}
    heard = upstream.dialect.heard(upstream.requests[-1])
    assert [turn.role for turn in heard.turns] == ["user"]
    (tool,) = upstream.requests[-1].json["tools"]
    assert tool["function"]["name"] == "weather"


@KINDS
def test_it_gets_what_it_can_parse(upstream: FakeOpenAI, program: LlamaIndex, kind: str) -> None:
    person = program("structured", kind)
    assert set(person) == {"name", "age"}
    assert isinstance(person["age"], int)


@KINDS
def test_an_error_is_openais(upstream: FakeOpenAI, program: LlamaIndex, kind: str) -> None:
    upstream.script(Behaviour(fault="rate_limited", retry_after="30"))
    assert program("complete", kind)["error"] == "RateLimitError"
    assert program("complete", kind) == {"text": Behaviour().text}


def test_embeddings_come_one_for_each_text(
    gateway: Gateway, upstream: FakeOpenAI, program: LlamaIndex
) -> None:
    told = program("embed", "text-embedding-3-small")
    assert len(told["vectors"]) == 2
    assert told["query"] == pytest.approx(told["vectors"][0])
    assert gateway.last_call()["operation"] == "embedding"
    assert len(upstream.requests) == 2
