"""Which model is used where, by whom and for what; and the switch that stops one use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError, UseCaseStopped
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.inventory import UseCase
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.principals import analyst, application

from .world import ADA, BOB, ask, chat, connection, mesh_of, put

pytestmark = pytest.mark.usefixtures("both_stores")

ECHO = {"echo": {"provider": "echo"}}
SHOP = application("shop", user="service-shop")
SUPPORT: dict[str, object] = {
    "application": "shop",
    "purpose": "support",
    "owner": "Lea",
    "risk_class": "limited",
    "data_sources": ["tickets"],
    "since": "2026-01-15",
    "ai_marking": "a line below each answer",
}


HUB_GROUPS = {
    "ada": {"physicists", "chemists"},
    "bob": {"teachers"},
    "cyd": {"chemists"},
    "dan": set[str](),
}


async def cases(mesh: Mesh) -> dict[tuple[str, str | None], UseCase]:
    now = datetime.now(UTC)
    report = await mesh.inventory.report(since=now - timedelta(days=1), until=now)
    return {(one.application, one.purpose): one for one in report.use_cases}


async def test_it_says_what_was_declared_beside_what_was_seen(tmp_path: Path) -> None:
    async with FakeOpenAI() as upstream:
        up = connection(upstream, residency="region", trains_on_requests=False)
        groups = {"staff": {"members": ["ada", "bob"], "purposes": ["research"]}}
        sections = {"use_cases": {"answers": SUPPORT, "idle": {"application": "crm"}}}
        everybody = {"everybody": {"members": ["*"]}}
        async with mesh_of(
            tmp_path, {"up": up}, groups={**groups, **everybody}, **sections
        ) as mesh:
            for who in (ADA, BOB, ADA):
                await ask(mesh, chat(), who, purpose="research")
            await ask(mesh, chat(), SHOP, purpose="support")
            found = await cases(mesh)
        assert {*found} == {("notebook", "research"), ("shop", "support"), ("crm", None)}
        declared = found["shop", "support"]
        assert (declared.name, declared.users, declared.spend.calls) == ("answers", 1, 1)
        assert declared.declared is not None
        assert declared.declared.owner == "Lea"
        assert declared.managed_by == "mesh.yaml"
        (model,) = declared.models
        assert (model.id, model.residency, model.trains_on_requests) == ("up/m", "region", False)
        assert declared.spend.cost_usd > 0
        undeclared = found["notebook", "research"]
        assert (undeclared.name, undeclared.declared, undeclared.users) == (None, None, 2)
        assert undeclared.groups == ["staff"]
        assert undeclared.first_use is not None
        assert undeclared.open_to == ["everybody", "staff"]
        assert found["shop", "support"].open_to == ["everybody"]
        idle = found["crm", None]
        assert (idle.name, idle.spend.calls, idle.first_use) == ("idle", 0, None)


@pytest.mark.parametrize("policy", [{}, {"staff": {"members": ["ada"]}}], ids=["none", "some"])
async def test_groups_that_the_identity_source_gave_are_told_with_those_of_the_policy(
    tmp_path: Path, policy: dict[str, object]
) -> None:
    everybody: dict[str, object] = {"everybody": {"members": ["*"]}} if policy else {}
    hub = {name: analyst(name, groups=groups) for name, groups in HUB_GROUPS.items()}
    async with mesh_of(tmp_path, ECHO, groups={**policy, **everybody}) as mesh:
        for who in (hub["ada"], hub["cyd"]):
            assert (await ask(mesh, chat(model="echo/echo"), who, purpose="research")).error is None
        outcome = await ask(mesh, chat(model="echo/echo"), hub["bob"], purpose="teaching")
        assert outcome.error is None
        assert (await ask(mesh, chat(model="echo/echo"), hub["dan"], purpose="idle")).error is None
        found = await cases(mesh)
    staff = ["staff"] if policy else []
    assert found["notebook", "research"].groups == sorted(["chemists", "physicists", *staff])
    assert found["notebook", "teaching"].groups == ["teachers"]
    assert found["notebook", "idle"].groups == []


async def test_a_stopped_use_is_refused_with_its_reason_and_others_go_on(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        request = chat(model="echo/echo")
        assert (await ask(mesh, request, SHOP, purpose="support")).error is None
        version = await put(mesh, "use_cases", "answers", **SUPPORT)
        off = {**SUPPORT, "enabled": False, "reason": "Wrong answers since Monday."}
        version = await put(mesh, "use_cases", "answers", version, **off)
        refused = (await ask(mesh, request, SHOP, purpose="support")).error
        assert isinstance(refused, UseCaseStopped)
        assert (refused.status, refused.code) == (403, "use_case_stopped")
        assert "Wrong answers since Monday." in refused.message
        assert "Lea" in refused.message
        assert (await cases(mesh))["shop", "support"].stopped
        assert (await mesh.calls(SHOP)).calls[0].error_code == "use_case_stopped"
        for other in (("shop", "sales", SHOP), ("notebook", "support", ADA)):
            assert (await ask(mesh, request, other[2], purpose=other[1])).error is None
        await put(mesh, "use_cases", "answers", version, **SUPPORT)
        assert (await ask(mesh, request, SHOP, purpose="support")).error is None


async def test_a_use_declared_without_a_purpose_is_stopped_whatever_its_calls_are_for(
    tmp_path: Path,
) -> None:
    off = {"use_cases": {"shop": {"application": "shop", "enabled": False}}}
    async with mesh_of(tmp_path, ECHO, **off) as mesh:
        for purpose in ("support", None):
            outcome = await ask(mesh, chat(model="echo/echo"), SHOP, purpose=purpose)
            assert isinstance(outcome.error, UseCaseStopped)
        assert (await ask(mesh, chat(model="echo/echo"), ADA)).error is None


async def test_another_gateway_over_the_same_store_stops_it_as_well(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO) as one, mesh_of(tmp_path, ECHO) as other:
        await put(one, "use_cases", "answers", **{**SUPPORT, "enabled": False})
        await other._parts.governance.refresh()  # pyright: ignore[reportPrivateUsage]
        outcome = await ask(other, chat(model="echo/echo"), SHOP, purpose="support")
        assert isinstance(outcome.error, UseCaseStopped)


async def test_a_prohibited_use_cannot_be_enabled(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        banned = {**SUPPORT, "risk_class": "prohibited"}
        with pytest.raises(ConfigError, match="prohibited"):
            await put(mesh, "use_cases", "answers", **banned)
        await put(mesh, "use_cases", "answers", **banned, enabled=False)
        outcome = await ask(mesh, chat(model="echo/echo"), SHOP, purpose="support")
        assert isinstance(outcome.error, UseCaseStopped)


async def test_one_use_is_declared_once(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO, use_cases={"answers": SUPPORT}) as mesh:
        with pytest.raises(ConfigError, match="declare it once"):
            await put(mesh, "use_cases", "again", **SUPPORT)


OPEN_TO = {
    "any": {},
    "listed": {"purposes": ["research", "support"]},
    "other": {"purposes": ["support"]},
    "required": {"purpose_required": True, "purposes": ["research"]},
    "elsewhere": {"allow": ["up/*"]},
    "narrowed": {"purposes_for": {"echo/*": ["research"]}},
    "narrowed away": {"purposes_for": {"echo/*": ["support"]}},
    "narrowed elsewhere": {"purposes_for": {"second/*": ["support"]}},
}


@pytest.mark.parametrize(
    ("purpose", "groups"),
    [
        ("research", {"any", "listed", "required", "narrowed", "narrowed elsewhere"}),
        (None, {"any", "listed", "other", "narrowed elsewhere"}),
    ],
)
async def test_a_use_is_open_to_the_groups_that_could_make_its_calls(
    tmp_path: Path, purpose: str | None, groups: set[str]
) -> None:
    rules = {name: {"members": [f"{name}'s"], **rule} for name, rule in OPEN_TO.items()}
    everybody = {"asking": {"members": ["ada"], "allow": ["echo/*"]}}
    connections = {**ECHO, "second": {"provider": "echo"}}
    async with mesh_of(tmp_path, connections, groups={**rules, **everybody}) as mesh:
        assert (await ask(mesh, chat(model="echo/echo"), ADA, purpose=purpose)).error is None
        (case,) = (await cases(mesh)).values()
        assert set(case.open_to) == {"asking", *groups}
