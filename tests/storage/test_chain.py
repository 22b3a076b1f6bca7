"""Nobody changes, removes or adds a record unseen: not with all rights to the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.storage.chain import content_hash
from jupyter_mesh.storage.chain_check import Head
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.tables import calls

from .samples import (
    NOW,
    Store,
    chain_verdict,
    completion,
    execute,
    hold,
    intent,
    journal_at,
    rows,
)

CALLS = ("a", "b", "c")


async def record(store: Store) -> None:
    """Three calls with content and money, one of them refused."""
    async with journal_at(store) as journal:
        for name in CALLS[:2]:
            await journal.open(intent(name, content={"q": name}), [hold()])
            await journal.close(completion(name, content={"a": name}))
        refused = completion("c", "0", outcome="refused", error_code="no")
        await journal.close(refused, intent("c", content={"q": "c"}))


async def test_what_was_recorded_holds(store: Store) -> None:
    await record(store)
    verdict = chain_verdict(store)
    assert (verdict.fault, verdict.entries, verdict.unsealed) == (None, 6, 0)
    (head,) = verdict.heads
    assert head.number == 6


@pytest.mark.parametrize(
    ("statement", "subject", "word"),
    [
        ("UPDATE calls SET username = 'eve' WHERE id = 'a'", "a", "record was changed"),
        ("UPDATE calls SET cost = 1 WHERE id = 'b'", "b", "record was changed"),
        ("UPDATE calls SET purpose = 'fun' WHERE id = 'c'", "c", "record was changed"),
        ("UPDATE calls SET verdicts = '[]' WHERE id = 'b'", "b", "record was changed"),
        ("DELETE FROM calls WHERE id = 'a'", "a", "record is missing"),
        (
            "UPDATE call_content SET sealed_request = (SELECT hash FROM audit_chain LIMIT 1) "
            "WHERE call_id = 'a'",
            "a",
            "content was changed",
        ),
        (
            "UPDATE call_content SET sealed_response = sealed_request WHERE call_id = 'b'",
            "b",
            "content was changed",
        ),
        (
            "UPDATE call_content SET request = '{}', sealed_request = NULL WHERE call_id = 'a'",
            "a",
            "content was changed",
        ),
        ("DELETE FROM call_content WHERE call_id = 'b'", "b", "content is missing"),
        ("DELETE FROM audit_chain WHERE number = 3", "b", "entry 3 is missing"),
        ("UPDATE audit_chain SET digest = hash WHERE number = 2", "a", "entry was changed"),
        ("UPDATE audit_chain SET content = NULL WHERE number = 2", "a", "entry was changed"),
        ("UPDATE audit_chain SET subject = 'z' WHERE number = 4", "z", "entry was changed"),
        (
            "INSERT INTO calls SELECT 99, 'forged', "
            + ", ".join(column.name for column in list(calls.columns)[2:])
            + " FROM calls WHERE id = 'a'",
            "forged",
            "put in from outside",
        ),
    ],
)
async def test_tampering_is_found_and_the_first_bad_record_named(
    store: Store, statement: str, subject: str, word: str
) -> None:
    await record(store)
    execute(store, statement)
    fault = chain_verdict(store).fault
    assert fault is not None
    assert (fault.subject, word in fault.reason) == (subject, True), fault


async def test_an_end_that_was_cut_off_shows_against_a_checkpoint(store: Store) -> None:
    await record(store)
    (head,) = chain_verdict(store).heads
    execute(store, "DELETE FROM audit_chain WHERE number > 4")
    execute(store, "DELETE FROM calls WHERE id = 'c'")
    assert chain_verdict(store).fault is None  # by itself nobody can tell
    fault = chain_verdict(store, head).fault
    assert fault is not None
    assert "ends before" in fault.reason


async def test_a_chain_that_was_written_anew_shows_against_a_checkpoint(store: Store) -> None:
    await record(store)
    (head,) = chain_verdict(store).heads
    other = Head(head.writer, head.number, bytes(32))
    fault = chain_verdict(store, other).fault
    assert fault is not None
    assert "checkpoint" in fault.reason


async def test_several_writers_have_a_chain_each_and_a_dead_ones_calls_go_on_in_another(
    store: Store,
) -> None:
    async with journal_at(store) as one, journal_at(store) as two:
        await one.open(intent("a"), [hold()])
        await two.open(intent("b"), [hold()])
        await two.close(completion("b"))
        await one.close(completion("a"))
        verdict = chain_verdict(store)
        assert verdict.fault is None
        assert sorted(head.number for head in verdict.heads) == [2, 2]


async def test_what_was_refused_in_a_shared_commit_leaves_no_entry(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold("0.9")])
        with pytest.raises(BudgetExceeded):
            await journal.open(intent("b"), [hold("0.9")])
        await journal.open(intent("c"), [hold("0.01")])
    subjects = [name for (name,) in rows(store, "SELECT subject FROM audit_chain ORDER BY number")]
    assert subjects == ["a", "c"]
    assert chain_verdict(store).fault is None


async def test_content_that_policy_deletes_is_not_missed_and_its_hash_tells_nothing(
    store: Store,
) -> None:
    await record(store)
    async with journal_at(store) as journal:
        await journal.note_pruned("prune_content", NOW + timedelta(seconds=1))
    ((said,),) = rows(store, "SELECT sealed_request FROM call_content WHERE call_id = 'a'")
    execute(store, "DELETE FROM call_content")
    assert chain_verdict(store).fault is None
    ((key,),) = rows(store, "SELECT key FROM audit_keys")
    ((sealed,),) = rows(
        store, "SELECT content FROM audit_chain WHERE subject = 'a' AND kind = 'open'"
    )
    assert sealed == content_hash(key, said)
    assert sealed != content_hash(bytes(32), said)
    execute(store, "DELETE FROM audit_keys")
    assert chain_verdict(store).fault is None


async def test_the_check_reads_the_same_through_the_history(store: Store) -> None:
    await record(store)
    history = SqlHistory(store)
    assert await history.check() == chain_verdict(store)
    await history.aclose()
