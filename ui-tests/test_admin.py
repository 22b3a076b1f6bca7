"""The admin's pages, as an admin uses them: each step done on the page and seen in the gateway."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

SECRET = "sk-campus-7d41c9e2"
#: Of each answer; with the price below it costs $0.74.
USAGE: dict[str, Any] = {
    "prompt_tokens": 1000,
    "completion_tokens": 2000,
    "total_tokens": 3000,
}
PRICES = {"qwen3-32b": ("40", "350"), "llama-3.3-70b": ("0.59", "0.79")}
RULES = """
offers: false
connections:
  echo: { provider: echo }
budgets:
  - { name: everybody, limit_usd: 500, window: month, on_limit: warn }
"""


@pytest.fixture(scope="module")
def campus() -> Iterator[FakeOpenAI]:
    """A provider that asks for a key."""
    with FakeOpenAI(api_key=SECRET, models=("qwen3-32b", "llama-3.3-70b")) as upstream:
        yield upstream


@pytest.fixture
def lab(
    tmp_path: Path, start_lab: Callable[[Path, str], AbstractContextManager[Lab]]
) -> Iterator[Lab]:
    """A JupyterLab of its own: what is set here must not hold for other tests."""
    with start_lab(tmp_path, RULES) as lab:
        yield lab


def call(
    lab: Lab, method: str, path: str, body: object = None, key: str | None = None
) -> tuple[int, Any]:
    """What the gateway answers to the admin, or to the holder of a key."""
    request = urllib.request.Request(
        f"{lab.url}/mesh/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {key}" if key else f"token {lab.token}",
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def put(lab: Lab, kind: str, name: str, **update: object) -> int:
    status, saved = call(lab, "PUT", f"api/settings/{kind}/{name}", update)
    assert status == 200, saved
    return saved["version"]


def fill_mesh(lab: Lab, campus: FakeOpenAI) -> None:
    """What the pictures show."""
    user = lab.ask_gateway("me")["user"]
    models = {"qwen3-32b": {"price": {"input": 0.35, "output": 1.4}}, "llama-3.3-70b": {}}
    body = {"provider": "openai_compatible", "base_url": campus.base_url, "residency": "region"}
    put(lab, "connections", "campus", body={**body, "models": models}, secrets={"api_key": SECRET})
    gone = {"provider": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}
    put(lab, "connections", "basement", body=gone)
    put(lab, "connections", "old", body={**gone, "enabled": False})
    alias = {"models": ["campus/qwen3-32b", "campus/llama-3.3-70b"]}
    put(lab, "aliases", "fast", body=alias)
    put(lab, "groups", "analysts", body={"members": [user], "allow": ["fast", "campus/*"]})
    put(lab, "groups", "everybody", body={"members": ["*"], "allow": ["echo/echo", "fast"]})
    budget = {"scope": {"user": "*"}, "limit_usd": 5, "window": "day"}
    version = put(lab, "budgets", "allowance", body=budget)
    put(lab, "budgets", "allowance", body={**budget, "limit_usd": 8}, version=version)
    put(lab, "limits", "pace", body={"requests_per_minute": 60, "parallel": 8})
    for name in ("monthly-report", "nightly-batch"):
        wish = {"name": name, "application": name, "models": ["campus/*"], "budget_usd": "25"}
        assert call(lab, "POST", "api/keys", wish)[0] == 201
    chat = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
    for number in range(3):
        chat["messages"] = [{"role": "user", "content": f"Question {number}?"}]
        assert call(lab, "POST", "v1/chat/completions", chat)[0] == 200


def open_lab(page: LabPage) -> None:
    page.page.goto(f"{page.lab.url}/lab?token={page.lab.token}&reset")
    page.page.locator("#jupyterlab-splash").wait_for(state="detached")
    # The launcher takes the focus when it comes, however late.
    expect(page.page.locator(".jp-Launcher")).to_be_visible(timeout=30_000)


def open_admin(page: LabPage) -> Locator:
    """By the sidebar's gear, with the keyboard."""
    sidebar = page.open_sidebar()
    gear = sidebar.get_by_role("button", name="Administration and settings of LLM Mesh")
    gear.press("Enter")
    entry = page.page.get_by_role("menuitem", name="Mesh administration")
    expect(entry).to_be_visible()
    page.page.keyboard.press("Enter")
    admin = page.page.locator(".jp-mesh-Admin")
    expect(admin.get_by_role("heading", name="Connections", level=1)).to_be_visible()
    return admin


