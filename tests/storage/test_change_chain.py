"""Nobody alters, removes or adds a change of what is configured unseen, nor a setting itself."""

from __future__ import annotations

import pytest

from jupyter_mesh.errors import Conflict
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.storage.settings import SqlSettings

from .samples import (
    Store,
    chain_verdict,
    completion,
    execute,
    hold,
    intent,
    journal_at,
    rows,
)


async def configure(store: Store) -> None:
    """Changes 1 to 4: one setting made, edited, another made and removed; 5: a file was read."""
    async with journal_at(store) as journal:
        settings = SqlSettings(store, journal)
        first = await settings.put(
            "budgets", "all", {"limit_usd": "1"}, expected=None, by="ada", via="browser"
        )
        await settings.put(
            "budgets", "all", {"limit_usd": "2"}, expected=first, by="bob", via="key"
        )
        made = await settings.put(
            "aliases", "fast", {"models": ["a/b"]}, expected=None, by="ada", via="browser"
        )
        await settings.put("aliases", "fast", None, expected=made, by="ada", via="browser")
        await settings.note("file", "mesh.yaml", {"offers": False}, by="mesh.yaml", via="file")
        await settings.aclose()


async def test_changes_stand_in_the_chain_with_calls(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.open(intent("a"), [hold()])
        await journal.close(completion("a"))
    await configure(store)
    verdict = chain_verdict(store)
    assert (verdict.fault, verdict.entries, verdict.unsealed) == (None, 7, 0)


@pytest.mark.parametrize(
    ("statement", "subject", "word"),
    [
        ("UPDATE setting_changes SET changed_by = 'eve' WHERE version = 1", "1", "altered"),
        ("UPDATE setting_changes SET via = 'kernel' WHERE version = 2", "2", "'all' was altered"),
        ("UPDATE setting_changes SET after = '{}' WHERE version = 3", "3", "'fast' was altered"),
        ("UPDATE setting_changes SET before = NULL WHERE version = 4", "4", "altered"),
        ("UPDATE setting_changes SET changed_at = 1 WHERE version = 5", "5", "altered"),
        ("DELETE FROM setting_changes WHERE version = 3", "3", "missing"),
        ("DELETE FROM audit_chain WHERE subject = '2'", "3", "entry 2 is missing"),
        (
            "INSERT INTO setting_changes VALUES (9, 'budgets', 'x', 1, 'eve', 'key', NULL, NULL)",
            "9",
            "put in from outside",
        ),
        ('UPDATE settings SET body = \'{"limit_usd":"9"}\'', "2", "budgets 'all' in the store"),
        ("UPDATE settings SET changed_by = 'eve'", "2", "budgets 'all' in the store"),
        ("DELETE FROM settings", "2", "budgets 'all' in the store"),
        (
            "INSERT INTO settings VALUES ('aliases', 'fast', '{}', 3, 1, 'eve')",
            "4",
            "aliases 'fast' in the store",
        ),
        (
            "INSERT INTO settings VALUES ('keys', 'mine', '{}', 2, 1, 'eve')",
            "2",
            "keys 'mine' in the store",
        ),
    ],
)
async def test_an_altered_change_is_found_and_named(
    store: Store, statement: str, subject: str, word: str
) -> None:
    await configure(store)
    execute(store, statement)
    fault = chain_verdict(store).fault
    assert fault is not None
    assert (fault.kind, fault.subject, word in fault.reason) == ("change", subject, True), fault


async def test_what_is_refused_leaves_neither_change_nor_entry(store: Store) -> None:
    await configure(store)
    async with journal_at(store) as journal:
        settings = SqlSettings(store, journal)
        for expected in (None, 1, 99):
            with pytest.raises(Conflict):
                await settings.put("budgets", "all", {}, expected=expected, by="eve", via="key")
        with pytest.raises(Conflict):
            await settings.put("aliases", "fast", None, expected=3, by="eve", via="key")
        await settings.aclose()
    assert rows(store, "SELECT count(*) FROM setting_changes") == [(5,)]
    assert (chain_verdict(store).fault, chain_verdict(store).entries) == (None, 5)


async def test_what_is_as_it_was_is_not_recorded_again(store: Store) -> None:
    await configure(store)
    async with journal_at(store) as journal:
        settings = SqlSettings(store, journal)
        cases: list[tuple[JsonObject, bool]] = [
            ({"offers": False}, False),
            ({"offers": True}, True),
        ]
        for after, expected in cases:
            noted = await settings.note("file", "mesh.yaml", after, by="mesh.yaml", via="file")
            assert noted is expected
        (last,) = await settings.changes(kind="file", name=None, before=None, limit=1)
        assert (last.before, last.after) == ({"offers": False}, {"offers": True})
        await settings.aclose()


async def test_changes_from_before_the_chain_are_counted_and_not_covered(store: Store) -> None:
    await configure(store)
    execute(store, "DELETE FROM audit_chain")
    verdict = chain_verdict(store)
    assert (verdict.fault, verdict.unsealed) == (None, 5)
