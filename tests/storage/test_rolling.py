"""Budgets over the last hours: what is older than that is free again, and never sooner."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.schemas.audit import Hold
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.journal import SqlJournal

from .samples import Store, assert_books_balance, completion, hold, intent, journal_at, rows

D = Decimal
HOUR = timedelta(hours=1)
ROLLING = "everyone|rolling 1h|"
START = datetime(1970, 1, 1, tzinfo=UTC) - HOUR
BEGIN = datetime(2026, 7, 14, 9, 30, tzinfo=UTC)


def rolling(amount: str, limit: str = "1") -> Hold:
    return hold(amount, limit, budget=ROLLING, window_start=START, window="rolling 1h", title="Lab")


async def spend(journal: SqlJournal, name: str, at: datetime, cost: str, limit: str = "1") -> bool:
    """Whether a call that costs all it reserved was admitted."""
    try:
        await journal.open(intent(name, started_at=at), [rolling(cost, limit)])
    except BudgetExceeded:
        return False
    await journal.close(completion(name, cost, ended_at=at))
    return True


async def test_what_was_spent_is_free_again_when_it_is_older_than_the_window(
    store: Store,
) -> None:
    async with journal_at(store) as journal:
        assert await spend(journal, "a", BEGIN, "0.6")
        assert await spend(journal, "b", BEGIN + HOUR / 2, "0.4")
        for number, (minutes, cost, admitted) in enumerate(
            ((59, "0.01", False), (62, "0.61", False), (62, "0.6", True), (63, "0.01", False))
        ):
            at = BEGIN + timedelta(minutes=minutes)
            assert await spend(journal, f"c{number}", at, cost) is admitted
    assert_books_balance(store)


async def test_no_stretch_of_its_length_ever_sees_more_than_the_limit(
    store: Store, seed: int
) -> None:
    chance = random.Random(seed)
    admitted: list[tuple[datetime, Decimal]] = []
    at = BEGIN
    async with journal_at(store) as journal:
        for number in range(300):
            at += timedelta(seconds=chance.choice([1, 30, 120, 600]))
            cost = D(chance.randrange(1, 400)).scaleb(-3)
            if await spend(journal, f"c{number}", at, str(cost)):
                admitted.append((at, cost))
            else:
                wider = HOUR + 2 * HOUR / 60
                lately = sum(c for when, c in admitted if when > at - wider)
                assert lately + cost > 1, "it was refused although there was room"
    for end, _ in admitted:
        assert sum(cost for when, cost in admitted if end - HOUR < when <= end) <= 1
    ((spent, held),) = rows(store, "SELECT spent, held FROM budget_windows")
    ((steps,),) = rows(store, "SELECT sum(spent) FROM budget_steps")
    assert (spent, held) == (steps, 0)


async def test_held_money_counts_and_two_lengths_of_one_scope_are_apart(store: Store) -> None:
    day = hold(
        "0.5",
        budget="everyone|rolling 1d|",
        window_start=datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=1),
    )
    async with journal_at(store) as journal:
        await journal.open(intent("a", started_at=BEGIN), [rolling("0.5"), day])
        with pytest.raises(BudgetExceeded, match="budget of Lab has no room"):
            await journal.open(intent("b", started_at=BEGIN), [rolling("0.6")])
        await journal.close(completion("a", "0.25", ended_at=BEGIN))
        after = BEGIN + 2 * HOUR
        more = replace(day, amount=D("0.8"))
        with pytest.raises(BudgetExceeded):
            await journal.open(intent("c", started_at=after), [rolling("1"), more])
        await journal.open(intent("d", started_at=after), [rolling("1")])
        await journal.close(completion("d", "1", ended_at=after))
    assert_books_balance(store)


async def test_what_is_told_of_it_leaves_out_what_is_too_old(store: Store) -> None:
    now = datetime.now(UTC)
    async with journal_at(store) as journal:
        await spend(journal, "old", now - 2 * HOUR, "0.3")
        await spend(journal, "new", now - timedelta(minutes=5), "0.2")
        await journal.open(intent("b", started_at=now - HOUR), [rolling("0.1")])
        history = SqlHistory(store)
        found = await history.spent([(ROLLING, START)])
        await history.aclose()
    assert found == {(ROLLING, START): (D("0.2"), D("0.1"))}
