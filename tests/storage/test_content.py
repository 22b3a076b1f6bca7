"""What was said is sealed under a key of its user's; destroying that erases it, and only it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from jupyter_mesh.errors import AuditUnavailable
from jupyter_mesh.schemas.api import CallDetail
from jupyter_mesh.schemas.call_search import EVERYBODY
from jupyter_mesh.storage.chain import content_hash, entry_hash, first_hash
from jupyter_mesh.storage.content_keys import PREFIX, ContentKeys
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.location import Location
from jupyter_mesh.storage.secrets import Secrets

from .samples import Store, chain_verdict, completion, execute, intent, journal_at, rows

ASKED, ANSWERED = "the question \ud800 ü", "the answer"
KEYS = f"SELECT name FROM secrets WHERE name LIKE '{PREFIX}%'"


async def say(journal: SqlJournal, call_id: str, user: str = "ada", form: str = "redacted") -> None:
    asked = intent(call_id, user=user, content={"q": ASKED}, form=form)
    await journal.open(asked, [])
    said = completion(call_id, content={"a": ANSWERED}, user=user, form=form)
    await journal.close(said)


@asynccontextmanager
async def history_of(store: Store) -> AsyncIterator[SqlHistory]:
    history = SqlHistory(store)
    try:
        yield history
    finally:
        await history.aclose()


async def read(store: Store, call_id: str) -> CallDetail:
    async with history_of(store) as history:
        return await history.call(call_id, whose=EVERYBODY)


def whole_store(store: Store) -> bytes:
    """Everything in it, as it lies there."""
    if isinstance(store, Path):
        return b"".join(file.read_bytes() for file in store.parent.glob("mesh*.db*"))
    tables = rows(store, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    values = (
        v for (table,) in tables for row in rows(store, f"SELECT * FROM {table}") for v in row
    )
    return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values)


@pytest.mark.parametrize("form", ["redacted", "full"])
async def test_nothing_said_stands_in_the_store_and_all_of_it_comes_back(
    store: Store, form: str
) -> None:
    async with journal_at(store) as journal:
        await say(journal, "a", form=form)
        await journal.close(
            completion("b", outcome="blocked"), intent("b", content={"q": ASKED}, form=form)
        )
    held = whole_store(store)
    assert b"the question" not in held
    assert b"the answer" not in held
    detail = await read(store, "a")
    assert (detail.content, detail.response) == (form, {"a": ANSWERED})
    assert detail.request == {"q": ASKED}
    assert (await read(store, "b")).request == {"q": ASKED}
    assert chain_verdict(store).fault is None


async def test_each_user_has_a_key_and_two_gateways_use_the_same(store: Store) -> None:
    async with journal_at(store) as one, journal_at(store) as two:
        for number, journal in enumerate((one, two, one, two)):
            await say(journal, f"a{number}")
            await say(journal, f"b{number}", user="bob")
    assert len(rows(store, KEYS)) == 2
    assert "ada" not in str(rows(store, KEYS))
    for number in range(4):
        for who in "ab":
            assert (await read(store, f"{who}{number}")).response == {"a": ANSWERED}


async def test_content_opens_only_in_its_own_place(store: Store) -> None:
    async with journal_at(store) as journal:
        await say(journal, "a")
        await say(journal, "b")
    moved = "(SELECT sealed_request FROM call_content WHERE call_id = 'b')"
    execute(store, f"UPDATE call_content SET sealed_request = {moved} WHERE call_id = 'a'")
    execute(store, "UPDATE call_content SET sealed_response = sealed_request WHERE call_id = 'b'")
    assert (await read(store, "a")).request is None
    assert (await read(store, "b")).response is None


async def test_a_key_made_in_a_commit_that_was_undone_is_not_used_again(store: Store) -> None:
    async with journal_at(store):
        pass
    keys = ContentKeys(Secrets(store).keys)
    with closing(Location.of(store).connect()) as connection:
        cursor = connection.cursor()
        for end in ("ROLLBACK", "COMMIT"):
            cursor.execute(Location.of(store).begin)
            keys.begin()
            sealed = keys.seal(cursor, "ada", "here", ASKED)
            cursor.execute(end)
        keys.committed()
        assert ContentKeys(Secrets(store).keys).open(cursor, "ada", "here", sealed) == ASKED


async def test_a_destroyed_key_is_noticed_and_another_made(store: Store) -> None:
    async with journal_at(store):
        pass
    now = 0.0
    keys = ContentKeys(Secrets(store).keys, clock=lambda: now)
    with closing(Location.of(store).connect()) as connection:
        cursor = connection.cursor()
        first = keys.seal(cursor, "ada", "here", "one")
        keys.committed()
        cursor.execute("DELETE FROM secrets")
        now += 10
        second = keys.seal(cursor, "ada", "here", "two")
        assert keys.open(cursor, "ada", "here", first) is None
        assert keys.open(cursor, "ada", "here", second) == "two"


async def test_where_nothing_can_be_sealed_no_call_goes_out(store: Store) -> None:
    sealing = Secrets(store, environ={"JUPYTER_MESH_SECRET_KEY": "too short"})
    journal = SqlJournal(store, sealing=sealing.keys)
    with pytest.raises(AuditUnavailable, match="JUPYTER_MESH_SECRET_KEY"):
        await journal.open(intent("a", content={"q": ASKED}), [])
    await journal.open(intent("b"), [])  # without content there is nothing to seal
    assert journal.healthy
    await journal.aclose()


async def test_a_lost_sealing_key_loses_what_was_said_until_it_is_brought_back(
    tmp_path: Path,
) -> None:
    store = tmp_path / "mesh.db"
    async with journal_at(store) as journal:
        await say(journal, "a")
    lost = (tmp_path / "mesh.key").rename(tmp_path / "lost.key")
    async with journal_at(store) as journal:
        await say(journal, "b")
    assert (await read(store, "a")).content == "erased"
    assert (await read(store, "b")).request == {"q": ASKED}
    with (tmp_path / "mesh.key").open("a") as keys:
        keys.write(lost.read_text())
    for call_id in "ab":
        assert (await read(store, call_id)).request == {"q": ASKED}


def keep_in_plain_text(store: Store, call_id: str) -> None:
    """As versions before 0007 kept it, chain and all."""
    said = (orjson.dumps({"q": "old"}).decode(), orjson.dumps({"a": "older"}).decode())
    execute(
        store,
        "INSERT INTO call_content (call_id, request, response, stored_at) "
        "SELECT id, ?, ?, ended_at FROM calls WHERE id = ?",
        *said,
        call_id,
    )
    ((key,),) = rows(store, "SELECT key FROM audit_keys")
    query = "SELECT writer, number, kind, subject, moment, digest, content FROM audit_chain"
    before = b""
    for writer, number, kind, subject, moment, digest, content in rows(store, query):
        if subject == call_id:
            content = content_hash(key, said[kind == "close"].encode())
        before = before or first_hash(writer)
        own = entry_hash(before, kind, subject, moment, digest, content)
        execute(
            store,
            "UPDATE audit_chain SET content = ?, hash = ? WHERE writer = ? AND number = ?",
            *(content, own, writer, number),
        )
        before = own


async def test_what_an_earlier_version_kept_in_plain_text_is_sealed_and_still_verifies(
    store: Store,
) -> None:
    async with journal_at(store) as journal:
        for call_id in "abc":
            await journal.open(intent(call_id), [])
            await journal.close(completion(call_id))
    for call_id in "abc":
        keep_in_plain_text(store, call_id)
    assert chain_verdict(store).fault is None
    assert (await read(store, "a")).request == {"q": "old"}
    async with history_of(store) as history:
        assert await history.seal_plain(batch=2) == 3
        assert await history.seal_plain(batch=2) == 0
        assert rows(store, "SELECT request, response FROM call_content") == [(None, None)] * 3
        detail = await history.call("b", whose=EVERYBODY)
        assert (detail.request, detail.response) == ({"q": "old"}, {"a": "older"})
        assert (await history.check()).fault is None
        execute(store, "UPDATE call_content SET sealed_response = ? WHERE call_id = 'c'", b"\0")
        fault = (await history.check()).fault
        assert fault is not None
        assert (fault.subject, "content was changed" in fault.reason) == ("c", True)


async def test_old_content_goes_with_the_rest_of_it_untouched(store: Store) -> None:
    async with journal_at(store) as journal:
        await say(journal, "a")
        await journal.note_pruned("prune_content", datetime.now(UTC) + timedelta(days=1))
    execute(store, "DELETE FROM call_content")
    assert (await read(store, "a")).content == "none"
    assert chain_verdict(store).fault is None
