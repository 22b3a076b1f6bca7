"""Calls to record, and what a store holds afterwards."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from alembic import command
from alembic.config import Config

from jupyter_mesh import storage
from jupyter_mesh.schemas.audit import Completion, Hold, Intent, Timing
from jupyter_mesh.schemas.spend import Usage, from_pico
from jupyter_mesh.storage.chain_check import Head, Verdict, check
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.location import Location, Value

NOW = datetime(2026, 7, 14, 9, 30, 5, 123456, tzinfo=UTC)
MONTH = datetime(2026, 7, 1, tzinfo=UTC)
BUDGET = "everyone|month|"

Store: TypeAlias = "Path | str"
"""A file of SQLite, or the URL of a database of PostgreSQL."""


def intent(call_id: str, **changes: Any) -> Intent:
    fields: dict[str, Any] = {
        "id": call_id,
        "started_at": NOW,
        "user": "ada",
        "via": "kernel",
        "application": "notebook",
        "operation": "chat",
        "requested_model": "fast",
        "candidates": ("openai/gpt-5-mini", "local/qwen"),
        "groups": ("analysts",),
        "purpose": "research",
        "document": "reports/q3.ipynb",
        "estimated_cost": Decimal("0.01"),
    }
    return Intent(**fields | changes)


def completion(call_id: str, cost: str | None = "0.004", **changes: Any) -> Completion:
    fields: dict[str, Any] = {
        "id": call_id,
        "started_at": datetime.now(UTC),
        "ended_at": NOW,
        "outcome": "answered",
        "model": "openai/gpt-5-mini",
        "provider": "openai",
        "connection": "openai",
        "usage": Usage(input=100, output=20),
        "cost": None if cost is None else Decimal(cost),
        "timing": Timing(total=812.5, first_token=90.25, upstream=800.0, overhead=1.5),
        "finish_reason": "stop",
    }
    return Completion(**fields | changes)


def hold(amount: str = "0.01", limit: str = "1", **changes: Any) -> Hold:
    fields: dict[str, Any] = {
        "budget": BUDGET,
        "window_start": MONTH,
        "window": "month",
        "limit": Decimal(limit),
        "amount": Decimal(amount),
    }
    return Hold(**fields | changes)


def more(amount: str, *budgets: str) -> dict[tuple[str, datetime], Decimal]:
    """A top-up of this month's windows."""
    return {(budget, MONTH): Decimal(amount) for budget in budgets or (BUDGET,)}


@asynccontextmanager
async def journal_at(store: Store) -> AsyncIterator[SqlJournal]:
    journal = SqlJournal(store)
    try:
        yield journal
    finally:
        await journal.aclose()


def lock_files(store: Store) -> list[str]:
    """What tells others which gateways are alive."""
    if isinstance(store, Path):
        return [path.name for path in store.parent.glob("*.writer-*")]
    held = (
        "SELECT objid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
        "WHERE locktype = 'advisory' AND datname = current_database()"
    )
    deadline = time.monotonic() + 10
    while (found := rows(store, held)) and time.monotonic() < deadline:
        time.sleep(0.01)  # a session ends a little after its client
    return [str(lock) for (lock,) in found]


def rows(store: Store, query: str, *values: Value) -> list[tuple[Any, ...]]:
    with closing(Location.of(store).connect()) as connection:
        cursor = connection.cursor()
        cursor.execute(query, values)
        return cursor.fetchall()


def execute(store: Store, statement: str, *values: Value) -> None:
    """Change the store from outside."""
    with closing(Location.of(store).connect()) as connection:
        connection.execute(statement, values)


@contextmanager
def unreachable(store: Store) -> Generator[None]:
    """The store is gone for a while: its folder is elsewhere, or its database takes nobody in."""
    if isinstance(store, Path):
        away = store.parent.with_name("away")
        store.parent.rename(away)
        yield
        away.rename(store.parent)
        return
    server, _, name = store.rpartition("/")
    anyone = f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS"
    inside = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ?"
    with closing(Location.of(f"{server}/postgres").connect()) as beside:
        beside.execute(f"{anyone} false")
        beside.execute(inside, (name,))
        yield
        beside.execute(f"{anyone} true")


@contextmanager
def unwritable(store: Store) -> Generator[None]:
    """Whoever would change anything waits in vain; reading goes on."""
    location = Location.of(store)
    with closing(location.connect()) as other:
        if not isinstance(store, Path):
            other.execute("SET idle_in_transaction_session_timeout = 0")
        other.execute("BEGIN EXCLUSIVE" if isinstance(store, Path) else location.begin_change)
        yield
        other.execute("ROLLBACK")


def at_revision(store: Store, revision: str) -> None:
    """Make a store as the version of that revision did."""
    config = Config()
    folder = Path(storage.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with Location.of(store).migration(new=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def money_in(store: Store, budget: str = BUDGET) -> tuple[Decimal, Decimal]:
    """(spent, held) over all windows of a budget."""
    sums = "coalesce(sum(spent), 0), coalesce(sum(held), 0)"
    query = f"SELECT {sums} FROM budget_windows WHERE budget = ?"
    ((spent, held),) = rows(store, query, budget)
    return from_pico(spent), from_pico(held)


def assert_books_balance(store: Store) -> None:
    """What must be true of a store in which no call is in flight."""
    assert rows(store, "SELECT id FROM calls WHERE outcome = 'pending'") == []
    assert rows(store, "SELECT * FROM holds") == []
    assert rows(store, "SELECT budget FROM budget_windows WHERE held <> 0 OR spent < 0") == []
    sums = "count(*), sum(coalesce(cost, 0)), sum(saved), sum(input_tokens), sum(output_tokens)"
    flags = f"{_count('cost IS NULL')}, " + _count("outcome = 'cached'")
    of_calls = rows(store, f"SELECT {sums}, {flags} FROM calls")
    of_usage = rows(
        store,
        "SELECT coalesce(sum(calls), 0), sum(cost), sum(saved), sum(input_tokens), "
        "sum(output_tokens), sum(unpriced), sum(cached_calls) FROM usage_hourly",
    )
    assert of_calls == of_usage
    if isinstance(store, Path):
        assert rows(store, "PRAGMA integrity_check") == [("ok",)]
    assert chain_verdict(store).fault is None


def _count(condition: str) -> str:
    return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def chain_verdict(store: Store, *known: Head) -> Verdict:
    """What checking the chains finds."""
    with closing(Location.of(store).read()) as connection:
        return check(connection.cursor(), known)
