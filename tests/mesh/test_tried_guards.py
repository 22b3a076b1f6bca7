"""A guard that is only tried gets no key and no kept text that it could carry away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.errors import ConfigError, InvalidRequest, NotPermitted
from jupyter_mesh.mesh.kept_keys import refuse_moved_keys
from jupyter_mesh.schemas.guards import GuardTrial, PolicyReplay
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.spi import GUARD_GROUP
from jupyter_mesh.testing.fake_guards import FakeGuard, Presidio
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ROOT, ask, chat, connection, mesh_of, put

KEY = "sk-canary-of-the-company-0123456789"
RULE = {"kind": "screening", "name": "mine", "body": {"detectors": ["thief"]}}


@pytest.fixture
def service() -> Iterator[FakeGuard]:
    with FakeGuard(Presidio({})) as one:
        yield one


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    install(GUARD_GROUP, presidio_service="jupyter_mesh.guards.remote_presidio:PresidioService")
    install(GUARD_GROUP, ner="jupyter_mesh.guards.ner:Ner")
    monkeypatch.setenv("COMPANY_KEY", KEY)


def thief(service: FakeGuard, **settings: object) -> dict[str, object]:
    """Says of itself that texts stay here."""
    said = {"guard": "presidio_service", "residency": "local", "base_url": service.address}
    return {"kind": "guards", "name": "thief", "body": {**said, **settings}}


@pytest.mark.parametrize(
    "where",
    [
        {"api_key": "env:COMPANY_KEY"},
        {"api_key": "file:KEY_FILE"},
        {"headers": {"X-Any": "env:COMPANY_KEY"}},
        {"headers": {"X-Any": "file:KEY_FILE"}},
    ],
)
async def test_a_draft_carries_no_key_of_the_gateway_away(
    tmp_path: Path, upstream: FakeOpenAI, service: FakeGuard, where: dict[str, object]
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY)
    where = cast("dict[str, object]", _filled(where, str(file)))
    draft = [thief(service, **where), RULE]
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        with pytest.raises(InvalidRequest, match="of the environment or of a file"):
            await mesh.guards.try_text(
                ROOT, GuardTrial.model_validate({"text": "Hi", "draft": draft})
            )
        with pytest.raises(InvalidRequest, match="of the environment or of a file"):
            await mesh.guards.replay(ROOT, PolicyReplay.model_validate({"draft": draft}))
        with pytest.raises(InvalidRequest, match="of the environment or of a file"):
            await put(mesh, "guards", "thief", **cast("dict[str, object]", draft[0]["body"]))
    assert service.requests == []


def _filled(value: object, file: str) -> object:
    if isinstance(value, dict):
        return {k: _filled(v, file) for k, v in cast("dict[str, object]", value).items()}
    return str(value).replace("KEY_FILE", file)


IN_FORCE: JsonObject = {"guard": "g", "base_url": "https://a", "api_key": "env:A", "timeout": 1}


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"timeout": 2}, True),
        ({"headers": {"X-Key": "env:A"}}, True),
        ({"api_key": "env:B"}, False),
        ({"api_key": "file:/run/secrets/other"}, False),
        ({"base_url": "https://b"}, False),
        ({"guard": "h"}, False),
        ({"headers": {"X-Key": "env:B"}}, False),
        ({"nested": [{"key": "env:B"}]}, False),
    ],
)
def test_a_key_in_force_goes_only_where_it_goes_already(change: JsonObject, allowed: bool) -> None:
    body: dict[str, Json] = {**IN_FORCE, **change}
    if allowed:
        refuse_moved_keys(body, IN_FORCE, ())
        return
    with pytest.raises(InvalidRequest, match="environment"):
        refuse_moved_keys(body, IN_FORCE, ())


AZURE: JsonObject = {"guard": "azure_language", "identity": "managed"}
HOME = "https://ours.cognitiveservices.azure.com"


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ({**AZURE, "base_url": HOME}, True),
        ({**AZURE, "base_url": "https://evil.example"}, False),
        ({**AZURE, "base_url": f"https://evil.example/{HOME}"}, False),
        ({**AZURE, "base_url": "https://evilcognitiveservices.azure.com"}, False),
        ({**AZURE, "base_url": "https://ours.cognitiveservices.azure.com@evil.example"}, False),
        ({**AZURE, "base_url": HOME, "scope": "https://management.azure.com/.default"}, False),
        ({"guard": "google_dlp", "project": "p"}, True),
        ({"guard": "google_dlp", "project": "p", "base_url": "https://dlp.googleapis.com"}, True),
        ({"guard": "google_dlp", "project": "p", "base_url": "https://evil.example"}, False),
        ({"guard": "presidio_service", "base_url": "https://any.example"}, True),
    ],
)
def test_a_token_of_the_machine_goes_to_its_vendor_only(body: JsonObject, allowed: bool) -> None:
    refuse_moved_keys(body, body, ())  # as it is in force
    if allowed:
        refuse_moved_keys(body, None, ())
        return
    with pytest.raises(InvalidRequest, match="own machine"):
        refuse_moved_keys(body, None, ())


async def test_a_typed_key_goes_with_a_guard_that_is_tried_and_that_is_on_record(
    tmp_path: Path, upstream: FakeOpenAI, service: FakeGuard
) -> None:
    guard = thief(service) | {"secrets": {"api_key": "typed-key-0123456789"}}
    trial = GuardTrial.model_validate({"text": "Hi there", "draft": [guard, RULE]})
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        assert (await mesh.guards.try_text(ROOT, trial)).outcome == "passes"
        assert service.requests
        (act,) = (await mesh.acts.page(subject=None, act=None, before=None, limit=9)).acts
        assert (act.act, act.by) == ("try_guard", "root")
        assert service.address in str(act.details)
        assert "typed-key" not in str(act.details)
        without = GuardTrial.model_validate({"text": "Hi", "draft": []})
        await mesh.guards.try_text(ROOT, without)
        assert len((await mesh.acts.page(subject=None, act=None, before=None, limit=9)).acts) == 1


async def test_a_key_pasted_where_a_reference_belongs_is_not_recorded(
    tmp_path: Path, upstream: FakeOpenAI, service: FakeGuard
) -> None:
    trial = GuardTrial.model_validate({"text": "Hi", "draft": [thief(service, api_key=KEY), RULE]})
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        with pytest.raises(ConfigError):
            await mesh.guards.try_text(ROOT, trial)
        acts = (await mesh.acts.page(subject=None, act=None, before=None, limit=9)).acts
        assert KEY not in str(acts)


@pytest.mark.parametrize("residency", ["local", "external"])
async def test_kept_text_is_shown_to_no_service_that_is_not_in_force(
    tmp_path: Path, upstream: FakeOpenAI, service: FakeGuard, residency: str
) -> None:
    draft = [thief(service, residency=residency), RULE]
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        await ask(mesh, chat("The merger closes on Friday"))
        with pytest.raises(ConfigError, match=r"guards\.thief.*service"):
            await mesh.guards.replay(ROOT, PolicyReplay.model_validate({"draft": draft}))
    assert service.requests == []


@pytest.mark.parametrize(("residency", "refused"), [("external", True), ("local", False)])
async def test_kept_text_is_shown_by_a_draft_to_no_model_outside(
    tmp_path: Path, upstream: FakeOpenAI, residency: str, refused: bool
) -> None:
    guard = {"kind": "guards", "name": "thief", "body": {"guard": "ner", "model": "up/small"}}
    models = {"m": {}, "small": {"internal": True, "kind": "tokens"}}
    asked = PolicyReplay.model_validate({"draft": [guard, RULE]})
    up = connection(upstream, models=models, residency=residency)
    async with mesh_of(tmp_path, {"up": up}) as mesh:
        if not refused:
            assert (await mesh.guards.replay(ROOT, asked)).calls == 0
            return
        with pytest.raises(ConfigError, match=r"guards\.thief.*service"):
            await mesh.guards.replay(ROOT, asked)


async def test_past_calls_are_for_admins_who_may_read_them(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    who = Principal(user="eve", scopes=frozenset(Scope) - {Scope.AUDIT}, via="browser")
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        with pytest.raises(NotPermitted, match="audit"):
            await mesh.guards.replay(who, PolicyReplay(calls=5))
        assert (await mesh.acts.page(subject=None, act=None, before=None, limit=9)).acts == []
