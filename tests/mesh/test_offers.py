"""What is found is off until somebody says so; then it is there at once, and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from jupyter_mesh.errors import ModelNotFound, NotFound, NotPermitted, ProviderUnavailable
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.api import Offer
from jupyter_mesh.schemas.events import Chunk
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.principals import kernel_of

from .world import ADA, ask, chat, mesh_of, until

ECHO = {"echo": {"provider": "echo", "delay_ms": 5}}


@asynccontextmanager
async def ollama(behind: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """A server that looks like Ollama, on a port that OLLAMA_HOST names; yields paths asked for."""
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        match request.path:
            case "/api/version":
                return web.json_response({"version": "0.12.3"})
            case "/api/tags":
                return web.json_response({"models": [{"name": "llama3.2:3b"}, {"name": "b"}]})
            case path:
                url = f"{behind.base_url.removesuffix('/v1')}{path}"
                async with aiohttp.request("POST", url, data=await request.read()) as forwarded:
                    return web.json_response(await forwarded.json())

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield paths
    finally:
        await runner.cleanup()


async def offer(mesh: Mesh, name: str) -> Offer:
    """The offer, once the mesh has looked around."""

    async def found() -> bool:
        return any(one.id == name for one in (await mesh.models(ADA)).offers)

    await until(found)
    return next(one for one in (await mesh.models(ADA)).offers if one.id == name)


async def is_there(mesh: Mesh, model: str) -> bool:
    return model in [card.id for card in (await mesh.models(ADA)).models]


async def test_an_offer_is_off_until_it_is_accepted_and_then_there_for_good(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ollama(upstream, monkeypatch) as paths:
        async with mesh_of(tmp_path, ECHO, personal=True) as mesh:
            found = await offer(mesh, "ollama")
            assert found.models == ["llama3.2:3b", "b"]
            assert (found.residency, "No charge" in found.price_note) == ("local", True)
            refused = await ask(mesh, chat(model="ollama/llama3.2:3b"))
            assert isinstance(refused.error, ModelNotFound)
            assert not any(path.startswith("/v1") for path in paths), "asked for nothing but a name"

            after = await mesh.accept_offer(ADA, "ollama")
            assert [one.id for one in after.offers if one.id == "ollama"] == []
            assert "ollama/llama3.2:3b" in [card.id for card in after.models]
            assert after.default_model == "ollama/llama3.2:3b", "a real model before the demo"
            outcome = await ask(mesh, chat(model="ollama/llama3.2:3b"))
            assert outcome.text == upstream.default.text
            assert (outcome.call.report.cost, outcome.notices) == (Decimal(0), [])
            with pytest.raises(NotFound):
                await mesh.accept_offer(ADA, "ollama")
        async with mesh_of(tmp_path, ECHO, personal=True) as mesh:
            await until(lambda: is_there(mesh, "ollama/b"))
            assert "ollama" not in [one.id for one in (await mesh.models(ADA)).offers]


async def test_accepting_swaps_the_snapshot_and_leaves_running_calls_theirs(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        ollama(upstream, monkeypatch),
        mesh_of(tmp_path, ECHO, personal=True) as mesh,
    ):
        await offer(mesh, "ollama")
        call = mesh.call(ADA, chat("word " * 20, model="echo/echo", stream=True))
        before = call.snapshot
        text = 0
        async with aclosing(mesh.run(call)) as events:
            async for event in events:
                if isinstance(event, Chunk) and not text:
                    await mesh.accept_offer(ADA, "ollama")
                text += isinstance(event, Chunk)
        assert call.snapshot is before
        assert call.report.finish_reason == "stop"
        assert text > 20
        assert "ollama/b" not in before.models
        assert "ollama/b" in mesh.snapshot.models
        assert mesh.snapshot.version > before.version
        assert mesh.call(ADA, chat(model="ollama/b")).snapshot is mesh.snapshot


async def test_a_kernel_may_neither_see_nor_accept_what_it_may_not_configure(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = kernel_of("ada")
    async with (
        ollama(upstream, monkeypatch),
        mesh_of(tmp_path, ECHO, personal=True) as mesh,
    ):
        await offer(mesh, "ollama")
        assert (await mesh.models(kernel)).offers == []
        with pytest.raises(NotPermitted):
            await mesh.accept_offer(kernel, "ollama")
        assert not await is_there(mesh, "ollama/b")


async def test_an_offer_that_cannot_be_connected_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdef")
    # Nothing listens on port 9 of loopback; models are not listed, so the server must be asked.
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    async with mesh_of(tmp_path, ECHO, personal=True) as mesh:
        await offer(mesh, "openai")
        with pytest.raises(ProviderUnavailable, match="could not be connected"):
            await mesh.accept_offer(ADA, "openai")
        await offer(mesh, "openai")
    async with mesh_of(tmp_path, ECHO, personal=True) as mesh:
        await offer(mesh, "openai")


async def test_a_key_in_the_environment_is_offered_with_its_biller_and_not_sent(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-canary-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
    async with mesh_of(tmp_path, ECHO, personal=True) as mesh:
        found = await offer(mesh, "openai")
        assert "OPENAI_API_KEY" in found.title
        assert found.residency == "external"
        assert upstream.requests == []
        assert key not in (await mesh.models(ADA)).model_dump_json()
        await mesh.accept_offer(ADA, "openai")
        assert upstream.requests[0].token == key
        asked = await ask(mesh, chat(model="openai/fake-model"))
        assert asked.text == upstream.default.text
        assert asked.notices == ["unpriced"], "an unknown server's price is unknown, never zero"


@pytest.mark.parametrize(("personal", "wanted"), [(False, True), (True, False)])
async def test_only_a_personal_mesh_looks_and_only_where_it_may(
    tmp_path: Path,
    upstream: FakeOpenAI,
    monkeypatch: pytest.MonkeyPatch,
    personal: bool,
    wanted: bool,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789abcdef")
    async with ollama(upstream, monkeypatch) as paths:
        async with mesh_of(tmp_path, ECHO, personal=personal, offers=wanted) as mesh:
            await asyncio.sleep(0.3)
            assert (await mesh.models(ADA)).offers == []
        assert paths == []


async def test_an_offer_says_what_its_models_cost_where_the_price_list_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-used")
    monkeypatch.setenv("GROQ_API_KEY", "gsk-not-used")
    async with mesh_of(tmp_path, ECHO, personal=True) as mesh:
        openai = await offer(mesh, "openai")
        price = openai.prices["gpt-5-mini"]
        assert (price.input, price.output) == (Decimal("0.25"), Decimal(2))
        assert price.source.startswith("genai-prices")
        assert (await offer(mesh, "groq")).prices == {}, "its models are not known yet"
