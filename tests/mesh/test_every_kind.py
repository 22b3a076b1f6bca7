"""T43: of every kind of setting, what is wrong is refused and what was in force stays so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from jupyter_mesh.config import load
from jupyter_mesh.errors import ConfigError, Conflict, InvalidRequest, NotFound
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.setting import KINDS

from .world import ROOT, mesh_of, put, until

HASH = "0" * 64
RAISE: JsonObject = {"budget": "All", "until": "2099-01-01T00:00:00Z", "reason": "month's end"}
GOOD: dict[str, JsonObject] = {
    "connections": {"provider": "echo"},
    "aliases": {"models": ["echo/echo"]},
    "groups": {"members": ["*"], "allow": ["*"]},
    "guards": {"guard": "deny_list", "terms": ["x"]},
    "keys": {"hash": HASH, "user": "ada", "application": "a"},
    "budgets": {"limit_usd": 5},
    "raises": {**RAISE, "limit_usd": 9},
    "limits": {"parallel": 5},
    "screening": {"detectors": ["standard"]},
    "moderation": {"guard": "wording"},
    "slos": {"model": "echo/*", "error_rate": 0.5},
    "alerts": {"channel": "webhook", "url": "https://example.org/hook"},
    "use_cases": {"application": "a", "owner": "ada"},
    "service_accounts": {"owner": "ada"},
    "general": {"value": {"exact": {"scope": "user"}}},
}
BAD: dict[str, dict[str, JsonObject]] = {
    "a bad value": {
        "connections": {"retries": 99},
        "aliases": {"strategy": "dearest"},
        "groups": {"role": "king"},
        "guards": {"terms": 5},
        "keys": {"hash": "abc"},
        "budgets": {"limit_usd": -1},
        "raises": {"until": "soon"},
        "limits": {"parallel": 0},
        "screening": {"entities": {"*": "shred"}},
        "moderation": {"threshold": 2},
        "slos": {"error_rate": 7},
        "alerts": {"severities": ["fatal"]},
        "use_cases": {"risk_class": "huge"},
        "service_accounts": {"enabled": "perhaps"},
        "general": {"value": {"exact": {"scope": "planet"}}},
    },
    "an unknown key": {
        **{kind: {"onwer": "x"} for kind in GOOD},
        "general": {"value": {"onwer": "x"}},
    },
    "a dangling name": {
        "connections": {"provider": "opnai"},
        "aliases": {"models": ["nowhere/m"]},
        "groups": {"purposes_for": {"nowhere/*": ["fun"]}},
        "guards": {"guard": "nothing"},
        "budgets": {"scope": {"connection": "nowhere"}},
        "raises": {"budget": "Noboddy"},
        "limits": {"scope": {"model": "nowhere/*"}},
        "screening": {"detectors": ["nothing"]},
        "moderation": {"guard": "nothing"},
        "alerts": {"channel": "pigeon"},
        "service_accounts": {"owner": "first"},
        "general": {"value": {"semantic": {"enabled": True, "embedding": "nowhere/m"}}},
    },
}
"""What is laid over the good body. Keys, slos and use cases name nothing that must exist: a model
or a user may come later.
"""
BASE = {"echo": {"provider": "echo"}}
ALL = [{"name": "All", "limit_usd": 1000}]
WORDING = {"wording": {"guard": "deny_list", "terms": ["x"]}}
FAULTS = [(what, kind) for what, bodies in BAD.items() for kind in bodies]
EDITED = [kind for kind in KINDS if kind != "keys"]


def name_of(kind: str) -> str:
    return "cache" if kind == "general" else "first"


def test_no_kind_is_left_out() -> None:
    assert GOOD.keys() == BAD["a bad value"].keys() == BAD["an unknown key"].keys() == {*KINDS}
    assert {*KINDS} - BAD["a dangling name"].keys() == {"keys", "slos", "use_cases"}


@pytest.mark.parametrize(("what", "kind"), FAULTS)
async def test_it_is_refused_over_the_api_and_nothing_changes(
    tmp_path: Path, what: str, kind: str
) -> None:
    name = name_of(kind)
    async with mesh_of(tmp_path, BASE, guards=WORDING, budgets=ALL) as mesh:
        bad = GOOD[kind] | BAD[what][kind]
        if kind == "keys":  # made by the gateway only
            with pytest.raises(InvalidRequest):
                await put(mesh, kind, name, **bad)
            return
        if kind == "service_accounts":
            await put(mesh, kind, name, **GOOD[kind])
            name = "second"
        before = mesh.snapshot.version
        with pytest.raises(ConfigError):
            await put(mesh, kind, name, **bad)
        assert mesh.snapshot.version == before
        await put(mesh, kind, name, **GOOD[kind])


@pytest.mark.parametrize("kind", EDITED)
async def test_of_two_who_save_at_once_one_is_told(tmp_path: Path, kind: str) -> None:
    name, body = name_of(kind), GOOD[kind]
    async with mesh_of(tmp_path, BASE, guards=WORDING, budgets=ALL) as mesh:
        version: int | None = None
        for _ in range(2):  # making it, then changing it
            ends = await asyncio.gather(
                *(put(mesh, kind, name, version, **body) for _ in range(2)), return_exceptions=True
            )
            assert sorted(type(one).__name__ for one in ends) == ["Conflict", "int"]
            (version,) = (one for one in ends if isinstance(one, int))
        with pytest.raises(Conflict):
            await mesh.administration.remove(ROOT, kind, name, None)
        with pytest.raises(NotFound):
            await mesh.administration.remove(
                ROOT, kind, "audit" if kind == "general" else "x", None
            )


def file_with(kind: str, body: JsonObject) -> str:
    sections: dict[str, object] = {
        "connections": BASE,
        "guards": WORDING,
        "budgets": ALL,
        "offers": False,
    }
    if kind == "general":
        sections["cache"] = body["value"]
    elif kind in ("keys", "budgets", "limits", "screening", "moderation", "slos"):
        sections[kind] = [{"name": "first"} | body]
    else:
        known = sections.get(kind)
        sections[kind] = {**(known if isinstance(known, dict) else {}), "first": body}
    return yaml.safe_dump(sections)


async def test_a_wrong_file_leaves_in_force_what_was_whatever_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text(file_with("aliases", GOOD["aliases"]))
    mesh = await Mesh.start(
        load(file), state_dir=tmp_path / "state", host="standalone", config_file=file
    )
    try:
        version = mesh.snapshot.version
        for kind in KINDS:
            if kind == "guards":  # its plugin checks it when it is opened, not the file's reader
                continue
            file.write_text(file_with(kind, GOOD[kind] | BAD["a bad value"][kind]))
            place = "cache" if kind == "general" else kind

            async def told(place: str = place) -> bool:
                return place in mesh.health().checks.get("configuration", "")

            await until(told, within=10)
            assert mesh.snapshot.version == version
            assert "first" in mesh.snapshot.aliases
    finally:
        await mesh.aclose()


@pytest.mark.parametrize("kind", KINDS)
def test_the_good_ones_are_good_in_the_file_too(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text(file_with(kind, GOOD[kind]))
    load(file)
