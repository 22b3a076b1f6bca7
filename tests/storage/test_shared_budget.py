"""A budget admits exactly what fits, however many tasks, threads and processes ask at once."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.storage.journal import SqlJournal

from .processes import finish, start
from .samples import (
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


async def admitted(journal: SqlJournal, call_id: str) -> bool:
    try:
        await journal.open(intent(call_id), [hold("0.01", "0.1")])
    except BudgetExceeded:
        return False
    return True


async def test_of_a_hundred_tasks_ten_are_admitted(store: Store) -> None:
    async with journal_at(store) as journal:
        outcomes = await asyncio.gather(*(admitted(journal, f"c{n}") for n in range(100)))
        assert sum(outcomes) == 10
        assert money_in(store) == (D(0), D("0.1"))
        for number, entered in enumerate(outcomes):
            if entered:
                await journal.close(completion(f"c{number}", "0.01"))
    assert money_in(store) == (D("0.1"), D(0))
    assert_books_balance(store)


async def test_of_a_hundred_threads_with_loops_of_their_own_ten_are_admitted(
    store: Store,
) -> None:
    async with journal_at(store) as journal:
        outcomes: list[bool] = []

        def run(number: int) -> None:
            outcomes.append(asyncio.run(admitted(journal, f"c{number}")))

        threads = [threading.Thread(target=run, args=(number,)) for number in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
    assert (sum(outcomes), len(outcomes)) == (10, 100)


def test_of_a_hundred_calls_of_four_processes_ten_are_admitted(store: Store) -> None:
    """The processes also create the store at the same time."""
    running = [
        start(store, prefix=name, calls=25, at_once=25, limit="0.1", end="hang") for name in "abcd"
    ]
    try:
        answered = []
        for process in running:
            assert process.stdout is not None
            answered += [process.stdout.readline().split()[0] for _ in range(25)]
        assert (answered.count("sent"), answered.count("refused")) == (10, 90)
        assert money_in(store) == (D(0), D("0.1"))
        assert rows(store, "SELECT count(*) FROM calls") == [(10,)]
    finally:
        for process in running:
            process.kill()
            process.communicate()


def test_four_busy_processes_keep_one_set_of_books(store: Store) -> None:
    running = [start(store, prefix=name, calls=50, at_once=5) for name in "abcd"]
    for process in running:
        assert len(finish(process)["closed"]) == 50
    assert rows(store, "SELECT count(*), count(DISTINCT writer) FROM calls") == [(200, 4)]
    assert money_in(store) == (200 * D("0.004"), D(0))
    assert rows(store, "SELECT * FROM writers") == []
    assert lock_files(store) == []
    assert_books_balance(store)
