"""A gateway as a service of a fake Hub, each on a real socket, over a scripted mesh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from jupyter_mesh_server.aiohttp_host import Server
from jupyter_mesh_server.dispatch import Dispatcher
from jupyter_mesh_server.gateway import Gateway
from jupyter_mesh_server.hub.environment import HubEnvironment
from jupyter_mesh_server.hub.hub_api import HubApi
from jupyter_mesh_server.hub.identity import HubIdentity
from jupyter_mesh_server.hub.login import Login
from jupyter_mesh_server.hub.sessions import HubSessions
from jupyter_mesh_server.hub.site import HubSite
from jupyter_mesh_server.hub.site_links import SiteLinks
from jupyter_mesh_server.hub.tokens import HubTokens
from jupyter_mesh_server.pages import Pages
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.schemas.principal import Principal
from tests.server.conftest import Host, new_session
from tests.server.noted_sign_outs import NotedSignOuts
from tests.server.scripted_mesh import ScriptedMesh

from .fake_hub import SECRET, FakeHub

CONTACT = "olga@example.org"
BASE = "/services/mesh"
PROGRAMS = {"nightly"}
"""Service accounts of the mesh."""


@dataclass
class Clock:
    """Times that tests move on."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake_hub(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[FakeHub]:
    hub = FakeHub()
    jp_asyncio_loop.run_until_complete(hub.start())
    yield hub
    jp_asyncio_loop.run_until_complete(hub.stop())


def environ_of(hub: FakeHub, **more: str) -> dict[str, str]:
    """What a Hub tells the service that it starts."""
    return {
        "JUPYTERHUB_SERVICE_NAME": "mesh",
        "JUPYTERHUB_SERVICE_PREFIX": f"{BASE}/",
        "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:8765",
        "JUPYTERHUB_API_URL": hub.api_url,
        "JUPYTERHUB_API_TOKEN": SECRET,
        "JUPYTERHUB_CLIENT_ID": "service-mesh",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{BASE}/oauth_callback",
        **more,
    }


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    head = "<!doctype html><head><title>Jupyter Mesh</title></head>"
    (tmp_path / "index.html").write_text(head)
    (tmp_path / "assets" / "index-abc.js").write_text("start()")
    return tmp_path


@pytest.fixture
def service(
    jp_asyncio_loop: asyncio.AbstractEventLoop, fake_hub: FakeHub, clock: Clock, pages: Path
) -> Iterator[Host]:
    """The gateway's part on a Hub, wired as `hub.service` wires it."""
    mesh = ScriptedMesh()

    async def start() -> AsyncIterator[Host]:
        environment = HubEnvironment.read(environ_of(fake_hub))
        api = HubApi(environment.api_url)
        tokens = HubTokens(api, environment.cache_seconds, clock)
        sessions = HubSessions(
            tokens, lambda: b"k" * 32, NotedSignOuts(), environment.prefix, clock
        )

        async def keys(secret: str) -> Principal | None:
            return mesh.key_principal(secret)

        login = Login(environment, api, lambda: b"k" * 32, clock)
        site = HubSite(environment, sessions, login, Pages(pages))
        identity = HubIdentity(keys, tokens, sessions, lambda: CONTACT, PROGRAMS.__contains__)
        links = SiteLinks(environment.site_url, tokens)
        gateway = Gateway(cast(Any, mesh), site_of=links, hub_state=api.state)
        dispatcher = Dispatcher(gateway, identity, ROUTES + site.routes())
        runner = web.ServerRunner(Server(dispatcher, environment.base), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{BASE}"
        client = new_session()
        yield Host("hub", url, mesh, {}, {}, client)
        await client.close()
        await runner.cleanup()
        await tokens.aclose()
        await api.aclose()

    running = start()
    yield jp_asyncio_loop.run_until_complete(anext(running))
    jp_asyncio_loop.run_until_complete(anext(running, None))
