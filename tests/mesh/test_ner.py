"""Names found by a model of the mesh: in calls, in dry runs and where a policy is tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mesh.config import Config
from jupyter_mesh.errors import ConfigError, ModerationUnavailable
from jupyter_mesh.mesh.guards import check_guards
from jupyter_mesh.mesh.plugins import Plugins
from jupyter_mesh.schemas.guards import GuardTrial
from jupyter_mesh.schemas.json import dig
from jupyter_mesh.spi import GUARD_GROUP, PROVIDER_GROUP
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .world import ADA, ROOT, ask, chat, connection, mesh_of

GUARDS = {"names": {"guard": "ner", "model": "labels/names"}}
RULE = {"detectors": ["names"], "for": {"residency": "external"}}
BLOCKING = {**RULE, "entities": {"PERSON": "block"}}
PROMPT = "ask whether Grace met Ada in the spring"


@pytest.fixture
def connections(upstream: FakeOpenAI, install: Callable[..., None]) -> dict[str, object]:
    """One that answers, and one whose model labels names."""
    install(PROVIDER_GROUP, labelling="tests.mesh.labelling:Labelling")
    install(GUARD_GROUP, ner="jupyter_mesh.guards.ner:Ner")
    labels = {"provider": "labelling", "models": {"names": {"internal": True}}}
    return {"up": connection(upstream), "labels": labels}


async def test_names_stay_inside_and_the_model_is_asked_as_a_part_of_the_call(
    tmp_path: Path, upstream: FakeOpenAI, connections: dict[str, object]
) -> None:
    async with mesh_of(tmp_path, connections, guards=GUARDS, screening=[RULE]) as mesh:
        outcome = await ask(mesh, chat(PROMPT, model="up/m"))
        assert outcome.error is None
        sent = json.loads(upstream.requests[0].body)["messages"][0]["content"]
        assert sent == "ask whether <PERSON_1> met <PERSON_2> in the spring"
        detail = await mesh.call_detail(ADA, outcome.call.id)
        assert {one.model for one in detail.children} == {"labels/names"}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("labels/other", "'labels' lists no model 'other' (there are: names)"),
        ("labls/names", "'labls/names' needs a connection 'labls' (did you mean 'labels'?)"),
        ("up/m", "'up/m' must be listed under its connection as `internal: true`"),
    ],
)
async def test_a_guard_that_names_no_model_is_refused(
    tmp_path: Path, connections: dict[str, object], model: str, said: str
) -> None:
    guards = {"names": {"guard": "ner", "model": model}}
    with pytest.raises(ConfigError) as refused:
        async with mesh_of(tmp_path, connections, guards=guards, screening=[RULE]):
            pass
    assert f"guards.names: {said}" in refused.value.message
    config = Config.model_validate({"connections": connections, "guards": guards})
    with pytest.raises(ConfigError):
        check_guards(config, Plugins())


REFUSING: dict[str, object] = {
    "small": {"internal": True, "operations": ["embedding"]},
    "m": {},
}


SUBJECTS = {
    "guard": "topics",
    "model": "up/small",
    "deny": {"medicine": ["Which dose may I take?"]},
}
ON_SUBJECTS = {"name": "subjects", "guard": "subjects", "for": {"direction": "request"}}


async def test_why_a_guard_cannot_ask_its_model_is_told_to_admins_without_the_text(
    tmp_path: Path, upstream: FakeOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    said = "the private words of a letter that nobody else may read"
    upstream.default = Behaviour(fault="rejected")
    up = {"up": connection(upstream, models=REFUSING)}
    policy = {"guards": {"subjects": SUBJECTS}, "moderation": [ON_SUBJECTS]}
    async with mesh_of(tmp_path, up, screening=[], **policy) as mesh:
        outcome = await ask(mesh, chat(said, model="up/m"))
        assert isinstance(outcome.error, ModerationUnavailable)
        assert "400" not in outcome.error.message
        result = await mesh.guards.try_text(ROOT, GuardTrial(text=said))
        await mesh._parts.alerts.flush()
        (alert,) = (await mesh.alerts.page(state="open", kind="moderation")).alerts
        health = mesh.health()
        assert health.status == "ok"
        for told in (caplog.text, alert.text, str(result.reason), f"{health.checks}"):
            assert "400" in told
            assert "subjects" in told
            assert said not in told


async def test_a_draft_whose_model_fails_is_asked_once(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(fault="rate_limited")
    up = {"up": connection(upstream, models=REFUSING)}
    draft = [
        {"kind": "guards", "name": "subjects", "body": SUBJECTS},
        {"kind": "moderation", "name": "subjects", "body": ON_SUBJECTS},
    ]
    async with mesh_of(tmp_path, up, screening=[]) as mesh:
        trial = GuardTrial.model_validate({"text": "Which dose is right?", "draft": draft})
        assert (await mesh.guards.try_text(ROOT, trial)).outcome == "unavailable"
        assert len(upstream.requests) == 1


async def test_a_dry_run_shows_the_names_too(
    tmp_path: Path, upstream: FakeOpenAI, connections: dict[str, object]
) -> None:
    async with mesh_of(tmp_path, connections, guards=GUARDS, screening=[BLOCKING]) as mesh:
        run = await mesh.dry_run(mesh.call(ADA, chat(PROMPT, model="up/m")))
        assert run.blocked
        assert [(dig(one, "entity"), dig(one, "count")) for one in run.findings] == [("PERSON", 2)]
        assert not (await mesh.dry_run(mesh.call(ADA, chat("is it so?", model="up/m")))).blocked
        assert upstream.requests == []


async def test_the_try_it_box_shows_them(tmp_path: Path, connections: dict[str, object]) -> None:
    async with mesh_of(tmp_path, connections, guards=GUARDS, screening=[RULE]) as mesh:
        result = await mesh.guards.try_text(ROOT, GuardTrial(text=PROMPT, model="up/m"))
        assert [one.entity for one in result.findings] == ["PERSON", "PERSON"]


async def test_a_dry_run_that_asked_a_model_does_not_hold_up_the_end(
    tmp_path: Path, connections: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mesh.mesh.mesh._DRAIN_SECONDS", 3600.0)
    async with mesh_of(tmp_path, connections, guards=GUARDS, screening=[RULE]) as mesh:
        await mesh.dry_run(mesh.call(ADA, chat(PROMPT, model="up/m")))
        await mesh.guards.try_text(ROOT, GuardTrial(text=PROMPT, model="up/m"))
