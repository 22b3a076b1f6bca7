"""Open, top up, close: one commit each, all or nothing, and money that adds up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import AuditUnavailable, BudgetExceeded, ConfigError, Conflict
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.storage.journal import SqlJournal

from .samples import (
    BUDGET,
    Store,
    assert_books_balance,
    completion,
    hold,
    intent,
    journal_at,
    money_in,
    more,
    rows,
)

D = Decimal


async def test_a_call_is_on_record_and_its_money_held_from_open_to_close(store: Store) -> None:
    async with journal_at(store) as journal:
        assert await journal.open(intent("a"), [hold("0.01")]) == ()
        assert rows(store, "SELECT id, outcome FROM calls") == [("a", "pending")]
        assert money_in(store) == (D(0), D("0.01"))
        await journal.close(completion("a", "0.004"))
        assert rows(store, "SELECT outcome, cost FROM calls") == [("answered", 4_000_000_000)]
        assert money_in(store) == (D("0.004"), D(0))
    assert_books_balance(store)


async def test_closing_twice_changes_nothing(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
        await journal.close(completion("a", "0.004"))
        await journal.close(completion("a", "0.5", outcome="failed"))
        await journal.close(completion("a", "0.5"), intent("a"))
    assert rows(store, "SELECT outcome FROM calls") == [("answered",)]
    assert money_in(store) == (D("0.004"), D(0))
    assert_books_balance(store)


async def test_a_call_that_was_never_opened_is_recorded_by_its_close(store: Store) -> None:
    async with journal_at(store) as journal:
        refused = completion("a", "0", outcome="refused", error_code="not_permitted", model=None)
        await journal.close(refused, intent("a"))
        cached = completion("b", "0", outcome="cached", saved=D("0.02"), usage=Usage())
        await journal.close(cached, intent("b"))
        assert journal.commits == 2
    found = rows(store, "SELECT outcome, username, error_code, saved FROM calls ORDER BY id")
    assert found == [
        ("refused", "ada", "not_permitted", 0),
        ("cached", "ada", None, 20_000_000_000),
    ]
    assert_books_balance(store)


async def test_closing_a_call_without_a_record_is_refused(store: Store) -> None:
    async with journal_at(store) as journal:
        with pytest.raises(AuditUnavailable, match="not in the store"):
            await journal.close(completion("nobody"))
        assert journal.healthy


async def test_the_same_id_cannot_be_opened_twice(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
        with pytest.raises(Conflict):
            await journal.open(intent("a"), [hold()])
        assert money_in(store) == (D(0), D("0.01"))
        assert journal.healthy
        await journal.close(completion("a"))
    assert_books_balance(store)


@pytest.mark.parametrize(
    ("limit", "admitted"),
    [("0.03", 3), ("0.029999999999", 2), ("0.039999999999", 3), ("0", 0)],
)
async def test_a_hard_budget_admits_exactly_what_fits(
    store: Store, limit: str, admitted: int
) -> None:
    async with journal_at(store) as journal:
        for number in range(admitted):
            await journal.open(intent(f"c{number}"), [hold("0.01", limit)])
        with pytest.raises(BudgetExceeded, match=r"this one may cost \$0\.01"):
            await journal.open(intent("one more"), [hold("0.01", limit)])
    assert rows(store, "SELECT count(*) FROM calls") == [(admitted,)]
    assert money_in(store)[1] == admitted * D("0.01")


async def test_a_refusal_undoes_what_was_reserved_elsewhere(store: Store) -> None:
    wide, narrow = hold("0.01", "1", budget="a wide one"), hold("0.01", "0.005", budget="b narrow")
    async with journal_at(store) as journal:
        with pytest.raises(BudgetExceeded, match="b narrow"):
            await journal.open(intent("a"), [wide, narrow])
        assert money_in(store, "a wide one") == (D(0), D(0))
        assert rows(store, "SELECT count(*) FROM calls") == [(0,)]
    assert_books_balance(store)


async def test_a_soft_budget_warns_and_counts_but_never_refuses(store: Store) -> None:
    async with journal_at(store) as journal:
        soft = hold("0.01", "0.015", hard=False)
        assert await journal.open(intent("a"), [soft]) == ()
        assert await journal.open(intent("b"), [soft]) == (BUDGET,)
        assert await journal.top_up("b", more("0.02"), D("0.03"))
        assert money_in(store) == (D(0), D("0.04"))
        await journal.close(completion("a", "0.5"))
        await journal.close(completion("b", "0.25"))
    assert money_in(store) == (D("0.75"), D(0))
    assert_books_balance(store)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_two_limits_on_one_window_are_reserved_once_and_both_hold(
    store: Store, order: tuple[int, int]
) -> None:
    rules = (hold("0.01", "0.015", hard=False), hold("0.01", "0.025"))
    async with journal_at(store) as journal:
        both = [rules[place] for place in order]
        assert await journal.open(intent("a"), both) == ()
        assert await journal.open(intent("b"), both) == (BUDGET,)
        with pytest.raises(BudgetExceeded):
            await journal.open(intent("c"), both)
        assert not await journal.top_up("b", more("0.01"), D("0.02"))
        assert money_in(store) == (D(0), D("0.02"))


async def test_a_top_up_is_all_or_nothing_over_the_windows_of_a_call(store: Store) -> None:
    async with journal_at(store) as journal:
        holds = [hold("0.01", "1", budget="a wide"), hold("0.01", "0.03", budget="b narrow")]
        await journal.open(intent("a"), holds)
        both = ("a wide", "b narrow")
        assert await journal.top_up("a", more("0.02", *both), D("0.03"))
        assert not await journal.top_up("a", more("0.000000000001", *both), D("0.04"))
        assert money_in(store, "a wide") == money_in(store, "b narrow") == (D(0), D("0.03"))
        assert rows(store, "SELECT estimated_cost FROM calls") == [(30_000_000_000,)]
        await journal.close(completion("a", "0.025"))
    assert money_in(store, "b narrow") == (D("0.025"), D(0))
    assert_books_balance(store)


async def test_a_top_up_of_a_window_a_call_does_not_hold_reserves_nothing(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [])
        await journal.open(intent("b"), [hold("0.01")])
        assert await journal.top_up("a", more("5"), D(5))
        assert money_in(store) == (D(0), D("0.01"))
        await journal.close(completion("a"))
        await journal.close(completion("b", "0"))
    assert_books_balance(store)


async def test_a_top_up_grows_the_windows_it_names_and_no_other(store: Store) -> None:
    async with journal_at(store) as journal:
        holds = [hold("0.01", "1", budget="a wide"), hold("0.002", "0.003", budget="b narrow")]
        await journal.open(intent("a"), holds)
        assert await journal.top_up("a", more("0.02", "a wide"), D("0.03"))
        assert money_in(store, "a wide") == (D(0), D("0.03"))
        assert money_in(store, "b narrow") == (D(0), D("0.002"))
        assert not await journal.top_up("a", more("0.002", "a wide", "b narrow"), D("0.04"))
        assert money_in(store, "a wide") == (D(0), D("0.03"))
        await journal.close(completion("a", "0.001"))
    assert money_in(store, "a wide") == money_in(store, "b narrow") == (D("0.001"), D(0))
    assert_books_balance(store)


@pytest.mark.parametrize(
    ("estimate", "topped", "left"),
    [("0.01", "0.03", "0.03"), ("0.05", "0.03", "0.05"), (None, "0.03", None)],
)
async def test_a_top_up_only_ever_raises_an_estimate_that_is_known(
    store: Store, estimate: str | None, topped: str, left: str | None
) -> None:
    async with journal_at(store) as journal:
        known = None if estimate is None else D(estimate)
        await journal.open(intent("a", estimated_cost=known), [hold("0.01")])
        assert await journal.top_up("a", more("0.01"), D(topped))
        (found,) = rows(store, "SELECT estimated_cost FROM calls")
        assert found == (None if left is None else int(D(left) * 10**12),)


@pytest.mark.parametrize(
    ("usage", "cost", "stored"),
    [
        (Usage(input=2**80, output=5), D("0.01"), 2**62),
        (Usage(input=-7, output=5), D("0.01"), 0),
        (Usage(input=7, output=5), D("0.01"), 7),
        (Usage(input=7, output=5), D("Infinity"), 7),
        (Usage(input=7, output=5), D("NaN"), 7),
    ],
)
async def test_no_number_keeps_a_call_from_being_closed(
    store: Store, usage: Usage, cost: Decimal, stored: int
) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
        await journal.close(replace(completion("a"), usage=usage, cost=cost))
    assert rows(store, "SELECT outcome, input_tokens FROM calls") == [("answered", stored)]
    assert rows(store, "SELECT * FROM holds") == []
    assert money_in(store)[1] == 0


async def test_a_cost_above_the_reservation_is_spent_all_the_same(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold("0.01", "0.02")])
        await journal.close(completion("a", "0.05"))
        with pytest.raises(BudgetExceeded):
            await journal.open(intent("b"), [hold("0.01", "0.02")])
    assert money_in(store) == (D("0.05"), D(0))


async def test_an_unknown_price_settles_nothing_and_is_counted(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
        await journal.close(completion("a", None))
    assert money_in(store) == (D(0), D(0))
    assert rows(store, "SELECT cost FROM calls") == [(None,)]
    assert rows(store, "SELECT cost, unpriced FROM usage_hourly") == [(0, 1)]
    assert_books_balance(store)


async def test_a_budget_that_does_not_cover_what_answered_is_released_without_a_charge(
    store: Store,
) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold(budget="all"), hold(budget="model=dear")])
        await journal.close(completion("a", "0.004", uncharged=("model=dear",)))
    assert money_in(store, "all") == (D("0.004"), D(0))
    assert money_in(store, "model=dear") == (D(0), D(0))
    assert_books_balance(store)


async def test_a_limit_beyond_what_a_column_holds_is_no_limit(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold("0.01", "1E+30")])
        await journal.close(completion("a", "1000000"))
        await journal.open(intent("b"), [hold("0.01", "1E+30")])
    assert money_in(store) == (D(1_000_000), D("0.01"))


async def test_an_open_that_is_cancelled_midway_is_completed_by_its_close(store: Store) -> None:
    async with journal_at(store) as journal:
        opening = asyncio.ensure_future(journal.open(intent("a"), [hold()]))
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await journal.close(completion("a", "0", outcome="aborted"))
    assert rows(store, "SELECT outcome FROM calls") == [("aborted",)]
    assert_books_balance(store)


async def test_an_open_that_is_cancelled_and_refused_is_on_record_too(store: Store) -> None:
    async with journal_at(store) as journal:
        opening = asyncio.ensure_future(journal.open(intent("a"), [hold("2", "1")]))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        await journal.close(completion("a", "0", outcome="aborted"))
    assert rows(store, "SELECT outcome FROM calls") == [("aborted",)]
    assert_books_balance(store)


async def test_odd_text_is_recorded_rather_than_refused(store: Store) -> None:
    async with journal_at(store) as journal:
        odd = intent(
            "a",
            user="a\ud800b\0",
            document="\U0001f4d3 \u202e.ipynb",
            content={"text": "\udfff", "huge": 2**70},
            tags={"k": "\0"},
        )
        await journal.open(odd, [])
        await journal.close(
            completion("a", error_message="\ud83d", content={"text": "x" * 100_000})
        )
    assert rows(store, "SELECT username FROM calls") == [("a?b\ufffd",)]
    assert_books_balance(store)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/mesh",
        "postgresql://localhost",
        "postgresql://mesh:100%secret@localhost/mesh",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///",
        "sqlite://x/y",
    ],
)
def test_a_url_of_another_store_is_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url") as refused:
        SqlJournal(url)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_url_and_path_name_the_same_store(tmp_path: Path) -> None:
    store = tmp_path / "mesh.db"
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [])
        await journal.close(completion("a"))
    journal = SqlJournal(f"sqlite:///{store}")
    await journal.close(completion("a", "9"))  # it is closed already: nothing happens
    await journal.aclose()
