"""A search finds exactly what matches, whatever it walks along, in pages of bounded work."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.schemas.api import CallPage
from jupyter_mesh.schemas.audit import Completion, Intent
from jupyter_mesh.schemas.call_search import EVERYBODY, CallSearch, Whose
from jupyter_mesh.storage.call_search import search_query
from jupyter_mesh.storage.location import Cursor, Location, Value
from jupyter_mesh.testing.postgres import ScratchPostgres
from tests.conftest import STORES

from .samples import NOW, Store, completion, intent, journal_at

Call = tuple[Intent, Completion]
REDACTED = {"guard": "patterns", "entity": "EMAIL_ADDRESS", "action": "redact", "count": 1}


def made_calls(count: int = 300) -> list[Call]:
    """Calls that differ in everything one can search for; some began at the same moment."""
    dice = random.Random(5)
    made: list[Call] = []
    for number in range(count):
        asked = intent(
            f"c{number:03d}",
            started_at=NOW + timedelta(seconds=number // 3),
            user=dice.choice(("ada", "bob", "eve")),
            groups=dice.choice(((), ("analysts",), ("analysts", "dev"), ("dev%s",), ("Dev",))),
            application=dice.choice(("notebook", "shop")),
            purpose=dice.choice(("research", "support")),
            operation=dice.choice(("chat", "embedding")),
            document=dice.choice((None, "a.ipynb", "b.ipynb")),
            key_id=dice.choice((None, "k1", "k2")),
            tags=dice.choice(({}, {"n": 3}, {"n": 35}, {"n": "3"}, {"who": 'a "b"', "x": True})),
        )
        outcome = dice.choice(("answered", "answered", "cached", "refused", "blocked", "failed"))
        nothing = outcome == "refused"
        ended = completion(
            asked.id,
            None if number % 7 == 0 else str(number / 1000),
            outcome=outcome,
            model=None if nothing else dice.choice(("openai/a", "local/b")),
            connection=None if nothing else "openai",
            error_code="budget_exceeded" if nothing else None,
            verdicts=dice.choice(((), (), (REDACTED,), ({**REDACTED, "action": "block"},))),
        )
        made.append((asked, ended))
    return made


MADE = made_calls()


def with_all_that_was_made(store: Store) -> Store:
    async def record_all() -> None:
        async with journal_at(store) as journal:
            for asked, ended in MADE:
                await journal.close(ended, asked)

    asyncio.run(record_all())
    return store


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return with_all_that_was_made(tmp_path_factory.mktemp("search") / "mesh.db")


@pytest.fixture(scope="module")
def postgres_store(postgres: ScratchPostgres, migrated: str) -> Store:
    return with_all_that_was_made(postgres.create_database(migrated))


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest) -> Store:
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    return request.getfixturevalue(name)


def page_of(store: Store, search: CallSearch, whose: Whose = EVERYBODY, **how: object) -> CallPage:
    how = {"before": None, "limit": 200, **how}
    with closing(Location.of(store).read()) as connection:
        return search_query(search, whose=whose, **how)(connection.cursor())  # pyright: ignore[reportArgumentType]


def found(store: Store, search: CallSearch, whose: Whose = EVERYBODY, **how: object) -> list[str]:
    """Ids over all pages."""
    ids: list[str] = []
    before: str | None = None
    for _ in range(2000):
        page = page_of(store, search, whose, before=before, **how)
        ids += [call.id for call in page.calls]
        if (before := page.next) is None:
            return ids
        assert page.searched_to is not None
    raise AssertionError("The pages do not end.")


def matches(search: CallSearch, call: Call) -> bool:
    """The same in Python."""
    asked, ended = call
    actions = {str(verdict["action"]) for verdict in ended.verdicts}
    tags = {name: "true" if value is True else str(value) for name, value in asked.tags.items()}
    plain = (
        (search.user, asked.user),
        (search.application, asked.application),
        (search.purpose, asked.purpose),
        (search.operation, asked.operation),
        (search.document, asked.document),
        (search.key, asked.key_id),
        (search.outcome, ended.outcome),
        (search.error_code, ended.error_code),
        (search.connection, ended.connection),
        (search.model, ended.model or asked.requested_model),
    )
    return all(
        (
            all(wanted is None or wanted == value for wanted, value in plain),
            search.group is None or search.group in asked.groups,
            search.since is None or asked.started_at >= search.since,
            search.until is None or asked.started_at < search.until,
            search.min_cost is None or (ended.cost is not None and ended.cost >= search.min_cost),
            search.has_finding is None or search.has_finding == bool(ended.verdicts),
            search.verdict is None or search.verdict in actions,
            search.finding is None or (bool(actions) and search.finding == "EMAIL_ADDRESS"),
            search.tag is None or tags.get(search.tag[0]) == search.tag[1],
        )
    )


FILTERS: list[dict[str, object]] = [
    {},
    {"user": "ada"},
    {"user": "Ada"},
    {"group": "analysts"},
    {"group": "dev"},
    {"group": "dev%s"},
    {"group": "analyst"},
    {"application": "shop"},
    {"purpose": "support"},
    {"operation": "embedding"},
    {"document": "a.ipynb"},
    {"key": "k1"},
    {"outcome": "answered"},
    {"outcome": "refused"},
    {"outcome": "pending"},
    {"error_code": "budget_exceeded"},
    {"connection": "openai"},
    {"model": "openai/a"},
    {"model": "fast"},
    {"since": NOW + timedelta(seconds=20)},
    {"until": NOW + timedelta(seconds=20)},
    {"min_cost": Decimal("0.1")},
    {"has_finding": True},
    {"has_finding": False},
    {"verdict": "block"},
    {"verdict": "bloc"},
    {"finding": "EMAIL_ADDRESS"},
    {"finding": "EMAIL"},
    {"tag": ("n", "3")},
    {"tag": ("who", 'a "b"')},
    {"tag": ("x", "true")},
    {"tag": ("x", "tru")},
]


@pytest.mark.parametrize("fields", FILTERS, ids=lambda fields: str(fields)[:60])
def test_each_field_finds_exactly_what_matches(store: Store, fields: dict[str, object]) -> None:
    search = CallSearch(**fields)  # pyright: ignore[reportArgumentType]
    expected = [asked.id for asked, ended in MADE[::-1] if matches(search, (asked, ended))]
    assert found(store, search) == expected
    assert found(store, search, limit=7, most=16) == expected


def test_fields_together_find_what_matches_them_all(store: Store) -> None:
    dice = random.Random(8)
    some = 0
    for _ in range(60):
        search = CallSearch()
        for fields in dice.sample(FILTERS, dice.choice((2, 3))):
            search = replace(search, **fields)  # pyright: ignore[reportArgumentType]
        expected = [asked.id for asked, ended in MADE[::-1] if matches(search, (asked, ended))]
        assert found(store, search, limit=5, most=30) == expected, search
        some += bool(expected)
    assert some > 20


def test_nobody_finds_what_is_not_theirs(store: Store) -> None:
    own = [asked.id for asked, _ in MADE[::-1] if asked.user == "ada"]
    team = [a.id for a, _ in MADE[::-1] if a.user == "ada" or "dev" in a.groups]
    assert found(store, CallSearch(), Whose(user="ada")) == own
    assert found(store, CallSearch(user="bob"), Whose(user="ada")) == []
    assert found(store, CallSearch(user="ada"), Whose(user="ada"), most=9) == own
    assert found(store, CallSearch(), Whose(user="ada", groups=frozenset({"dev"}))) == team
    of_bob = found(store, CallSearch(user="bob"), Whose(user="ada", groups=frozenset({"dev"})))
    assert of_bob == [a.id for a, _ in MADE[::-1] if a.user == "bob" and "dev" in a.groups]


def test_a_search_for_what_is_not_there_looks_at_a_bounded_number_of_rows(
    sqlite_store: Path,
) -> None:
    with closing(sqlite3.connect(sqlite_store)) as connection:
        looked_at = 0

        def look() -> None:
            nonlocal looked_at
            looked_at += 1

        connection.set_progress_handler(look, 100)
        search = CallSearch(purpose="no such purpose")
        whole = search_query(search, whose=EVERYBODY, before=None, limit=50, most=300)
        whole(connection.cursor())
        all_steps, looked_at = looked_at, 0
        page = search_query(search, whose=EVERYBODY, before=None, limit=50, most=30)(
            connection.cursor()
        )
    assert (page.calls, page.next is None) == ([], False)
    assert looked_at < all_steps / 5


WALKS: list[tuple[dict[str, object], str]] = [
    ({}, "ix_calls_started_at"),
    ({"since": NOW}, "ix_calls_started_at"),
    ({"group": "dev"}, "ix_calls_started_at"),
    ({"user": "ada"}, "ix_calls_username"),
    ({"user": "ada", "purpose": "x"}, "ix_calls_username"),
    ({"application": "shop"}, "ix_calls_application"),
    ({"document": "a"}, "ix_calls_document"),
    ({"key": "k"}, "ix_calls_key_id"),
    ({"error_code": "e"}, "ix_calls_error_code"),
    ({"outcome": "failed"}, "ix_calls_problem"),
    ({"has_finding": True}, "ix_calls_finding"),
    ({"verdict": "block"}, "ix_calls_finding"),
]


@pytest.mark.parametrize(("fields", "index"), WALKS)
def test_a_search_walks_along_an_index_and_sorts_nothing(
    sqlite_store: Path, fields: dict[str, object], index: str
) -> None:
    statements: list[str] = []
    with closing(sqlite3.connect(sqlite_store)) as connection:
        connection.set_trace_callback(statements.append)
        search = CallSearch(**fields)  # pyright: ignore[reportArgumentType]
        for before in (None, "1784021405123456.100"):
            search_query(search, whose=EVERYBODY, before=before, limit=10)(connection.cursor())
        connection.set_trace_callback(None)
        asked = [one for one in statements if one.startswith("SELECT")]
        assert asked
        for statement in asked:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            steps = [step[3] for step in plan]
            assert len(steps) == 1, steps
            assert f"INDEX {index}" in steps[0]


class Asking:
    """A cursor of PostgreSQL that keeps the plan of everything it is asked."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.plans: list[str] = []

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> object:
        self.cursor.execute(f"EXPLAIN {sql}", parameters)
        self.plans.append("\n".join(str(line) for (line,) in self.cursor.fetchall()))
        return self.cursor.execute(sql, parameters)

    def fetchone(self) -> tuple[object, ...] | None:
        return self.cursor.fetchone()

    def fetchall(self) -> list[tuple[object, ...]]:
        return self.cursor.fetchall()

    @property
    def rowcount(self) -> int:
        return self.cursor.rowcount


OTHER_INDEXES = """
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE indrelid = 'calls'::regclass AND NOT indisunique
      AND indexrelid::regclass::text <> ?
"""


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize(("fields", "index"), WALKS)
def test_in_postgresql_a_search_can_walk_along_the_same_index_and_sorts_nothing(
    postgres_store: str, fields: dict[str, object], index: str
) -> None:
    """Which of several it prefers hangs on how many rows there are; here it has only this one."""
    with closing(Location.of(postgres_store).connect()) as connection:
        asking = Asking(connection.cursor())
        asking.cursor.execute("BEGIN")
        asking.cursor.execute(OTHER_INDEXES, (index,))
        for (other,) in asking.cursor.fetchall():
            asking.cursor.execute(f"DROP INDEX {other}")
        for way in ("seqscan", "bitmapscan", "sort"):
            asking.cursor.execute(f"SET LOCAL enable_{way} = off")
        search = CallSearch(**fields)  # pyright: ignore[reportArgumentType]
        for before in (None, "1784021405123456.100"):
            search_query(search, whose=EVERYBODY, before=before, limit=10)(asking)
        asking.cursor.execute("ROLLBACK")
        for plan in asking.plans:
            assert "Sort" not in plan
            assert f"using {index}" in plan
