"""API keys: for an application, within the rights of whoever makes them, gone when revoked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from jupyter_mesh.errors import (
    BudgetExceeded,
    Conflict,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    NotPermitted,
)
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import KeyRequest
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.testing.principals import analyst, kernel_of

from .world import ADA, ROOT, ask, chat, put


async def test_a_key_works_at_once_for_its_models_and_purpose_until_it_is_revoked(
    mesh: Mesh,
) -> None:
    asked = KeyRequest(name="report", application="reports", models=["up/*"], purpose="billing")
    made = await mesh.keys.create(ADA, asked)
    holder = mesh.key_principal(made.secret)
    assert holder is not None
    assert (holder.user, holder.application, holder.key_id) == ("ada", "reports", "report")
    outcome = await ask(mesh, chat(), holder)
    assert (outcome.error, outcome.call.purpose) == (None, "billing")
    assert isinstance((await ask(mesh, chat(), holder, purpose="fun")).error, NotPermitted)
    await mesh.keys.revoke(ADA, "report")
    assert mesh.key_principal(made.secret) is None


async def test_a_key_narrowed_to_one_model_sees_no_other(mesh: Mesh) -> None:
    await put(mesh, "aliases", "fast", models=["up/m"])
    made = await mesh.keys.create(ADA, KeyRequest(name="k", application="a", models=["fast"]))
    holder = mesh.key_principal(made.secret)
    assert holder is not None
    assert [card.id for card in (await mesh.models(holder)).models] == ["fast"]
    assert isinstance((await ask(mesh, chat(), holder)).error, ModelNotFound)
    assert (await ask(mesh, chat(model="fast"), holder)).error is None


async def test_a_keys_own_budget_stops_it_and_nobody_else(mesh: Mesh) -> None:
    made = await mesh.keys.create(ADA, KeyRequest(name="k", application="a", budget_usd="0"))
    holder = mesh.key_principal(made.secret)
    assert holder is not None
    assert isinstance((await ask(mesh, chat(), holder)).error, BudgetExceeded)
    assert (await ask(mesh, chat())).error is None


@pytest.mark.parametrize(
    ("principal", "wish"),
    [
        (analyst("eve"), {"user": "ada"}),
        (analyst("eve"), {"groups": ["finance"]}),
        (analyst("eve"), {"admin": True}),
        (kernel_of("ada"), {}),
    ],
)
async def test_a_key_is_never_wider_than_its_makers_rights(
    mesh: Mesh, principal: Principal, wish: dict[str, object]
) -> None:
    asked = KeyRequest.model_validate({"name": "k", "application": "a", **wish})
    with pytest.raises(NotPermitted):
        await mesh.keys.create(principal, asked)
    assert mesh.keys.listed(ROOT) == []
    made = await mesh.keys.create(ROOT, asked)  # near miss: an admin may
    assert made.key.name == "k"


@pytest.mark.parametrize(
    "wish",
    [
        {"expires": datetime.now(UTC) - timedelta(seconds=1)},
        {"budget_usd": "much"},
        {"budget_usd": "-1"},
        {"models": ["up/other"]},
    ],
)
async def test_a_key_that_could_not_work_is_not_made(mesh: Mesh, wish: dict[str, object]) -> None:
    asked = KeyRequest.model_validate({"name": "k", "application": "a", **wish})
    with pytest.raises(InvalidRequest):
        await mesh.keys.create(ADA, asked)


async def test_an_expired_key_is_nobodys(mesh: Mesh) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    made = await mesh.keys.create(ADA, KeyRequest(name="k", application="a", expires=soon))
    assert mesh.key_principal(made.secret) is not None
    await asyncio.sleep(0.35)
    assert mesh.key_principal(made.secret) is None


async def test_people_see_and_revoke_their_own_keys_only(mesh: Mesh) -> None:
    await mesh.keys.create(ADA, KeyRequest(name="k", application="a"))
    eve = analyst("eve")
    assert mesh.keys.listed(eve) == []
    with pytest.raises(NotFound):
        await mesh.keys.revoke(eve, "k")
    with pytest.raises(Conflict):
        await mesh.keys.create(eve, KeyRequest(name="k", application="a"))
    assert [one.name for one in mesh.keys.listed(ROOT)] == ["k"]
