"""What is only ever added to is added once, though nobody saw the end of the commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_mesh.errors import StoreUnavailable
from jupyter_mesh.mesh.alerting import AlertBook
from jupyter_mesh.mesh.performance import PerformanceBook
from jupyter_mesh.schemas.alerts import Signal
from jupyter_mesh.schemas.channels import WebhookChannel
from jupyter_mesh.storage.alerts import SqlAlerts
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.location import Cursor, Location
from jupyter_mesh.storage.performance import SqlPerformance
from jupyter_mesh.storage.reader import Reader
from tests.storage.samples import execute, rows, unwritable
from tests.storage.test_postgres import lose_connection

in_postgres = pytest.mark.parametrize(
    "new_store", [pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))], indirect=True
)
HOUR = timedelta(hours=1)
OUTAGE = Signal(kind="outage", subject="up/m", severity="warning", title="out", text="Look.")


@pytest.fixture(autouse=True)
def tables(store: Path | str, jp_asyncio_loop: asyncio.AbstractEventLoop) -> None:
    jp_asyncio_loop.run_until_complete(SqlJournal(store).aclose())


@asynccontextmanager
async def performance_over(store: Path | str) -> AsyncIterator[PerformanceBook]:
    book = PerformanceBook(SqlPerformance(store))
    yield book
    await book.aclose()


@asynccontextmanager
async def alerts_over(store: Path | str) -> AsyncIterator[AlertBook]:
    alerts = SqlAlerts(store)
    rule = WebhookChannel(channel="webhook", url="https://example.org/")
    yield AlertBook(alerts, lambda: {"siem": rule})
    await alerts.aclose()


async def written(flush: Callable[[], Awaitable[None]]) -> None:
    """Until the store took it."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await flush()
            except StoreUnavailable:
                await asyncio.sleep(0.01)


@in_postgres
@pytest.mark.parametrize("after", [False, True], ids=["undone", "done"])
@pytest.mark.parametrize("read_before", [False, True])
async def test_counts_of_performance(
    store: str, monkeypatch: pytest.MonkeyPatch, after: bool, read_before: bool
) -> None:
    async with performance_over(store) as book:
        if read_before:  # with a connection at hand it tries again by itself
            await book.models(datetime.now(UTC) - HOUR, datetime.now(UTC))
        for times in (1, 2):
            book._count(7, "up/m", "answered", 0)
            lost = lose_connection(monkeypatch, after=after)
            await written(book.flush)
            assert lost
            assert rows(store, "SELECT sum(count) FROM performance_hourly") == [(times,)]


@in_postgres
@pytest.mark.parametrize("after", [False, True], ids=["undone", "done"])
async def test_conditions_that_were_seen(
    store: str, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    async with alerts_over(store) as book:
        for times in (1, 2):
            book.raised(OUTAGE)
            lost = lose_connection(monkeypatch, after=after)
            await written(book.flush)
            assert lost
            assert rows(store, "SELECT count, opening FROM alerts") == [(times, 1)]
            assert rows(store, "SELECT state FROM alert_deliveries") == [("waiting",)]


async def test_what_is_seen_while_the_store_takes_nothing_is_added_to_what_was_tried(
    store: Path | str,
) -> None:
    async with alerts_over(store) as book, performance_over(store) as speeds:
        with unwritable(store):
            book.raised(OUTAGE)
            speeds._count(7, "up/m", "answered", 0)
            tried = await asyncio.gather(book.flush(), speeds.flush(), return_exceptions=True)
            assert [type(end) for end in tried] == [StoreUnavailable] * 2
            book.raised(OUTAGE)
            speeds._count(7, "up/m", "answered", 0)
            assert [one.count for one in book.unsaved.values()] == [2]
        await written(book.flush)
        await written(speeds.flush)
        assert rows(store, "SELECT count, opening FROM alerts") == [(2, 1)]
        assert rows(store, "SELECT sum(count) FROM performance_hourly") == [(2,)]
        assert book.unsaved == {}


async def test_names_are_forgotten_after_a_day(store: Path | str) -> None:
    def nothing(_: Cursor) -> None:
        return

    reader = Reader(Location.of(store))
    await reader.write_once("a", nothing)
    execute(store, "UPDATE done_once SET at = at - 86300000000")
    await reader.write_once("b", nothing)
    assert rows(store, "SELECT name FROM done_once ORDER BY name") == [("a",), ("b",)]
    execute(store, "UPDATE done_once SET at = at - 200000000 WHERE name = 'a'")
    await reader.write_once("c", nothing)
    assert rows(store, "SELECT name FROM done_once ORDER BY name") == [("b",), ("c",)]
    await reader.aclose()
