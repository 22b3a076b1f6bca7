"""A store that fails refuses every call, and works again by itself where that can be trusted."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import AuditUnavailable, ConfigError
from jupyter_mesh.schemas.call_search import Whose
from jupyter_mesh.storage import writer
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.schema import upgrade

from .processes import finish, start
from .samples import (
    NOW,
    assert_books_balance,
    completion,
    hold,
    intent,
    journal_at,
    money_in,
    rows,
)

D = Decimal
NOBODY = 65534


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "mesh.db"
    upgrade(path)
    return path


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    return Path(shutil.copy(empty_store, tmp_path / "mesh.db"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BUSY_MS", 50)
    monkeypatch.setattr(writer, "_PROBE_SECONDS", 0.05)


def log_size(store: Path) -> int:
    return Path(f"{store}-wal").stat().st_size


def lose_folder(store: Path) -> None:
    shutil.rmtree(store.parent)


def make_folder(store: Path) -> None:
    store.parent.mkdir()


def spoil(store: Path) -> None:
    store.write_bytes(b"not a database at all " * 100)


def replace_by_newer(store: Path) -> None:
    newer = Path(shutil.copy(store, store.with_name("newer.db")))
    with closing(sqlite3.connect(newer, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for name in (store, Path(f"{store}-wal"), Path(f"{store}-shm")):
        name.unlink()
    newer.rename(store)


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """A full disk, as far as this process can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def healthy_again(journal: SqlJournal) -> None:
    deadline = time.monotonic() + 30
    while not journal.healthy and time.monotonic() < deadline:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.01)
    assert journal.healthy


async def test_a_full_disk_refuses_and_room_on_it_heals(store: Path) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
        with no_file_grows_beyond(log_size(store)):
            with pytest.raises(AuditUnavailable, match="disk") as refused:
                await journal.close(completion("a"))
            assert refused.value.retry_after
            assert not journal.healthy
            assert journal.trouble
            with pytest.raises(AuditUnavailable):
                await journal.open(intent("b"), [hold()])
            with pytest.raises(AuditUnavailable):
                await journal.close(completion("c", "0", outcome="refused"), intent("c"))
        await healthy_again(journal)
        # What the call that was in flight owed has been settled meanwhile.
        assert rows(store, "SELECT id, outcome FROM calls") == [("a", "answered")]
        assert money_in(store) == (D("0.004"), D(0))
        await journal.open(intent("b"), [hold()])
        await journal.close(completion("b"))
    assert_books_balance(store)


async def test_wherever_the_disk_ends_no_call_goes_out_unrecorded(
    tmp_path: Path, empty_store: Path
) -> None:
    """The limit moves on page by page, so that each write of a call is the first to fail once."""
    unrecorded = 0
    for pages in range(0, 60, 3):
        path = Path(shutil.copy(empty_store, tmp_path / f"{pages}.db"))
        journal = SqlJournal(path)
        sent = closed = False
        room = log_size(path) + pages * 2060
        with no_file_grows_beyond(room), suppress(AuditUnavailable):
            await journal.open(intent("a"), [hold()])
            sent = True
            await journal.close(completion("a"))
            closed = True
        unrecorded += not closed
        recorded = rows(path, "SELECT outcome FROM calls")
        if sent:
            assert recorded in ([("pending",)], [("answered",)])
        if closed:
            assert recorded == [("answered",)]
        await healthy_again(journal)
        await journal.aclose()
        assert_books_balance(path)
    assert 0 < unrecorded < 20


