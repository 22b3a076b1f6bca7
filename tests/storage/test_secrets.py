"""Keys come in by reference, never go out, and are found in whatever shape they try to leave."""

from __future__ import annotations

import base64
import json
import logging
import multiprocessing
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mesh.errors import ConfigError, StoreUnavailable
from jupyter_mesh.storage.scrubbing import pattern_of
from jupyter_mesh.storage.secrets import KEY_VARIABLE, Secrets

from .samples import rows

KEY = "sk-live/9f+2?ü=&x"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "mesh.db"


def test_a_variable_of_the_environment_is_a_secret(store: Path) -> None:
    secrets = Secrets(store, environ={"OPENAI_API_KEY": KEY})
    assert secrets.resolve("env:OPENAI_API_KEY") == KEY
    assert secrets.known_values() == frozenset({KEY})
    assert not store.exists()


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_is_a_secret_and_open_permissions_are_noted(
    store: Path, mode: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    path = store.with_name("key.txt")
    path.write_text(f"{KEY}\r\n")
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        assert Secrets(store, folder=path.parent).resolve("file:key.txt") == KEY
        assert Secrets(store).resolve(f"file:{path}") == KEY
    assert bool(caplog.records) == warned
    assert KEY not in caplog.text


def test_a_sealed_secret_comes_back_in_another_process_and_lies_nowhere_in_clear(
    store: Path,
) -> None:
    Secrets(store, environ={}).set("openai", KEY)
    Secrets(store, environ={}).set("other", "0123456789")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(resolved, (store, "store:openai")) == KEY
    for path in store.parent.iterdir():
        assert KEY.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert store.with_suffix(".key").exists()


def resolved(store: Path, reference: str) -> str:
    return Secrets(store, environ={}).resolve(reference)


def test_setting_a_secret_again_replaces_it(store: Path) -> None:
    secrets = Secrets(store, environ={})
    secrets.set("openai", "first value")
    sealed = rows(store, "SELECT nonce, sealed FROM secrets")
    secrets.set("openai", KEY)
    assert secrets.resolve("store:openai") == KEY
    assert rows(store, "SELECT nonce, sealed FROM secrets") != sealed


def test_four_processes_agree_on_one_key(store: Path) -> None:
    names = [f"n{number}" for number in range(4)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(set_secret, [(store, name) for name in names])
    assert [resolved(store, f"store:{name}") for name in names] == [f"value {n}" for n in names]


def set_secret(store: Path, name: str) -> None:
    Secrets(store, environ={}).set(name, f"value {name}")


def test_the_key_may_come_from_the_environment(store: Path) -> None:
    environ = {KEY_VARIABLE: base64.urlsafe_b64encode(bytes(range(223, 255))).decode()}
    Secrets(store, environ=environ).set("openai", KEY)
    assert not store.with_suffix(".key").exists()
    assert Secrets(store, environ=environ).resolve("store:openai") == KEY
    with pytest.raises(ConfigError, match=r"store:openai cannot be unsealed.*set the secret again"):
        Secrets(store, environ={}).resolve("store:openai")
    assert not store.with_suffix(".key").exists()


@pytest.mark.parametrize("key", ["short", base64.b64encode(bytes(31)).decode(), "ü" * 44, "=" * 44])
def test_a_sealing_key_of_the_wrong_size_is_refused_without_being_told(
    store: Path, key: str
) -> None:
    with pytest.raises(ConfigError, match=KEY_VARIABLE) as refused:
        Secrets(store, environ={KEY_VARIABLE: key}).set("openai", KEY)
    assert key not in refused.value.message


def test_a_row_passed_off_as_another_secret_is_not_unsealed(store: Path) -> None:
    secrets = Secrets(store, environ={})
    secrets.set("mine", "mine and mine alone")
    secrets.set("theirs", KEY)
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE secrets SET (nonce, sealed) = (SELECT nonce, sealed FROM secrets "
            "WHERE name = 'theirs') WHERE name = 'mine'"
        )
    with pytest.raises(ConfigError, match="store:mine"):
        secrets.resolve("store:mine")


@pytest.mark.parametrize(
    "reference",
    ["env:NOT_SET", "env:EMPTY", "file:none.txt", "file:/", "store:none", "file:empty.txt"],
)
def test_what_does_not_exist_is_refused_by_its_reference(store: Path, reference: str) -> None:
    store.with_name("empty.txt").write_text("\n")
    secrets = Secrets(store, environ={"EMPTY": ""}, folder=store.parent)
    with pytest.raises(ConfigError, match=reference):
        secrets.resolve(reference)
    assert secrets.known_values() == frozenset()
    if reference == "store:none":
        secrets.set("other", KEY)
        with pytest.raises(ConfigError, match=reference):
            secrets.resolve(reference)


@pytest.mark.parametrize("reference", [KEY, "", "env:", "vault:x", f"https://{KEY}@host", "ENV:X"])
def test_what_is_no_reference_is_refused_unquoted_for_it_may_be_the_key(
    store: Path, reference: str
) -> None:
    with pytest.raises(ConfigError, match="env:NAME, file:PATH or store:NAME") as refused:
        Secrets(store, environ={}).resolve(reference)
    assert not reference or reference not in refused.value.message.replace("env:NAME", "")


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "ü", "x" * 129])
def test_odd_names_are_refused(store: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        Secrets(store, environ={}).set(name, KEY)


def test_a_store_that_cannot_be_written_is_an_error_that_says_so(store: Path) -> None:
    with pytest.raises(StoreUnavailable):
        Secrets(store.parent / "none" / "mesh.db", environ={}).set("openai", KEY)


@pytest.mark.parametrize(
    "leak",
    [
        f"Incorrect API key provided: {KEY}.",
        f"GET https://api/v1?{urlencode({'key': KEY})} failed",
        f"https://api/{quote(KEY, safe='')}/x",
        f"https://api/?k={quote_plus(KEY).lower()}",
        json.dumps({"error": {"key": KEY}}),
        f"Authorization: Basic {base64.b64encode(KEY.encode()).decode()}",
        f"Authorization: Basic {base64.b64encode(b'u:' + KEY.encode()).decode()}",
        f"Authorization: Basic {base64.b64encode(b'us:' + KEY.encode() + b':x').decode()}",
        f"jwt.{base64.urlsafe_b64encode(b'use:' + KEY.encode()).decode().rstrip('=')}.sig",
    ],
)
def test_a_known_secret_is_scrubbed_in_every_shape(store: Path, leak: str) -> None:
    secrets = Secrets(store, environ={"K": KEY, "OTHER": "sk-live/9f"})
    assert secrets.scrub(leak) == leak
    secrets.resolve("env:K")
    secrets.resolve("env:OTHER")
    scrubbed = secrets.scrub(leak)
    assert "[secret]" in scrubbed
    assert KEY not in scrubbed
    assert "9f+2" not in scrubbed


def test_a_secret_that_was_set_is_scrubbed_and_a_short_one_is_left(store: Path) -> None:
    secrets = Secrets(store, environ={"PIN": "12345"})
    secrets.set("openai", KEY)
    secrets.resolve("env:PIN")
    assert secrets.scrub(f"{KEY} 12345 words") == "[secret] 12345 words"


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.text(min_size=9, max_size=40), st.binary(max_size=9))
def test_base64_around_a_secret_never_decodes_to_it(
    before: bytes, secret: str, after: bytes
) -> None:
    pattern = pattern_of([secret])
    assert pattern is not None
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    assert pattern.sub("", encoded) != encoded


def test_the_environment_is_read_when_asked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets(store, environ=os.environ)
    monkeypatch.setenv("MESH_TEST_KEY", KEY)
    assert secrets.resolve("env:MESH_TEST_KEY") == KEY
