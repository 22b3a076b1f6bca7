"""Days and months that are added up change nothing that usage says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from jupyter_mesh.schemas.audit import Timing
from jupyter_mesh.schemas.usage import UsageRow
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.schema import upgrade
from jupyter_mesh.storage.usage import People
from jupyter_mesh.storage.usage_parts import Part, parts_of
from jupyter_mesh.storage.usage_sums import Folded, month_after, month_of

from .samples import Store, at_revision, completion, execute, intent

FIRST = datetime(2026, 1, 20, 7, 30, tzinfo=UTC)
DAYS = 100
LAST = FIRST + timedelta(days=DAYS)
NOW = LAST + timedelta(hours=1)
DAY = month_of(20_500)
NEXT = month_after(DAY)


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


async def record(journal: SqlJournal, name: str, began: datetime, *, lasts: timedelta) -> None:
    chance = random.Random(name)
    asked = intent(
        name,
        started_at=began,
        user=chance.choice(("ada", "bob", "eve")),
        application=chance.choice(("notebook", "crm")),
        charged_group=chance.choice(("red", "blue")),
        purpose=chance.choice(("research", "support")),
        document=chance.choice((None, "a.ipynb", "b.ipynb")),
    )
    ended = completion(
        name,
        f"{chance.randrange(10**9)}E-12",
        started_at=began,
        ended_at=began + lasts,
        timing=Timing(total=lasts / timedelta(milliseconds=1)),
    )
    await journal.close(ended, asked)


async def a_hundred_days(journal: SqlJournal) -> None:
    chance = random.Random(5)
    for number in range(150):
        began = FIRST + timedelta(minutes=chance.randrange(DAYS * 24 * 60))
        await record(journal, f"call-{number}", began, lasts=timedelta(seconds=2))


SPANS = {
    "everything": (FIRST, LAST),
    "from the middle of a day to the middle of a day": (
        FIRST + timedelta(days=3, hours=5),
        LAST - timedelta(days=9, hours=2),
    ),
    "three whole months": (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)),
    "one whole day": (datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)),
    "within a day": (
        datetime(2026, 3, 3, 4, tzinfo=UTC),
        datetime(2026, 3, 3, 19, 30, tzinfo=UTC),
    ),
    "the end, which is not added up yet": (LAST - timedelta(days=1), NOW),
    "before there was anything": (FIRST - timedelta(days=90), FIRST - timedelta(days=2)),
}
GROUPED = (
    (),
    ("user",),
    ("group", "purpose"),
    ("user", "model"),
    ("user", "operation"),
    ("day", "user", "provider"),
    ("month", "user", "application", "purpose"),
    ("application", "purpose"),
    ("day", "application", "model"),
    ("hour", "user"),
    ("day", "group"),
    ("week", "user"),
    ("month", "user"),
    ("quarter", "month"),
    ("document", "month"),
)


async def ask(history: SqlHistory, span: str, by: Sequence[str], **more: str) -> list[UsageRow]:
    since, until = SPANS[span]
    return await history.usage(since=since, until=until, by=by, user=None, where=more)


@pytest.mark.parametrize("narrowed", [{}, {"group": "red"}, {"document": "a.ipynb"}], ids=str)
async def test_what_usage_says_is_the_same_before_and_after(
    journal: SqlJournal, history: SqlHistory, narrowed: dict[str, str]
) -> None:
    await a_hundred_days(journal)
    asked = [(span, by) for span in SPANS for by in GROUPED]
    before = [await ask(history, span, by, **narrowed) for span, by in asked]
    seen = sorted(await history.use_case_spans())
    assert await history.add_up_usage(NOW) == DAYS - 1  # the last two are too young
    for (span, by), expected in zip(asked, before, strict=True):
        assert await ask(history, span, by, **narrowed) == expected, (span, by)
    assert before[0][0].spend.cost_usd > 0
    assert sorted(await history.use_case_spans()) == seen != []


@pytest.mark.parametrize(
    "by",
    [
        (),
        ("user",),
        ("day", "group"),
        ("month", "purpose"),
        ("model", "purpose"),
        ("user", "model"),
        ("day", "group", "model"),
        ("user", "purpose"),
        ("group", "application"),
    ],
    ids=str,
)
async def test_what_is_asked_most_is_read_from_smaller_sums_alone(
    store: Store, journal: SqlJournal, history: SqlHistory, by: tuple[str, ...]
) -> None:
    """A day by all fields at once has thousands of rows; half a year of them is never read."""
    await a_hundred_days(journal)
    await history.add_up_usage(NOW)
    whole = "three whole months"
    expected = await ask(history, whole, by)
    ada = await ask(history, whole, ("day", "model"), user="ada")
    red = await ask(history, whole, ("user",), group="red")
    since, until = SPANS[whole]
    people = await history.people(since=since, until=until)
    for table in ("usage_daily", "usage_monthly"):
        execute(store, f"DELETE FROM {table}")
    assert await ask(history, whole, by) == expected != []
    assert await ask(history, whole, ("day", "model"), user="ada") == ada != []
    assert await ask(history, whole, ("user",), group="red") == red != []
    assert await history.people(since=since, until=until) == people != {}


async def test_who_used_the_models_for_what_is_the_same_before_and_after(
    journal: SqlJournal, history: SqlHistory
) -> None:
    await a_hundred_days(journal)
    spans = list(SPANS.values())
    before = [await history.people(since=since, until=until) for since, until in spans]
    await history.add_up_usage(NOW)
    assert [await history.people(since=since, until=until) for since, until in spans] == before
    everybody = People({"ada", "bob", "eve"}, {"red", "blue"})
    assert before[0] == {
        (application, purpose): everybody
        for application in ("notebook", "crm")
        for purpose in ("research", "support")
    }


@pytest.mark.parametrize(
    ("revision", "by", "expected"),
    [
        ("0013", ("user",), [("ada", 4), ("bob", 2)]),
        ("0013", ("purpose", "model"), [("research", 4), ("support", 2)]),
        ("0014", ("user", "model"), [("ada", 4), ("bob", 2)]),
        ("0014", ("purpose", "group"), [("research", 4), ("support", 2)]),
    ],
)
async def test_what_an_earlier_version_added_up_has_its_smaller_sums(
    empty_store: Store, revision: str, by: tuple[str, ...], expected: list[tuple[str, int]]
) -> None:
    at_revision(empty_store, revision)
    for table, day in (("usage_daily", DAY), ("usage_daily", NEXT), ("usage_monthly", DAY)):
        for user, purpose in (("ada", "research"), ("ada", "support"), ("bob", "research")):
            execute(
                empty_store,
                f"INSERT INTO {table} VALUES (?, ?, 'notebook', 'up', 'up/m', ?, 'red', '', 'chat',"
                " 'openai', 1, 0, 10, 5, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0)",
                *(day, user, purpose),
            )
    execute(empty_store, "UPDATE usage_folded SET until_day = ? WHERE period = 'day'", NEXT + 1)
    execute(empty_store, "UPDATE usage_folded SET until_day = ? WHERE period = 'month'", NEXT)
    upgrade(empty_store)
    history = SqlHistory(empty_store)
    since, until = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in (DAY, NEXT + 1))
    try:
        found = await history.usage(since=since, until=until, by=by, user=None)
    finally:
        await history.aclose()
    assert [(row.key[by[0]], row.spend.calls) for row in found] == expected


async def test_a_day_is_added_up_once_and_only_a_day_after_its_end(
    journal: SqlJournal, history: SqlHistory
) -> None:
    day = datetime(2026, 3, 3, tzinfo=UTC)
    await record(journal, "one", day + timedelta(hours=9), lasts=timedelta(seconds=1))
    almost = day + timedelta(days=2, seconds=-1)
    assert await history.add_up_usage(almost) == 0
    assert await history.add_up_usage(almost + timedelta(seconds=1)) == 1
    assert await history.add_up_usage(almost + timedelta(seconds=1)) == 0
    (row,) = await history.usage(since=day, until=day + timedelta(days=1), by=[], user=None)
    assert row.spend.calls == 1


@pytest.mark.parametrize("hours", [13, 24 * 40])
async def test_a_call_that_ends_after_its_day_was_added_up_is_in_every_sum(
    journal: SqlJournal, history: SqlHistory, hours: int
) -> None:
    day = datetime(2026, 3, 3, tzinfo=UTC)
    await record(journal, "early", day + timedelta(hours=1), lasts=timedelta(seconds=1))
    await history.add_up_usage(datetime(2026, 4, 20, tzinfo=UTC))
    await record(journal, "late", day + timedelta(hours=2), lasts=timedelta(hours=hours))
    for by, until in (
        ((), datetime(2026, 3, 3, 12, tzinfo=UTC)),
        (("day",), day + timedelta(days=1)),
        (("month",), datetime(2026, 4, 1, tzinfo=UTC)),
        (("application", "purpose"), datetime(2026, 4, 1, tzinfo=UTC)),
        (("user", "purpose"), datetime(2026, 4, 1, tzinfo=UTC)),
        (("user", "model"), datetime(2026, 4, 1, tzinfo=UTC)),
        (("user", "operation"), datetime(2026, 4, 1, tzinfo=UTC)),
        (("day", "model", "group"), datetime(2026, 4, 1, tzinfo=UTC)),
    ):
        since = datetime(2026, 3, 1, tzinfo=UTC)
        found = await history.usage(since=since, until=until, by=by, user=None)
        assert sum(row.spend.calls for row in found) == 2, by
    people = await history.people(since=day, until=datetime(2026, 4, 1, tzinfo=UTC))
    assert set(people) == {("notebook", "research"), ("crm", "support")}
    spans = await history.use_case_spans()
    assert max(one.last for one in spans) == day + timedelta(hours=2)


async def test_a_call_that_is_recorded_after_its_day_was_added_up_is_in_every_sum(
    journal: SqlJournal, history: SqlHistory
) -> None:
    """A machine that slept, or a store that was away: the call itself took a moment."""
    day = datetime(2026, 3, 3, tzinfo=UTC)
    began, awake = day + timedelta(hours=2), datetime(2026, 4, 20, tzinfo=UTC)
    await journal.open(intent("asleep", started_at=began), [])
    await history.add_up_usage(awake)
    took = Timing(total=1000.0)
    await journal.close(completion("asleep", started_at=began, ended_at=awake, timing=took))
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    for by in ((), ("day",), ("month",), ("application", "purpose"), ("user", "purpose")):
        found = await history.usage(since=since, until=until, by=by, user=None)
        assert sum(row.spend.calls for row in found) == 1, by


async def test_two_gateways_that_add_up_at_once_add_up_once(
    store: Store, journal: SqlJournal, history: SqlHistory
) -> None:
    await a_hundred_days(journal)
    expected = await ask(history, "everything", ("month", "user"))
    other = SqlHistory(store)
    try:
        days = await asyncio.gather(history.add_up_usage(NOW), other.add_up_usage(NOW))
    finally:
        await other.aclose()
    assert sum(days) == DAYS - 1
    assert await ask(history, "everything", ("month", "user")) == expected
    assert expected != []
    total = sum((row.spend.cost_usd for row in expected), Decimal(0))
    (whole,) = await ask(history, "everything", ())
    assert whole.spend.cost_usd == total


@pytest.mark.parametrize(
    ("first", "end", "asked", "until", "tables"),
    [
        (DAY * 24, NEXT * 24, set(), Folded(NEXT, NEXT), ["usage_monthly"]),
        (DAY * 24, NEXT * 24, {"day"}, Folded(NEXT, NEXT), ["usage_daily"]),
        (DAY * 24, NEXT * 24, {"document"}, Folded(NEXT, NEXT), ["usage_hourly"]),
        (DAY * 24, NEXT * 24, set(), Folded(NEXT, DAY), ["usage_daily"]),
        (DAY * 24, NEXT * 24, set(), Folded(0, 0), ["usage_hourly"]),
        (
            DAY * 24 - 30,
            NEXT * 24 + 30,
            set(),
            Folded(NEXT + 5, NEXT),
            ["usage_hourly", "usage_daily", "usage_monthly", "usage_daily", "usage_hourly"],
        ),
        (DAY * 24 + 1, DAY * 24 + 23, set(), Folded(NEXT, NEXT), ["usage_hourly"]),
    ],
)
def test_the_coarsest_sums_that_fit_are_read(
    first: int, end: int, asked: set[str], until: Folded, tables: list[str]
) -> None:
    parts = parts_of(first, end, asked, until)
    assert [part.table for part in parts] == tables
    hours = [_hours(part) for part in parts]
    assert (hours[0][0], hours[-1][1]) == (first, end)
    assert all(one[1] == next[0] for one, next in pairwise(hours))


def _hours(part: Part) -> tuple[int, int]:
    scale = 1 if part.time == "hour" else 24
    return part.first * scale, part.end * scale
