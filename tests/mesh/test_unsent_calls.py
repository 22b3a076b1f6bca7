"""What never reached a vendor costs nothing, and a customer's name for a model refuses nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mesh.errors import ContextTooLong, ProviderUnavailable, UnsupportedParameter
from jupyter_mesh.outbound.authorization import Token
from jupyter_mesh.outbound.azure_identity import EntraTokens
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.testing.fake_upstream import FakeUpstream
from jupyter_mesh.testing.fake_vendors import AzureDialect
from tests.mesh.world import ADA, ask, chat, mesh_of

PRICED = {"price": {"input": 1000, "output": 1000}, "max_output": 4000}
PICTURE: list[Json] = [
    {"type": "text", "text": "What is it?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
]


@pytest.fixture
def token_hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    done = threading.Event()

    def fetch(self: EntraTokens) -> Token:
        done.wait(10)
        return Token("t", time.time() + 3_600)

    monkeypatch.setattr(EntraTokens, "fetch", fetch)
    yield
    done.set()


@pytest.mark.usefixtures("token_hangs")
@pytest.mark.parametrize("stream", [True, False])
async def test_a_call_whose_token_did_not_come_is_not_charged(tmp_path: Path, stream: bool) -> None:
    async with FakeUpstream(AzureDialect()) as fake:
        azure = {
            "provider": "azure_openai",
            "base_url": fake.address,
            "retries": 0,
            "timeout": 1.5,
            "models": {"my-gpt": PRICED},
        }
        async with mesh_of(tmp_path, {"v": azure}) as mesh:
            outcome = await ask(mesh, chat("hello there", model="v/my-gpt", stream=stream))
            assert isinstance(outcome.error, ProviderUnavailable)
            record = (await mesh.call_detail(ADA, outcome.call.id)).summary
        assert fake.requests == []
    assert not record.cost_usd


def asked(model: str, content: Json) -> Request:
    messages: list[Json] = [{"role": "user", "content": content}]
    return parse_request(Operation.CHAT, {"model": model, "max_tokens": 5, "messages": messages})


@pytest.mark.parametrize("content", ["word " * 25_000, PICTURE])
async def test_a_deployment_named_like_a_small_model_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Json
) -> None:
    monkeypatch.setenv("VENDOR_KEY", "vendor-key-0123456789")
    async with FakeUpstream(AzureDialect()) as fake:
        azure = {
            "provider": "azure_openai",
            "base_url": fake.address,
            "api_key": "env:VENDOR_KEY",
            "retries": 0,
            "models": {"gpt-4": {}},
        }
        async with mesh_of(tmp_path, {"v": azure}) as mesh:
            outcome = await ask(mesh, asked("v/gpt-4", content))
            assert outcome.error is None
        assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("content", "refusal"),
    [("word " * 25_000, ContextTooLong), (PICTURE, UnsupportedParameter)],
)
async def test_one_whose_model_the_vendor_names_is_judged_by_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Json, refusal: type[Exception]
) -> None:
    monkeypatch.setenv("VENDOR_KEY", "vendor-key-0123456789")
    async with FakeUpstream(AzureDialect(), models=("mine=gpt-4",)) as fake:
        azure = {
            "provider": "azure_openai",
            "base_url": fake.address,
            "api_key": "env:VENDOR_KEY",
            "retries": 0,
        }
        async with mesh_of(tmp_path, {"v": azure}) as mesh:
            outcome = await ask(mesh, asked("v/mine", content))
            assert isinstance(outcome.error, refusal)
