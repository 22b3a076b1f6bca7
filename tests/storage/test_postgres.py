"""PostgreSQL stopped, read-only, full, a standby, unsafe, cut off in a commit: closed, in clear
words, and open again by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import closing, suppress
from decimal import Decimal

import psycopg
import pytest

from jupyter_mesh.errors import AuditUnavailable, ConfigError, StoreUnavailable
from jupyter_mesh.storage import postgres_presence
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.location import Cursor, Durability, Location
from jupyter_mesh.storage.postgres_connection import PostgresCursor
from jupyter_mesh.storage.postgres_presence import SessionPresence
from jupyter_mesh.storage.reader import Reader
from jupyter_mesh.storage.schema import REVISIONS, upgrade
from jupyter_mesh.testing.postgres import ScratchPostgres

from .processes import finish, start
from .samples import (
    NOW,
    assert_books_balance,
    completion,
    execute,
    hold,
    intent,
    journal_at,
    lock_files,
    money_in,
    rows,
)

pytestmark = pytest.mark.needs("postgresql")
D = Decimal


@pytest.fixture
def database(postgres: ScratchPostgres, migrated: str) -> Iterator[str]:
    """One with the tables, on the server of the whole run."""
    url = postgres.create_database(migrated)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def empty(postgres: ScratchPostgres) -> Iterator[str]:
    """One without tables."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def server() -> Iterator[ScratchPostgres]:
    """One that may be stopped."""
    with ScratchPostgres() as own:
        yield own


async def healthy_again(journal: SqlJournal) -> None:
    async with asyncio.timeout(30):
        while not journal.healthy:
            with suppress(AuditUnavailable):
                await journal.recover(NOW)
            await asyncio.sleep(0.05)


def count_calls(cursor: Cursor) -> object:
    cursor.execute("SELECT count(*) FROM calls")
    return (cursor.fetchone() or (None,))[0]


# outages


