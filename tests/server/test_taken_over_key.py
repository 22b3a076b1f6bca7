"""Promise 1 in a personal mesh: a key that was taken over is in no kernel started afterwards."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.provisioning import LocalProvisioner
from jupyter_mesh_server.app import ENV_TOKEN
from jupyter_mesh_server.withheld import FILE, Withheld
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager

from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .conftest import Host, bearer, new_session
from .scripted_mesh import ScriptedMesh

KEY = "sk-canary-0123456789abcdef"
NAMES = ("OPENAI_API_KEY", "A_SECOND_NAME_OF_IT")


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(api_key=KEY) as fake:
        yield fake


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upstream: FakeOpenAI) -> Path:
    """An environment with a key, as a shell would have it."""
    for name in NAMES:
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
    monkeypatch.setenv("JUPYTER_MESH_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def jupyter(
    state: Path,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    jp_serverapp: ServerApp,
    http_server: object,
    jp_http_port: int,
    jp_base_url: str,
) -> Iterator[Host]:
    async def make() -> Host:
        token = os.environ[ENV_TOKEN]
        url = f"http://127.0.0.1:{jp_http_port}{jp_base_url}mesh"
        user, session = bearer(token), new_session()
        return Host("jupyter", url, ScriptedMesh(), user, user, session, token, jp_serverapp)

    host = jp_asyncio_loop.run_until_complete(make())
    yield host
    jp_asyncio_loop.run_until_complete(host.session.close())


async def offer(host: Host) -> dict[str, Any]:
    """That of the key, once the mesh has looked."""
    while True:
        offers = (await host.ask("GET", "/api/models")).json["offers"]
        if found := [one for one in offers if one["id"] == "openai"]:
            return found[0]
        await asyncio.sleep(0.05)


async def kernel_environment(host: Host) -> str:
    """What a kernel that is started now inherits."""
    assert host.app is not None
    kernels = host.app.kernel_manager
    assert isinstance(kernels, MappingKernelManager)
    kernel = await kernels.start_kernel()
    try:
        provisioner = kernels.get_kernel(kernel).provisioner
        assert isinstance(provisioner, LocalProvisioner)
        assert provisioner.pid is not None
        return str(psutil.Process(provisioner.pid).environ())
    finally:
        await kernels.shutdown_kernel(kernel, now=True)


def files_with(text: str, folder: Path) -> list[Path]:
    """Files below `folder` in which `text` can be read."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    return [one for one in files if text.encode() in one.read_bytes()]


async def test_an_accepted_key_is_sealed_used_and_kept_from_new_kernels(
    jupyter: Host, state: Path, upstream: FakeOpenAI
) -> None:
    found = await offer(jupyter)
    assert "can read OPENAI_API_KEY now" in found["key_note"]
    assert "your shell keeps" in found["key_note"]
    assert KEY in await kernel_environment(jupyter), "until it is taken over they have it"

    assert (await jupyter.ask("POST", "/api/offers/openai/accept")).status == 200
    after = await kernel_environment(jupyter)
    assert KEY not in after
    assert not any(name in after for name in NAMES)
    assert ENV_TOKEN in after, "the rest of the environment is there"

    body: dict[str, Any] = {
        "model": "openai/fake-model",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    assert (await jupyter.ask("POST", "/v1/chat/completions", json=body)).status == 200
    assert upstream.requests[-1].token == KEY
    assert files_with(KEY, state) == []


async def test_an_offer_that_is_not_accepted_leaves_the_environment_alone(
    jupyter: Host, state: Path
) -> None:
    await offer(jupyter)
    assert KEY in await kernel_environment(jupyter)
    assert not (state / FILE).exists()


def test_what_was_withheld_stays_so_at_the_next_start_before_any_kernel(tmp_path: Path) -> None:
    shell = {"A": "key", "B": " key ", "C": "other", "PATH": "/bin"}
    first = dict(shell)
    withheld = Withheld(first, tmp_path)
    assert first == shell
    withheld.withhold("key")
    assert first == {"C": "other", "PATH": "/bin"}
    assert dict(withheld) == shell, "the mesh itself still has all"
    assert "key" not in (tmp_path / FILE).read_text().split("\n")

    again = {**shell, "A": "a new key"}
    withheld = Withheld(again, tmp_path)
    assert again == {"C": "other", "PATH": "/bin"}
    assert (withheld["A"], withheld["C"], len(withheld)) == ("a new key", "other", 4)
    withheld.withhold("other")
    assert (tmp_path / FILE).read_text() == "A\nB\nC\n"

    (tmp_path / FILE).unlink()
    given_back = dict(shell)
    Withheld(given_back, tmp_path)
    assert given_back == shell


def test_what_cannot_be_remembered_is_not_withheld(tmp_path: Path) -> None:
    environ = {"A": "key"}
    with pytest.raises(OSError, match="No such file"):
        Withheld(environ, tmp_path / "not-there").withhold("key")
    assert environ == {"A": "key"}