def test_a_process_with_a_full_disk_says_so_and_its_successor_puts_the_books_right(
    store: Path,
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    told = finish(start(store, calls=400, at_once=8, preexec_fn=limit))
    assert told["closed"]
    assert told["unavailable"]
    assert "unhealthy" in told

    async def succeed() -> None:
        async with journal_at(store) as journal:
            assert await journal.recover(NOW) == len(told["unrecorded"])

    asyncio.run(succeed())
    outcomes = dict(rows(store, "SELECT id, outcome FROM calls"))
    assert set(told["sent"]) == set(outcomes)
    assert {name for name, outcome in outcomes.items() if outcome == "answered"} == set(
        told["closed"]
    )
    assert_books_balance(store)


async def test_a_lock_held_by_another_process_refuses_until_it_is_gone(store: Path) -> None:
    async with journal_at(store) as journal:
        with closing(sqlite3.connect(store, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(AuditUnavailable, match="lock"):
                await journal.open(intent("a"), [hold()])
        await healthy_again(journal)
        await journal.open(intent("a"), [hold()])
        await journal.close(completion("a"))
    assert_books_balance(store)


async def test_a_store_that_may_not_be_written_refuses_and_heals(empty_store: Path) -> None:
    folder = Path(tempfile.mkdtemp())
    store = Path(shutil.copy(empty_store, folder / "mesh.db"))
    root = os.geteuid() == 0
    try:
        os.chmod(store, 0o444)
        os.chmod(folder, 0o555)
        if root:  # whom no permission stops
            os.seteuid(NOBODY)
        journal = SqlJournal(store)
        assert not journal.healthy
        with pytest.raises(AuditUnavailable, match="read-only"):
            await journal.open(intent("a"), [hold()])
        if root:
            os.seteuid(0)
        os.chmod(folder, 0o755)
        os.chmod(store, 0o600)
        await healthy_again(journal)
        await journal.open(intent("a"), [hold()])
        await journal.close(completion("a"))
        await journal.aclose()
        assert_books_balance(store)
    finally:
        if root:
            os.seteuid(0)
        shutil.rmtree(folder)


async def test_a_folder_that_is_deleted_refuses_at_once(store: Path) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
        lose_folder(store)
        with pytest.raises(AuditUnavailable):
            await journal.open(intent("b"), [hold()])
        make_folder(store)
        await healthy_again(journal)  # in a new store: what was lost is not made up
        with pytest.raises(AuditUnavailable, match="not in the store"):
            await journal.close(completion("a"))
        await journal.close(completion("c"), intent("c"))
    assert rows(store, "SELECT id FROM calls") == [("c",)]
    assert_books_balance(store)


async def test_a_damaged_file_refuses_until_it_is_replaced(store: Path, empty_store: Path) -> None:
    spoil(store)
    journal = SqlJournal(store)
    with pytest.raises(AuditUnavailable, match="damaged"):
        await journal.open(intent("a"), [hold()])
    shutil.copy(empty_store, store)
    await healthy_again(journal)
    await journal.close(completion("a"), intent("a"))
    await journal.aclose()
    assert_books_balance(store)


async def test_a_store_of_a_newer_version_under_a_running_gateway_refuses(store: Path) -> None:
    async with journal_at(store) as journal:
        replace_by_newer(store)
        with pytest.raises(AuditUnavailable):
            await journal.open(intent("a"), [hold()])
        await asyncio.sleep(0.2)
        with pytest.raises(AuditUnavailable, match="9999"):
            await journal.open(intent("a"), [hold()])
    with pytest.raises(ConfigError, match="9999"):
        SqlJournal(store)


async def test_history_reads_the_store_that_is_there_now(store: Path) -> None:
    history = SqlHistory(store)
    async with journal_at(store) as journal:
        await journal.close(completion("a"), intent("a"))
        assert [call.id for call in (await history.calls(whose=Whose(user="ada"))).calls] == ["a"]
        lose_folder(store)
        make_folder(store)
        await asyncio.sleep(0.1)
        with suppress(AuditUnavailable):
            await journal.open(intent("b"), [])
        await healthy_again(journal)
        assert (await history.calls(whose=Whose(user="ada"))).calls == []
    await history.aclose()


async def test_the_clock_may_step_back(store: Path) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
    async with journal_at(store) as journal:
        assert await journal.recover(NOW - timedelta(days=1)) == 1
    assert rows(store, "SELECT total_ms FROM calls") == [(0.0,)]
    assert_books_balance(store)
