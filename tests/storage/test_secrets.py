"""Keys come in by reference, never go out, and are found in whatever shape they try to leave."""

from __future__ import annotations

import base64
import logging
import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError, StoreUnavailable
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.storage.secrets import Secrets

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


def test_a_removed_secret_is_gone_and_others_stay(store: Path) -> None:
    secrets = Secrets(store)
    secrets.remove("never-set")
    secrets.set("openai", "first")
    secrets.set("other", "second")
    secrets.remove("openai")
    with pytest.raises(ConfigError, match="store:openai does not exist"):
        Secrets(store).resolve("store:openai")
    assert Secrets(store).resolve("store:other") == "second"


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
        resolved(store, "store:mine")


@pytest.mark.parametrize(
    "reference",
    [
        "env:NOT_SET",
        "env:EMPTY",
        "file:none.txt",
        "file:/",
        "file:a\0b",
        "store:none",
        "file:empty.txt",
    ],
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


class Clock:
    """Moves when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done in a thread is done before `resolve` returns."""

    class Immediately:
        def __init__(self, target: Callable[..., None], args: tuple[object, ...], daemon: bool):
            self.start = partial(target, *args)

    monkeypatch.setattr("jupyter_mesh.storage.secrets.threading.Thread", Immediately)


@pytest.mark.parametrize("reference", ["store:openai", "file:key.txt"])
def test_calls_resolve_a_secret_without_reading_anything(
    store: Path, reference: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = Secrets(store, environ={}, folder=store.parent, clock=Clock())
    secrets.set("openai", KEY)
    store.with_name("key.txt").write_text(KEY)
    store.with_name("key.txt").chmod(0o644)
    secrets = Secrets(store, environ={}, folder=store.parent, clock=Clock())
    secrets.resolve(reference)

    def touched(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(Path, "read_text", touched)
    monkeypatch.setattr("jupyter_mesh.storage.sqlite.SqliteLocation.read", touched)
    assert [secrets.resolve(reference) for _ in range(3)] == [KEY] * 3


@pytest.mark.usefixtures("looked_at_once")
@pytest.mark.parametrize("reference", ["store:openai", "file:key.txt"])
def test_a_secret_that_another_process_changes_is_seen_after_a_few_seconds(
    store: Path, reference: str
) -> None:
    def change(value: str) -> None:
        Secrets(store, environ={}).set("openai", value)
        store.with_name("key.txt").write_text(value)

    clock = Clock()
    change("the first value")
    secrets = Secrets(store, environ={}, folder=store.parent, clock=clock)
    assert secrets.resolve(reference) == "the first value"
    change("the second value")
    clock.pass_by(4)
    assert secrets.resolve(reference) == "the first value"
    clock.pass_by(2)
    assert secrets.resolve(reference) == "the second value"
    assert secrets.known_values() == {"the first value", "the second value"}


@pytest.mark.usefixtures("looked_at_once")
def test_a_secret_that_is_taken_away_is_no_longer_used(store: Path) -> None:
    path = store.with_name("key.txt")
    path.write_text(KEY)
    clock = Clock()
    secrets = Secrets(store, environ={}, folder=store.parent, clock=clock)
    secrets.resolve("file:key.txt")
    path.unlink()
    clock.pass_by(6)
    assert secrets.resolve("file:key.txt") == KEY, "it is noticed while this call goes on"
    with pytest.raises(ConfigError, match=r"key\.txt"):
        secrets.resolve("file:key.txt")
    path.write_text(KEY)
    assert secrets.resolve("file:key.txt") == KEY


@pytest.mark.usefixtures("looked_at_once")
def test_while_the_store_cannot_be_read_the_last_known_value_stays(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    secrets = Secrets(store, environ={}, clock=clock)
    secrets.set("openai", KEY)
    clock.pass_by(6)

    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("jupyter_mesh.storage.sqlite.SqliteLocation.read", broken)
    assert [secrets.resolve("store:openai") for _ in range(2)] == [KEY] * 2


def test_a_look_that_comes_late_does_not_undo_what_was_set(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Callable[[], None]] = []

    class Later:
        def __init__(self, target: Callable[..., None], args: tuple[object, ...], daemon: bool):
            self.start = partial(late.append, partial(target, *args))

    monkeypatch.setattr("jupyter_mesh.storage.secrets.threading.Thread", Later)
    clock = Clock()
    secrets = Secrets(store, environ={}, folder=store.parent, clock=clock)
    secrets.set("openai", "the first value")
    clock.pass_by(6)
    secrets.resolve("store:openai")
    (look,) = late
    monkeypatch.setattr(secrets, "_read", lambda _: "the first value")
    secrets.set("openai", KEY)
    look()
    assert secrets.resolve("store:openai") == KEY


def test_open_permissions_are_noted_once(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    store.with_name("key.txt").write_text(KEY)
    store.with_name("key.txt").chmod(0o644)
    clock = Clock()
    secrets = Secrets(store, folder=store.parent, clock=clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            secrets.resolve(f"file:{store.with_name('key.txt')}")
            secrets._kept.clear()  # pyright: ignore[reportPrivateUsage]
    assert len(caplog.records) == 1


def test_the_environment_is_read_when_asked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets(store, environ=os.environ)
    monkeypatch.setenv("MESH_TEST_KEY", KEY)
    assert secrets.resolve("env:MESH_TEST_KEY") == KEY
