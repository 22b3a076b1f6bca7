"""The mesh comes after the server: requests wait for it, and the server for nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any, cast

import pytest
from jupyter_mesh_server import startup
from jupyter_mesh_server.app import MeshServerApp
from jupyter_mesh_server.dispatch import Dispatcher
from jupyter_mesh_server.gateway import Gateway
from jupyter_mesh_server.identity import KeyIdentity
from jupyter_mesh_server.startup import Running, Startup

from jupyter_mesh.errors import ConfigError, MeshError
from jupyter_mesh.schemas.json import JsonObject

from .calls import chat_body
from .conftest import Host
from .scripted_mesh import ScriptedMesh

HEAVY = [
    "aiohttp",
    "alembic",
    "anthropic",
    "genai_prices",
    "jupyter_mesh.config",
    "jupyter_mesh.mesh",
    "jupyter_mesh.pipeline",
    "jupyter_mesh.providers",
    "langchain",
    "litellm",
    "openai",
    "orjson",
    "pandas",
    "pydantic",
    "sqlalchemy",
    "torch",
    "transformers",
    "yaml",
]


class Built:
    """A mesh that notes when it is closed."""

    works = True

    def __init__(self) -> None:
        mesh = ScriptedMesh()
        gateway = Gateway(cast(Any, mesh))
        self.dispatcher = Dispatcher(gateway, KeyIdentity(mesh.key_principal))
        self.closed = False

    def outdated(self) -> bool:
        return False

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("module", ["jupyter_mesh_server", "jupyter_mesh_server.app"])
def test_loading_the_extension_loads_nothing_heavy(module: str) -> None:
    """S27: Jupyter imports this before it starts."""
    jupyter_first = "import jupyter_server.serverapp, sys; before = set(sys.modules)"
    show = "print(*sorted(set(sys.modules) - before))"
    code = f"{jupyter_first}; import {module}; {show}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert module in loaded
    tops = {".".join(name.split(".")[:n]) for name in loaded for n in (1, 2)}
    assert tops.isdisjoint(HEAVY)


async def test_a_request_begins_the_build_and_later_ones_share_it() -> None:
    built, builds = Built(), 0

    async def build() -> Running:
        nonlocal builds
        builds += 1
        await asyncio.sleep(0.01)
        return built

    starting = Startup(build)
    starting.soon()
    found = await asyncio.gather(*(starting.wait() for _ in range(5)))
    assert found == [built.dispatcher] * 5
    assert starting.dispatcher is built.dispatcher
    assert builds == 1
    await starting.aclose()
    assert built.closed


async def test_without_a_request_the_build_begins_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(startup, "DELAY", 0.01)
    begun = asyncio.Event()

    async def build() -> Running:
        begun.set()
        return Built()

    starting = Startup(build)
    starting.soon()
    async with asyncio.timeout(5):
        await begun.wait()
    await starting.aclose()


async def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "PATIENCE", 0.01)
    cancelled = asyncio.Event()

    async def build() -> Running:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()
        return Built()

    starting = Startup(build)
    assert await starting.wait() is None
    await starting.aclose()
    assert cancelled.is_set()


async def test_a_server_that_never_began_stops_without_building() -> None:
    async def build() -> Running:
        raise AssertionError("built")

    starting = Startup(build)
    starting.soon()
    await starting.aclose()
    await asyncio.sleep(0)


class Broken(Built):
    """A mesh that can only say what is wrong."""

    works = False

    def __init__(self, outdated: bool = False) -> None:
        super().__init__()
        self._outdated = outdated

    def outdated(self) -> bool:
        return self._outdated


Builds = list[Running | Exception]


def building(*results: Running | Exception) -> tuple[Startup, Builds]:
    """A start whose builds end like this, one after the other, and those that are still to come."""
    coming = list(results)

    async def build() -> Running:
        result = coming.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    return Startup(build), coming


@pytest.mark.parametrize("failed", [KeyError("plugin"), Broken()])
async def test_a_mesh_that_could_not_be_built_is_built_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, failed: Running | Exception
) -> None:
    built = Built()
    starting, coming = building(failed, built)
    for _ in range(3):  # requests in the meantime hear what is wrong, and build nothing
        if isinstance(failed, Exception):
            with pytest.raises(KeyError):
                await starting.wait()
        else:
            assert await starting.wait() is failed.dispatcher
    assert coming == [built]
    monkeypatch.setattr(startup, "PAUSE", 0.0)
    assert await starting.wait() is built.dispatcher
    assert starting.dispatcher is built.dispatcher
    await starting.aclose()


async def test_what_was_put_right_is_built_again_at_once() -> None:
    built = Built()
    starting, coming = building(Broken(outdated=True), built)
    await starting.wait()
    assert await starting.wait() is built.dispatcher
    assert coming == []


async def test_a_mesh_that_works_is_never_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "PAUSE", 0.0)
    built = Built()
    starting, _ = building(built)
    for _ in range(3):
        assert await starting.wait() is built.dispatcher


class TestSlowStart:
    @pytest.fixture
    def scripted_app(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def build(_self: MeshServerApp) -> Running:
            await asyncio.sleep(60)
            return Built()

        monkeypatch.setattr(MeshServerApp, "_build", build)
        monkeypatch.setattr(startup, "PATIENCE", 0.05)

    async def test_a_request_gets_503_in_the_one_shape(self, jupyter: Host) -> None:
        reply = await jupyter.ask("GET", "/api/me")
        assert (reply.status, reply.code) == (503, "unavailable")
        assert set(reply.json["error"]) == {"message", "type", "param", "code", "request_id"}


class TestBrokenBuild:
    @pytest.fixture
    def scripted_app(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def build(_self: MeshServerApp) -> Running:
            raise RuntimeError("secret")

        monkeypatch.setattr(MeshServerApp, "_build", build)

    async def test_an_unforeseen_failure_is_500_without_its_cause(self, jupyter: Host) -> None:
        for _ in range(2):
            reply = await jupyter.ask("GET", "/api/me")
            assert (reply.status, reply.code) == (500, "internal_error")
            assert b"secret" not in reply.body


class TestWrongConfiguration:
    @pytest.fixture
    def mesh_error(self) -> MeshError:
        error = ConfigError("mesh.yaml: connexions: unknown key (did you mean 'connections'?)")
        error.status = 503
        return error

    async def test_every_route_says_what_is_wrong_to_who_may_know_it(self, host: Host) -> None:
        for method, path in (
            ("GET", "/api/me"),
            ("GET", "/v1/models"),
            ("POST", "/v1/chat/completions"),
            ("PUT", "/api/preferences"),
        ):
            body: JsonObject | None = None if method == "GET" else {}
            reply = await host.ask(method, path, headers=host.admin, json=body)
            assert (reply.status, reply.code) == (503, "config_error"), path
            assert "did you mean" in reply.json["error"]["message"]
        assert (await host.ask("GET", "/api/me", headers={})).status == 401

    async def test_the_public_routes_say_no_more_than_that_it_is_not_ready(
        self, host: Host
    ) -> None:
        assert (await host.ask("GET", "/healthz", headers={})).status == 200
        ready = await host.ask("GET", "/readyz", headers={})
        assert (ready.status, ready.json) == (503, {"status": "unavailable"})

    async def test_the_same_error_raised_often_does_not_grow(
        self, standalone: Host, mesh_error: MeshError
    ) -> None:
        for _ in range(50):
            await standalone.ask("POST", "/v1/chat/completions", json=chat_body())
        length, link = 0, mesh_error.__traceback__
        while link is not None:
            length, link = length + 1, link.tb_next
        assert length < 20
