"""Usage and performance on the admin's pages: what is seen is what the gateway has added up."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, expect

from jupyter_mesh.testing.weeks import USERS, write_weeks

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

NOWHERE = "http://127.0.0.1:9/v1"
RULES = f"""
offers: false
connections:
  campus:
    provider: openai_compatible
    base_url: {NOWHERE}
    models: [qwen3-32b, llama-3.3-70b, mistral-small-24b]
  cloud:
    provider: openai_compatible
    base_url: {NOWHERE}
    models: [gpt-5, gpt-5-mini, embed-3]
slos:
  - {{name: campus is quick, model: "campus/*", p95_ms: 2500, error_rate: 0.02, minimum_calls: 10}}
"""
USAGE, PERFORMANCE = "Usage and charge-back", "Performance"


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory,
    start_lab: Callable[[Path, str], AbstractContextManager[Lab]],
) -> Iterator[Lab]:
    """A JupyterLab whose gateway has recorded eight weeks; no test changes what is recorded."""
    base = tmp_path_factory.mktemp("figures")
    with start_lab(base, RULES) as lab:
        lab.ask_gateway("me")  # the store is there once the mesh is
        store = base / "data" / "mesh" / "mesh.db"
        with ThreadPoolExecutor(1) as other:  # this thread may have a loop of Playwright's
            other.submit(write_weeks, store, datetime.now(UTC), documents=400).result()
        yield lab


def row(admin: Locator, name: str) -> Locator:
    return admin.locator(f'[data-name="{name}"]')


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()


def open_view(page: LabPage, view: str, name: str = USAGE) -> Locator:
    """Follow a link to a page of figures, as somebody who was sent it."""
    kind = "usage" if name == USAGE else "performance"
    link = quote(f"page={kind}&view={quote(view)}")
    page.page.goto(f"{page.lab.url}/lab?token={page.lab.token}&reset&mesh-admin={link}")
    page.page.locator("#jupyterlab-splash").wait_for(state="detached")
    admin = page.page.locator(".jp-mesh-Admin")
    expect(admin.get_by_role("heading", name=name, level=1)).to_be_visible(timeout=30_000)
    expect(admin.locator("[aria-busy=true], .jp-mesh-Skeleton")).to_have_count(0)
    return admin


def figures(line: Locator) -> list[str]:
    """The figures of a row of the table, to the last digit."""
    cells = line.locator("td").all()
    return [cell.get_attribute("title") or cell.inner_text() for cell in cells]


def usd(words: str) -> Decimal:
    return Decimal(0) if words == "–" else Decimal(words.replace("$", "").replace(",", ""))


def test_totals_are_the_gateways_and_a_click_narrows_them(page: LabPage, lab: Lab) -> None:
    first, last = days_ago(40), days_ago(10)
    until = days_ago(9)
    admin = open_view(page, f"range={first}..{last}&rows=group&columns=user")
    time = f"since={first}&until={until}"
    sums = lab.ask_gateway(f"usage?{time}&by=group")
    wanted = {one["key"]["group"]: one["spend"]["cost_usd"] for one in sums["rows"]}
    assert set(wanted) == set(USERS.values())
    for group, cost in wanted.items():
        (total, *users) = map(usd, figures(row(admin, group)))
        assert total == Decimal(cost) == sum(users)
    (total, *users) = map(usd, figures(admin.locator(".jp-mesh-Usage-totals")))
    assert total == Decimal(sums["total"]["cost_usd"]) == sum(users)
    shown = admin.locator(".jp-mesh-KeyFigures [data-usd]").first.get_attribute("data-usd")
    assert Decimal(shown or "") == total

    row(admin, "risk").get_by_role("button").click()
    expect(admin.get_by_role("list", name="Only")).to_contain_text("Group: risk")
    expect(admin.get_by_role("combobox", name="Rows")).to_have_value("application")
    narrowed = lab.ask_gateway(f"usage?{time}&by=application&group=risk")
    expect(admin.locator(".jp-mesh-KeyFigures [data-usd]").first).not_to_have_attribute(
        "data-usd", shown or ""
    )
    (total, *_) = map(usd, figures(admin.locator(".jp-mesh-Usage-totals")))
    assert total == Decimal(narrowed["total"]["cost_usd"]) == Decimal(wanted["risk"])
    admin.get_by_role("button", name="No longer only Group: risk").click()
    expect(row(admin, "notebook")).to_be_visible()


def test_what_is_shown_is_exported_and_can_be_linked_to(page: LabPage, lab: Lab) -> None:
    first, last = days_ago(30), days_ago(1)
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.url)
    admin = open_view(page, f"range={first}..{last}&rows=model&columns=none&is.group=sales")
    (total, *_) = map(usd, figures(admin.locator(".jp-mesh-Usage-totals")))
    with page.page.expect_download() as download:
        admin.get_by_role("button", name="Export CSV").click()
    assert download.value.suggested_filename == f"usage-{first}-{last}.csv"
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf8"))))
    assert sum(Decimal(line["cost_usd"]) for line in lines) == total > 0
    with page.page.expect_download() as download:
        admin.get_by_role("button", name="Export Parquet").click()
    assert download.value.path().read_bytes().startswith(b"PAR1")

    admin.get_by_role("radio", name="Calls").check(force=True)
    admin.get_by_role("button", name="Copy link").click()
    expect(admin.get_by_role("button", name="Link copied")).to_be_visible()
    link = page.page.evaluate("navigator.clipboard.readText()")
    page.page.goto(link)
    page.page.locator("#jupyterlab-splash").wait_for(state="detached")
    expect(admin.get_by_role("list", name="Only")).to_contain_text("Group: sales", timeout=30_000)
    expect(admin.get_by_role("radio", name="Calls")).to_be_checked()


def test_a_chart_is_read_by_keyboard_and_as_a_table(page: LabPage) -> None:
    first, last = days_ago(30), days_ago(1)
    admin = open_view(page, f"range={first}..{last}&rows=model&columns=day")
    slider = admin.get_by_role("slider").first
    slider.focus()
    page.page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    said = slider.get_attribute("aria-valuetext") or ""
    assert re.search(r": .*cloud/gpt-5 \$[\d.]+.*Total \$[\d.]+", said), said
    expect(admin.locator(".jp-mesh-Readout")).to_be_visible()
    page.page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") != said
    figure = admin.get_by_role("figure", name="Money · Model")
    figure.get_by_role("button", name="Show as table").press("Enter")
    expect(figure.locator("tbody tr")).to_have_count(30)
    expect(figure.locator("thead")).to_contain_text("cloud/gpt-5-mini")
    month = admin.get_by_role("figure", name="This month, up to its end")
    expect(month).to_contain_text(re.compile(r"expected by|Too little"))


def test_thousands_of_rows_are_scrolled_smoothly(page: LabPage) -> None:
    admin = open_view(page, f"range={days_ago(50)}..{days_ago(0)}&rows=document&columns=week")
    table = admin.get_by_role("region", name="Usage as a table")
    expect(table).to_contain_text(re.compile(r"Total of [34]\d\d rows"))
    assert table.locator("tbody tr[data-name]").count() < 100
    before = table.locator("tbody tr[data-name]").first.get_attribute("data-name")
    table.evaluate("node => node.scrollTo(0, node.scrollHeight)")
    expect(table.locator("tbody tr[data-name]").first).not_to_have_attribute(
        "data-name", before or ""
    )
    expect(table.locator(".jp-mesh-Usage-totals th")).to_be_in_viewport()
    count = table.locator("table").get_attribute("aria-rowcount") or ""
    last = table.locator("tbody tr[data-name]").last
    expect(last).to_have_attribute("aria-rowindex", count)
    last.scroll_into_view_if_needed()
    expect(last.locator("th")).to_be_in_viewport()
    table.get_by_role("button", name="Document").click()
    expect(table.locator('th[aria-sort="ascending"]')).to_have_text(re.compile("Document"))


def test_what_was_promised_and_not_held_is_marked_and_opens_over_time(
    page: LabPage, lab: Lab
) -> None:
    admin = open_view(page, "range=30d&by=model", PERFORMANCE)
    slow = "campus/llama-3.3-70b"
    expect(row(admin, slow)).to_contain_text("2 promises not held")
    expect(row(admin, "campus/mistral-small-24b")).not_to_contain_text("not held")
    report = lab.ask_gateway(f"performance?since={days_ago(29)}&by=model")
    order = [one["key"] for one in report["rows"]]
    names = admin.locator("tbody tr").evaluate_all("rows => rows.map(row => row.dataset.name)")
    assert names == order
    admin.get_by_role("button", name="p50").first.click()
    expect(admin.locator("tbody tr").first).to_have_attribute("data-name", "cloud/gpt-5")

    row(admin, slow).get_by_role("button", name=slow).press("Enter")
    expect(admin.get_by_role("heading", name=slow, level=1)).to_be_focused()
    expect(admin.locator(".jp-mesh-Notice")).to_contain_text("promised at most 2.5 s")
    expect(admin.locator(".jp-mesh-Limit")).to_have_text("p95 promised: 2.5 s")
    expect(admin.get_by_role("figure", name="Calls and errors")).to_be_visible()
    calls = next(one["calls"] for one in report["rows"] if one["key"] == slow)
    expect(admin.locator(".jp-mesh-KeyFigures")).to_contain_text(f"{calls:,}")
    admin.get_by_role("radio", name="First token").check(force=True)
    expect(admin.get_by_role("figure", name="First token")).to_be_visible()
    admin.get_by_role("button", name="‹ Performance").click()
    admin.get_by_role("radio", name="Provider").check(force=True)
    expect(row(admin, "openai")).to_be_visible()


def test_an_empty_time_and_a_silent_gateway_say_what_to_do(page: LabPage, lab: Lab) -> None:
    admin = open_view(page, "range=2020-01-01..2020-01-31")
    expect(admin.get_by_text("Nobody has made a call in this time.")).to_be_visible()
    admin.get_by_role("button", name="Show this quarter").click()
    expect(admin.locator(".jp-mesh-Usage-totals")).to_be_visible()
    page.page.context.set_offline(True)
    admin.get_by_role("radio", name="Last month").check(force=True)
    trouble = admin.get_by_role("alert").first
    expect(trouble).to_contain_text("The gateway does not answer.")
    page.page.context.set_offline(False)
    trouble.get_by_role("button", name="Try again").click()
    expect(admin.locator(".jp-mesh-Usage-totals")).to_be_visible()
    admin.get_by_role("navigation").get_by_role("button", name=PERFORMANCE).click()
    admin.get_by_role("radio", name="From … to …").check(force=True)
    day = admin.get_by_label("From", exact=True)
    day.fill("2020-01-01")
    expect(admin.get_by_role("alert")).to_contain_text("At most 400 days can be shown.")
