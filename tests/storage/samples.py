"""Calls to record, and what a store holds afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jupyter_mesh.schemas.audit import Completion, Hold, Intent, Timing
from jupyter_mesh.schemas.spend import Usage, from_pico
from jupyter_mesh.storage.chain_check import Head, Verdict, check
from jupyter_mesh.storage.journal import SqlJournal

NOW = datetime(2026, 7, 14, 9, 30, 5, 123456, tzinfo=UTC)
MONTH = datetime(2026, 7, 1, tzinfo=UTC)
BUDGET = "everyone|month|"


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
async def journal_at(path: Path) -> AsyncIterator[SqlJournal]:
    journal = SqlJournal(path)
    try:
        yield journal
    finally:
        await journal.aclose()


def lock_files(store: Path) -> list[str]:
    """What tells others which gateways are alive."""
    return [path.name for path in store.parent.glob("*.writer-*")]


def rows(path: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()


def money_in(path: Path, budget: str = BUDGET) -> tuple[Decimal, Decimal]:
    """(spent, held) over all windows of a budget."""
    sums = "coalesce(sum(spent), 0), coalesce(sum(held), 0)"
    query = f"SELECT {sums} FROM budget_windows WHERE budget = ?"
    ((spent, held),) = rows(path, query, budget)
    return from_pico(spent), from_pico(held)


def assert_books_balance(path: Path) -> None:
    """What must be true of a store in which no call is in flight."""
    assert rows(path, "SELECT id FROM calls WHERE outcome = 'pending'") == []
    assert rows(path, "SELECT * FROM holds") == []
    assert rows(path, "SELECT budget FROM budget_windows WHERE held <> 0 OR spent < 0") == []
    sums = "count(*), sum(coalesce(cost, 0)), sum(saved), sum(input_tokens), sum(output_tokens)"
    of_calls = rows(path, f"SELECT {sums}, sum(cost IS NULL), sum(outcome = 'cached') FROM calls")
    of_usage = rows(
        path,
        "SELECT coalesce(sum(calls), 0), sum(cost), sum(saved), sum(input_tokens), "
        "sum(output_tokens), sum(unpriced), sum(cached_calls) FROM usage_hourly",
    )
    assert of_calls == of_usage
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert chain_verdict(path).fault is None


def chain_verdict(path: Path, *known: Head) -> Verdict:
    """What checking the chains finds."""
    with closing(sqlite3.connect(path)) as connection:
        return check(connection.cursor(), known)
