"""A personal mesh is taken over into the hub's: each object as a change of its own, and nothing of
the personal one is changed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from jupyter_mesh.errors import ConfigError, StoreUnavailable
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.mesh.migration import Choices
from jupyter_mesh.mesh.migration.hub import Hub
from jupyter_mesh.storage.location import Location
from jupyter_mesh.storage.secrets import Secrets
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.principals import analyst
from tests.storage.processes import ROOT as ROOT_FOLDER
from tests.storage.samples import chain_verdict, execute, rows
from tests.storage.test_earlier_revisions import OLD, store_of

from .migrating import (
    EVERYTHING,
    KEY,
    OTHER_KEY,
    SLACK,
    Store,
    carried_out,
    connect,
    files_of,
    hub_at,
    migrated,
    personal_at,
    personal_mesh,
    planned,
    reason,
    verdicts,
)
from .world import ask, chat, mesh_of, put

URL = "http://127.0.0.1:9/v1"


def state(folder: Path) -> Path:
    return folder / "state"


def url(store: Store) -> str:
    return f"sqlite:///{store}" if isinstance(store, Path) else store


def bodies(store: Store) -> dict[tuple[str, str], Any]:
    found = rows(store, "SELECT kind, name, body FROM settings")
    return {(kind, name): orjson.loads(body) for kind, name, body in found}


def sealed(store: Store) -> dict[str, str]:
    secrets = Secrets(store, environ=os.environ)
    names = [name for (name,) in rows(store, "SELECT name FROM secrets")]
    return {name: secrets.resolve(f"store:{name}") for name in names}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A personal mesh with something of every kind, to be copied."""
    folder = tmp_path_factory.mktemp("personal")
    asyncio.run(personal_at(folder, URL))
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of the personal mesh, empty yet."""
    folder = tmp_path / "personal"
    folder.mkdir()
    return folder


@pytest.fixture
def whole(own: Path, filled: Path) -> Path:
    """The folder of the whole personal mesh."""
    return Path(shutil.copytree(filled, own, dirs_exist_ok=True))


# ── what is taken over ──────────────────────────────────────────────────────────────────────


async def test_everything_is_set_each_as_a_change_of_its_own_and_twice_changes_nothing(
    own: Path, store: Store, upstream: FakeOpenAI
) -> None:
    await personal_at(own, upstream.base_url)
    before = bodies(state(own) / "mesh.db")
    plan = await migrated(state(own), hub_at(store))
    assert verdicts(plan) == dict.fromkeys(EVERYTHING, "new")
    assert bodies(store) == before
    changes = rows(store, "SELECT kind, name, changed_by, via FROM setting_changes")
    objects = [
        (kind, name) for kind, name, by, via in changes if (by, via) == ("olga", "migration")
    ]
    assert len(objects) == len(changes)
    keys = {("secrets", name) for name in sealed(store)}
    assert len(keys) == 3
    assert sorted(objects) == sorted({*EVERYTHING, *keys})
    assert chain_verdict(store).fault is None
    again = await migrated(state(own), hub_at(store))
    assert verdicts(again) == dict.fromkeys(EVERYTHING, "same")
    assert rows(store, "SELECT kind, name, changed_by, via FROM setting_changes") == changes


async def test_a_raise_stays_with_the_personal_mesh(own: Path, store: Store) -> None:
    async with personal_mesh(own) as mesh:
        await put(mesh, "budgets", "mine", scope={"user": "ada"}, limit_usd="5")
        until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        await put(
            mesh,
            "raises",
            "closing",
            budget="mine",
            limit_usd="9",
            until=until,
            reason="Year's end",
        )
    plan = await migrated(state(own), hub_at(store))
    assert verdicts(plan) == {("budgets", "mine"): "new", ("raises", "closing"): "unusable"}
    assert "raise the hub's budget" in reason(plan, "raises", "closing")


async def test_calls_and_api_keys_work_in_the_hub_with_its_own_sealing_key(
    own: Path, store: Store, upstream: FakeOpenAI, tmp_path: Path
) -> None:
    secret = await personal_at(own, upstream.base_url)
    choices = Choices(users={"ada": "ada@example.com"})
    await migrated(state(own), hub_at(store), choices)
    (state(own) / "mesh.key").unlink()
    assert sorted(sealed(store).values()) == sorted([KEY, SLACK, "canary-spare"])
    async with mesh_of(tmp_path / "hub", {}, store={"url": url(store)}) as hub:
        ada = hub.key_principal(secret)
        assert ada is not None
        assert (ada.user, ada.key_id) == ("ada@example.com", "reports")
        outcome = await ask(hub, chat(model="fast"), ada)
        assert outcome.error is None
        assert (await ask(hub, chat(model="fast"), analyst("eve"))).error is not None
    (request,) = [one for one in upstream.requests if one.path.endswith("/chat/completions")]
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_an_accepted_offer_becomes_a_connection_with_its_key(own: Path, store: Store) -> None:
    async with personal_mesh(own) as mesh:
        parts = mesh._parts  # pyright: ignore[reportPrivateUsage]
        rule = {"provider": "openai", "api_key": "store:offer-openai", "models": ["gpt-5-mini"]}
        parts.secrets.set("offer-openai", KEY)
        kept = orjson.dumps(rule).decode()
        await parts.history.set_preference("@mesh", "offer:openai", kept)
        await parts.history.set_preference("@mesh", "offer:groq", "accepted")
    plan = await migrated(state(own), hub_at(store))
    assert verdicts(plan) == {
        ("connections", "openai"): "new",
        ("connections", "groq"): "unusable",
    }
    assert "never sealed" in reason(plan, "connections", "groq")
    ((name, value),) = sealed(store).items()
    assert (name.rpartition(".")[0], value) == ("openai.api_key", KEY)
    assert bodies(store)["connections", "openai"]["api_key"] == f"store:{name}"
    assert (await migrated(state(own), hub_at(store))).to_set == []


FILE = """
connections:
  acme:
    provider: openai_compatible
    base_url: http://127.0.0.1:9/v1
    models: [m]
    api_key: env:ACME_KEY
    headers: {X-Team: plain-canary}
