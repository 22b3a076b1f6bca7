"""`jupyter mesh migrate`, as a platform admin types it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mesh.config import load
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from tests.mesh.migrating import EVERYTHING, personal_at
from tests.storage.samples import chain_verdict, rows

from .conftest import Run

Mesh = Callable[..., Run]
Store = Path | str
URL = "http://127.0.0.1:9/v1"
CANARY = "canary"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A personal mesh with something of every kind, to be copied."""
    folder = tmp_path_factory.mktemp("personal")
    asyncio.run(personal_at(folder, URL))
    return folder / "state"


@pytest.fixture
def source(filled: Path, tmp_path: Path) -> Path:
    """Its state folder."""
    return Path(shutil.copytree(filled, tmp_path / "colleague"))


@pytest.fixture
def hub(home: Path, store: Store) -> tuple[str, str]:
    """`--config` of the hub's `mesh.yaml`."""
    url = f"sqlite:///{store}" if isinstance(store, Path) else store
    file = home / "hub.yaml"
    file.write_text(f"store: {{url: {url!r}}}\n")
    assert load(file).store.url == url
    return "--config", str(file)


def there(store: Store) -> list[tuple[object, ...]]:
    return rows(store, "SELECT kind, name, changed_by, via FROM setting_changes ORDER BY version")


def test_a_dry_run_lists_everything_and_changes_nothing_then_it_is_done(
    mesh: Mesh, hub: tuple[str, str], source: Path, store: Store
) -> None:
    words = ("migrate", "--from", str(source), *hub)
    dry = mesh(*words, "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert "A dry run: 15 would be set, nothing was changed." in dry.out
    if isinstance(store, Path):
        assert not store.exists()
    else:
        assert there(store) == []
    real = mesh(*words, "--by", "olga")
    assert (real.code, real.err) == (0, "")
    plan, asked = real.out.rsplit("\n\n", 1)[0], dry.out.rsplit("\n\n", 1)[0]
    assert plan == asked  # the same plan comes first
    assert "15 of 15 were set." in real.out
    found = there(store)
    assert {(kind, name) for kind, name, *_ in found} >= EVERYTHING
    assert {(by, via) for _, _, by, via in found} == {("olga", "migration")}
    again = mesh(*words)
    assert "0 of 0 were set." in again.out
    assert there(store) == found
    assert chain_verdict(store).fault is None
    assert CANARY not in dry.out + real.out + again.out


def test_json_says_what_becomes_of_each_object_and_whom_rules_mean(
    mesh: Mesh, hub: tuple[str, str], source: Path
) -> None:
    only = ("--only", "connections,budgets", "--only", "alerts")
    words = ("migrate", "--from", str(source), *hub, *only, "--user", "ada=ada@example.com")
    told = mesh(*words, "--json")
    assert (told.code, told.err) == (0, "")
    objects = {(one["kind"], one["name"]): one for one in told.json["objects"]}
    assert {*objects} == {("connections", "acme"), ("budgets", "mine"), ("alerts", "chat")}
    assert all(one["verdict"] == "new" and one["set"] for one in objects.values())
    assert told.json["people"] == [
        {
            "kind": "budgets",
            "name": "mine",
            "field": "scope",
            "was": "ada",
            "now": "ada@example.com",
        }
    ]
    assert CANARY not in told.out
    again = mesh(*words, "--json", "--dry-run").json
    assert {one["verdict"] for one in again["objects"]} == {"same"}
    assert not any(one["set"] for one in again["objects"])


def test_references_are_listed_with_whether_they_are_here(
    mesh: Mesh, hub: tuple[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "personal.yaml"
    file.write_text(
        "connections:\n"
        "  one: {provider: openai, models: [m], api_key: 'env:ONE_KEY'}\n"
        "  two: {provider: openai, models: [m], api_key: 'file:two.key'}\n"
        "  three: {provider: openai, models: [m], api_key: 'env:THREE_KEY'}\n"
    )
    monkeypatch.setenv("ONE_KEY", CANARY)
    (home / "two.key").write_text(CANARY)
    told = mesh("migrate", "--from-config", str(file), *hub, "--dry-run", "--json")
    here = {one["reference"]: one["here"] for one in told.json["references"]}
    assert here == {"env:ONE_KEY": True, "file:two.key": True, "env:THREE_KEY": False}
    shown = mesh("migrate", "--from-config", str(file), *hub, "--dry-run")
    assert "Must exist in the hub's environment" in shown.out
    assert CANARY not in told.out + shown.out


def test_what_cannot_be_used_is_named_and_the_exit_code_tells(
    mesh: Mesh, hub: tuple[str, str], source: Path, store: Store
) -> None:
    (source / "mesh.key").unlink()
    told = mesh("migrate", "--from", str(source), *hub)
    assert told.code == 1
    assert "cannot be used there" in told.out
    assert "mesh.key cannot be read" in told.out
    kinds = {kind for kind, *_ in there(store)}
    assert kinds == {
        "guards",
        "service_accounts",
        "groups",
        "budgets",
        "limits",
        "keys",
        "use_cases",
        "slos",
    }


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 3, "Name a personal mesh"),
        (("--from", "/nowhere"), 5, "There is no store"),
        (("--from", "SOURCE", "--only", "connection"), 3, "no kind 'connection'"),
        (("--from", "SOURCE", "--user", "ada"), 3, "not OLD=NEW"),
        (("--from-config", "WRONG"), 5, "conections"),
    ],
)
def test_what_is_asked_wrongly_is_told_and_nothing_is_set(
    mesh: Mesh,
    hub: tuple[str, str],
    source: Path,
    home: Path,
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    wrong = home / "wrong.yaml"
    wrong.write_text("conections: {}\n")
    places = {"SOURCE": str(source), "WRONG": str(wrong)}
    told = mesh("migrate", *(places.get(one, one) for one in words), *hub)
    assert (told.code, told.out) == (code, "")
    assert says in told.err


def test_the_hubs_own_store_is_no_personal_mesh(mesh: Mesh, home: Path, source: Path) -> None:
    file = home / "hub.yaml"
    file.write_text("offers: false\n")
    told = mesh("migrate", "--from", str(source), "--config", str(file), "--state", str(source))
    assert told.code == 3
    assert "the hub's own store" in told.err


def test_the_history_of_the_personal_mesh_is_read_where_it_is(
    mesh: Mesh,
    home: Path,
    hub: tuple[str, str],
    source: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = home / "personal.yaml"
    everything = "groups: {all: {members: ['*'], allow: ['*']}}"
    file.write_text(f"connections: {{echo: {{provider: echo}}}}\n{everything}\n")
    mine = ("--config", str(file), "--state", str(source))
    sealing = os.environ.get(KEY_VARIABLE)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert mesh("ask", *mine, "echo/echo", "how many?").code == 0
    if sealing is not None:
        monkeypatch.setenv(KEY_VARIABLE, sealing)
    told = mesh("migrate", "--from", str(source), *hub)
    assert told.code == 0
    assert "history (calls: 1) stays where it is" in told.out
    assert f"jupyter mesh usage --state {source}" in told.out
    assert mesh("migrate", "--from", str(source), *hub, "--json").json["calls_that_stay"] == 1
    assert rows(store, "SELECT count(*) FROM calls") == [(0,)]
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    used = mesh("usage", "--state", str(source), "--json")
    assert used.code == 0
    assert used.json["total"]["calls"] == 1
    assert mesh("audit", "verify", "--state", str(source)).code == 0
