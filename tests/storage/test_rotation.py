"""The key that seals is replaced while gateways run, and whenever it stops nothing is lost."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError, Conflict
from jupyter_mesh.storage.lease import Lease
from jupyter_mesh.storage.rotation import SealedSecrets
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.storage.secrets import Secrets

from .processes import ROOT
from .samples import chain_verdict, journal_at, rows

NAMES = ("openai", "mistral", "audit.signing-key")
POINTS = (
    "secrets.new_key",
    "journal.before_change_commit",
    "journal.after_change_commit",
    "secrets.resealed",
    "secrets.old_key_gone",
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "mesh.db"


def seal(store: Path) -> None:
    for name in NAMES:
        Secrets(store, environ={}).set(name, f"value of {name}")


def assert_all_open(store: Path, environ: dict[str, str] | None = None) -> None:
    fresh = Secrets(store, environ=environ or {})
    for name in NAMES:
        assert fresh.resolve(f"store:{name}") == f"value of {name}"


def sealed_values(store: Path) -> set[bytes]:
    return {sealed for (sealed,) in rows(store, "SELECT sealed FROM secrets")}


async def rotate(store: Path, environ: dict[str, str] | None = None) -> int:
    async with journal_at(store) as journal:
        secrets = SealedSecrets(Secrets(store, environ=environ or {}), journal)
        return (await secrets.rotate(by="root", via="key")).count


async def test_after_it_the_old_key_opens_nothing_and_the_new_one_all(store: Path) -> None:
    seal(store)
    file, before = store.with_suffix(".key"), sealed_values(store)
    old = file.read_text()
    assert await rotate(store) == 3
    assert_all_open(store)
    assert before.isdisjoint(sealed_values(store))
    assert file.stat().st_mode & 0o077 == 0
    new = file.read_text()
    assert len(new.split()) == 1
    file.write_text(old)
    with pytest.raises(ConfigError, match="cannot be unsealed"):
        Secrets(store, environ={}).resolve("store:openai")
    file.write_text(new)
    change = rows(store, "SELECT kind, name, changed_by, after FROM setting_changes")
    assert change == [("secrets", "master key", "root", '{"secrets":3,"unopened":[]}')]
    assert chain_verdict(store).fault is None


async def test_a_gateway_that_runs_goes_on_and_seals_under_the_new_key(store: Path) -> None:
    seal(store)
    running = Secrets(store, environ={})
    assert running.resolve("store:openai") == "value of openai"
    for _ in range(3):
        await rotate(store)
    assert running.resolve("store:mistral") == "value of mistral"
    running.set("mistral", "another")
    assert Secrets(store, environ={}).resolve("store:mistral") == "another"


async def test_what_is_set_and_read_meanwhile_is_not_lost(store: Path) -> None:
    seal(store)

    def use(number: int) -> None:
        for turn in range(10):
            Secrets(store, environ={}).set(f"n{number}", f"{turn}")
            assert Secrets(store, environ={}).resolve(f"store:n{number}") == f"{turn}"
            assert_all_open(store)

    using = asyncio.gather(*(asyncio.to_thread(use, number) for number in range(3)))
    while not using.done():
        await rotate(store)
    await using
    assert [Secrets(store, environ={}).resolve(f"store:n{n}") for n in range(3)] == ["9"] * 3


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_it_loses_nothing_and_the_next_one_ends_it(
    store: Path, point: str
) -> None:
    seal(store)
    old = store.with_suffix(".key").read_text().strip()
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.storage.rotate_once", str(store)],
        cwd=ROOT,
        env={**os.environ, "JUPYTER_MESH_FAULT": f"kill:{point}:1"},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -9
    assert_all_open(store)
    Secrets(store, environ={}).set("openai", "value of openai")
    assert await rotate(store) == 3
    assert_all_open(store)
    assert old not in store.with_suffix(".key").read_text()
    assert len(store.with_suffix(".key").read_text().split()) == 1
    assert chain_verdict(store).fault is None


async def test_two_cannot_rotate_at_once(store: Path) -> None:
    seal(store)
    lease = Lease.take(store.with_name("mesh.key.rotating"))
    assert lease is not None
    with pytest.raises(Conflict):
        await rotate(store)
    lease.release()
    assert await rotate(store) == 3


async def test_where_nothing_is_sealed_there_is_nothing_to_rotate(store: Path) -> None:
    with pytest.raises(ConfigError, match="Nothing is sealed"):
        await rotate(store)


async def test_what_no_key_opens_is_named_and_left_as_it_is(store: Path) -> None:
    seal(store)
    other = {KEY_VARIABLE: base64.b64encode(bytes(32)).decode()}
    Secrets(store, environ=other).set("foreign", "value")
    async with journal_at(store) as journal:
        secrets = SealedSecrets(Secrets(store, environ={}), journal)
        done = await secrets.rotate(by="root", via="key")
    assert (done.count, done.lost) == (3, ("foreign",))
    assert Secrets(store, environ=other).resolve("store:foreign") == "value"
