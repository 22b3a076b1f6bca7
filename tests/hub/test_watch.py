"""The service says what is wrong with the Hub, and takes the calls that are none of the Hub's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from jupyter_mesh_server.hub.environment import HubEnvironment
from jupyter_mesh_server.hub.hub_api import HubApi
from jupyter_mesh_server.hub.scopes import OF_SERVICE
from jupyter_mesh_server.hub.service import start_for_hub
from jupyter_mesh_server.hub.watch import HubWatch
from jupyter_mesh_server.service import Service

from jupyter_mesh.config import Config, new_key
from jupyter_mesh.schemas.json import dig

from .conftest import environ_of
from .fake_hub import SECRET, FakeHub, user

KEY, HASH = new_key()
ME = user("mesh", OF_SERVICE, kind="service")


@pytest.mark.parametrize(
    ("known", "status", "said"),
    [
        ({SECRET: ME}, None, None),
        ({SECRET: user("mesh", "read:users:groups!user=ada", kind="service")}, None, OF_SERVICE),
        ({"another": ME}, None, "own token"),
        ({SECRET: ME}, 500, "HTTP 500"),
    ],
)
async def test_it_says_what_the_hub_does_not_let_the_service(
    fake_hub: FakeHub, known: dict[str, object], status: int | None, said: str | None
) -> None:
    fake_hub.tokens, fake_hub.status = dict(known), status
    api = HubApi(fake_hub.api_url)
    state = await HubWatch(api, SECRET).state()
    await api.aclose()
    assert state == "ok" if said is None else said in state


@asynccontextmanager
async def serving(hub: FakeHub, folder: Path) -> AsyncIterator[Service]:
    key = {"name": "k", "hash": HASH, "user": "root", "application": "a", "admin": True}
    config = Config.model_validate({"connections": {"echo": {"provider": "echo"}}, "keys": [key]})
    environment = HubEnvironment.read(environ_of(hub))
    service = await start_for_hub(config, folder, "127.0.0.1", 0, environment=environment)
    try:
        yield service
    finally:
        await service.aclose()


async def test_while_the_hub_is_gone_it_stays_ready_and_its_health_says_so(
    fake_hub: FakeHub, tmp_path: Path
) -> None:
    fake_hub.tokens[SECRET] = ME
    headers = {"Authorization": f"Bearer {KEY}"}
    async with serving(fake_hub, tmp_path) as service, aiohttp.ClientSession() as session:

        async def asked(path: str) -> tuple[int, str]:
            async with session.get(service.url + path, headers=headers) as reply:
                return reply.status, await reply.text()

        async def health(holds: Callable[[str], bool]) -> None:
            while True:
                async with session.get(f"{service.url}api/health", headers=headers) as reply:
                    assert reply.status == 200
                    if holds(str(dig(await reply.json(), "checks", "hub"))):
                        return
                await asyncio.sleep(0.02)

        await health(lambda said: said == "ok")
        await fake_hub.stop()
        await health(lambda said: said != "ok")
        assert (await asked("readyz"))[0] == 200
        assert "jupyter_mesh_hub_answers 0" in (await asked("metrics"))[1]
        assert (await asked("v1/models"))[0] == 200
        await fake_hub.start()
        await health(lambda said: said == "ok")
        assert "jupyter_mesh_hub_answers 1" in (await asked("metrics"))[1]
