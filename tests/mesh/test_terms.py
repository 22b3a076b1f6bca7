"""What a vendor does with requests decides who may use it; what nobody said is the worst."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.errors import ModelNotFound
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.catalog import ModelFacts, Residency
from jupyter_mesh.schemas.terms import Requirement
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .world import ADA, ask, chat, connection, mesh_of, put


def facts(**said: object) -> ModelFacts:
    fields = {"id": "up/m", "connection": "up", "name": "m", "provider": "openai", **said}
    return ModelFacts(**fields)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("required", "said", "met"),
    [
        ({"trains_on_requests": False}, {"trains_on_requests": False}, True),
        ({"trains_on_requests": False}, {"trains_on_requests": True}, False),
        ({"trains_on_requests": False}, {}, False),
        ({"residency": ["local", "region"]}, {"residency": Residency.REGION}, True),
        ({"residency": ["local", "region"]}, {}, False),
        ({"retains_at_most": "30d"}, {"retains_requests": "30d"}, True),
        ({"retains_at_most": "30d"}, {"retains_requests": "31d"}, False),
        ({"retains_at_most": 0}, {"retains_requests": "none"}, True),
        ({"retains_at_most": "30d"}, {"retains_requests": "a while"}, False),
        ({"retains_at_most": "30d"}, {}, False),
        ({}, {"trains_on_requests": True}, True),
    ],
)
def test_a_requirement_holds_only_for_what_is_known(
    required: dict[str, object], said: dict[str, object], met: bool
) -> None:
    assert Requirement.model_validate(required).met_by(facts(**said)) is met


@pytest.mark.parametrize(("trains", "open_to_ada"), [(False, True), (True, False), (None, False)])
async def test_a_group_opens_no_vendor_that_trains_or_may_train(
    tmp_path: Path, upstream: FakeOpenAI, trains: bool | None, open_to_ada: bool
) -> None:
    said = {} if trains is None else {"trains_on_requests": trains}
    groups = {"all": {"members": ["*"], "require": {"trains_on_requests": False}}}
    async with mesh_of(tmp_path, {"up": connection(upstream, **said)}, groups=groups) as mesh:
        assert ("up/m" in mesh.snapshot.visible(ADA)) is open_to_ada
        error = (await ask(mesh, chat())).error
        assert isinstance(error, ModelNotFound) is not open_to_ada
    assert bool(upstream.requests) is open_to_ada


async def test_an_alias_falls_back_to_nothing_that_does_not_meet_its_requirement(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI
) -> None:
    """T37."""
    connections = {
        "safe": connection(upstream, trains_on_requests=False),
        "unknown": connection(other),
    }
    models = ["safe/m", "unknown/m"]
    aliases = {
        "careful": {"models": models, "require": {"trains_on_requests": False}},
        "careless": {"models": models},
    }
    async with mesh_of(tmp_path, connections, aliases=aliases) as mesh:
        for alias, reached in (("careful", False), ("careless", True)):
            upstream.script(Behaviour(fault="server_error"))
            outcome = await ask(mesh, chat(alias, model=alias))
            assert bool(other.requests) is reached
            assert (outcome.error is None) is reached
            detail = await mesh.call_detail(ADA, outcome.call.id)
            assert "safe/m" in str(detail.attempts), "the try that failed is on record"
            assert detail.summary.model == ("unknown/m" if reached else "safe/m")


async def test_what_is_said_of_a_vendor_is_shown_with_its_date_and_source(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    said = {
        "trains_on_requests": False,
        "retains_requests": "30d",
        "terms_checked": "2026-11-01",
        "terms_source": "https://vendor.example/terms",
    }
    async with mesh_of(tmp_path, {"up": connection(upstream, **said)}) as mesh:
        (card,) = (await mesh.models(ADA)).models
        shown = card.model_dump(mode="json")
        assert {name: shown[name] for name in said} == said


async def test_a_connection_and_each_of_its_models_is_switched_off_at_once(mesh: Mesh) -> None:
    base = dict(mesh.administration.settings("connections").settings[0].body)
    version = await put(mesh, "connections", "c", **base)
    assert (await ask(mesh, chat(model="c/m"))).error is None
    off = {**base, "models": {"m": {"enabled": False}, "n": {}}}
    version = await put(mesh, "connections", "c", version, **off)
    assert isinstance((await ask(mesh, chat("2", model="c/m"))).error, ModelNotFound)
    assert (await ask(mesh, chat("3", model="c/n"))).error is None
    version = await put(mesh, "connections", "c", version, **base, enabled=False)
    assert isinstance((await ask(mesh, chat("4", model="c/n"))).error, ModelNotFound)
    await put(mesh, "connections", "c", version, **base, enabled=True)
    assert (await ask(mesh, chat("5", model="c/m"))).error is None
