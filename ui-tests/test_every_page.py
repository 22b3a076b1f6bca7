"""Every admin page of a company that is eight weeks old, light and dark, wide and narrow.

`make pictures` takes all of them: they lie in `.make/pictures`. What a test can see of them is
checked here: nothing sticks out or is cut off, every control has a name, no page is broken.
`make test` looks at both themes and both widths, one of each in JupyterLab and the others on the
gateway's own site.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from jupyter_mesh.testing import company
from jupyter_mesh.testing.company import ADMIN, Gateway
from jupyter_mesh.testing.fake_openai import FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

PICTURES = Path(__file__).parent.parent / ".make" / "pictures"
#: A taller page shows more of what one scrolls to.
HEIGHT = int(os.environ.get("MESH_PICTURE_HEIGHT", "900"))
ALL = [(theme, width) for theme in ("light", "dark") for width in (1440, 1024)]
TAKE_ALL = bool(os.environ.get("MESH_EVERY_PICTURE"))
IN_LAB = ALL if TAKE_ALL else [("light", 1440), ("dark", 1024)]
ON_SITE = ALL if TAKE_ALL else [("dark", 1440), ("light", 1024)]


@dataclass
class Company:
    """One store, shown by a JupyterLab and by a stand-alone gateway."""

    lab: Lab
    site: str
    #: Calls by what they show.
    calls: dict[str, str]


@pytest.fixture(scope="module")
def firm(
    tmp_path_factory: pytest.TempPathFactory,
    start_lab: Callable[[Path, str], AbstractContextManager[Lab]],
    start_gateway: Callable[[Path, str], AbstractContextManager[str]],
) -> Iterator[Company]:
    base = tmp_path_factory.mktemp("company")
    store = base / "mesh.db"
    models = ("qwen3-32b", "llama-3.3-70b", "mistral-small-24b", "our-fine-tune", "preview")
    with (
        FakeOpenAI(models=models) as upstream,
        ThreadPoolExecutor(1) as other,  # this thread may have a loop of Playwright's
        start_gateway(base, company.rules(store, upstream)) as site,
    ):
        gateway = Gateway(site)
        other.submit(company.write_past, store).result()
        company.settle(gateway)
        calls = company.make_calls(gateway, upstream)
        company.look_after(gateway)
        other.submit(company.tell_alerts, store).result()
        with start_lab(base, company.rules(store, upstream)) as lab:
            yield Company(lab, site, calls)


@pytest.fixture(scope="module")
def lab(firm: Company) -> Lab:
    """The JupyterLab that pages are opened in."""
    return firm.lab


#: A picture's name, the title in the list of pages, and what is pressed there.
SPOTS: dict[str, tuple[str, str | None]] = {
    "connections": ("Connections", None),
    "connection": ("Connections", "cloud"),
    "connection-new": ("Connections", "New connection"),
    "models": ("Models and permissions", None),
    "group": ("Models and permissions", "research"),
    "alias": ("Models and permissions", "thorough"),
    "guards": ("Guards", None),
    "guards-screening": ("Guards", "New screening rule"),
    "guards-moderation": ("Guards", "New moderation rule"),
    "guards-guard": ("Guards", "New guard"),
    "budgets": ("Budgets and limits", None),
    "budget": ("Budgets and limits", "quiet night"),
    "raise": ("Budgets and limits", "Raise allowance"),
    "usage": ("Usage and charge-back", None),
    "performance": ("Performance", None),
    "performance-model": ("Performance", "campus/llama-3.3-70b"),
    "audit": ("Audit", None),
    "alerts": ("Alerts", None),
    "alert-channel": ("Alerts", "on-call"),
    "inventory": ("Inventory", None),
    "use": ("Inventory", "ticket answers"),
    "keys": ("API keys", None),
    "key": ("API keys", "New key"),
    "accounts": ("Service accounts", None),
    "account": ("Service accounts", "nightly"),
    "general": ("General", None),
    "general-prices": ("General", "Age of prices"),
    "changes": ("Changes", None),
}

#: What is cut off, or sticks out of the page to the right; where a table scrolls, of the table.
FIND_CUT = """() => {
  const main = document.querySelector('.jp-mesh-Admin-page');
  const right = main.getBoundingClientRect().right;
  const kinds = 'button, input, select, textarea, h1, h2, p, td, th, dd, dt, figcaption, li';
  const isSeen = node => node.getBoundingClientRect().width > 1
    && !node.closest('.jp-mesh-visually-hidden, .jp-mesh-Scroll, .jp-mesh-Usage-table');
  return Array.from(main.querySelectorAll(kinds)).filter(isSeen)
    .filter(node => node.getBoundingClientRect().right > right + 1
      || (node.matches('button, h1, h2, p') && node.scrollWidth > node.clientWidth + 1))
    .map(node => node.outerHTML);
}"""
#: Of the tables, how many do not fit beside the list of pages.
FIND_SCROLLED = """() => Array.from(document.querySelectorAll(
  '.jp-mesh-Admin-page .jp-mesh-Scroll, .jp-mesh-Admin-page .jp-mesh-Virtual'))
  .filter(box => box.scrollWidth > box.clientWidth + 1).length"""
#: Pages of which a table has as many columns as there are days, or groups.
WIDE = ("-usage-", "-models-")
#: Words that are cut off where they stand, in what is no table of figures.
FIND_RAW = """() => {
  const main = document.querySelector('.jp-mesh-Admin-page');
  const code = new Set(Array.from(main.querySelectorAll('pre'))
    .flatMap(node => node.innerText.split('\\n')));
  return main.innerText.split('\\n').filter(line => !code.has(line))
    .filter(line => /\\{"|\\[object|undefined|NaN|Invalid Date/.test(line));
}"""

COUNT_CONTROLS = """() => Array.from(document.querySelectorAll('.jp-mesh-Admin *'))
  .filter(node => node.matches('button, input, select, textarea, [role=slider]')
    && node.checkVisibility({ visibilityProperty: true })
    && node.getBoundingClientRect().width * node.getBoundingClientRect().height > 0).length"""
#: A control in what a screen reader is told, with its name in quotes if it has one.
CONTROL = re.compile(
    r"^ *- '?((?:button|textbox|searchbox|spinbutton|combobox|listbox|checkbox|radio|switch|slider)"
    r"\b.*)$",
    re.MULTILINE,
)


def settled(page: Page) -> Locator:
    """The page once nothing of it is being asked for."""
    main = page.locator(".jp-mesh-Admin-page")
    expect(main.locator("h1")).to_be_visible()
    busy = main.locator("[aria-busy=true], .jp-mesh-Skeleton")
    expect(busy).to_have_count(0, timeout=20_000)
    return main


def look(page: Page, name: str) -> None:
    """Take the picture, and see what a test can see."""
    main = settled(page)
    page.mouse.move(2, 2)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    for chart in main.get_by_role("slider").all()[:1]:
        chart.focus()  # which reads out a point of it
    assert page.evaluate(FIND_CUT) == [], name
    assert page.evaluate(FIND_RAW) == [], name
    if not any(wide in name for wide in WIDE):
        assert page.evaluate(FIND_SCROLLED) == 0, name
    controls = CONTROL.findall(page.locator(".jp-mesh-Admin").aria_snapshot())
    assert len(controls) == page.evaluate(COUNT_CONTROLS) > 0, name
    assert [one for one in controls if not re.match(r'\w+ "', one)] == [], name
    expect(main.get_by_role("alert")).to_have_count(0)


def turn_to(page: Page, title: str, opened: str | None) -> None:
    page.get_by_role("navigation").get_by_role("button", name=title).click()
    settled(page)
    if opened is not None:
        main = page.locator(".jp-mesh-Admin-page")
        main.get_by_role("button", name=opened, exact=True).first.click()
        expect(main.get_by_role("heading", name=title, level=1)).to_have_count(0)


def turn_figures(page: Page) -> Iterator[str]:
    """The table of usage at its widest, at its longest and with every figure."""
    turn_to(page, "Usage and charge-back", None)
    main = page.locator(".jp-mesh-Admin-page")
    rows, columns = (main.get_by_role("combobox", name=name) for name in ("Rows", "Columns"))
    main.get_by_role("radio", name="Last month").check(force=True)
    rows.select_option("model")
    columns.select_option("day")
    yield "usage-days"
    rows.select_option("group")
    main.locator('[data-name="risk"]').get_by_role("button").click()
    expect(main.get_by_role("list", name="Only")).to_contain_text("Group: risk")
    rows.select_option("document")
    columns.select_option("group")
    yield "usage-ranked"
    rows.select_option("user")
    columns.select_option("")
    main.get_by_role("radio", name="Tokens").check(force=True)
    yield "usage-figures"


@pytest.mark.timeout(400)  # some thirty pages
@pytest.mark.parametrize(("theme", "width"), IN_LAB)
def test_in_jupyterlab(lab: Lab, open_page: Callable[..., LabPage], width: int, theme: str) -> None:
    lab.set("apputils-extension/themes", {"theme": f"JupyterLab {theme.title()}"})
    page = open_page(width=width, height=HEIGHT).page
    link = "page%3Dconnections"
    page.goto(f"{lab.url}/lab?token={lab.token}&reset&mesh-admin={link}")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.locator(".jp-mesh-Admin").wait_for(timeout=30_000)
    for name, (title, opened) in SPOTS.items():
        turn_to(page, title, opened)
        look(page, f"lab-{name}-{theme}-{width}")
    for name in turn_figures(page):
        look(page, f"lab-{name}-{theme}-{width}")


@pytest.mark.timeout(400)  # some thirty pages
@pytest.mark.parametrize(("theme", "width"), ON_SITE)
def test_on_the_gateways_own_site(firm: Company, browser: Browser, width: int, theme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if theme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(firm.site)
    expect(page.get_by_label("Your key of this mesh")).to_be_visible()
    page.screenshot(path=PICTURES / f"site-sign-in-{theme}-{width}.png")
    page.get_by_label("Your key of this mesh").fill(ADMIN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation")).to_be_visible()
    for name, (title, opened) in {"my-models": ("My models", None), **SPOTS}.items():
        turn_to(page, title, opened)
        look(page, f"site-{name}-{theme}-{width}")
    for name in turn_figures(page):
        look(page, f"site-{name}-{theme}-{width}")
    for name, call in firm.calls.items():
        page.evaluate("hash => { location.hash = hash; }", f"#page=audit&kind=call&name={call}")
        expect(page.get_by_text(call)).to_be_visible()
        look(page, f"site-call-{name.replace(' ', '-')}-{theme}-{width}")
    for state in ("acknowledged", "resolved", "all"):
        page.evaluate("hash => { location.hash = hash; }", f"#page=alerts&view=state%3D{state}")
        expect(page.get_by_role("radio", checked=True)).to_have_count(1)
        look(page, f"site-alerts-{state}-{theme}-{width}")
    context.close()
