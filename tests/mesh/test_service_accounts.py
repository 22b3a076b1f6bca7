"""Programs are users with keys, and in groups; nobody signs in as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError, ModelNotFound, NotFound, NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import KeyRequest
from jupyter_mesh.schemas.principal import Scope

from .world import ADA, BOB, ROOT, ask, chat, mesh_of, put

ECHO = {"echo": {"provider": "echo"}}
NIGHTLY: dict[str, object] = {"owner": "ada", "description": "Sums up the day."}


async def key_of(mesh: Mesh, user: str, **more: object) -> str:
    asked = KeyRequest.model_validate(
        {"name": f"{user}'s", "application": "a", "user": user} | more
    )
    return (await mesh.keys.create(ROOT, asked)).secret


async def test_its_key_asks_in_its_name_and_groups_and_opens_no_session(tmp_path: Path) -> None:
    groups = {
        "jobs": {"members": ["nightly"], "allow": ["echo/*"]},
        "people": {"members": ["ada", "root"], "allow": []},
    }
    sections = {"service_accounts": {"nightly": NIGHTLY}, "groups": groups}
    async with mesh_of(tmp_path, ECHO, **sections) as mesh:
        secret, persons = await key_of(mesh, "nightly"), await key_of(mesh, "ada")
        program, person = mesh.key_principal(secret), mesh.key_principal(persons)
        assert program is not None
        assert person is not None
        asked = await ask(mesh, chat(model="echo/echo"), program)
        assert (asked.error, asked.call.groups) == (None, {"jobs"})
        refused = await ask(mesh, chat(model="echo/echo"), person)
        assert isinstance(refused.error, ModelNotFound)
        assert [one.user for one in (await mesh.calls(ROOT)).calls] == ["ada", "nightly"]
        assert mesh.signed_in.key_hash(secret) is None
        assert mesh.signed_in.key_hash(persons) is not None


async def test_who_was_signed_in_is_so_no_longer_once_the_user_is_a_program(mesh: Mesh) -> None:
    secret = await key_of(mesh, "nightly")
    hashed = mesh.signed_in.key_hash(secret)
    assert hashed is not None
    assert mesh.signed_in.principal(hashed) is not None
    await put(mesh, "service_accounts", "nightly")
    assert mesh.signed_in.principal(hashed) is None
    assert mesh.key_principal(secret) is not None


async def test_switched_off_none_of_its_keys_is_good_and_others_are(mesh: Mesh) -> None:
    secret, other = await key_of(mesh, "nightly"), await key_of(mesh, "nightly-2")
    version = await put(mesh, "service_accounts", "nightly", **NIGHTLY, enabled=False)
    assert mesh.key_principal(secret) is None
    assert mesh.key_principal(other) is not None
    await put(mesh, "service_accounts", "nightly", version, **NIGHTLY)
    assert mesh.key_principal(secret) is not None


async def test_its_owner_sees_and_revokes_its_keys_and_makes_none(mesh: Mesh) -> None:
    await put(mesh, "service_accounts", "nightly", **NIGHTLY)
    secret = await key_of(mesh, "nightly")
    assert [key.user for key in mesh.keys.listed(ADA)] == ["nightly"]
    assert mesh.keys.listed(BOB) == []
    with pytest.raises(NotPermitted):
        await key_of_owner(mesh)
    with pytest.raises(NotFound):
        await mesh.keys.revoke(BOB, "nightly's")
    await mesh.keys.revoke(ADA, "nightly's")
    assert mesh.key_principal(secret) is None


async def key_of_owner(mesh: Mesh) -> None:
    await mesh.keys.create(ADA, KeyRequest(name="k", application="a", user="nightly"))


async def test_it_makes_itself_no_key_and_has_no_right_but_those_it_was_given(mesh: Mesh) -> None:
    await put(mesh, "service_accounts", "nightly", **NIGHTLY)
    await put(mesh, "groups", "admins", members=["root"], role="admin")
    await put(mesh, "groups", "audit", members=["nightly"], role="auditor")
    program = mesh.key_principal(await key_of(mesh, "nightly"))
    assert program is not None
    assert not program.may(Scope.AUDIT)  # its group allows it, its key was not made for it
    with pytest.raises(NotPermitted):
        await mesh.keys.create(program, KeyRequest(name="more", application="a"))
    audits = mesh.key_principal(await key_of(mesh, "nightly", name="audits", auditor=True))
    assert audits is not None
    assert audits.may(Scope.AUDIT)
    assert not audits.may(Scope.ADMIN)


@pytest.mark.parametrize(
    ("name", "body", "word"),
    [
        ("nightly", {"owner": "nightly"}, "name a person"),
        ("nightly", {"owner": "hourly"}, "name a person"),
        ("nightly", {"onwer": "ada"}, "owner"),
        ("*", {}, "no name"),
    ],
)
async def test_one_that_could_not_be_is_refused(
    mesh: Mesh, name: str, body: dict[str, object], word: str
) -> None:
    await put(mesh, "service_accounts", "hourly", owner="ada")
    with pytest.raises(ConfigError, match=word):
        await put(mesh, "service_accounts", name, **body)
