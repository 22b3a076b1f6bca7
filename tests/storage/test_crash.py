"""SIGKILL at every labelled point: no call that was sent is missing or counts twice."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from jupyter_mesh.storage.journal import SqlJournal

from .processes import said, start
from .samples import (
    NOW,
    Store,
    assert_books_balance,
    completion,
    hold,
    intent,
    journal_at,
    lock_files,
    money_in,
    rows,
)

D = Decimal
LATER = NOW + timedelta(seconds=3)
POINTS = [
    f"journal.{when}_{what}_commit" for when in ("before", "after") for what in ("open", "close")
]


def killed_at(store: Store, point: str, passage: int, at_once: int) -> dict[str, list[str]]:
    fault = {"JUPYTER_MESH_FAULT": f"kill:{point}:{passage}"}
    process = start(store, calls=40, at_once=at_once, env=fault)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors
    return said(output)


async def recovered(store: Store) -> int:
    async with journal_at(store) as journal:
        settled = await journal.recover(LATER)
        assert await journal.recover(LATER) == 0
    return settled


@pytest.mark.parametrize("point", POINTS)
async def test_killed_alone_at_a_labelled_point(store: Store, point: str) -> None:
    told = killed_at(store, point, 3, at_once=1)
    finished = 2
    assert len(told["closed"]) == finished
    interrupted = {"before_open": 0, "after_open": 1, "before_close": 1, "after_close": 0}
    expected = interrupted[point.removeprefix("journal.").removesuffix("_commit")]
    assert await recovered(store) == expected
    charged = {"journal.after_open_commit": "0.01", "journal.before_close_commit": "0.0125"}
    last = D(charged.get(point, "0.004" if point == "journal.after_close_commit" else "0"))
    assert money_in(store) == (finished * D("0.004") + last, D(0))
    assert_books_balance(store)


async def test_killed_among_others_at_any_point(
    new_store: Callable[[], Store], seed: int, rounds: Callable[[int, int], int]
) -> None:
    chance = random.Random(seed)
    for _ in range(rounds(6, 200)):
        store = new_store()
        told = killed_at(store, chance.choice(POINTS), chance.randint(1, 3), at_once=8)
        await recovered(store)
        outcomes = dict(rows(store, "SELECT id, outcome FROM calls"))
        assert set(told["sent"]) <= set(outcomes)
        assert {outcomes[call_id] for call_id in told["closed"]} <= {"answered"}
        spent = rows(store, "SELECT sum(cost) FROM calls")[0][0] or 0
        assert money_in(store) == (spent * D("1e-12"), D(0))
        assert_books_balance(store)


async def test_an_interrupted_call_is_charged_its_estimate_and_flagged(store: Store) -> None:
    process = start(store, calls=1, end="hang")
    assert process.stdout is not None
    assert process.stdout.readline() == "sent c0\n"
    async with journal_at(store) as journal:
        assert await journal.recover(LATER) == 0  # it is alive
        process.kill()
        process.communicate()
        assert await journal.recover(LATER) == 1
    found = rows(store, "SELECT outcome, cost, usage_estimated, error_code, total_ms FROM calls")
    assert found == [("interrupted", 10_000_000_000, 1, "interrupted", 3000.0)]
    assert rows(store, "SELECT * FROM writers") == []
    assert lock_files(store) == []
    assert_books_balance(store)


async def test_of_nested_calls_each_is_charged_once(store: Store) -> None:
    await leave_nested_calls_open(store)
    async with journal_at(store) as journal:
        assert await journal.recover(LATER) == 3
    costs = dict(rows(store, "SELECT id, cost FROM calls"))
    # 0.05 were reserved. An estimate covers the calls made for a call: of `open` that for `deep`.
    expected = {"top": "0.02", "done": "0.01", "open": "0.015", "deep": "0.005"}
    assert costs == {name: int(D(cost) * 10**12) for name, cost in expected.items()}
    assert money_in(store) == (D("0.05"), D(0))
    assert_books_balance(store)


async def leave_nested_calls_open(store: Store) -> None:
    """A journal that ends with calls open, as a shutdown that could not wait leaves them."""
    async with journal_at(store) as journal:
        await journal.open(intent("top", estimated_cost=D("0.05")), [hold("0.05")])
        await journal.open(intent("done", parent="top"), [])
        await journal.close(completion("done", "0.01"))
        await journal.open(intent("open", parent="top", estimated_cost=D("0.02")), [])
        await journal.open(intent("deep", parent="open", estimated_cost=D("0.005")), [])


@pytest.mark.parametrize(
    ("candidates", "model"), [(("local/qwen",), "local/qwen"), (("a/x", "b/y"), None), ((), None)]
)
async def test_an_interrupted_call_names_its_model_only_if_there_was_one(
    store: Store, candidates: tuple[str, ...], model: str | None
) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a", candidates=candidates), [])
    await recovered(store)
    assert rows(store, "SELECT model FROM calls") == [(model,)]


@pytest.mark.parametrize(
    ("estimate", "cost", "spent", "unpriced", "said"),
    [
        ("0.02", "0.02", "0.02", 0, "charged at its estimate"),
        ("0", "0", "0", 0, "charged at its estimate"),
        (None, None, "0.01", 1, "price is unknown"),
    ],
)
async def test_an_interrupted_call_of_unknown_price_is_charged_what_it_reserved(
    store: Store,
    estimate: str | None,
    cost: str | None,
    spent: str,
    unpriced: int,
    said: str,
) -> None:
    known = None if estimate is None else D(estimate)
    async with journal_at(store) as journal:
        await journal.open(intent("a", estimated_cost=known), [hold("0.01")])
    await recovered(store)
    ((found, message),) = rows(store, "SELECT cost, error_message FROM calls")
    assert found == (None if cost is None else int(D(cost) * 10**12))
    assert said in message
    assert rows(store, "SELECT unpriced FROM usage_hourly") == [(unpriced,)]
    assert money_in(store) == (D(spent), D(0))
    assert_books_balance(store)


async def test_two_gateways_of_one_process_do_not_bury_each_other(store: Store) -> None:
    one, two = SqlJournal(store), SqlJournal(store)
    await one.open(intent("a"), [hold()])
    assert await two.recover(LATER) == 0
    await one.close(completion("a"))
    await one.aclose()
    await two.aclose()
    assert_books_balance(store)