def turn_to(admin: Locator, name: str) -> None:
    admin.get_by_role("navigation").get_by_role("button", name=name).click()
    expect(admin.get_by_role("heading", name=name, level=1)).to_be_visible()


def row(admin: Locator, name: str) -> Locator:
    return admin.locator(f'[data-name="{name}"]')


def press(admin: Locator, name: str) -> None:
    admin.get_by_role("button", name=name, exact=True).click()


def test_from_a_connection_to_a_budget_that_stops_a_call(
    page: LabPage, lab: Lab, campus: FakeOpenAI
) -> None:
    """A new admin's first hour, as the guide tells it."""
    lab.write_notebook("ask.ipynb", [f"%%llm campus/qwen3-32b\nQuestion {n}?" for n in range(4)])
    campus.default = Behaviour(usage=USAGE)
    page.open_notebook("ask.ipynb")
    page.run(0)
    expect(page.cell(0)).to_contain_text(re.compile("no model|not.*campus/qwen3-32b", re.I))
    admin = open_admin(page)
    make_connection(admin, campus)
    open_to_a_group(admin, lab)
    tab = page.page.get_by_role("tab", name="ask.ipynb")
    tab.click()
    page.run(1)
    expect(page.answers.first).to_be_visible()
    assert campus.requests[-1].json["model"] == "qwen3-32b"
    asked = len(campus.requests)

    back_to_it = page.page.get_by_role("tab", name="Mesh administration")
    back_to_it.click()
    set_budget(admin)
    tab.click()
    page.run(2)  # takes three quarters of the dollar
    expect(page.answers.nth(1)).to_be_visible()
    assert len(campus.requests) == asked + 1
    page.run(3)
    expect(page.cell(3)).to_contain_text(re.compile(r"budget .* has no room for this call"))
    assert len(campus.requests) == asked + 1

    back_to_it.click()
    find_the_refused_call(admin)
    export_the_month(page, admin, lab)
    assert_changes_are_told(admin)
    assert SECRET not in page.page.content()


def find_the_refused_call(admin: Locator) -> None:
    turn_to(admin, "Audit")
    calls = admin.locator(".jp-mesh-Virtual-row")
    expect(calls.first).to_contain_text("campus/qwen3-32b")
    count = calls.count()
    admin.get_by_label("Outcome").select_option("refused")
    expect(calls.filter(has_text="answered")).to_have_count(0)
    expect(calls.first).to_contain_text("refused")
    assert calls.count() < count
    calls.first.get_by_role("button").click()
    expect(admin.get_by_role("heading", name="campus/qwen3-32b")).to_be_visible()
    expect(admin.get_by_text(re.compile("pocket money.*has no room"))).to_be_visible()
    press(admin, "‹ Audit")
    press(admin, "Clear all fields")
    expect(calls).to_have_count(count)


def export_the_month(page: LabPage, admin: Locator, lab: Lab) -> None:
    turn_to(admin, "Usage and charge-back")
    expect(admin.get_by_role("radio", name="This month")).to_be_checked()
    expect(admin.locator(".jp-mesh-Usage-totals")).to_be_visible()
    with page.page.expect_download() as download:
        press(admin, "Export CSV")
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf8"))))
    calls = lab.ask_gateway("calls?limit=50")["calls"]
    spent = sum(Decimal(one["cost_usd"] or 0) for one in calls)
    assert sum(Decimal(line["cost_usd"]) for line in lines) == spent > Decimal("1.4")


