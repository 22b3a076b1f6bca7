"""Two processes of the service over one store: who signs out in one has signed out in both."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import pytest

from jupyter_mesh.config import new_key
from tests.server.conftest import Host, Reply, new_session
from tests.server.scripted_mesh import ScriptedMesh

from .conftest import environ_of
from .fake_hub import FakeHub, user
from .test_identity import Browser

KEY, HASH = new_key()
STANDALONE = {"Sec-Fetch-Mode": "cors", "X-Mesh-XSRF": "any"}
pytestmark = pytest.mark.timeout(180)


def write(folder: Path) -> None:
    keys = f"[{{name: app, hash: {HASH}, user: ada, application: reports}}]"
    text = f"connections: {{echo: {{provider: echo}}}}\nkeys: {keys}\n"
    (folder / "mesh.yaml").write_text(text)


async def started(stack: AsyncExitStack, folder: Path, told: dict[str, str], *words: str) -> Host:
    """One `jupyter mesh serve`."""
    environ = {name: one for name, one in os.environ.items() if not name.startswith("JUPYTERHUB_")}
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--port", "0", "--json"]
    files = ["--config", str(folder / "mesh.yaml"), "--state", str(folder / "state")]
    running = await asyncio.create_subprocess_exec(
        *(*command, *files, *words), stdout=subprocess.PIPE, env={**environ, **told}
    )
    stack.push_async_callback(running.wait)
    stack.callback(running.kill)
    assert running.stdout is not None
    line = await running.stdout.readline()
    url = str(orjson.loads(line)["url"]).rstrip("/")
    return Host("", url, ScriptedMesh(), {}, {}, new_session())


@pytest.fixture
def stack(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[AsyncExitStack]:
    opened = AsyncExitStack()
    yield opened
    jp_asyncio_loop.run_until_complete(opened.aclose())


async def pair(
    stack: AsyncExitStack, folder: Path, told: dict[str, str], *words: str
) -> tuple[Host, Host]:
    write(folder)
    first = await started(stack, folder, told, *words)
    return first, await started(stack, folder, told, *words)


async def comes(status: int, one: Browser) -> bool:
    """Whether a request of the session is answered so within a few looks of the other process."""
    for _ in range(100):
        if (await one.ask("GET", "/api/me")).status == status:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_a_stolen_cookie_of_the_hubs_site_is_good_nowhere_after_signing_out(
    stack: AsyncExitStack, fake_hub: FakeHub, tmp_path: Path
) -> None:
    fake_hub.tokens["of-session"] = user("ada")
    here, there = await pair(stack, tmp_path, environ_of(fake_hub), "--hub")
    owner, thief = Browser(here, fake_hub), Browser(there, fake_hub)
    await owner.log_in("of-session")
    thief.jar, thief.xsrf = dict(owner.jar), owner.xsrf
    assert (await thief.ask("GET", "/api/me")).status == 200
    assert (await owner.ask("DELETE", "/api/session")).status == 200
    assert await comes(401, thief)
    other = Browser(there, fake_hub)  # another of the same user's stays
    await other.log_in("of-session")
    assert (await other.ask("GET", "/api/me")).status == 200
    again = await started(stack, tmp_path, environ_of(fake_hub), "--hub")
    late = Browser(again, fake_hub)  # a process that starts afterwards knows it too
    late.jar, late.xsrf = dict(thief.jar), thief.xsrf
    assert await comes(401, late)
    for one in (here, there, again):
        await one.session.close()


async def test_a_stolen_cookie_of_a_stand_alone_site_is_good_nowhere_after_signing_out(
    stack: AsyncExitStack, fake_hub: FakeHub, tmp_path: Path
) -> None:
    here, there = await pair(stack, tmp_path, {})
    signed_in: Reply = await here.ask("POST", "/api/session", headers=STANDALONE, json={"key": KEY})
    name, _, value = signed_in.headers["Set-Cookie"].partition(";")[0].partition("=")
    owner, thief = Browser(here, fake_hub), Browser(there, fake_hub)
    for one in (owner, thief):
        one.jar, one.xsrf = {name: value}, signed_in.json["xsrf"]
    assert (await thief.ask("GET", "/api/me")).status == 200
    assert (await owner.ask("DELETE", "/api/session")).status == 200
    assert (await owner.ask("GET", "/api/me")).status == 401
    assert await comes(401, thief)
    for one in (here, there):
        await one.session.close()
