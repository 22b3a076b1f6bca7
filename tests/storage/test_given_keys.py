"""Under keys that are given from outside, whatever the store: secrets are sealed, replaced and
deleted.
"""

from __future__ import annotations

import base64
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.rotation import SealedSecrets
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.storage.secrets import Secrets
from jupyter_mesh.storage.settings import SqlSettings

from .samples import Store, chain_verdict, execute, journal_at, rows

NAMES = ("openai", "mistral", "audit.signing-key")
OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
GIVEN = {KEY_VARIABLE: OLD}


def set_secret(store: Store, name: str) -> None:
    Secrets(store, environ=GIVEN).set(name, f"value of {name}")


def assert_all_open(store: Store, environ: dict[str, str]) -> None:
    fresh = Secrets(store, environ=environ)
    for name in NAMES:
        assert fresh.resolve(f"store:{name}") == f"value of {name}"


async def rotate(store: Store, environ: dict[str, str]) -> int:
    async with journal_at(store) as journal:
        secrets = SealedSecrets(Secrets(store, environ=environ), journal)
        return (await secrets.rotate(by="root", via="key")).count


def test_four_processes_seal_at_once_and_each_value_comes_back(store: Store) -> None:
    names = [f"n{number}" for number in range(4)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(set_secret, [(store, name) for name in names])
    secrets = Secrets(store, environ=GIVEN)
    assert [secrets.resolve(f"store:{n}") for n in names] == [f"value of {n}" for n in names]
    secrets.set("n0", "another")
    secrets.remove("n1")
    fresh = Secrets(store, environ=GIVEN)
    assert fresh.resolve("store:n0") == "another"
    with pytest.raises(ConfigError, match="store:n1 does not exist"):
        fresh.resolve("store:n1")
    assert [one.name for one in fresh.facts()] == ["n0", "n2", "n3"]
    assert all(b"value of" not in sealed for (sealed,) in rows(store, "SELECT sealed FROM secrets"))


def test_a_row_passed_off_as_another_secret_is_not_unsealed(store: Store) -> None:
    for name in NAMES:
        set_secret(store, name)
    taken = "(SELECT nonce, sealed FROM secrets WHERE name = 'mistral')"
    execute(store, f"UPDATE secrets SET (nonce, sealed) = {taken} WHERE name = 'openai'")
    with pytest.raises(ConfigError, match="store:openai cannot be unsealed"):
        Secrets(store, environ=GIVEN).resolve("store:openai")


@pytest.mark.parametrize("in_file", [False, True])
async def test_of_keys_from_outside_the_first_seals_and_the_others_open(
    store: Store, tmp_path: Path, in_file: bool
) -> None:
    def environ(*keys: str) -> dict[str, str]:
        if not in_file:
            return {KEY_VARIABLE: ",".join(keys)}
        (tmp_path / "keys").write_text("\n".join(keys))
        return {KEY_VARIABLE: f"file:{tmp_path / 'keys'}"}

    for name in NAMES:
        Secrets(store, environ=environ(OLD)).set(name, f"value of {name}")
    with pytest.raises(ConfigError, match="Put a new one before it"):
        await rotate(store, environ(OLD))
    assert_all_open(store, environ(NEW, OLD))
    assert [one.current for one in Secrets(store, environ=environ(NEW, OLD)).facts()] == [False] * 3
    assert await rotate(store, environ(NEW, OLD)) == 3
    assert [one.current for one in Secrets(store, environ=environ(NEW, OLD)).facts()] == [True] * 3
    assert_all_open(store, environ(NEW))
    assert [one.current for one in Secrets(store, environ=environ(OLD)).facts()] == [None] * 3


async def sweep(store: Store, journal: SqlJournal, hours: float, *in_use: str) -> list[str]:
    later = datetime.now(UTC) + timedelta(hours=hours)
    return await SealedSecrets(Secrets(store, environ=GIVEN), journal).sweep(later, in_use)


async def test_a_replaced_key_goes_once_no_gateway_can_still_use_it(store: Store) -> None:
    old, new = "up.api_key.0123abcd", "up.api_key.4567cdef"
    async with journal_at(store) as journal:
        settings = SqlSettings(store, journal)
        version = None
        for name in (old, new):
            Secrets(store, environ=GIVEN).set(name, name)
            body: JsonObject = {"provider": "echo", "headers": {"X": f"store:{name}"}}
            version = await settings.put(
                "connections", "up", body, expected=version, by="ada", via="browser"
            )
        assert await sweep(store, journal, 0.9) == []
        assert await sweep(store, journal, 1.1) == [old]
        with pytest.raises(ConfigError, match="does not exist"):
            Secrets(store, environ=GIVEN).resolve(f"store:{old}")
        assert Secrets(store, environ=GIVEN).resolve(f"store:{new}") == new
        await settings.put("connections", "up", None, expected=version, by="ada", via="browser")
        assert await sweep(store, journal, 1.1) == [new]
        (last,) = await settings.changes(kind="secrets", name=new, before=None, limit=9)
        assert (last.changed_by, last.via, last.after) == ("mesh", "unused", None)
        await settings.aclose()
    assert chain_verdict(store).fault is None


async def test_a_key_sealed_for_a_change_that_was_refused_goes_and_others_stay(
    store: Store,
) -> None:
    kept = ("openai", "audit.signing-key", "offer-openai", "in-file.api_key.00000000")
    for name in (*kept, "refused.api_key.0123abcd"):
        Secrets(store, environ=GIVEN).set(name, name)
    async with journal_at(store) as journal:
        used = "store:in-file.api_key.00000000"
        assert await sweep(store, journal, 1.1, used) == ["refused.api_key.0123abcd"]
    assert {name for (name,) in rows(store, "SELECT name FROM secrets")} == set(kept)
