"""Whether the pages over a filled store stay smooth in a real browser: Debian's Chromium.

Smooth is what a person sees: while one scrolls, no task of the page longer than 50 ms (the bound of
the Long Tasks API); where one opens a page, none longer than 200 ms (what Interaction to Next Paint
calls good).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from playwright.async_api import Page, async_playwright

from scripts.system_parts import PARTS

from .contestant import KEY
from .load import percentile
from .report import Row

CHROMIUM = PARTS["chromium"]
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_SCROLL_MS, _OPEN_MS = 50.0, 200.0
_ROWS = 5000
_WHEEL = 400
"""Pixels of one turn, a dozen rows."""
_TURNS = 600
_WATCH = """
window.seen = {tasks: [], frames: []};
new PerformanceObserver(list => list.getEntries().forEach(one => seen.tasks.push(one.duration)))
  .observe({type: 'longtask'});
let last = performance.now();
const frame = now => { seen.frames.push(now - last); last = now; requestAnimationFrame(frame); };
requestAnimationFrame(frame);
"""
_LAST_ROW = "Math.max(...[...document.querySelectorAll('{}')].map(one => one.{}))"
_PIVOT = "#page=usage&view=range%3Dquarter%26rows%3Duser%26columns%3Dmodel"
_DAYS = "#page=usage&view=range%3Dquarter%26rows%3Dday%26columns%3Duser"


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
        passed = 0
        for _ in range(_TURNS):
            await page.mouse.wheel(0, _WHEEL)
            await page.wait_for_timeout(30)
            passed = int(cast(float, await page.evaluate(self.last)))
            if passed >= rows:
                break
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
            await page.add_init_script(_WATCH)
            rows = await _visit(page, site)
        finally:
            await browser.close()
    return [
        {"page": str(row.pop("page")), "calls in the store": f"{calls:,}", **row} for row in rows
    ]


async def _visit(page: Page, site: str) -> list[Row]:
    await page.goto(site)
    await page.get_by_label("Your key of this mesh").fill(KEY)
    await page.keyboard.press("Enter")
    await page.get_by_role("navigation").wait_for()
    rows: list[Row] = []
    for name, address, shows, listed, most in (
        ("audit", "#page=audit", ".jp-mesh-Virtual-row", _CALLS, _ROWS),
        ("usage: quarter by user and model", _PIVOT, "tr[data-name^=user]", _TABLE, _ROWS),
        ("usage: quarter by day and user", _DAYS, "tr[data-name^='20']", None, 0),
    ):
        rows.append(await _open(page, name, address, shows))
        if listed is not None:
            rows.append(await _scroll(page, name, listed, most))
    return rows


async def _open(page: Page, name: str, address: str, shows: str) -> Row:
    await _clear(page)
    began = time.perf_counter()
    await page.evaluate("address => { location.hash = address }", address)
    await page.locator(shows).first.wait_for()
    shown = time.perf_counter() - began
    await page.wait_for_timeout(1000)
    return await _row(page, f"{name}: opened", f"{shown * 1000:.0f} ms", _OPEN_MS)


async def _scroll(page: Page, name: str, listed: _List, most: int) -> Row:
    await _clear(page)
    passed = await listed.scroll(page, most)
    return await _row(page, f"{name}: scrolled", f"{passed:,} rows", _SCROLL_MS)


async def _clear(page: Page) -> None:
    await page.evaluate("seen.tasks.length = seen.frames.length = 0")


async def _row(page: Page, name: str, what: str, goal: float) -> Row:
    seen = cast("dict[str, list[float]]", await page.evaluate("seen"))
    frames = [one / 1000 for one in seen["frames"]]
    return {
        "page": name,
        "took": what,
        "frame p95 ms": percentile(frames, 0.95),
        "tasks over 50 ms": str(len(seen["tasks"])),
        "longest task ms": max(seen["tasks"], default=0.0),
        "goal ms": goal,
    }