def make_connection(admin: Locator, campus: FakeOpenAI) -> None:
    press(admin, "New connection")
    admin.get_by_label("Name", exact=True).fill("campus")
    admin.get_by_label("Base URL").fill(campus.base_url)
    key = admin.get_by_label("API key")
    expect(key).to_have_attribute("type", "password")
    key.fill("sk-wrong-key")
    press(admin, "Test")
    expect(admin.locator(".jp-mesh-Trial")).to_contain_text("refused the gateway's own key")
    key.fill(SECRET)
    press(admin, "Test")
    expect(admin.locator(".jp-mesh-Trial")).to_contain_text("It works: 2 models")
    admin.get_by_role("checkbox", name="qwen3-32b", exact=True).check()
    admin.get_by_label("Price of the input of qwen3-32b").fill("cheap")
    press(admin, "Save")
    expect(admin.get_by_text("A price is an amount in USD")).to_be_visible()
    for model, (asked, answered) in PRICES.items():
        admin.get_by_role("checkbox", name=model, exact=True).check()
        admin.get_by_label(f"Price of the input of {model}").fill(asked)
        admin.get_by_label(f"Price of the output of {model}").fill(answered)
    press(admin, "Save")
    expect(row(admin, "campus")).to_contain_text("works")
    expect(row(admin, "echo")).to_contain_text("managed by mesh.yaml")
    expect(row(admin, "echo").get_by_role("button", name="Switch echo off")).to_have_count(0)
    press(row(admin, "campus"), "campus")
    expect(admin.get_by_text("A key is set.")).to_be_visible()
    press(admin, "Close")


def open_to_a_group(admin: Locator, lab: Lab) -> None:
    user = lab.ask_gateway("me")["user"]
    turn_to(admin, "Models and permissions")
    press(admin, "New group")
    admin.get_by_label("Name", exact=True).fill("analysts")
    admin.get_by_label("Members", exact=True).fill(f"{user}\nhub:staff")
    admin.get_by_label("May use").fill("echo/*")
    press(admin, "Save")
    expect(admin.get_by_role("checkbox", name="echo/echo for analysts")).to_be_checked()
    for model in PRICES:
        cell = admin.get_by_role("checkbox", name=f"campus/{model} for analysts")
        expect(cell).not_to_be_checked()
        cell.click()
        expect(cell).to_be_checked()
    (group,) = lab.ask_gateway("settings/groups")["settings"]
    assert group["body"]["allow"] == ["echo/*", *(f"campus/{model}" for model in PRICES)]
    expect(row(admin, "campus/qwen3-32b")).to_contain_text("$40.00 / $350.00")
    admin.get_by_role("checkbox", name="echo/echo for analysts").click()
    expect(admin.get_by_role("dialog")).to_contain_text("Replace the pattern echo/*?")
    admin.page.keyboard.press("Escape")
    expect(admin.get_by_role("dialog")).to_have_count(0)


def set_budget(admin: Locator) -> None:
    turn_to(admin, "Budgets and limits")
    expect(row(admin, "everybody")).to_contain_text("Everybody together may spend $500.00 a month")
    press(admin, "New budget")
    press(admin, "Save")
    expect(admin.get_by_text("This is needed.").first).to_be_visible()
    admin.get_by_label("Name", exact=True).fill("pocket money")
    admin.get_by_label("Amount in $").fill("1")
    admin.get_by_label("In", exact=True).select_option("a day")
    sentence = "Each user may spend $1.00 a day; then calls are refused."
    expect(admin.locator(".jp-mesh-Sentence")).to_have_text(sentence)
    press(admin, "Save")
    expect(row(admin, "pocket money")).to_contain_text(sentence)


def assert_changes_are_told(admin: Locator) -> None:
    turn_to(admin, "Changes")
    changes = admin.locator(".jp-mesh-Changes > li")
    expect(changes).to_have_count(6)
    expect(changes.nth(0)).to_contain_text("Budget pocket money created")
    for number, model in ((1, "campus/llama-3.3-70b"), (2, "campus/qwen3-32b")):
        expect(changes.nth(number)).to_contain_text("Group analysts changed")
        expect(changes.nth(number).locator("ins")).to_have_text(model)
    expect(changes.nth(4)).to_contain_text("a sealed key")
    expect(changes.nth(5)).to_contain_text("mesh.yaml")
    admin.get_by_label("Show").select_option("Group")
    expect(changes).to_have_count(3)


