"""What admins set holds at once, is recorded, and never undoes what the file says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jupyter_mesh.config import load
from jupyter_mesh.errors import (
    BudgetExceeded,
    ConfigError,
    Conflict,
    InvalidRequest,
    MeshError,
    ModelNotFound,
    NotFound,
)
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import (
    ConnectionTest,
    ConnectionTrial,
    SettingUpdate,
)
from jupyter_mesh.schemas.events import Chunk
from jupyter_mesh.schemas.json import JsonObject, as_object
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.principals import analyst

from .world import ROOT, ask, chat, connection, mesh_of, put, until

# ── in force at once ────────────────────────────────────────────────────────────────────────


async def test_an_alias_is_there_as_soon_as_it_is_saved_and_gone_when_removed(mesh: Mesh) -> None:
    version = await put(mesh, "aliases", "fast", models=["up/m"])
    assert (await ask(mesh, chat(model="fast"))).error is None
    await mesh.administration.remove(ROOT, "aliases", "fast", version)
    assert isinstance((await ask(mesh, chat(model="fast"))).error, ModelNotFound)


async def test_swapping_the_model_behind_an_alias_changes_nothing_for_the_caller(
    mesh: Mesh, upstream: FakeOpenAI
) -> None:
    other = {"provider": "openai_compatible", "base_url": upstream.base_url, "models": ["n"]}
    version = await put(mesh, "aliases", "fast", models=["up/m"])
    assert (await ask(mesh, chat(model="fast"))).call.report.model == "up/m"
    await put(mesh, "connections", "second", **other)
    await put(mesh, "aliases", "fast", version, models=["second/n"])
    assert (await ask(mesh, chat(model="fast"))).call.report.model == "second/n"


async def test_a_budget_set_now_stops_the_next_call(mesh: Mesh) -> None:
    assert (await ask(mesh, chat("one"))).error is None
    await put(mesh, "budgets", "none", scope={"user": "ada"}, limit_usd="0")
    assert isinstance((await ask(mesh, chat("two"))).error, BudgetExceeded)


async def test_a_group_opens_models_to_its_members_only(mesh: Mesh) -> None:
    await put(mesh, "groups", "analysts", members=["ada"], allow=["up/*"])
    assert (await ask(mesh, chat())).error is None
    assert isinstance((await ask(mesh, chat(), analyst("eve"))).error, ModelNotFound)


async def test_a_call_that_runs_ends_over_the_connection_it_began_with(
    mesh: Mesh, upstream: FakeOpenAI
) -> None:
    base = {"provider": "openai_compatible", "base_url": upstream.base_url, "models": ["m"]}
    version = await put(mesh, "connections", "late", **base)
    upstream.script(Behaviour(text="one two three four five six", piece_delay=0.05))
    running = asyncio.create_task(ask(mesh, chat(model="late/m", stream=True)))

    async def sent() -> bool:
        return bool(upstream.requests)

    await until(sent)
    await put(mesh, "connections", "late", version, **base, retries=5)
    outcome = await running
    assert outcome.error is None
    assert sum(isinstance(event, Chunk) for event in outcome.events) > 5
    assert (await ask(mesh, chat(model="late/m"))).error is None


async def test_settings_outlive_a_restart(tmp_path: Path, upstream: FakeOpenAI) -> None:
    connections = {"up": connection(upstream)}
    async with mesh_of(tmp_path, connections) as mesh:
        await put(mesh, "aliases", "fast", models=["up/m"])
    async with mesh_of(tmp_path, connections) as mesh:
        assert "fast" in mesh.snapshot.aliases


async def test_another_gateway_over_the_same_store_follows_within_two_seconds(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream)}
    async with mesh_of(tmp_path, connections) as one, mesh_of(tmp_path, connections) as other:
        await put(one, "aliases", "fast", models=["up/m"])

        async def followed() -> bool:
            return "fast" in other.snapshot.aliases

        await until(followed, within=10)


# ── the file ────────────────────────────────────────────────────────────────────────────────


async def test_what_the_file_says_cannot_be_changed_here(mesh: Mesh) -> None:
    with pytest.raises(ConfigError, match=r"managed by mesh\.yaml"):
        await put(mesh, "connections", "up", provider="echo")
    (shown,) = mesh.administration.settings("connections").settings
    assert (shown.name, shown.managed_by, shown.version) == ("up", "mesh.yaml", None)


async def test_a_setting_that_no_longer_fits_is_left_out_and_says_why(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    both = {"up": connection(upstream), "second": connection(upstream)}
    async with mesh_of(tmp_path, both) as mesh:
        await put(mesh, "aliases", "fast", models=["second/m"])
        await put(mesh, "aliases", "slow", models=["up/m"])
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        shown = {one.name: one.fault for one in mesh.administration.settings("aliases").settings}
        assert shown["slow"] is None
        assert "second" in (shown["fast"] or "")
        assert (await ask(mesh, chat(model="slow"))).error is None


async def test_a_group_that_no_longer_fits_opens_nothing_rather_than_everything(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    both = {"up": connection(upstream), "second": connection(upstream)}
    async with mesh_of(tmp_path, both) as mesh:
        narrowed = {"purposes_for": {"second/*": ["research"]}}
        await put(mesh, "groups", "lab", members=["ada"], allow=["second/*"], **narrowed)
        assert isinstance((await ask(mesh, chat())).error, ModelNotFound)
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        (shown,) = mesh.administration.settings("groups").settings
        assert "second" in (shown.fault or "")
        assert isinstance((await ask(mesh, chat())).error, ModelNotFound)


async def test_an_edited_file_is_taken_over_and_a_wrong_one_is_not(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    file = tmp_path / "mesh.yaml"
    text = f"connections: {{up: {{provider: openai_compatible, base_url: '{upstream.base_url}', "
    file.write_text(text + "models: [m]}}\noffers: false\n")
    mesh = await Mesh.start(
        load(file), state_dir=tmp_path / "state", host="standalone", config_file=file
    )
    try:
        file.write_text(text + "models: [m, n]}}\noffers: false\n")

        async def edited() -> bool:
            return "up/n" in mesh.snapshot.models

        await until(edited, within=10)
        file.write_text("connections: [what]\n")
        await asyncio.sleep(1.5)
        assert "up/n" in mesh.snapshot.models
        assert "connections" in mesh.health().checks["configuration"]
    finally:
        await mesh.aclose()


# ── wrong or late ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "name", "body", "word"),
    [
        ("aliases", "fast", {"models": ["nowhere/m"]}, "nowhere"),
        ("aliases", "fast", {"modles": ["up/m"]}, "models"),
        ("connections", "a/b", {"provider": "echo"}, "slash"),
        ("connections", "c", {"provider": "opnai"}, "opnai"),
        ("connections", "c", {"provider": "echo", "delay": 1}, "delay_ms"),
        ("guards", "g", {"guard": "nothing"}, "nothing"),
        ("screening", "s", {"detectors": ["customers"]}, "customers"),
        ("budgets", "b", {"limit_usd": "-1"}, "limit_usd"),
        ("groups", "g", {"purposes_for": {"pu/*": ["research"]}}, "up"),
        ("general", "durability", {"value": 1}, "durability"),
        ("general", "audit", {"value": {"durability": "batched"}}, "restart"),
    ],
)
async def test_what_does_not_fit_is_refused_with_the_reason_and_changes_nothing(
    mesh: Mesh, kind: str, name: str, body: dict[str, object], word: str
) -> None:
    before = mesh.snapshot.version
    with pytest.raises(ConfigError, match=word):
        await put(mesh, kind, name, **body)
    assert mesh.snapshot.version == before
    assert (await ask(mesh, chat())).error is None


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 101])
async def test_a_name_that_cannot_be_shown_is_refused(mesh: Mesh, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await put(mesh, "aliases", name, models=["up/m"])


async def test_of_two_admins_who_save_at_once_the_second_is_told(mesh: Mesh) -> None:
    version = await put(mesh, "aliases", "fast", models=["up/m"])
    results = await asyncio.gather(
        *(put(mesh, "aliases", "fast", version, models=["up/m"], strategy=s)
          for s in ("cheapest", "fastest")),
        return_exceptions=True,
    )  # fmt: skip
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "int"]
    with pytest.raises(Conflict, match="somebody else"):
        await put(mesh, "aliases", "fast", models=["up/m"])
    with pytest.raises(Conflict):
        await mesh.administration.remove(ROOT, "aliases", "fast", version)
    with pytest.raises(NotFound):
        await mesh.administration.remove(ROOT, "aliases", "slow", None)


async def test_every_change_is_recorded_with_what_it_was_before(mesh: Mesh) -> None:
    first = await put(mesh, "aliases", "fast", models=["up/m"])
    second = await put(mesh, "aliases", "fast", first, models=["up/m"], strategy="cheapest")
    await mesh.administration.remove(ROOT, "aliases", "fast", second)
    page = await mesh.administration.changes(kind="aliases", name="fast", before=None, limit=2)
    removed, edited = page.changes
    assert (removed.changed_by, removed.via, removed.after) == ("root", "browser", None)
    assert edited.before == {"models": ["up/m"]}
    assert edited.after == {"models": ["up/m"], "strategy": "cheapest"}
    assert page.next == edited.version
    rest = await mesh.administration.changes(kind=None, name=None, before=page.next, limit=2)
    (made,) = rest.changes
    assert (made.before, rest.next) == (None, None)


async def test_what_is_shown_of_a_setting_can_be_sent_back_as_it_is(mesh: Mesh) -> None:
    written = {
        "provider": "openai_compatible",
        "base_url": "http://127.0.0.1:9/v1",
        "timeout": "90s",
        "idle_timeout": 2.5,
        "models": {"m": {"price": {"input": "0.10", "output": "3"}}},
    }
    first = await put(mesh, "connections", "c", **written)
    shown = {one.name: one for one in mesh.administration.settings("connections").settings}["c"]
    assert shown.body == written
    await put(mesh, "connections", "c", first, **shown.body)


# ── keys of providers ───────────────────────────────────────────────────────────────────────


async def test_a_key_given_with_a_connection_is_sealed_used_and_never_shown(
    mesh: Mesh, tmp_path: Path
) -> None:
    async with FakeOpenAI(api_key="sk-the-real-one") as locked:
        base = {"provider": "openai_compatible", "base_url": locked.base_url, "models": ["m"]}
        secrets = {"api_key": "sk-the-real-one"}
        update = SettingUpdate.model_validate({"body": base, "secrets": secrets})
        saved = await mesh.administration.put(ROOT, "connections", "locked", update)
        assert (await ask(mesh, chat(model="locked/m"))).error is None
        shown = [
            saved.model_dump_json(),
            mesh.administration.settings("connections").model_dump_json(),
            (
                await mesh.administration.changes(kind=None, name=None, before=None, limit=9)
            ).model_dump_json(),
        ]
        assert not any("sk-the-real-one" in text for text in shown)
        assert all("store:locked.api_key." in text for text in shown)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("mesh.db*"))
    assert b"sk-the-real-one" not in stored


async def test_a_plain_key_where_a_reference_belongs_is_refused_and_not_repeated(
    mesh: Mesh,
) -> None:
    base = {"provider": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    for body in ({**base, "api_key": "sk-plain"}, {**base, "headers": {"X-Key": "sk-plain"}}):
        with pytest.raises(MeshError) as refused:
            await put(mesh, "connections", "c", **body)
        assert "sk-plain" not in refused.value.message


async def test_trying_a_connection_says_what_is_wrong_and_keeps_nothing(mesh: Mesh) -> None:
    async with FakeOpenAI(api_key="right-key") as locked:
        written = {"provider": "openai_compatible", "base_url": locked.base_url, "models": ["m"]}

        async def tried(**secrets: str) -> ConnectionTest:
            trial = ConnectionTrial.model_validate({"connection": written, "secrets": secrets})
            return await mesh.administration.test("new", trial)

        without, wrong = await tried(), await tried(api_key="wrong-key")
        assert (without.ok, wrong.ok) == (False, False)
        assert wrong.fault
        assert "wrong-key" not in wrong.fault
        right = await tried(api_key="right-key")
        assert (right.ok, right.fault) == (True, None)
        assert [card.id for card in right.cards] == [f"new/{name}" for name in right.models]
    assert "new/m" not in mesh.snapshot.models
    with pytest.raises(NotFound):
        await mesh.administration.test("nowhere", ConnectionTrial())


async def test_what_is_tried_is_the_server_and_not_the_list_of_models(mesh: Mesh) -> None:
    works = await mesh.administration.test("up", ConnectionTrial())
    assert (works.ok, works.models) == (True, ["fake-embedding", "fake-model"])
    gone = {"provider": "openai_compatible", "base_url": "http://127.0.0.1:9/v1", "models": ["m"]}
    trial = ConnectionTrial.model_validate({"connection": gone})
    assert not (await mesh.administration.test("up", trial)).ok


async def test_an_admin_sees_price_and_speed_of_models_they_may_not_use(mesh: Mesh) -> None:
    await put(mesh, "groups", "analysts", members=["ada"], allow=["*"])
    assert not (await mesh.models(ROOT)).models
    (up,) = mesh.administration.connections().connections
    (card,) = up.cards
    assert card.id == "up/m"
    assert card.price is not None


async def test_every_installed_provider_brings_the_form_of_its_connections(mesh: Mesh) -> None:
    forms = {one.name: one for one in mesh.administration.providers().providers}
    assert {"openai_compatible", "huggingface", "echo"} <= set(forms)
    form = forms["openai_compatible"].config_schema
    properties = as_object(form["properties"]) or {}
    assert properties["base_url"] == {
        "default": "https://api.openai.com/v1",
        "description": "Up to and with `/v1`.",
        "title": "Base Url",
        "type": "string",
    }
    assert (as_object(properties["api_key"]) or {})["format"] == "secret"
    assert "Attributes" not in str(form["description"])


async def test_a_sealed_key_goes_to_no_other_address_than_it_was_given_for(mesh: Mesh) -> None:
    async with FakeOpenAI() as right, FakeOpenAI() as thief:
        base: JsonObject = {"provider": "openai_compatible", "models": ["m"]}
        there: JsonObject = {**base, "base_url": right.base_url}
        update = SettingUpdate.model_validate({"body": there, "secrets": {"api_key": "sk-real"}})
        saved = await mesh.administration.put(ROOT, "connections", "c", update)
        kept = saved.body["api_key"]
        elsewhere: JsonObject = {**base, "base_url": thief.base_url, "api_key": kept}
        for name, version in (("c", saved.version), ("other", None)):
            update = SettingUpdate(body=elsewhere, version=version)
            with pytest.raises(InvalidRequest, match="again"):
                await mesh.administration.put(ROOT, "connections", name, update)
            with pytest.raises(InvalidRequest, match="again"):
                await mesh.administration.test(name, ConnectionTrial(connection=elsewhere))
        assert thief.requests == []
        near: JsonObject = {**there, "api_key": kept, "retries": 5}
        update = SettingUpdate(body=near, version=saved.version)
        assert (await mesh.administration.put(ROOT, "connections", "c", update)).fault is None
        assert (await mesh.administration.test("c", ConnectionTrial(connection=near))).ok
