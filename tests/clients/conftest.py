"""One stand-alone gateway in a process of its own, over a fake upstream and the offline demo."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.gateway_process import GatewayProcess

PROVIDER_KEY = "sk-of-the-gateway-0123456789"
MODELS = {
    "m": {"price": {"input": 1, "output": 10}, "max_output": 4096},
    "e": {"price": {"input": "0.02"}, "operations": ["embedding"]},
    "dear": {"price": {"input": 1000, "output": 1000}},
}
ALIASES = {
    "gpt-4o-mini": {"models": ["up/m"]},
    "text-embedding-3-small": {"models": ["up/e"]},
}
"""Names of OpenAI's, for clients that take no others."""


@dataclass(frozen=True)
class Reply:
    """What the gateway's own API answered."""

    status: int
    body: Any


@dataclass(frozen=True)
class Gateway:
    """A gateway to talk to.

    Attributes:
        upstream: Behind its connection `up`; forgets everything before each test.
    """

    process: GatewayProcess
    upstream: FakeOpenAI

    @property
    def base_url(self) -> str:
        """What any OpenAI client is given."""
        return f"{self.process.url}v1"

    @property
    def key(self) -> str:
        return self.process.key

    def request(self, path: str, data: bytes | None = None) -> Reply:
        """GET, or POST of raw bytes, below `/mesh/`."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.process.url}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=150) as answer:
                return Reply(answer.status, json.load(answer, parse_float=Decimal))
        except urllib.error.HTTPError as error:
            return Reply(error.code, json.load(error))

    def record(self, call_id: str) -> Any:
        """Everything recorded of one call."""
        reply = self.request(f"api/calls/{call_id}")
        assert reply.status == 200
        return reply.body

    def last_call(self) -> Any:
        """The newest line of the list of calls."""
        return self.request("api/calls?limit=1").body["calls"][0]


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with FakeOpenAI(api_key=PROVIDER_KEY) as upstream:
        process = GatewayProcess(tmp_path_factory.mktemp("gateway"))
        up = {
            "provider": "openai_compatible",
            "base_url": upstream.base_url,
            "api_key": "env:PROVIDER_KEY",
            "models": MODELS,
            "retries": 0,
        }
        process.configure(
            {
                "connections": {"up": up, "echo": {"provider": "echo", "delay_ms": 0}},
                "aliases": ALIASES,
                "cache": {"exact": {"enabled": False}},
                "budgets": [
                    {"limit_usd": 1000},
                    {"limit_usd": "0.01", "scope": {"model": "up/dear"}},
                ],
            }
        )
        process.start(PROVIDER_KEY=PROVIDER_KEY)
        try:
            yield Gateway(process, upstream)
        finally:
            process.stop()


@pytest.fixture
def gateway(running: Gateway) -> Gateway:
    running.upstream.default = Behaviour()
    running.upstream.requests.clear()
    return running


@pytest.fixture
def upstream(gateway: Gateway) -> FakeOpenAI:
    return gateway.upstream


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key, max_retries=0) as one:
        yield one


@pytest.fixture(scope="package")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real chat model on disk, slow enough to be left in the middle of an answer."""
    from jupyter_mesh.testing import tiny_models

    folder = tmp_path_factory.mktemp("models") / "chat"
    return tiny_models.build_chat(folder, hidden_size=256, layers=8)