async def test_stopped_it_refuses_and_back_it_writes_what_is_owed(
    server: ScratchPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.create_database()
    said: list[str] = []
    async with journal_at(url) as journal:
        await journal.open(intent("a"), [hold()])
        server.stop()
        with pytest.raises(AuditUnavailable, match="PostgreSQL") as refused:
            await journal.close(completion("a"))
        said.append(str(refused.value))
        assert not journal.healthy
        with pytest.raises(AuditUnavailable) as refused:
            await journal.open(intent("b"), [hold()])
        said += [str(refused.value), str(journal.trouble)]
        server.start()
        await healthy_again(journal)
        assert rows(url, "SELECT id, outcome FROM calls") == [("a", "answered")]
        await journal.open(intent("c"), [hold()])
        await journal.close(completion("c"))
    assert money_in(url) == (D("0.008"), D(0))
    assert_books_balance(url)
    assert server.password not in "".join([*said, caplog.text])


async def test_a_restart_while_nothing_is_asked_costs_no_call(server: ScratchPostgres) -> None:
    url = server.create_database()
    reader = Reader(Location.of(url))
    async with journal_at(url) as journal:
        await journal.open(intent("a"), [hold()])
        assert await reader.read(count_calls) == 1
        server.stop("fast")
        server.start()
        await journal.close(completion("a"))
        await journal.open(intent("b"), [hold()])
        await journal.close(completion("b"))
        assert await reader.read(count_calls) == 2
    await reader.aclose()
    assert_books_balance(url)


async def test_a_gateway_that_starts_without_it_waits_for_it(server: ScratchPostgres) -> None:
    url = server.create_database()
    server.stop()
    journal = SqlJournal(url)
    assert not journal.healthy
    with pytest.raises(AuditUnavailable, match="cannot be reached"):
        await journal.open(intent("a"), [])
    server.start()
    await healthy_again(journal)
    await journal.close(completion("a"), intent("a"))
    await journal.aclose()
    assert_books_balance(url)


async def test_nothing_is_lost_or_doubled_when_it_is_stopped_and_started_under_load(
    server: ScratchPostgres,
) -> None:
    url = server.create_database()
    sent: set[str] = set()
    closed: set[str] = set()
    over = False

    async def ask(journal: SqlJournal, name: str) -> None:
        number = 0
        while not over:
            number += 1
            call_id = f"{name}{number}"
            with suppress(AuditUnavailable):
                await journal.open(intent(call_id), [hold(limit="1000")])
                sent.add(call_id)
                await journal.close(completion(call_id))
                closed.add(call_id)
            await asyncio.sleep(0.002)

    async with journal_at(url) as journal:
        asking = [asyncio.create_task(ask(journal, name)) for name in "abcdefgh"]
        for _ in range(3):
            await asyncio.sleep(0.7)
            before = len(closed)
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            await healthy_again(journal)
            async with asyncio.timeout(30):
                while len(closed) < before + 5:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        over = True
        await asyncio.gather(*asking)
        await healthy_again(journal)
    outcomes = dict(rows(url, "SELECT id, outcome FROM calls"))
    assert sent <= set(outcomes)
    assert {outcomes[call_id] for call_id in sent} == {"answered"}
    # What was recorded although its caller was told otherwise, was never sent, and costs nothing.
    assert {outcomes[call_id] for call_id in set(outcomes) - sent} <= {"refused"}
    assert money_in(url) == (len(sent) * D("0.004"), D(0))
    assert_books_balance(url)


# a connection that is lost in a commit


def lose_connection(monkeypatch: pytest.MonkeyPatch, *, after: bool) -> list[str]:
    """End the writer's session at its next commit, just before or just after it is done."""
    lost: list[str] = []
    execute = PostgresCursor.execute

    def execute_and_lose(self: PostgresCursor, sql: str, parameters: object = (), /) -> object:
        if sql != "COMMIT" or lost or not self._cursor.connection.give_up:
            return execute(self, sql, parameters)
        lost.append(sql)
        if after:
            execute(self, sql)
        self._cursor.connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(PostgresCursor, "execute", execute_and_lose)
    return lost


@pytest.mark.parametrize("after", [False, True], ids=["undone", "done"])
async def test_a_commit_whose_end_was_not_seen_is_found_out_before_the_answer(
    database: str, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    async with journal_at(database) as journal:
        lost = lose_connection(monkeypatch, after=after)
        await journal.open(intent("a"), [hold()])
        assert money_in(database) == (D(0), D("0.01"))
        lost_again = lose_connection(monkeypatch, after=after)
        await journal.close(completion("a"))
        assert (len(lost), len(lost_again)) == (1, 1)
    assert money_in(database) == (D("0.004"), D(0))
    assert_books_balance(database)


@pytest.mark.parametrize("after", [False, True], ids=["undone", "done"])
async def test_what_was_refused_in_doubt_holds_nothing_once_the_store_is_back(
    server: ScratchPostgres, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    url = server.create_database()
    async with journal_at(url) as journal:
        await journal.open(intent("in flight"), [hold()])
        cursor_execute = PostgresCursor.execute
        stopped: list[bool] = []

        def stop_at_commit(self: PostgresCursor, sql: str, parameters: object = (), /) -> object:
            if sql == "COMMIT" and not stopped:
                if after:
                    cursor_execute(self, sql)
                stopped.append(True)
                server.stop()
            return cursor_execute(self, sql, parameters)

        monkeypatch.setattr(PostgresCursor, "execute", stop_at_commit)
        asked = asyncio.gather(
            journal.open(intent("a"), [hold()]),
            journal.close(completion("in flight")),
            return_exceptions=True,
        )
        assert {type(answer) for answer in await asked} == {AuditUnavailable}
        assert stopped
        server.start()
        await healthy_again(journal)
        expected = {"in flight": "answered"} | ({"a": "refused"} if after else {})
        assert dict(rows(url, "SELECT id, outcome FROM calls")) == expected
        assert money_in(url) == (D("0.004"), D(0))
    assert_books_balance(url)


# closed, in clear words


@pytest.mark.parametrize(
    ("setting", "words"),
    [("fsync", "fsync = off"), ("full_page_writes", "full_page_writes = off")],
)
async def test_a_server_that_may_lose_commits_is_not_used(setting: str, words: str) -> None:
    with ScratchPostgres(**{setting: "off"}) as unsafe:
        url = unsafe.create_database()
        journal = SqlJournal(url)
        assert words in (journal.trouble or "")
        with pytest.raises(AuditUnavailable, match=words):
            await journal.open(intent("a"), [])
        await journal.aclose()
        async with asyncio.timeout(30):
            accepting = SqlJournal(url, "batched")
            await accepting.close(completion("a"), intent("a"))
            await accepting.aclose()
        assert rows_unchecked(url, "SELECT id FROM calls") == [("a",)]


def rows_unchecked(url: str, query: str) -> list[tuple[object, ...]]:
    with closing(Location.of(url).read()) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("durability", "expected"), [("strict", "on"), ("batched", "off"), (None, "on")]
)
def test_commits_are_synchronous_whatever_the_server_says(
    database: str, durability: Durability | None, expected: str
) -> None:
    name = database.rpartition("/")[2]
    execute(database, f"ALTER DATABASE {name} SET synchronous_commit = off")
    with closing(Location.of(database).connect(durability)) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == (expected,)


async def test_read_only_it_refuses_until_it_is_not(database: str) -> None:
    name = database.rpartition("/")[2]
    async with journal_at(database) as journal:
        await journal.open(intent("a"), [hold()])
        admin = Location.of(database)
        with closing(admin.connect()) as connection:
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            end_other_sessions(connection.execute)
        with pytest.raises(AuditUnavailable, match="read-only"):
            await journal.close(completion("a"))
        assert journal.trouble == "the store is read-only"
        with closing(admin.read()) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await healthy_again(journal)
    assert_books_balance(database)


def end_other_sessions(ask: object) -> None:
    """As a failover does."""
    assert callable(ask)
    ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("53100", "the disk of the store is full"),
        ("53200", "out of memory"),
        ("58030", "the disk of the store reports an error"),
        ("XX001", "the store is damaged"),
        ("42501", "lacks a permission"),
        ("25006", "read-only"),
        ("0A000", "FeatureNotSupported"),
    ],
)
async def test_an_error_of_the_server_closes_until_it_is_gone(
    database: str, code: str, words: str
) -> None:
    execute(
        database,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION 'it holds {D('4.2')}' USING ERRCODE = '{code}'; END $$",
    )
    async with journal_at(database) as journal:
        await journal.open(intent("a"), [hold()])
        for table in ("calls", "writers"):
            execute(
                database,
                f"CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION fail()",
            )
        with pytest.raises(AuditUnavailable, match=words) as refused:
            await journal.close(completion("a"))
        assert "4.2" not in str(refused.value)
        assert not journal.healthy
        for table in ("calls", "writers"):
            execute(database, f"DROP TRIGGER fail ON {table}")
        await healthy_again(journal)
        assert rows(database, "SELECT outcome FROM calls") == [("answered",)]
    assert_books_balance(database)