def test_a_key_is_shown_once_works_and_is_revoked(page: LabPage, lab: Lab) -> None:
    open_lab(page)
    admin = open_admin(page)
    turn_to(admin, "API keys")
    press(admin, "New key")
    admin.get_by_label("Name", exact=True).fill("report")
    admin.get_by_label("Application").fill("reports")
    admin.get_by_label("Models").fill("echo/*")
    press(admin, "Make key")
    secret = admin.get_by_label("The secret of the key").input_value()
    assert call(lab, "GET", "v1/models", key=secret)[0] == 200
    admin.get_by_role("navigation").get_by_role("button", name="Changes").click()
    expect(admin.get_by_role("dialog")).to_contain_text("Leave without saving?")
    page.page.keyboard.press("Escape")
    press(admin, "I have it")
    expect(row(admin, "report")).to_contain_text("reports")
    assert secret not in page.page.content()
    row(admin, "report").get_by_role("button", name="Revoke report…").click()
    admin.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(row(admin, "report")).to_have_count(0)
    assert call(lab, "GET", "v1/models", key=secret)[0] == 401


def test_what_was_typed_outlives_somebody_elses_change(page: LabPage, lab: Lab) -> None:
    budget = {"scope": {"user": "*"}, "limit_usd": 5, "window": "day"}
    version = put(lab, "budgets", "allowance", body=budget)
    open_lab(page)
    admin = open_admin(page)
    turn_to(admin, "Budgets and limits")
    press(row(admin, "allowance"), "allowance")
    amount = admin.get_by_label("Amount in $")
    amount.fill("7")
    put(lab, "budgets", "allowance", body={**budget, "window": "month"}, version=version)
    press(admin, "Save")
    expect(admin.get_by_text("has changed it in between")).to_be_visible()
    expect(amount).to_have_value("7")
    press(admin, "Load again, keep what I typed")
    expect(amount).to_have_value("7")
    expect(admin.locator(".jp-mesh-Sentence")).to_contain_text("$7.00 a month")
    press(admin, "Save")
    expect(row(admin, "allowance")).to_contain_text("$7.00 a month")


def test_a_connection_that_is_named_elsewhere_is_not_removed_unaware(
    page: LabPage, lab: Lab, campus: FakeOpenAI
) -> None:
    fill_mesh(lab, campus)
    open_lab(page)
    admin = open_admin(page)
    press(row(admin, "campus"), "campus")
    press(admin, "Delete…")
    dialog = admin.get_by_role("dialog")
    expect(dialog).to_contain_text("alias fast")
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_have_count(0)
    press(dialog, "Close")
    press(admin, "Close")
    press(row(admin, "old"), "old")
    press(admin, "Delete…")
    press(admin.get_by_role("dialog"), "Delete")
    expect(row(admin, "old")).to_have_count(0)
    expect(row(admin, "campus")).to_be_visible()


def test_a_gateway_that_does_not_answer_is_said_and_nothing_typed_is_lost(
    page: LabPage, lab: Lab
) -> None:
    open_lab(page)
    admin = open_admin(page)
    turn_to(admin, "Budgets and limits")
    press(admin, "New budget")
    admin.get_by_label("Name", exact=True).fill("team")
    admin.get_by_label("Amount in $").fill("7")
    page.page.context.set_offline(True)
    press(admin, "Save")
    expect(admin.get_by_role("alert")).to_contain_text("The gateway does not answer")
    expect(admin.get_by_label("Amount in $")).to_have_value("7")
    page.page.context.set_offline(False)
    press(admin, "Save")
    expect(row(admin, "team")).to_be_visible()


def test_launcher_and_palette_lead_to_it_and_a_reload_brings_the_open_page_back(
    page: LabPage, lab: Lab
) -> None:
    open_lab(page)
    card = page.page.locator(".jp-LauncherCard", has_text="Mesh administration")
    expect(card).to_be_visible(timeout=30_000)
    page.page.keyboard.press("Control+Shift+C")
    search = page.page.locator(".lm-CommandPalette-input")
    expect(search).to_be_focused()
    page.page.keyboard.type("mesh admin", delay=30)
    page.page.locator(".lm-CommandPalette-item", has_text="Mesh administration").click()
    admin = page.page.locator(".jp-mesh-Admin")
    turn_to(admin, "API keys")
    page.page.wait_for_timeout(2000)  # the workspace is saved once nothing has changed for a while
    page.page.goto(f"{lab.url}/lab?token={lab.token}")
    page.page.locator("#jupyterlab-splash").wait_for(state="detached")
    heading = admin.get_by_role("heading", name="API keys", level=1)
    expect(heading).to_be_visible(timeout=30_000)
