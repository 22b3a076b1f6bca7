"""A record may stand for many calls that were refused alike: the number is sealed and counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jupyter_mesh.schemas.call_search import Whose
from jupyter_mesh.storage.history import SqlHistory

from .samples import NOW, Store, chain_verdict, completion, execute, intent, journal_at, rows


async def record(store: Store) -> None:
    """One call that was answered, and seven that were refused in one record."""
    async with journal_at(store) as journal:
        await journal.open(intent("one"), [])
        await journal.close(completion("one"))
        refused = completion("seven", "0", outcome="refused", error_code="no", stands_for=7)
        await journal.close(refused, intent("seven"))


async def test_the_record_says_how_many_calls_it_is_of(store: Store) -> None:
    await record(store)
    history = SqlHistory(store)
    page = await history.calls(whose=Whose())
    assert {call.id: call.stands_for for call in page.calls} == {"one": 1, "seven": 7}
    assert (await history.call("seven", whose=Whose())).summary.stands_for == 7
    await history.aclose()


async def test_each_of_them_counts_in_usage(store: Store) -> None:
    await record(store)
    history = SqlHistory(store)
    (sums,) = await history.usage(
        since=NOW - timedelta(days=1), until=NOW + timedelta(days=1), by=["user"], user="ada"
    )
    await history.aclose()
    assert (sums.spend.calls, sums.spend.cost_usd) == (8, completion("one").cost)


@pytest.mark.parametrize(
    ("call", "number"), [("seven", "6"), ("seven", "NULL"), ("seven", "1"), ("one", "2")]
)
async def test_nobody_changes_the_number_unseen(store: Store, call: str, number: str) -> None:
    await record(store)
    assert chain_verdict(store).fault is None
    execute(store, f"UPDATE calls SET stands_for = {number} WHERE id = '{call}'")
    fault = chain_verdict(store).fault
    assert fault is not None
    assert (fault.subject, fault.reason) == (call, "the record was changed")


async def test_the_record_of_one_call_is_written_as_it_always_was(store: Store) -> None:
    await record(store)
    assert rows(store, "SELECT stands_for FROM calls WHERE id = 'one'") == [(None,)]
