"""What `mesh.yaml` says is on record before it is in force: what changed, and nothing secret."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_mesh.config import load
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import SettingChangeBody
from jupyter_mesh.schemas.audit_proof import AuditCheck

from .world import ADA, until

HASH = "ab" * 32
SECRET = """
connections:
  up:
    provider: openai_compatible
    base_url: http://127.0.0.1:9/v1
    api_key: env:UP_KEY
    headers: {X-Key: plain-header-value, X-Other: "env:OTHER"}
    models: [m]
offers: false
keys:
  - {name: k, hash: HASH, user: ada, application: a}
""".replace("HASH", HASH)


@asynccontextmanager
async def mesh_over(file: Path) -> AsyncIterator[Mesh]:
    mesh = await Mesh.start(
        load(file), state_dir=file.parent / "state", host="standalone", config_file=file
    )
    try:
        yield mesh
    finally:
        await mesh.aclose()


async def recorded(mesh: Mesh) -> list[SettingChangeBody]:
    page = await mesh.administration.changes(kind="file", name=None, before=None, limit=9)
    return page.changes


async def test_the_file_is_recorded_once_and_each_edit_with_what_it_was_before(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text("offers: false\nadmin_contact: ada\n")
    async with mesh_over(file), mesh_over(file) as second:
        (first,) = await recorded(second)
        assert (first.before, first.after) == (None, {"offers": False, "admin_contact": "ada"})
        assert (first.name, first.changed_by, first.via) == (str(file), "mesh.yaml", "file")
        file.write_text("offers: false\nadmin_contact: bob\n")

        async def taken_over() -> bool:
            return second.snapshot.version > 1 and len(await recorded(second)) == 2

        await until(taken_over)
        edited, _ = await recorded(second)
        assert (edited.before or {})["admin_contact"] == "ada"
        assert (edited.after or {})["admin_contact"] == "bob"
    async with mesh_over(file) as mesh:
        assert len(await recorded(mesh)) == 2
        assert (await mesh.audit.verify(AuditCheck())).fault is None
    file.write_text("offers: false\n")  # edited while nothing ran
    async with mesh_over(file) as mesh:
        assert (await recorded(mesh))[0].after == {"offers": False}


async def test_nothing_secret_of_the_file_is_recorded(tmp_path: Path) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text(SECRET)
    async with mesh_over(file) as mesh:
        (change,) = await recorded(mesh)
        text = change.model_dump_json()
        assert "env:UP_KEY" in text
        assert "env:OTHER" in text
        for secret in ("plain-header-value", HASH):
            assert secret not in text
            assert secret.encode() not in (tmp_path / "state" / "mesh.db").read_bytes()


GOOD = """
connections: {echo: {provider: echo}}
groups: {team: {members: [ada], allow: [echo/echo]}}
offers: false
admin_contact: ada
"""
WRONG = {
    "no YAML": ("offers: false", "offers: [", "not YAML"),
    "no mapping": (GOOD, "- a\n- b\n", "must be a mapping"),
    "an unknown key": ("offers: false", "offer: false", "offer"),
    "an unknown provider": ("provider: echo", "provider: ehco", "ehco"),
    "an unknown setting of a provider": ("provider: echo", "provider: echo, dealy_ms: 3", "dealy"),
    "an unknown guard": ("offers: false", "guards: {g: {guard: no_such}}", "no_such"),
    "a judge where spans are wanted": (
        "offers: false",
        "guards: {g: {guard: toxicity}}\nscreening: [{detectors: [nobody]}]",
        "nobody",
    ),
    "a sink that cannot be made": (
        "offers: false",
        "audit: {sinks: {kept: {sink: fiel}}}",
        "fiel",
    ),
    "a budget of no group": (
        "offers: false",
        "budgets: [{limit_usd: 1, window: fortnight}]",
        "fortnight|window",
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_of_a_wrong_file_nothing_is_taken_over_and_it_is_said_what_is_wrong(
    tmp_path: Path, name: str
) -> None:
    old, new, said = WRONG[name]
    file = tmp_path / "mesh.yaml"
    file.write_text(GOOD)
    async with mesh_over(file) as mesh:
        before = mesh.snapshot
        contact = "admin_contact: ada"
        file.write_text(GOOD.replace(old, new).replace(contact, "admin_contact: bob"))
        await mesh.reload()
        assert mesh.snapshot is before
        assert (await mesh.me(ADA)).admin_contact == "ada"
        assert re.search(said, mesh.health().checks["configuration"])
        assert len(await recorded(mesh)) == 1
        file.write_text(GOOD.replace(contact, "admin_contact: eve"))
        await mesh.reload()
        assert (await mesh.me(ADA)).admin_contact == "eve"
        assert mesh.health().checks["configuration"] == "ok"
        assert len(await recorded(mesh)) == 2
