"""The `llm` command line, told of the gateway in its extra-openai-models.yaml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from llm.cli import cli

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .conftest import Gateway


class Llm:
    """The command, with a folder of its own."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        models = [
            {
                "model_id": f"mesh-{name.rpartition('/')[2]}",
                "model_name": name,
                "api_base": gateway.base_url,
                "api_key_name": "mesh",
                "supports_schema": True,
            }
            for name in ("up/m", "echo/echo", "up/none")
        ]
        (folder / "extra-openai-models.yaml").write_text(yaml.safe_dump(models))
        (folder / "keys.json").write_text(f'{{"mesh": "{gateway.key}"}}')
        self.environment = {"LLM_USER_PATH": str(folder)}

    def __call__(self, *words: str) -> Result:
        """Run it in this process, which saves its start."""
        return CliRunner(env=self.environment).invoke(cli, words)


@pytest.fixture(scope="module")
def command(running: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Llm:
    """One for all tests: its database is slow to make."""
    return Llm(running, tmp_path_factory.mktemp("llm"))


@pytest.fixture
def llm(gateway: Gateway, command: Llm) -> Llm:
    return command


def test_as_a_process_of_its_own_it_streams(
    gateway: Gateway, upstream: FakeOpenAI, llm: Llm
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "llm", "prompt", "-m", "mesh-m", "Say hello."],
        env={**os.environ, **llm.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, Behaviour().text), done.stderr
    assert upstream.requests[0].json["stream"] is True
    call = gateway.last_call()
    assert (call["outcome"], call["tokens"]["output"]) == ("answered", 8)


def test_it_answers_whole_where_no_stream_is_wanted(upstream: FakeOpenAI, llm: Llm) -> None:
    done = llm("prompt", "-m", "mesh-m", "--no-stream", "Say hello.")
    assert (done.exit_code, done.stdout.strip()) == (0, Behaviour().text), done.stderr
    assert "stream" not in upstream.requests[0].json


def test_it_sends_a_system_prompt_and_options(upstream: FakeOpenAI, llm: Llm) -> None:
    done = llm("prompt", "-m", "mesh-m", "-s", "Be brief.", "-o", "temperature", "0.5", "Hello")
    assert done.exit_code == 0, done.stderr
    body = upstream.requests[0].json
    assert body["temperature"] == 0.5
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ]


def test_it_fills_a_schema(llm: Llm) -> None:
    done = llm("prompt", "-m", "mesh-echo", "--schema", "name, born int", "Who?")
    assert done.exit_code == 0, done.stderr
    assert '"name"' in done.stdout
    assert '"born"' in done.stdout


def test_an_error_is_one_line_with_the_next_step(llm: Llm) -> None:
    done = llm("prompt", "-m", "mesh-none", "Hello")
    assert done.exit_code == 1
    assert "No model 'up/none' is open to you" in done.stderr
    assert "Traceback" not in done.stderr
