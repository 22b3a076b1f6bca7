"""On a Hub a key says who of its users stands behind it, and is for somebody who is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_mesh.config import key_hash
from jupyter_mesh.errors import InvalidRequest, NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import KeyRequest
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.testing.principals import analyst

from .world import ROOT, put

OLGA = replace(ROOT, user="olga", groups=frozenset({"platform", "a"}))


class Users:
    """Of a Hub."""

    async def knows(self, name: str) -> bool:
        return name in ("ada", "olga")


async def made(mesh: Mesh, principal: Principal, name: str, **wish: object) -> Principal:
    """Whoever brings a key that was made so."""
    asked = KeyRequest.model_validate({"name": name, "application": "a", **wish})
    secret = (await mesh.keys.create(principal, asked)).secret
    holder = mesh.key_principal(secret)
    assert holder is not None
    return holder


async def voucher(
    mesh: Mesh, principal: Principal, name: str, **wish: object
) -> tuple[str, tuple[str, ...]] | None:
    """Who stands behind a key that was made so, and their groups."""
    asked = KeyRequest.model_validate({"name": name, "application": "a", **wish})
    holder = mesh.signed_in.holder(key_hash((await mesh.keys.create(principal, asked)).secret))
    assert holder is not None
    found = holder.rule.vouched_by
    return None if found is None else (found.user, found.groups)


async def test_who_makes_a_key_stands_behind_it_and_behind_those_made_with_it(mesh: Mesh) -> None:
    mesh.keys.people = Users()
    assert await voucher(mesh, analyst("ada", ["b", "a"]), "k") == ("ada", ("a", "b"))
    await made(mesh, OLGA, "root", admin=True)
    with_key = replace(ROOT, user="olga", via="key", key_id="root")
    behind = await voucher(mesh, with_key, "again", user="ada", admin=True)
    assert behind == ("olga", ("a", "platform"))


async def test_without_a_hub_nobody_vouches(mesh: Mesh) -> None:
    assert await voucher(mesh, OLGA, "k", user="anybody") is None


async def test_a_program_is_a_service_account_before_it_has_a_key(mesh: Mesh) -> None:
    mesh.keys.people = Users()
    with pytest.raises(InvalidRequest, match="service account"):
        await made(mesh, OLGA, "k", user="nightly")
    await put(mesh, "service_accounts", "nightly")
    assert (await made(mesh, OLGA, "k", user="nightly")).user == "nightly"
    assert (await made(mesh, OLGA, "k2", user="ada")).user == "ada"


async def test_a_service_of_the_hub_makes_no_key(mesh: Mesh) -> None:
    cron = replace(analyst("service:cron"), via="service")
    with pytest.raises(NotPermitted):
        await made(mesh, cron, "k")
