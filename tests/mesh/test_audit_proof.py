"""A checkpoint is signed, and shows what was done to the record after it was taken."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.audit_proof import AuditCheck
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ask, chat, connection, mesh_of

NO_CACHE = {"exact": {"enabled": False}}


async def calls(mesh: Mesh, count: int) -> None:
    for number in range(count):
        assert (await ask(mesh, chat(f"{number}"))).error is None


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "state" / "mesh.db")) as connection:
        connection.execute(statement)
        connection.commit()


async def test_the_record_holds_and_a_checkpoint_of_it_verifies_over_a_restart(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream)}
    async with mesh_of(tmp_path, connections, cache=NO_CACHE) as mesh:
        await calls(mesh, 3)
        taken = await mesh.audit.checkpoint()
        await calls(mesh, 1)
    async with mesh_of(tmp_path, connections, cache=NO_CACHE) as mesh:
        await calls(mesh, 1)
        verdict = await mesh.audit.verify(AuditCheck(checkpoint=taken, public_key=taken.public_key))
        assert (verdict.ok, verdict.entries, verdict.unsealed) == (True, 10, 0)
        assert (await mesh.audit.checkpoint()).public_key == taken.public_key


async def test_a_changed_record_is_named(tmp_path: Path, upstream: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, cache=NO_CACHE) as mesh:
        outcome = await ask(mesh, chat())
        change(tmp_path, "UPDATE calls SET username = 'eve'")
        verdict = await mesh.audit.verify(AuditCheck())
        assert verdict.fault is not None
        assert (verdict.ok, verdict.fault.call) == (False, outcome.call.id)


async def test_an_end_that_was_cut_off_is_found_with_the_checkpoint_only(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream)}
    async with mesh_of(tmp_path, connections, cache=NO_CACHE) as mesh:
        await calls(mesh, 2)
        taken = await mesh.audit.checkpoint()
    change(tmp_path, "DELETE FROM audit_chain WHERE number > 2")
    change(tmp_path, "DELETE FROM calls WHERE seq = 2")
    async with mesh_of(tmp_path, connections, cache=NO_CACHE) as mesh:
        assert (await mesh.audit.verify(AuditCheck())).ok
        verdict = await mesh.audit.verify(AuditCheck(checkpoint=taken))
        assert not verdict.ok


async def test_a_checkpoint_that_was_changed_or_signed_by_somebody_else_is_refused(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        await calls(mesh, 1)
        taken = await mesh.audit.checkpoint()
        shorter = taken.model_copy(update={"heads": []})
        for asked in (
            AuditCheck(checkpoint=shorter),
            AuditCheck(checkpoint=taken.model_copy(update={"signature": "00"})),
            AuditCheck(checkpoint=taken.model_copy(update={"public_key": "zz"})),
            AuditCheck(checkpoint=taken, public_key="00" * 32),
        ):
            with pytest.raises(InvalidRequest):
                await mesh.audit.verify(asked)
