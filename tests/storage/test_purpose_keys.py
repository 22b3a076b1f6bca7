"""Keys that guards hash with: the same after a restart, different for each purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.storage.purpose_keys import PurposeKeys
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.storage.secrets import Secrets

from .samples import rows


def test_a_key_is_the_same_in_every_gateway_and_after_every_restart(tmp_path: Path) -> None:
    store = tmp_path / "mesh.db"
    one = PurposeKeys(Secrets(store, environ={})).key("guards.customers")
    other = PurposeKeys(Secrets(store, environ={})).key("guards.customers")
    assert one == other
    assert len(one) == 32


def test_each_purpose_and_each_mesh_has_its_own(tmp_path: Path) -> None:
    here, there = (
        PurposeKeys(Secrets(tmp_path / name, environ={})) for name in ("here.db", "there.db")
    )
    (tmp_path / "mesh.key").unlink(missing_ok=True)
    assert len({here.key("a"), here.key("b"), there.key("a"), there.key("b")}) == 4


def test_nothing_is_derived_where_nothing_can_be_sealed(tmp_path: Path) -> None:
    keys = PurposeKeys(Secrets(tmp_path / "mesh.db", environ={KEY_VARIABLE: "short"}))
    with pytest.raises(ConfigError, match=KEY_VARIABLE):
        keys.key("a")


def test_the_key_lies_sealed_in_the_store(tmp_path: Path) -> None:
    store = tmp_path / "mesh.db"
    secrets = Secrets(store, environ={})
    PurposeKeys(secrets).key("a")
    (root,) = secrets.known_values()
    assert rows(store, "SELECT count(*) FROM secrets WHERE name = 'guards.key'") == [(1,)]
    for file in tmp_path.iterdir():
        assert root.encode() not in file.read_bytes()
