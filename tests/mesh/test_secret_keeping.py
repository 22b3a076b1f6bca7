"""S26: keys are replaced while calls run; a new one that does not work replaces nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_mesh.errors import Conflict, InvalidRequest, NotFound
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import SettingUpdate
from jupyter_mesh.schemas.audit_proof import AuditCheck
from jupyter_mesh.schemas.events import Chunk
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.storage.secrets import Secrets
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .world import ROOT, ask, chat, connection, mesh_of, until

OLD, NEW = "sk-the-old-key-0123", "sk-the-new-key-4567"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A store with the old key sealed as `store:up`."""
    (tmp_path / "state").mkdir(mode=0o700)
    Secrets(tmp_path / "state" / "mesh.db", environ={}).set("up", OLD)
    return tmp_path


@asynccontextmanager
async def mesh_with_key(folder: Path, upstream: FakeOpenAI) -> AsyncIterator[Mesh]:
    off = {"exact": {"enabled": False}}
    connections = {"up": connection(upstream, api_key="store:up")}
    async with mesh_of(folder, connections, cache=off) as mesh:
        yield mesh


async def replace(mesh: Mesh, value: str, *, test: bool = True) -> None:
    await mesh.secrets.set(ROOT, "up", value, test=test)


async def test_a_call_that_runs_ends_with_the_old_key_and_the_next_has_the_new_one(
    state: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_with_key(state, upstream) as mesh:
        upstream.script(Behaviour(text="one two three four five six", piece_delay=0.05))
        running = asyncio.create_task(ask(mesh, chat(stream=True)))

        async def sent() -> bool:
            return bool(upstream.requests)

        await until(sent)
        await replace(mesh, NEW)
        outcome = await running
        assert outcome.error is None
        assert sum(isinstance(event, Chunk) for event in outcome.events) > 5
        assert (await ask(mesh, chat("next"))).error is None
        assert [one.token for one in upstream.requests if one.path.endswith("completions")] == [
            OLD,
            NEW,
        ]


async def test_a_new_key_that_does_not_work_is_told_and_the_old_one_stays(state: Path) -> None:
    async with FakeOpenAI(api_key=OLD) as locked, mesh_with_key(state, locked) as mesh:
        with pytest.raises(InvalidRequest, match=r"'up' does not work.*old one stays") as refused:
            await replace(mesh, NEW)
        assert NEW not in refused.value.message
        assert (await ask(mesh, chat())).error is None
        await replace(mesh, NEW, test=False)
        assert (await ask(mesh, chat("x"))).error is not None
        await replace(mesh, OLD)
        assert (await ask(mesh, chat("y"))).error is None


async def test_a_connections_new_key_is_tried_before_it_is_saved_on_request(mesh: Mesh) -> None:
    async with FakeOpenAI(api_key=NEW) as locked:
        body: JsonObject = {"provider": "openai_compatible", "base_url": locked.base_url}
        for value, taken in ((OLD, False), (NEW, True)):
            update = SettingUpdate(body=body, secrets={"api_key": value}, test=True)
            if taken:
                await mesh.administration.put(ROOT, "connections", "c", update)
                continue
            with pytest.raises(InvalidRequest, match="nothing was changed") as refused:
                await mesh.administration.put(ROOT, "connections", "c", update)
            assert value not in refused.value.message
            listed = await mesh.secrets.listed()
            assert [one.name for one in listed.secrets] == []


async def test_another_gateway_uses_the_new_key_within_seconds(
    state: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_with_key(state, upstream) as one, mesh_with_key(state, upstream) as two:
        assert (await ask(two, chat())).error is None
        await replace(one, NEW)

        async def seen() -> bool:
            await ask(two, chat())
            return upstream.requests[-1].token == NEW

        await until(seen)


async def test_rotating_the_master_key_stops_nobody(state: Path, upstream: FakeOpenAI) -> None:
    async with mesh_with_key(state, upstream) as one, mesh_with_key(state, upstream) as two:
        assert (await ask(two, chat())).error is None
        # The connection's key, and the one that seals what the caller said.
        assert (await one.secrets.rotate(ROOT)).secrets == 2
        await replace(two, NEW)
        assert (await one.secrets.rotate(ROOT)).unopened == []
        for mesh in (one, two):
            assert (await ask(mesh, chat())).error is None
        assert (await one.audit.verify(AuditCheck())).fault is None
        page = await one.administration.changes(kind="secrets", name=None, before=None, limit=9)
        assert [change.name for change in page.changes] == ["master key", "up", "master key"]


async def test_what_there_is_is_listed_with_what_uses_it_and_without_values(
    state: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_with_key(state, upstream) as mesh:
        await mesh.secrets.set(ROOT, "spare", "another-value", test=True)
        listed = await mesh.secrets.listed()
        assert {one.name: one.used_by for one in listed.secrets} == {
            "spare": [],
            "up": ["connection up"],
        }
        assert {one.key for one in listed.secrets} == {"current"}
        assert not any(value in listed.model_dump_json() for value in (OLD, "another-value"))


async def test_only_what_nothing_uses_is_deleted_and_the_meshs_own_stay(
    state: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_with_key(state, upstream) as mesh:
        await mesh.audit.checkpoint()
        with pytest.raises(Conflict, match="connection up"):
            await mesh.secrets.remove(ROOT, "up")
        with pytest.raises(NotFound):
            await mesh.secrets.remove(ROOT, "spare")
        await mesh.secrets.set(ROOT, "spare", "v", test=True)
        await mesh.secrets.remove(ROOT, "spare")
        for name in ("audit.signing-key", "guards.key", "offer-openai"):
            with pytest.raises(InvalidRequest, match="own"):
                await mesh.secrets.remove(ROOT, name)
            with pytest.raises(InvalidRequest, match="own"):
                await mesh.secrets.set(ROOT, name, "00" * 32, test=False)
        assert [one.name for one in (await mesh.secrets.listed()).secrets] == [
            "audit.signing-key",
            "up",
        ]
