"""What the sidebar, the auditor and the caches' seeds read."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import InvalidRequest, NotFound, StoreUnavailable
from jupyter_mesh.schemas.api import Timings, TokenCounts, UsageRow
from jupyter_mesh.schemas.call_search import EVERYBODY, CallSearch, Whose
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.journal import SqlJournal

from .samples import BUDGET, MONTH, NOW, Store, completion, hold, intent

D = Decimal
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def journal(store: Store) -> Iterator[SqlJournal]:
    journal = SqlJournal(store)
    yield journal
    asyncio.run(journal.aclose())


@pytest.fixture
def history(store: Store, journal: SqlJournal) -> Iterator[SqlHistory]:
    history = SqlHistory(store)
    yield history
    asyncio.run(history.aclose())


async def record(journal: SqlJournal, call_id: str, cost: str | None = "0.004", **changes: object):
    asked = {k: changes.pop(k) for k in list(changes) if k in intent("x").__slots__}
    await journal.close(completion(call_id, cost, **changes), intent(call_id, **asked))


async def test_a_call_comes_back_as_it_was_recorded(
    journal: SqlJournal, history: SqlHistory
) -> None:
    asked = intent(
        "a",
        tags={"ticket": 7},
        key_id="key_1",
        streamed=True,
        content={"messages": [{"role": "user", "content": "Grüße \U0001f44b"}]},
    )
    await journal.open(asked, [])
    pending = await history.call("a", whose=Whose(user="ada"))
    assert (pending.summary.outcome, pending.summary.timing) == ("pending", None)
    assert pending.response is None
    usage = Usage(input=10, output=5, cache_read=4, reasoning=2, input_image=1, estimated=True)
    await journal.close(
        completion(
            "a",
            "0.000000125",
            usage=usage,
            saved=D("0.5"),
            attempts=({"model": "local/qwen", "outcome": "failed"}, {"model": "openai/gpt-5-mini"}),
            notices=({"code": "fallback", "message": "…"},),
            verdicts=({"kind": "EMAIL", "count": 2},),
            price_source="genai-prices",
            screened="yes",
            content={"choices": []},
        )
    )
    detail = await history.call("a", whose=Whose(user="ada"))
    summary = detail.summary
    assert summary.started_at == NOW
    assert summary.tokens == TokenCounts(
        input=10, output=5, cache_read=4, reasoning=2, input_image=1, estimated=True
    )
    assert summary.timing == Timings(total=812.5, first_token=90.25, upstream=800.0, overhead=1.5)
    assert (summary.cost_usd, detail.saved_usd) == (D("0.000000125"), D("0.5"))
    assert (summary.model, summary.requested_model) == ("openai/gpt-5-mini", "fast")
    assert detail.candidates == ["openai/gpt-5-mini", "local/qwen"]
    assert [attempt["model"] for attempt in detail.attempts] == ["local/qwen", "openai/gpt-5-mini"]  # type: ignore[index]
    assert detail.notices == [{"code": "fallback", "message": "…"}]
    assert detail.verdicts == [{"kind": "EMAIL", "count": 2}]
    assert (detail.tags, detail.screened, detail.finish_reason) == ({"ticket": 7}, "yes", "stop")
    assert detail.request == {"messages": [{"role": "user", "content": "Grüße \U0001f44b"}]}
    assert detail.response == {"choices": []}
    assert detail.children == []


async def test_another_users_call_is_as_unknown_as_one_that_never_was(
    journal: SqlJournal, history: SqlHistory
) -> None:
    await record(journal, "a")
    unknown: list[str] = []
    for call_id, user in (("a", "bob"), ("b", "bob"), ("b", None)):
        with pytest.raises(NotFound) as refused:
            await history.call(call_id, whose=Whose(user=user))
        unknown.append(refused.value.message.replace(repr(call_id), "?"))
    assert len(set(unknown)) == 1
    assert (await history.call("a", whose=EVERYBODY)).summary.user == "ada"


async def test_pages_follow_each_other_without_gap_or_overlap(
    journal: SqlJournal, history: SqlHistory
) -> None:
    for number in range(23):
        owner = "bob" if number % 5 == 4 else "ada"
        await record(journal, f"c{number:02d}", user=owner, document=f"{number % 2}.ipynb")
    own = [f"c{n:02d}" for n in reversed(range(23)) if n % 5 != 4]
    expected = {
        ("ada", None): own,
        (None, None): [f"c{n:02d}" for n in reversed(range(23))],
        ("ada", "1.ipynb"): [name for name in own if int(name[1:]) % 2],
        ("ada", "2.ipynb"): [],
    }
    for (user, document), names in expected.items():
        found: list[str] = []
        before: str | None = None
        while True:
            page = await history.calls(
                CallSearch(document=document), whose=Whose(user=user), before=before, limit=4
            )
            found += [call.id for call in page.calls]
            assert len(page.calls) <= 4
            if page.next is None:
                break
            before = page.next
        assert found == names


@pytest.mark.parametrize("before", ["", "x", "-1", "15", "1.5.2", "1.", "9" * 40 + ".1", "१.1"])
async def test_a_made_up_place_in_the_pages_is_refused(history: SqlHistory, before: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await history.calls(whose=Whose(user="ada"), before=before)
    assert refused.value.param == "before"


async def test_usage_is_exactly_the_sum_of_the_calls_however_it_is_grouped(
    journal: SqlJournal, history: SqlHistory, seed: int
) -> None:
    chance = random.Random(seed)
    calls: list[dict[str, object]] = []
    for number in range(150):
        at = START + timedelta(minutes=chance.randrange(365 * 24 * 60))
        fields: dict[str, object] = {
            "user": chance.choice(["ada", "bob"]),
            "application": chance.choice(["notebook", "app"]),
            "purpose": chance.choice(["research", "unspecified"]),
            "document": chance.choice(["a.ipynb", "b.ipynb", None]),
        }
        model = chance.choice(["openai/gpt", "local/qwen", None])
        cost = chance.choice([None, D(chance.randrange(10**12)).scaleb(-12)])
        await record(
            journal,
            f"c{number}",
            None if cost is None else str(cost),
            started_at=at,
            model=model,
            connection=model.partition("/")[0] if model else None,
            usage=Usage(input=number, output=2 * number),
            outcome=chance.choice(["answered", "cached", "failed"]),
            **fields,
        )
        labels = {"hour": f"{at:%Y-%m-%dT%H:00:00Z}", "day": f"{at:%F}", "month": f"{at:%Y-%m}"}
        key = {k: v or "" for k, v in (fields | {"model": model}).items()} | labels
        calls.append(key | {"connection": str(model or "").partition("/")[0], "cost": cost})
    for by in (
        *((), ("user",), ("model", "day"), ("month",), ("month", "day"), ("hour",)),
        *(("document",), ("connection", "application", "purpose"), ("day", "user", "month")),
    ):
        rows = await history.usage(since=START, until=END, by=by, user=None)
        expected: Counter[tuple[object, ...]] = Counter()
        cost: dict[tuple[object, ...], Decimal] = {}
        unpriced: Counter[tuple[object, ...]] = Counter()
        for one in calls:
            key = tuple(one[field] for field in by)
            expected[key] += 1
            cost[key] = cost.get(key, D(0)) + (one["cost"] or 0)  # type: ignore[operator]
            unpriced[key] += one["cost"] is None
        assert {keyed(row, by): row.spend.calls for row in rows} == dict(expected)
        assert {keyed(row, by): row.spend.cost_usd for row in rows} == cost
        assert {keyed(row, by): row.spend.unpriced for row in rows} == dict(unpriced)
        assert all(tuple(row.key) == by for row in rows)
    ((total),) = await history.usage(since=START, until=END, by=(), user=None)
    assert total.spend.input_tokens == sum(range(150))
    of_ada = await history.usage(
        since=START, until=END, by=(), user="ada", where={"document": "a.ipynb"}
    )
    wanted = [c for c in calls if (c["user"], c["document"]) == ("ada", "a.ipynb")]
    assert [row.spend.calls for row in of_ada] == [len(wanted)]


def keyed(row: UsageRow, by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(row.key[field] for field in by)


async def test_usage_covers_the_whole_hours_that_overlap_the_time_asked_for(
    journal: SqlJournal, history: SqlHistory
) -> None:
    hour = datetime(2026, 7, 14, 9, tzinfo=UTC)
    for number, minutes in enumerate((-1, 0, 59, 60)):
        await record(journal, f"c{number}", started_at=hour + timedelta(minutes=minutes))

    async def calls(since: float, until: float) -> int:
        found = await history.usage(
            since=hour + timedelta(minutes=since),
            until=hour + timedelta(minutes=until),
            by=(),
            user="ada",
        )
        return sum(row.spend.calls for row in found)

    assert await calls(0, 60) == 2
    assert await calls(30, 31) == 2
    assert await calls(0, 61) == 3
    assert await calls(-1, 60) == 3
    assert await calls(120, 180) == 0


async def test_usage_by_something_unknown_is_refused_by_name(history: SqlHistory) -> None:
    with pytest.raises(InvalidRequest, match=r"'weekday'.*hour"):
        await history.usage(since=START, until=END, by=["weekday"], user=None)


async def test_spent_and_held_are_told_per_window(journal: SqlJournal, history: SqlHistory) -> None:
    await journal.open(intent("a"), [hold("0.01")])
    await journal.close(completion("a", "0.004"))
    await journal.open(intent("b"), [hold("0.02")])
    june = datetime(2026, 6, 1, tzinfo=UTC)
    july, none = (D("0.004"), D("0.02")), (D(0), D(0))
    for windows in ([(BUDGET, MONTH), (BUDGET, june)], [(BUDGET, june), (BUDGET, MONTH)]):
        assert await history.spent(windows) == {(BUDGET, MONTH): july, (BUDGET, june): none}
    assert await history.spent([("none", MONTH)]) == {("none", MONTH): none}


async def test_preferences_are_kept_per_user(history: SqlHistory) -> None:
    assert await history.preferences("ada") == {}
    await history.set_preference("ada", "default_model", "fast")
    await history.set_preference("ada", "default_model", "openai/gpt-5-mini")
    await history.set_preference("ada", "offers", '["ollama"]')
    await history.set_preference("bob", "default_model", "local/qwen")
    await history.set_preference("ada", "offers", None)
    assert await history.preferences("ada") == {"default_model": "openai/gpt-5-mini"}
    assert await history.preferences("bob") == {"default_model": "local/qwen"}


async def test_recent_timings_are_the_latest_of_each_model(
    journal: SqlJournal, history: SqlHistory
) -> None:
    await record(journal, "old", started_at=NOW - timedelta(days=2))
    for number in range(5):
        await record(journal, f"c{number}", started_at=NOW + timedelta(seconds=number))
    await record(journal, "failed", model="local/qwen", outcome="failed", usage=Usage(output=3))
    await record(journal, "cached", model="local/qwen", outcome="cached")
    await record(journal, "refused", model=None, outcome="refused")
    await journal.open(intent("pending"), [])
    found = await history.recent_timings(NOW - timedelta(days=1), per_model=3)
    openai = [timing for timing in found if timing.model == "openai/gpt-5-mini"]
    assert [timing.started_at for timing in openai] == [
        NOW + timedelta(seconds=n) for n in (2, 3, 4)
    ]
    assert openai[0][2:] == (812.5, 90.25, 20, True)
    assert [timing[4:] for timing in found if timing.model == "local/qwen"] == [(3, False)]


async def test_reading_a_store_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    history = SqlHistory(tmp_path / "none.db")
    with pytest.raises(StoreUnavailable):
        await history.calls(whose=Whose(user="ada"))
    await history.aclose()
    assert not (tmp_path / "none.db").exists()