aliases: {fast: {models: [acme/m]}}
budgets:
  - {limit_usd: 20}
  - {name: ada's, limit_usd: 5, scope: {user: ada}}
screening:
  - {for: {connection: acme}, detectors: [patterns]}
default_model: fast
store: {url: "sqlite:////elsewhere/mesh.db"}
"""


async def test_a_file_is_taken_over_and_rules_without_a_name_are_found_again(
    own: Path, store: Store
) -> None:
    file = own / "mesh.yaml"
    file.write_text(FILE)
    plan = await migrated(None, hub_at(store), config=file)
    found = verdicts(plan)
    unnamed = [name for kind, name in found if kind == "budgets" and name != "ada's"]
    assert found["connections", "acme"] == found["aliases", "fast"] == "new"
    assert found["budgets", "ada's"] == found["budgets", unnamed[0]] == "new"
    assert found["general", "default_model"] == found["store", "store"] == "unusable"
    assert plan.references == {"env:ACME_KEY": ["connections acme (to 127.0.0.1)"]}
    header = bodies(store)["connections", "acme"]["headers"]["X-Team"]
    assert sealed(store) == {header.removeprefix("store:"): "plain-canary"}
    whom = {(one.name, one.was, one.now) for one in plan.people}
    assert ("ada's", "ada", "ada") in whom
    assert (unnamed[0], "everybody", "everybody in the hub") in whom
    assert (await migrated(None, hub_at(store), config=file)).to_set == []


async def test_a_file_with_a_mistake_is_refused_with_its_place(own: Path, store: Store) -> None:
    file = own / "mesh.yaml"
    file.write_text(FILE.replace("limit_usd: 20", "limit_usdd: 20"))
    with pytest.raises(ConfigError, match=r"budgets\.0\.limit_usdd.*did you mean 'limit_usd'"):
        await planned(None, hub_at(store), config=file)


# ── whom it is for ──────────────────────────────────────────────────────────────────────────


async def test_users_are_renamed_wherever_they_are_named(whole: Path, store: Store) -> None:
    plan = await migrated(state(whole), hub_at(store), Choices(users={"ada": "a@b.c"}))
    set_now = bodies(store)
    assert set_now["groups", "team"]["members"] == ["a@b.c", "bob"]
    assert set_now["groups", "team"]["leads"] == ["a@b.c"]
    assert set_now["budgets", "mine"]["scope"] == {"user": "a@b.c"}
    assert set_now["keys", "reports"]["user"] == "a@b.c"
    assert set_now["use_cases", "letters"]["owner"] == "a@b.c"
    assert set_now["service_accounts", "robot"]["owner"] == "a@b.c"
    assert {one.now for one in plan.people if one.was == "ada"} == {"a@b.c"}
    again = await migrated(state(whole), hub_at(store), Choices(users={"ada": "a@b.c"}))
    assert again.to_set == []


async def test_a_group_opens_what_is_taken_over_and_takes_the_rules_of_everybody(
    whole: Path, store: Store
) -> None:
    choices = Choices(group="lab")
    plan = await migrated(state(whole), hub_at(store), choices)
    assert bodies(store)["groups", "lab"] == {"members": [], "allow": ["acme/*", "fast"]}
    assert bodies(store)["limits", "calm"]["scope"] == {"user": "*", "group": "lab"}
    assert bodies(store)["budgets", "mine"]["scope"] == {"user": "ada"}
    order = [(one.kind, one.name) for one in plan.objects]
    assert order.index(("groups", "lab")) < order.index(("connections", "acme"))
    assert "connections acme: open to lab, team." in plan.notices
    assert any("no groups yet" in one for one in plan.notices)
    assert (await migrated(state(whole), hub_at(store), choices)).to_set == []


async def test_a_group_of_the_hub_gains_what_is_taken_over_and_keeps_its_people(
    whole: Path, store: Store
) -> None:
    async with mesh_of(whole / "hub", {}, store={"url": url(store)}) as mesh:
        await put(mesh, "groups", "lab", members=["ada"], allow=["other/*"])
    choices = Choices(group="lab", users={"ada": "somebody else"}, only=("connections", "groups"))
    plan = await migrated(state(whole), hub_at(store), choices)
    assert verdicts(plan)["groups", "lab"] == "replace"
    assert bodies(store)["groups", "lab"] == {"members": ["ada"], "allow": ["other/*", "acme/*"]}


async def test_without_groups_the_plan_says_that_it_is_open_to_everybody(
    whole: Path, store: Store
) -> None:
    plan = await planned(state(whole), hub_at(store), Choices(only=("connections",)))
    assert [(one.kind, one.name) for one in plan.to_set] == [("connections", "acme")]
    (notice,) = plan.notices
    assert "open to everybody" in notice


# ── near misses ─────────────────────────────────────────────────────────────────────────────


async def test_what_is_there_and_differs_stays_unless_it_is_to_be_replaced(
    whole: Path, store: Store
) -> None:
    async with mesh_of(whole / "hub", {}, store={"url": url(store)}) as mesh:
        await connect(mesh, "http://127.0.0.1:10/v1", key=OTHER_KEY)
        await put(mesh, "budgets", "mine", scope={"user": "ada"}, limit_usd="7")
        await put(mesh, "limits", "calm", requests_per_minute=60, scope={"user": "*"})
    before = bodies(store)
    plan = await migrated(state(whole), hub_at(store))
    found = verdicts(plan)
    assert found["connections", "acme"] == found["budgets", "mine"] == "differs"
    assert found["limits", "calm"] == "same"  # said in other words
    assert {key: bodies(store)[key] for key in before} == before
    plan = await migrated(state(whole), hub_at(store), Choices(replace=True))
    assert verdicts(plan)["connections", "acme"] == "replace"
    assert bodies(store)["budgets", "mine"]["limit_usd"] == "5"
    assert bodies(store)["connections", "acme"]["base_url"] == URL
    assert (await migrated(state(whole), hub_at(store))).to_set == []


async def test_a_secret_of_the_hub_goes_to_no_connection_of_the_personal_mesh(
    own: Path, store: Store
) -> None:
    async with personal_mesh(own) as mesh:
        await mesh.secrets.set(analyst("root"), "shared", KEY, test=False)
        await put_reference(mesh, "acme", "shared")
    hub = hub_at(store)
    hub.prepare()
    Secrets(store, environ=os.environ).set("shared", OTHER_KEY)
    await migrated(state(own), hub)
    reference = bodies(store)["connections", "acme"]["api_key"]
    assert reference != "store:shared"
    assert sealed(store) == {"shared": OTHER_KEY, reference.removeprefix("store:"): KEY}
    assert (await migrated(state(own), hub_at(store))).to_set == []


async def test_what_waits_for_a_secret_in_the_hub_gets_none_of_the_personal_mesh(
    own: Path, store: Store
) -> None:
    async with personal_mesh(own) as mesh:
        await mesh.secrets.set(analyst("root"), "shared", KEY, test=False)
        await put_reference(mesh, "acme", "shared")
    waits = {"provider": "openai", "api_key": "store:shared", "models": ["m"]}
    await migrated(state(own), hub_at(store, connections={"waits": waits}))
    assert "shared" not in sealed(store)
    assert list(sealed(store).values()) == [KEY]


async def put_reference(mesh: Mesh, name: str, secret: str) -> None:
    """A connection that refers to a secret by name, as a `mesh.yaml` may."""
    parts = mesh._parts  # pyright: ignore[reportPrivateUsage]
    body: dict[str, Any] = {
        "provider": "openai_compatible",
        "base_url": URL,
        "models": ["m"],
        "api_key": f"store:{secret}",
    }
    await parts.governance.put(analyst("root"), "connections", name, body, None)


async def test_without_its_sealing_key_what_needs_a_secret_is_not_taken_over(
    whole: Path, store: Store
) -> None:
    (state(whole) / "mesh.key").unlink()
    plan = await migrated(state(whole), hub_at(store))
    assert "cannot be opened: mesh.key cannot be read" in reason(plan, "connections", "acme")
    assert "cannot be opened" in reason(plan, "alerts", "chat")
    assert "cannot be opened" in reason(plan, "secrets", "spare")
    assert "connection 'acme'" in reason(plan, "aliases", "fast")
    assert verdicts(plan)["limits", "calm"] == "new"
    assert sealed(store) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [("bm90IHRoZSBrZXkgYXQgYWxsLCBidXQgMzIgYnl0ZXM=", "is not the key"), ("short", None)],
)
async def test_another_sealing_key_opens_nothing_and_is_told(
    whole: Path, store: Store, text: str, told: str | None
) -> None:
    (whole / "other.key").write_text(text)
    if told is None:
        with pytest.raises(ConfigError, match="does not hold the key"):
            await planned(state(whole), hub_at(store), key=whole / "other.key")
        return
    plan = await planned(state(whole), hub_at(store), key=whole / "other.key")
    assert told in reason(plan, "connections", "acme")


async def test_a_secret_that_is_not_sealed_anywhere_is_told(own: Path, store: Store) -> None:
    async with personal_mesh(own) as mesh:
        await put_reference(mesh, "acme", "nowhere")
    plan = await planned(state(own), hub_at(store))
    assert reason(plan, "connections", "acme") == (
        "its secret 'nowhere' is not sealed in the personal mesh"
    )


async def test_what_the_hubs_file_says_stays(whole: Path, store: Store) -> None:
    hub = hub_at(store, budgets=[{"name": "mine", "limit_usd": 1}])
    plan = await migrated(state(whole), hub, Choices(replace=True))
    assert "mesh.yaml" in reason(plan, "budgets", "mine")
    assert ("budgets", "mine") not in bodies(store)


RIGHTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "an admin's key": ("keys", {"admin": True}, {}),
    "an auditor's key": ("keys", {"auditor": True}, {}),
    "a key in a group of the hub": ("keys", {"groups": ["staff"]}, {}),
    "a group of admins": ("groups", {"role": "admin"}, {}),
}


@pytest.mark.parametrize("which", RIGHTS)
async def test_rights_in_the_hub_are_not_taken_over_unasked(
    own: Path, store: Store, which: str
) -> None:
    kind, more, _ = RIGHTS[which]
    hashed = {"hash": "ab" * 32, "user": "ada", "application": "x"} if kind == "keys" else {}
    body = {**hashed, **more}
    section = [{"name": "one", **body}] if kind == "keys" else {"one": body}
    file = own / "mesh.yaml"
    file.write_bytes(orjson.dumps({kind: section}))
    hub = hub_at(store, groups={"staff": {"members": ["eve"]}})
    plan = await migrated(None, hub, config=file)
    assert "--with-rights" in reason(plan, kind, "one")
    assert bodies(store) == {}
    await migrated(None, hub, Choices(with_rights=True), config=file)
    assert bodies(store)[kind, "one"] == body


async def test_a_group_that_opens_the_hubs_own_models_is_told(own: Path, store: Store) -> None:
    file = own / "mesh.yaml"
    file.write_bytes(orjson.dumps({"groups": {"wide": {"members": ["ada"]}}}))
    hub = hub_at(
        store, connections={"dear": {"provider": "echo"}}, groups={"staff": {"allow": ["dear/*"]}}
    )
    plan = await planned(None, hub, config=file)
    assert plan.notices == ["groups wide: it also opens the hub's own dear."]


# ── the personal store ──────────────────────────────────────────────────────────────────────


async def test_nothing_of_the_personal_mesh_is_changed(whole: Path, store: Store) -> None:
    (state(whole) / "mesh.key").chmod(0o644)  # that a gateway would close
    before = files_of(whole)
    await migrated(state(whole), hub_at(store))
    assert files_of(whole) == before


async def test_no_file_is_made_beside_a_store_that_nobody_has_open(
    whole: Path, tmp_path: Path
) -> None:
    path = state(whole) / "mesh.db"
    with closing(sqlite3.connect(path)) as last:
        assert last.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    for name in ("mesh.db-wal", "mesh.db-shm"):
        path.with_name(name).unlink(missing_ok=True)
    before = sorted(state(whole).iterdir())
    plan = await planned(state(whole), hub_at(tmp_path / "hub.db"))
    assert len(plan.to_set) == len(EVERYTHING)
    assert sorted(state(whole).iterdir()) == before


async def test_it_is_read_while_its_gateway_runs(own: Path, store: Store) -> None:
    async with personal_mesh(own) as mesh:
        await connect(mesh, URL)
        before = files_of(own)
        assert before["state/mesh.db-wal"]
        plan = await migrated(state(own), hub_at(store))
        after = files_of(own)
        assert verdicts(plan) == {("connections", "acme"): "new"}
        assert {*after} == {*before}  # no file of ours beside the gateway's
        assert after["state/mesh.key"] == before["state/mesh.key"]
        made = await mesh.administration.changes(kind=None, name=None, before=None, limit=9)
        assert [one.changed_by for one in made.changes] == ["root"]
        await put(mesh, "limits", "calm", requests_per_minute=60)
        assert verdicts(await planned(state(own), hub_at(store)))["limits", "calm"] == "new"


async def test_a_store_of_a_newer_version_is_refused(whole: Path, store: Store) -> None:
    execute(state(whole) / "mesh.db", "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="revision 9999, which this version"):
        await planned(state(whole), hub_at(store))


@pytest.mark.parametrize("revision", OLD[-2:])
async def test_a_store_of_an_earlier_version_is_read_in_a_copy(
    own: Path, store: Store, revision: str
) -> None:
    store_of(own / "mesh.db", revision)
    body = orjson.dumps({"requests_per_minute": 60}).decode()
    execute(own / "mesh.db", "DELETE FROM settings")
    execute(own / "mesh.db", "DELETE FROM secrets")
    execute(own / "mesh.db", "INSERT INTO settings VALUES ('limits', 'calm', ?, 1, 1, 'a')", body)
    before = files_of(own)
    assert verdicts(await migrated(own, hub_at(store))) == {("limits", "calm"): "new"}
    assert files_of(own) == before
    assert rows(own / "mesh.db", "SELECT version_num FROM alembic_version") == [(revision,)]


async def test_no_store_and_no_database_are_told(own: Path, store: Store) -> None:
    with pytest.raises(ConfigError, match="There is no store"):
        await planned(own, hub_at(store))
    (own / "mesh.db").write_text("This is a text and not a database, however long it goes on." * 9)
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        await planned(own, hub_at(store))


# ── the hub's ───────────────────────────────────────────────────────────────────────────────


async def test_a_plan_makes_no_store(whole: Path, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere" / "mesh.db"
    plan = await planned(state(whole), hub_at(missing))
    assert len(plan.to_set) == len(EVERYTHING)
    assert not missing.parent.exists()


async def test_a_gateway_of_the_hub_that_runs_takes_it_up(
    own: Path, store: Store, upstream: FakeOpenAI, tmp_path: Path
) -> None:
    await personal_at(own, upstream.base_url)
    async with mesh_of(tmp_path / "hub", {}, store={"url": url(store)}) as hub:
        await migrated(state(own), hub_at(store))
        await hub._parts.governance.refresh()  # pyright: ignore[reportPrivateUsage]
        assert (await ask(hub, chat(model="acme/m"), analyst("ada"))).error is None


async def test_what_somebody_changed_since_the_plan_is_told_and_the_rest_is_set(
    whole: Path, store: Store
) -> None:
    hub: Hub = hub_at(store)
    plan = await planned(state(whole), hub)
    async with mesh_of(whole / "hub", {}, store={"url": url(store)}) as mesh:
        await put(mesh, "limits", "calm", requests_per_minute=1)
    done = await carried_out(hub, plan)
    failed = {key: why for key, why in done.items() if why}
    assert list(failed) == [("limits", "calm")]
    assert bodies(store)["limits", "calm"] == {"requests_per_minute": 1}
    assert ("connections", "acme") in bodies(store)


async def test_in_postgresql_a_sealing_key_is_needed_before_anything_is_set(
    whole: Path, store: Store
) -> None:
    if isinstance(store, Path):
        assert Location.of(store).key_file is not None
        return
    with pytest.raises(ConfigError, match="JUPYTER_MESH_SECRET_KEY must be set"):
        await planned(state(whole), hub_at(store, environ={}))


# ── killed in between ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("point", "times"),
    [("migration.set", 1), ("migration.set", 7), ("migration.sealed", 1), ("migration.sealed", 2)],
)
async def test_killed_in_between_a_second_run_finishes(
    whole: Path, store: Store, point: str, times: int
) -> None:
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.mesh.migrate_once", str(state(whole)), str(store)],
        cwd=ROOT_FOLDER,
        env={**os.environ, "JUPYTER_MESH_FAULT": f"kill:{point}:{times}"},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -9
    done = rows(store, "SELECT count(*) FROM setting_changes")[0][0]
    assert 0 < done < len(EVERYTHING) + 2
    assert chain_verdict(store).fault is None
    plan = await migrated(state(whole), hub_at(store))
    assert "new" in verdicts(plan).values()
    assert {*bodies(store)} == {key for key in EVERYTHING if key[0] != "secrets"}
    assert sorted(sealed(store).values()) == sorted([KEY, SLACK, "canary-spare"])
    assert rows(store, "SELECT count(*) FROM setting_changes")[0][0] == len(EVERYTHING) + 2
    assert chain_verdict(store).fault is None
