"""S25: a provider's key stands in no answer, error, log line, record or file of the mesh."""

from __future__ import annotations

import base64
import logging
from pathlib import Path
from urllib.parse import quote

import pytest

from jupyter_mesh.errors import ProviderError
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.principals import admin

from .world import ADA, ask, chat, connection, mesh_of

# Of no vendor's shape, so that only knowing it helps.
CANARY = "canary+Value/0123456789=="
SHAPES = (
    CANARY,
    base64.b64encode(CANARY.encode()).decode(),
    quote(CANARY, safe=""),
)


def assert_nowhere(text: str) -> None:
    assert not [shape for shape in SHAPES if shape in text]


def assert_in_no_file(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            assert_nowhere(file.read_bytes().decode("latin-1"))


@pytest.mark.parametrize("reference", ["env:CANARY_KEY", "file:secrets/canary.key"])
async def test_a_key_is_sent_to_its_provider_and_seen_nowhere_else(
    tmp_path: Path,
    upstream: FakeOpenAI,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reference: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CANARY_KEY", CANARY)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "canary.key").write_text(f"{CANARY}\n")
    (tmp_path / "secrets" / "canary.key").chmod(0o600)
    unauthorized = Behaviour(fault="unauthorized")
    upstream.script(Behaviour(), unauthorized, unauthorized)
    connections = {"up": connection(upstream, api_key=reference)}
    budgets = [{"limit_usd": 1}]
    async with mesh_of(tmp_path, connections, budgets=budgets, admin_contact="ops") as mesh:
        outcomes = [
            await ask(mesh, chat("one")),
            await ask(mesh, chat("two")),
            await ask(mesh, chat("three", stream=True)),
        ]
        assert upstream.requests[0].token == CANARY
        assert outcomes[0].error is None
        for outcome in outcomes:
            if outcome.error is not None:
                assert isinstance(outcome.error, ProviderError)
                assert outcome.error.status == 502, "the caller's own credential is in order"
                assert "[secret]" in outcome.error.message
                assert_nowhere(outcome.error.message)
        who = admin()
        seen = [
            mesh.health().model_dump_json(),
            (await mesh.me(who)).model_dump_json(),
            await mesh.metrics(),
            (await mesh.models(who)).model_dump_json(),
            (await mesh.costs(who, None)).model_dump_json(),
            (await mesh.calls(who)).model_dump_json(),
            *[(await mesh.call_detail(who, o.call.id)).model_dump_json() for o in outcomes],
        ]
    assert_nowhere("\n".join(seen))
    assert_nowhere(caplog.text)
    assert_in_no_file(tmp_path / "state")


async def test_a_secret_that_is_missing_is_named_by_its_reference_only(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream, api_key="env:NO_SUCH_VARIABLE_HERE")}
    async with mesh_of(tmp_path, connections) as mesh:
        outcome = await ask(mesh, chat())
        assert isinstance(outcome.error, ProviderError)
        assert outcome.error.code == "provider_misconfigured"
        assert "NO_SUCH_VARIABLE_HERE" in outcome.error.message
        assert upstream.requests == []
        (call,) = (await mesh.calls(ADA)).calls
        assert (call.outcome, call.cost_usd) == ("failed", 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_provider_repeats_of_a_prompt_is_not_passed_on(
    tmp_path: Path, upstream: FakeOpenAI, stream: bool
) -> None:
    prompt = "The merger with Globex closes on Friday at nine."
    upstream.default = Behaviour(fault="rejected")
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        outcome = await ask(mesh, chat(prompt, stream=stream))
        assert isinstance(outcome.error, ProviderError)
        assert outcome.error.status == 400
        assert "Globex" not in outcome.error.message
        (call,) = (await mesh.calls(ADA)).calls
        detail = await mesh.call_detail(ADA, call.id)
        assert detail.error_message is not None
        assert "Globex" not in detail.error_message + str(detail.attempts)
