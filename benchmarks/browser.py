"""Whether the pages over a filled store stay smooth in a real browser: Debian's Chromium.

Smooth is what a person sees: while one scrolls, no task of the page longer than 50 ms (the bound of
the Long Tasks API); where one opens a page, none longer than 200 ms (what Interaction to Next Paint
calls good).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

import orjson
from playwright.async_api import Browser, Page, async_playwright

from scripts.system_parts import PARTS

from .contestant import KEY
from .report import Row

CHROMIUM = PARTS["chromium"]
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_SCROLL_MS, _OPEN_MS = 50.0, 200.0
_ROWS = 3000
_WHEEL = 600
"""Pixels of one turn, some twenty rows."""
_IDLE_TURNS = 60
"""After so many without a new row there are no more."""
_TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]
_LONG_US = 50_000
_LAST_ROW = "Math.max(...[...document.querySelectorAll('{}')].map(one => one.{}))"
_PIVOT = "#page=usage&view=range%3Dquarter%26rows%3Duser%26columns%3Dmodel"
_DAYS = "#page=usage&view=range%3Dquarter%26rows%3Dday%26columns%3Dgroup"


@dataclass(frozen=True, slots=True)
class _List:
    """A list of rows of which the page holds only those in sight."""

    box: str
    last: str

    async def scroll(self, page: Page, rows: int) -> int:
        """Turn the wheel until so many rows have passed, or no more come; how many did."""
        box = page.locator(self.box)
        await box.scroll_into_view_if_needed()
        await box.hover()
        passed = idle = 0
        while passed < rows and idle < _IDLE_TURNS:
            await page.mouse.wheel(0, _WHEEL)
            await page.wait_for_timeout(30)
            before, passed = passed, int(cast(float, await page.evaluate(self.last)))
            idle = 0 if passed > before else idle + 1
        return passed


_CALLS = _List(
    ".jp-mesh-Virtual",
    _LAST_ROW.format(".jp-mesh-Virtual-row", "dataset.index"),
)
_TABLE = _List(".jp-mesh-Usage-table", _LAST_ROW.format("tr[aria-rowindex]", "ariaRowIndex"))


async def browser_rows(site: str, calls: int) -> list[Row]:
    """Open the pages of a gateway's site and scroll through them.

    Args:
        site: Its address.
        calls: In the store, for the table.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM.find(), args=_FLAGS)
        try:
            context = await browser.new_context(viewport={"width": 1440, "height": 900})
            page = await context.new_page()
            rows = await _visit(browser, page, site)
        finally:
            await browser.close()
    return [
        {"page": str(row.pop("page")), "calls in the store": f"{calls:,}", **row} for row in rows
    ]


async def _visit(browser: Browser, page: Page, site: str) -> list[Row]:
    await page.goto(site)
    await page.get_by_label("Your key of this mesh").fill(KEY)
    await page.keyboard.press("Enter")
    await page.get_by_role("navigation").wait_for()
    rows: list[Row] = []
    for name, address, shows, listed, most in (
        ("audit", "#page=audit", ".jp-mesh-Virtual-row", _CALLS, _ROWS),
        ("usage: quarter by user and model", _PIVOT, "tr[data-name^=user]", _TABLE, _ROWS),
        ("usage: quarter by day and group", _DAYS, "tr[data-name^='20']", None, 0),
    ):
        rows.append(await _open(browser, page, name, address, shows))
        if listed is not None:
            rows.append(await _scroll(browser, page, name, listed, most))
    return rows


async def _open(browser: Browser, page: Page, name: str, address: str, shows: str) -> Row:
    await browser.start_tracing(page=page, categories=_TRACED)
    began = time.perf_counter()
    await page.evaluate("address => { location.hash = address }", address)
    await page.locator(shows).first.wait_for()
    shown = time.perf_counter() - began
    await page.wait_for_timeout(1000)
    trace = await browser.stop_tracing()
    return _row(f"{name}: opened", f"{shown * 1000:.0f} ms", trace, _OPEN_MS)


async def _scroll(browser: Browser, page: Page, name: str, listed: _List, most: int) -> Row:
    await browser.start_tracing(page=page, categories=_TRACED)
    passed = await listed.scroll(page, most)
    trace = await browser.stop_tracing()
    return _row(f"{name}: scrolled", f"{passed:,} rows", trace, _SCROLL_MS)


def _row(name: str, what: str, trace: bytes, goal: float) -> Row:
    """The tasks of the page's main thread, by the clock and by the CPU they took."""
    events = cast("list[dict[str, Any]]", orjson.loads(trace)["traceEvents"])
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        (event["dur"], event.get("tdur", event["dur"]))
        for event in events
        if event["name"].endswith("RunTask")
        and event.get("ph") == "X"
        and (event["pid"], event["tid"]) in main
    ]
    return {
        "page": name,
        "took": what,
        "tasks over 50 ms": str(sum(took > _LONG_US for took, _ in tasks)),
        "longest task ms": max((took for took, _ in tasks), default=0) / 1000,
        "by cpu over 50 ms": str(sum(cpu > _LONG_US for _, cpu in tasks)),
        "longest by cpu ms": max((cpu for _, cpu in tasks), default=0) / 1000,
        "goal ms": goal,
    }
