"""A store from before charge-back: its sums stay, and its record still holds."""

from __future__ import annotations

from contextlib import closing

import pytest

from jupyter_mesh.storage.location import Location
from jupyter_mesh.storage.records import (
    completion_row,
    intent_row,
    sealed_completion,
    sealed_intent,
)
from jupyter_mesh.storage.schema import upgrade

from .samples import (
    Store,
    at_revision,
    chain_verdict,
    completion,
    execute,
    intent,
    journal_at,
    rows,
)

HOUR = 3_600_000_000
BEFORE = "0006"
"""The last revision without charge-back."""
SUMS = (
    "SELECT sum(calls), sum(cost), sum(saved), sum(input_tokens), sum(output_tokens), "
    "sum(unpriced), sum(cached_calls) FROM usage_hourly"
)


def add(store: Store, hour: int, calls: int, *, gone: int = 0) -> None:
    """So many calls in an hour and their sums, some of which were deleted since."""
    with closing(Location.of(store).connect()) as connection:
        for number in range(calls - gone):
            connection.execute(
                "INSERT INTO calls (id, writer, started_at, username, via, application, operation,"
                " requested_model, purpose, key_id, streamed, outcome, model, provider, connection,"
                " input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,"
                " reasoning_tokens, input_audio_tokens, output_audio_tokens, input_image_tokens,"
                " cost, saved) VALUES (?, 'w', ?, 'ada', 'kernel', 'notebook', 'chat', 'up/m',"
                " 'research', 'k', 0, 'answered', 'up/m', 'openai', 'up', 10, 5, 4, 0, 3, 0, 0, 0,"
                " 7, 0)",
                (f"{hour}-{number}", hour * HOUR + number),
            )
        connection.execute(
            "INSERT INTO usage_hourly VALUES (?, 'ada', 'notebook', 'up', 'up/m', 'research', '', "
            "?, 0, ?, ?, ?, 0, 0)",
            (hour, calls, 10 * calls, 5 * calls, 7 * calls),
        )


@pytest.mark.parametrize("gone", [0, 2])
def test_sums_stay_and_what_is_known_of_the_calls_is_filled_in(
    empty_store: Store, gone: int
) -> None:
    at_revision(empty_store, BEFORE)
    add(empty_store, 100, 3, gone=3)
    add(empty_store, 101, 4, gone=gone)
    add(empty_store, 102, 5)
    before = rows(empty_store, SUMS)
    upgrade(empty_store)
    assert rows(empty_store, SUMS) == before
    found = rows(
        empty_store,
        "SELECT hour, calls, key_id, operation, provider, cache_read_tokens, reasoning_tokens "
        "FROM usage_hourly ORDER BY hour",
    )
    assert found == [
        (100, 3, "", "", "", 0, 0),
        (101, 4, "", "", "", 0, 0),
        (102, 5, "k", "chat", "openai", 20, 15),
    ]


def test_a_store_without_calls_keeps_its_sums(empty_store: Store) -> None:
    at_revision(empty_store, BEFORE)
    add(empty_store, 100, 3, gone=3)
    upgrade(empty_store)
    assert rows(empty_store, "SELECT hour, calls, cost FROM usage_hourly") == [(100, 3, 21)]


async def test_what_was_sealed_before_is_sealed_by_what_there_was() -> None:
    """Columns that are empty in old records add nothing to their digest; filled ones do."""
    old_intent = intent_row(intent("a"), "w")
    assert sealed_intent((*old_intent[:16], None, old_intent[17])) == old_intent[:16]
    assert sealed_intent(old_intent) == old_intent[:17]
    old = completion_row(completion("a"))
    emptied = (*old[:28], None, None, None, old[-1])
    assert sealed_completion(emptied) == (*old[:28], old[-1])
    assert sealed_completion(old) != sealed_completion(emptied)


async def test_filling_an_empty_column_afterwards_is_found(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a", charged_group="team"), [])
        await journal.close(completion("a"))
    for column, value in (
        ("charged_group", "'other'"),
        ("priced_at", "1"),
        ("cost_classes", "'x'"),
    ):
        ((was,),) = rows(store, f"SELECT {column} FROM calls")
        execute(store, f"UPDATE calls SET {column} = {value}")
        fault = chain_verdict(store).fault
        assert fault is not None, column
        assert "changed" in fault.reason
        execute(store, f"UPDATE calls SET {column} = ?", was)
    assert chain_verdict(store).fault is None
