"""Content goes before calls, calls before sums; a call in flight stays."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from jupyter_mesh.schemas.call_search import Whose
from jupyter_mesh.schemas.record_policy import AuditRule
from jupyter_mesh.storage.history import SqlHistory

from .samples import NOW, Store, completion, hold, intent, journal_at, money_in, rows

RULE = AuditRule(retain=timedelta(days=400), content_retain=timedelta(days=30))


@pytest.mark.parametrize("batch", [1, 3, 500])
async def test_what_is_too_old_goes_and_the_rest_stays(store: Store, batch: int) -> None:
    ages = [401, 400, 399, 31, 30, 29, 0]
    async with journal_at(store) as journal:
        await journal.open(intent("open", started_at=NOW - timedelta(days=500)), [hold()])
        for days in ages:
            at = NOW - timedelta(days=days)
            asked = intent(f"d{days}", started_at=at, content={"q": 1})
            await journal.open(asked, [hold()])
            await journal.close(completion(f"d{days}", "0.001", ended_at=at, content={"a": 1}))
        history = SqlHistory(store)
        assert await history.prune(NOW, RULE, journal.note_pruned, batch) == 5
        assert await history.prune(NOW, RULE, journal.note_pruned, batch) == 0
        verdict = await history.check()
        assert (verdict.fault, verdict.entries) == (None, 1 + 2 * len(ages) + 2)
        await history.aclose()
    kept = [f"d{days}" for days in ages if days <= 400]
    assert [name for (name,) in rows(store, "SELECT id FROM calls ORDER BY seq")] == ["open", *kept]
    content = [name for (name,) in rows(store, "SELECT call_id FROM call_content")]
    assert sorted(content) == ["d0", "d29", "d30"]
    assert rows(store, "SELECT sum(calls), sum(cost) FROM usage_hourly") == [(7, 7_000_000_000)]
    assert money_in(store)[0] == Decimal("0.007")


async def test_content_may_be_kept_for_no_time_at_all(store: Store) -> None:
    async with journal_at(store) as journal:
        await journal.close(completion("a"), intent("a", content={"q": 1}))
        history = SqlHistory(store)
        rule = AuditRule(content_retain=timedelta(0))
        assert await history.prune(NOW + timedelta(seconds=1), rule, journal.note_pruned) == 1
        assert (await history.call("a", whose=Whose(user="ada"))).request is None
        await history.aclose()
