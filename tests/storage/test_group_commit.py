"""What comes together is committed together, and each caller still gets an answer of its own."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from jupyter_mesh.errors import AuditUnavailable, BudgetExceeded, Conflict
from jupyter_mesh.storage.journal import SqlJournal

from .samples import (
    Store,
    assert_books_balance,
    completion,
    hold,
    intent,
    journal_at,
    money_in,
    rows,
)

D = Decimal


async def test_calls_that_come_together_share_commits(store: Store) -> None:
    async with journal_at(store) as journal:
        await asyncio.gather(
            *(journal.open(intent(f"c{n}"), [hold("0.01", "9")]) for n in range(200))
        )
        await asyncio.gather(*(journal.close(completion(f"c{n}")) for n in range(200)))
        assert journal.commits <= 40  # 400 if each had its own
    assert money_in(store) == (200 * D("0.004"), D(0))
    assert_books_balance(store)


async def test_one_refusal_in_a_shared_commit_spoils_nothing_for_the_others(store: Store) -> None:
    async with journal_at(store) as journal:
        openings = [journal.open(intent(f"c{n}"), [hold("0.01", "0.05")]) for n in range(20)]
        doubled = [journal.open(intent("c0"), []), journal.close(completion("nobody"))]
        outcomes = await asyncio.gather(*openings, *doubled, return_exceptions=True)
        assert outcomes[:5] == [()] * 5
        assert all(isinstance(outcome, BudgetExceeded) for outcome in outcomes[5:20])
        assert isinstance(outcomes[20], Conflict)
        assert isinstance(outcomes[21], AuditUnavailable)
        assert journal.commits < 10
        await asyncio.gather(*(journal.close(completion(f"c{n}")) for n in range(5)))
    assert rows(store, "SELECT count(*) FROM calls") == [(5,)]
    assert_books_balance(store)


async def test_a_refusal_in_a_shared_commit_takes_back_what_it_had_reserved(store: Store) -> None:
    wide, narrow = hold("0.01", "1", budget="a wide"), hold("0.01", "0.03", budget="b narrow")
    async with journal_at(store) as journal:
        openings = [journal.open(intent(f"c{n}"), [wide, narrow]) for n in range(10)]
        outcomes = await asyncio.gather(*openings, return_exceptions=True)
        assert [isinstance(outcome, BudgetExceeded) for outcome in outcomes].count(True) == 7
        assert journal.commits < 8
        assert money_in(store, "a wide") == money_in(store, "b narrow") == (D(0), D("0.03"))


async def test_batched_durability_keeps_the_same_books(store: Store) -> None:
    journal = SqlJournal(store, "batched")
    await asyncio.gather(*(journal.open(intent(f"c{n}"), [hold()]) for n in range(50)))
    await asyncio.gather(*(journal.close(completion(f"c{n}")) for n in range(50)))
    await journal.aclose()
    assert money_in(store) == (50 * D("0.004"), D(0))
    assert_books_balance(store)


async def test_a_closed_journal_answers_instead_of_hanging(store: Store) -> None:
    journal = SqlJournal(store)
    await journal.aclose()
    with pytest.raises(AuditUnavailable, match="closed"):
        await journal.open(intent("a"), [])
    assert not journal.healthy


async def test_what_waits_is_committed_before_the_journal_closes(store: Store) -> None:
    journal = SqlJournal(store)
    opening = [asyncio.ensure_future(journal.open(intent(f"c{n}"), [])) for n in range(30)]
    await asyncio.sleep(0)
    await journal.aclose()
    assert await asyncio.gather(*opening) == [()] * 30
    assert rows(store, "SELECT count(*) FROM calls") == [(30,)]
