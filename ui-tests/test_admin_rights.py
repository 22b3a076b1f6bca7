"""Who may ask, for what, with which money: each button pressed, and what it did seen in a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from jupyter_mesh import config
from jupyter_mesh.testing.company import Gateway
from jupyter_mesh.testing.fake_openai import FakeOpenAI

pytestmark = pytest.mark.needs("chromium")

ADMIN, ADMIN_HASH = config.new_key()
FIRST, SECOND = "sk-first-51d0", "sk-second-c7a4"
RULES = f"""
offers: false
connections:
  echo: {{ provider: echo }}
keys:
  - {{ name: olga, hash: {ADMIN_HASH}, user: olga, application: site, admin: true }}
"""


@dataclass
class Site:
    """A stand-alone gateway, and a browser signed in to it as an admin."""

    page: Page
    gateway: Gateway

    def open(self, name: str) -> None:
        self.page.get_by_role("navigation").get_by_role("button", name=name).click()
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def row(self, name: str) -> Locator:
        return self.page.locator(f'[data-name="{name}"]')

    def status(self, key: str, purpose: str | None = None) -> int:
        """What a call with a key comes to."""
        body = {"model": "echo/echo", "messages": [{"role": "user", "content": "hello"}]}
        headers = {} if purpose is None else {"X-Mesh-Purpose": purpose}
        return self.gateway.call("POST", "v1/chat/completions", body, key, headers)[0]

    def setting(self, kind: str, name: str) -> dict[str, object]:
        """The body of an object, as it is in force."""
        found = self.gateway.call("GET", f"api/settings/{kind}")[1]["settings"]
        return next(one["body"] for one in found if one["name"] == name)


@pytest.fixture
def site(
    browser: Browser,
    tmp_path: Path,
    start_gateway: Callable[[Path, str], AbstractContextManager[str]],
) -> Iterator[Site]:
    with start_gateway(tmp_path, RULES) as url:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(url)
        page.get_by_label("Your key of this mesh").fill(ADMIN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation")).to_be_visible()
        yield Site(page, Gateway(url, ADMIN))
        context.close()


def test_a_program_gets_an_account_a_group_and_a_key_and_one_switch_stops_it(site: Site) -> None:
    group = {"members": ["olga"], "allow": ["echo/*"]}
    site.gateway.put("groups", "jobs", group)
    site.open("Service accounts")
    expect(site.page.get_by_text("There is no service account yet.")).to_be_visible()
    site.press("New service account")
    site.fill("Name", "nightly")
    site.fill("Owner", "ada")
    site.press("Save")
    expect(site.page.get_by_role("heading", name="nightly", level=1)).to_be_visible()
    site.press("New key for nightly")
    expect(site.page.get_by_label("User", exact=True)).to_have_value("nightly")
    site.fill("Name", "of 2026")
    site.fill("Application", "tickets")
    site.press("Make key")
    key = site.page.get_by_label("The secret of the key").input_value()
    assert site.status(key) == 404, "it stands in no group"
    site.press("I have it")
    expect(site.row("of 2026")).to_contain_text("tickets")
    site.page.get_by_role("checkbox", name="jobs").click()
    expect(site.page.get_by_role("checkbox", name="jobs")).to_be_checked()
    assert site.setting("groups", "jobs")["members"] == ["olga", "nightly"]
    assert site.status(key) == 200

    site.press("Delete…")
    dialog = site.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Its keys would go on working")
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_have_count(0)
    dialog.get_by_role("button", name="Close").click()
    site.press("‹ Service accounts")
    expect(site.row("nightly")).to_contain_text("jobs")
    site.press("Switch nightly off…")
    expect(dialog).to_contain_text("of 2026")
    dialog.get_by_role("button", name="Switch off", exact=True).click()
    expect(site.page.get_by_role("button", name="Switch nightly on…")).to_be_visible()
    assert site.status(key) == 401
    site.press("Switch nightly on…")
    dialog.get_by_role("button", name="Switch on", exact=True).click()
    expect(dialog).to_have_count(0)
    assert site.status(key) == 200


def test_a_model_is_opened_for_one_purpose_only(site: Site) -> None:
    site.gateway.put("groups", "teachers", {"members": ["olga"], "allow": ["*"]})
    assert site.status(ADMIN, "teaching") == 200
    site.open("Models and permissions")
    site.press("teachers")
    site.fill("Purposes", "teaching\nresearch")
    site.press("Add a model")
    site.page.get_by_label("Model or pattern 1").fill("echo/*")
    site.page.get_by_label("Purposes of echo/*").fill("reserch")
    site.press("Save")
    expect(site.page.get_by_text("“reserch” is not among the purposes")).to_be_visible()
    site.page.get_by_label("Purposes of echo/*").fill("research")
    site.press("Save")
    expect(site.row("echo/echo")).to_contain_text("only for research")
    said = [site.status(ADMIN, purpose) for purpose in ("research", "teaching", None)]
    assert said == [200, 403, 403]


def test_budgets_that_roll_and_that_pay_for_the_rest(site: Site) -> None:
    site.open("Budgets and limits")
    for name, length in (("quiet night", "24h"), ("everything else", None)):
        site.press("New budget")
        site.fill("Name", name)
        site.fill("Amount in $", "5")
        if length is None:
            site.page.get_by_label("Only where no other pays").check()
        else:
            site.page.get_by_label("In", exact=True).select_option("a rolling window")
            site.page.get_by_label("Length of the window").fill(length)
        site.press("Save")
        expect(site.row(name)).to_be_visible()
    expect(site.row("quiet night")).to_contain_text("24")
    expect(site.row("everything else")).to_contain_text("only where no other budget")
    assert site.setting("budgets", "quiet night")["window"] == "rolling 1d"
    assert site.setting("budgets", "everything else")["fallback"] is True


def test_a_budget_shows_what_is_spent_and_is_raised_until_a_moment(site: Site) -> None:
    site.gateway.put("budgets", "team", {"limit_usd": 5})
    site.open("Budgets and limits")
    meter = site.row("team").get_by_role("meter", name="Budget team")
    expect(meter).to_have_attribute("aria-valuenow", "0")
    expect(site.row("team")).to_contain_text("$0.00 of $5.00 spent")
    site.press("Raise team")
    site.fill("May spend, in $", "20")
    site.fill("Until", "2099-01-01T12:00")
    site.fill("Why", "The fair")
    site.press("Save")
    expect(site.row("team")).to_contain_text("$0.00 of $20.00 spent")
    expect(site.row("team")).to_contain_text("raised until Jan 1, 2099")
    (made,) = site.gateway.call("GET", "api/settings/raises")[1]["settings"]
    assert made["name"].startswith("team until 2099-01-01 ")
    assert (made["body"]["budget"], made["body"]["reason"]) == ("team", "The fair")
    site.press(f"End {made['name']}")
    site.press("End it")
    expect(site.page.get_by_text("No budget is raised.")).to_be_visible()
    expect(site.row("team")).to_contain_text("$0.00 of $5.00 spent")


def test_from_which_age_on_prices_are_old_is_set_on_the_general_page(site: Site) -> None:
    site.open("General")
    expect(site.row("prices")).to_contain_text("120 days")
    site.press("Age of prices")
    site.fill("Old after", "90d")
    site.press("Save")
    expect(site.row("prices")).to_contain_text("90 days")
    assert site.setting("general", "prices")["value"] == {"outdated_after": "90d"}
    site.press("Age of prices")
    site.page.get_by_label("Never tell").check()
    site.press("Save")
    expect(site.row("prices")).to_contain_text("nobody is told")
    assert site.setting("general", "prices")["value"] == {"outdated_after": None}


def test_the_model_stays_in_sight_while_one_scrolls_to_a_group_far_to_the_right(
    site: Site,
) -> None:
    for number in range(16):
        site.gateway.put("groups", f"department {number}", {"members": [], "allow": []})
    site.open("Models and permissions")
    box = site.page.get_by_role("region", name="Models by groups")
    model = box.get_by_role("columnheader", name="Model", exact=True)
    last = box.get_by_role("button", name="department 9")
    before = model.bounding_box()
    box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    assert box.evaluate("box => box.scrollLeft") > 0
    assert model.bounding_box() == before
    expect(last).to_be_in_viewport()


def test_a_providers_key_is_set_tried_and_replaced_and_an_auditors_key_audits(site: Site) -> None:
    with FakeOpenAI(api_key=FIRST, models=("m",)) as upstream:
        site.open("Connections")
        site.press("New connection")
        site.fill("Name", "campus")
        site.fill("Base URL", upstream.base_url)
        site.page.get_by_label("API key").fill(SECOND)
        site.press("Save")
        expect(site.page.get_by_role("alert")).to_contain_text("refused")
        assert site.gateway.call("GET", "api/settings/connections")[1]["settings"][0]["name"] != (
            "campus"
        )
        site.press("Save without trying")
        expect(site.row("campus")).to_be_visible()
        site.press("campus")
        site.press("Replace the key: API key")
        site.page.get_by_label("API key").fill(FIRST)
        site.press("Save")
        expect(site.row("campus")).to_contain_text("works")
        assert site.gateway.call("POST", "api/connections/campus/test", {})[1]["ok"]
    assert FIRST not in site.page.content() + str(site.setting("connections", "campus"))
    site.open("API keys")
    site.press("New key")
    site.fill("Name", "audit")
    site.fill("Application", "audit")
    site.page.get_by_label("Audits", exact=True).check()
    site.press("Make key")
    key = site.page.get_by_label("The secret of the key").input_value()
    assert site.gateway.call("POST", "api/audit/verify", {}, key)[0] == 200
    assert site.gateway.call("GET", "api/settings/groups", key=key)[0] == 403
    site.press("I have it")
    expect(site.row("audit")).to_contain_text("audits")