async def test_a_deadlock_or_conflict_is_done_over_and_nobody_is_told(database: str) -> None:
    execute(database, "CREATE SEQUENCE tries")
    execute(
        database,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('tries') < 3 THEN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END IF; "
        "RETURN NEW; END $$",
    )
    execute(
        database,
        "CREATE TRIGGER fail BEFORE INSERT ON calls FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    async with journal_at(database) as journal:
        await journal.open(intent("a"), [hold()])
        assert money_in(database) == (D(0), D("0.01"))
        await journal.close(completion("a"))
    assert_books_balance(database)


async def test_a_standby_takes_no_calls(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "jupyter_mesh.storage.postgres._STATE",
        "SELECT true, 'on', 'UTF8', 'on', 'on', 'on' WHERE NOT pg_is_in_recovery()",
    )
    journal = SqlJournal(database)
    assert journal.trouble == "the store is a standby, which takes no writes"
    await journal.aclose()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("pw-of-the-scratch-server", "wrong-secret"), "password authentication failed"),
        (("/mesh_", "/none_"), "does not exist"),
        (("mesh:", "nobody-there:"), "password authentication failed"),
    ],
)
async def test_who_is_refused_is_told_why_without_the_password(
    database: str, change: tuple[str, str], words: str
) -> None:
    url = database.replace(*change)
    journal = SqlJournal(url)
    assert words in (journal.trouble or "")
    await journal.aclose()
    with pytest.raises(StoreUnavailable, match=words) as refused:
        upgrade(url)
    told = f"{refused.value} {journal.trouble} {Location.of(url)!r} {Location.of(url).url}"
    assert "secret" not in told.replace("secrets", "")
    assert "pw-of" not in told


# who is alive


async def test_a_writer_without_its_lock_is_dead_after_a_while_and_not_before(
    database: str,
) -> None:
    now = 0.0
    other = SessionPresence("00000000000000ff", clock=lambda: now)
    looking = SessionPresence("ffffffffffffff00", clock=lambda: now)

    def dead(heartbeat: int) -> bool:
        with closing(Location.of(database).connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("BEGIN")
            with looking.taken_over(cursor, "00000000000000ff", heartbeat) as found:
                cursor.execute("COMMIT")
                return found

    with closing(Location.of(database).connect()) as connection:
        other.announce(connection.cursor())
        other.announce(connection.cursor())
        assert len(lock_ids(database)) == 1
        assert not dead(1)
        now += 1000
        assert not dead(1)
    lock_files(database)
    assert not dead(1)
    now += postgres_presence.GRACE_SECONDS - 1
    assert not dead(1)
    now += 2
    assert not dead(2)  # it has written meanwhile: it only lost its connection
    now += postgres_presence.GRACE_SECONDS + 1
    assert dead(2)


def lock_ids(url: str) -> list[tuple[object, ...]]:
    return rows(
        url,
        "SELECT objid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND datname = current_database()",
    )


# tables


def test_four_gateways_that_start_together_make_the_tables_once(empty: str) -> None:
    running = [start(empty, prefix=name, calls=3) for name in "abcd"]
    assert sum(len(finish(process)["closed"]) for process in running) == 12
    assert rows(empty, "SELECT version_num FROM alembic_version") == [(REVISIONS[-1],)]
    assert_books_balance(empty)


def test_the_migrations_build_exactly_the_tables(database: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from jupyter_mesh.storage.tables import metadata

    with Location.of(database).migration(new=False) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_store_of_a_newer_version_is_refused_and_left_alone(database: str) -> None:
    execute(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="9999, which is newer"):
        upgrade(database)
    with pytest.raises(ConfigError, match="9999"):
        SqlJournal(database)


def test_a_migration_that_fails_leaves_nothing_behind(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("no more")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.create_index", fail)
        with pytest.raises(StoreUnavailable):
            upgrade(empty)
    assert rows(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    upgrade(empty)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+psycopg", "postgresql+asyncpg"])
async def test_the_driver_named_in_the_address_does_not_matter(database: str, scheme: str) -> None:
    async with journal_at(database.replace("postgresql", scheme, 1)) as journal:
        await journal.close(completion("a"), intent("a"))
    assert rows(database, "SELECT id FROM calls") == [("a",)]
