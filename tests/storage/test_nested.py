"""Calls made for a call draw on its reservation, and cost stands where it arose."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.schemas.call_search import Whose
from jupyter_mesh.storage.history import SqlHistory

from .samples import (
    Store,
    assert_books_balance,
    completion,
    hold,
    intent,
    journal_at,
    money_in,
    more,
)

D = Decimal


async def test_an_answer_with_nested_calls_fits_into_a_budget_for_exactly_one(store: Store) -> None:
    exact = [hold("0.01", "0.01")]
    drawing = [hold("0", "0.01")]
    async with journal_at(store) as journal:
        await journal.open(intent("rag"), exact)
        await journal.open(intent("embed", parent="rag"), drawing)
        await journal.close(completion("embed", "0.001"))
        assert money_in(store) == (D("0.001"), D("0.009"))
        await journal.open(intent("answer", parent="rag"), drawing)
        await journal.close(completion("answer", "0.006"))
        assert money_in(store) == (D("0.007"), D("0.003"))
        await journal.close(completion("rag", "0"))
    assert money_in(store) == (D("0.007"), D(0))
    assert_books_balance(store)


async def test_a_grandchild_draws_on_the_reservation_at_the_top(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("top"), [hold("0.01", "0.01")])
        await journal.open(intent("child", parent="top"), [])
        await journal.open(intent("grandchild", parent="child"), [])
        await journal.close(completion("grandchild", "0.004"))
        assert money_in(store) == (D("0.004"), D("0.006"))
        await journal.close(completion("child", "0.002"))
        await journal.close(completion("top", "0.001"))
    assert money_in(store) == (D("0.007"), D(0))
    assert_books_balance(store)


async def test_a_nested_call_that_costs_more_than_was_reserved_is_spent_in_full(
    store: Store,
) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("top"), [hold("0.01", "0.02")])
        await journal.open(intent("child", parent="top"), [])
        assert await journal.top_up("child", more("0.01"), D("0.02"))
        assert not await journal.top_up("child", more("0.01"), D("0.03"))
        assert money_in(store) == (D(0), D("0.02"))
        await journal.close(completion("child", "0.025"))
        assert money_in(store) == (D("0.025"), D(0))
        await journal.close(completion("top", "0"))
    assert money_in(store) == (D("0.025"), D(0))
    assert_books_balance(store)


async def test_a_nested_call_reserves_by_itself_what_its_parent_does_not_hold(store: Store) -> None:
    judges = hold("0.002", "0.003", budget="model=judge")
    async with journal_at(store) as journal:
        await journal.open(intent("top"), [hold("0.01", "0.01")])
        await journal.open(intent("one", parent="top"), [judges])
        with pytest.raises(BudgetExceeded, match="model=judge"):
            await journal.open(intent("two", parent="top"), [judges])
        await journal.close(completion("one", "0.001"))
        assert money_in(store) == (D("0.001"), D("0.009"))
        assert money_in(store, "model=judge") == (D("0.001"), D(0))
        await journal.close(completion("top", "0.005"))
    assert money_in(store) == (D("0.006"), D(0))
    assert_books_balance(store)


async def test_a_nested_call_may_be_open_when_its_parent_ends(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("top"), [hold("0.01", "1")])
        await journal.open(intent("child", parent="top"), [])
        await journal.close(completion("top", "0.003"))
        assert money_in(store) == (D("0.003"), D(0))
        await journal.close(completion("child", "0.002"))
    assert money_in(store) == (D("0.005"), D(0))
    assert_books_balance(store)


async def test_the_detail_of_a_call_shows_the_calls_made_for_it(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("top"), [])
        for name in ("embed", "answer"):
            await journal.open(intent(name, parent="top"), [])
            await journal.close(completion(name))
        await journal.close(completion("top", "0"))
        history = SqlHistory(store)
        detail = await history.call("top", whose=Whose(user="ada"))
        await history.aclose()
    assert [child.id for child in detail.children] == ["embed", "answer"]
    assert {child.parent for child in detail.children} == {"top"}
