"""The pages of the record: every call, alerts, the inventory of uses; in the gateway's own site."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from jupyter_mesh import config
from jupyter_mesh.testing.fake_openai import FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

ADMIN, ADMIN_HASH = config.new_key()
APP, APP_HASH = config.new_key()


def rules(upstream: FakeOpenAI) -> str:
    return f"""
connections:
  campus:
    provider: openai_compatible
    base_url: {upstream.base_url}
    models: {{ qwen3-32b: {{ price: {{ input: 500, output: 500 }} }} }}
  echo: {{ provider: echo }}
budgets:
  - {{ name: reports, scope: {{ application: reports }}, limit_usd: 0.00001, window: day }}
keys:
  - {{ name: olga, hash: {ADMIN_HASH}, user: olga, application: site, admin: true }}
  - {{ name: ada, hash: {APP_HASH}, user: ada, application: reports, purpose: billing }}
"""


@dataclass
class Site:
    """A stand-alone gateway, and a browser signed in to it."""

    url: str
    page: Page

    def call(self, method: str, path: str, body: object = None, key: str = ADMIN) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def ask(self, text: str, model: str = "echo/echo", key: str = APP) -> Any:
        body = {"model": model, "messages": [{"role": "user", "content": text}]}
        return self.call("POST", "v1/chat/completions", body, key)

    def download(self, name: str) -> list[str]:
        """The lines of the file that a link of the page leads to."""
        with self.page.expect_download() as started:
            self.page.get_by_role("link", name=name, exact=True).click()
        return Path(started.value.path()).read_text("utf8").splitlines()

    def open(self, name: str) -> None:
        self.page.get_by_role("navigation").get_by_role("button", name=name).click()
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()


@pytest.fixture
def site(browser: Browser, tmp_path: Path, upstream: FakeOpenAI) -> Iterator[Site]:
    (tmp_path / "mesh.yaml").write_text(rules(upstream))
    env = {
        **os.environ,
        "JUPYTER_MESH_CONFIG": str(tmp_path / "mesh.yaml"),
        "JUPYTER_MESH_STATE": str(tmp_path / "state"),
    }
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--port", "0", "--json"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
    assert process.stdout is not None
    context = browser.new_context(viewport={"width": 1024, "height": 800}, color_scheme="dark")
    site = Site(json.loads(process.stdout.readline())["url"], context.new_page())
    site.page.goto(site.url)
    site.page.get_by_label("Your key of this mesh").fill(ADMIN)
    site.page.keyboard.press("Enter")
    expect(site.page.get_by_role("navigation")).to_be_visible()
    yield site
    context.close()
    process.terminate()
    process.wait(60)
    process.stdout.close()


def test_a_call_is_found_among_many_read_and_the_record_proved(site: Site) -> None:
    for number in range(130):
        site.ask(f"Question {number}?", key=ADMIN)
    site.ask("The one that is looked for.")
    wanted = site.call("GET", "api/calls?application=reports")["calls"][0]["id"]
    site.open("Audit")
    rows = site.page.locator(".jp-mesh-Virtual-row")
    expect(rows.first).to_contain_text("ada")
    assert rows.count() < 60  # of 131: only what is in sight is on the page
    box = site.page.locator(".jp-mesh-Virtual")
    box.evaluate("box => box.scrollTo(0, 1e6)")
    expect(site.page.locator('[data-index="105"]')).to_be_attached()  # the next page has come
    box.evaluate("box => box.scrollTo(0, 1e6)")
    expect(site.page.locator('[data-index="130"]')).to_be_visible()
    rows.nth(20).get_by_role("button").focus()
    before = site.page.evaluate("document.activeElement.closest('[data-index]').dataset.index")
    site.page.keyboard.press("ArrowUp")
    after = site.page.evaluate("document.activeElement.closest('[data-index]').dataset.index")
    assert int(after) == int(before) - 1
    site.page.get_by_label("Application").fill("reports")
    site.page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    assert [json.loads(line)["id"] for line in site.download("JSONL")] == [wanted]
    header, line = site.download("CSV")
    assert wanted in line
    assert "application" in header
    rows.first.get_by_role("button").click()
    expect(site.page.get_by_text(wanted)).to_be_visible()
    expect(
        site.page.get_by_text("It is ada’s, not yours: that you read it is on record.")
    ).to_be_visible()
    expect(site.page.get_by_text("The one that is looked for.").first).to_be_visible()
    site.page.get_by_role("button", name="‹ Audit").click()
    expect(rows).to_have_count(1)  # the search is still there
    site.page.get_by_label("Application").fill("nobody")
    site.page.keyboard.press("Enter")
    expect(site.page.get_by_text("No call matches.")).to_be_visible()
    site.page.get_by_role("button", name="Verify the record").click()
    expect(site.page.get_by_text("records are as they were written.")).to_be_visible()
    checkpoint = site.call("GET", "api/audit/checkpoint")
    file = {"name": "kept.json", "mimeType": "application/json"}
    chooser = site.page.get_by_label("Verify against a checkpoint…")
    chooser.set_input_files({**file, "buffer": json.dumps(checkpoint).encode()})
    expect(site.page.get_by_text("They hold all that kept.json knows of.")).to_be_visible()
    checkpoint["heads"][0]["number"] += 1000
    chooser.set_input_files({**file, "buffer": json.dumps(checkpoint).encode()})
    expect(site.page.get_by_text("its signature does not fit")).to_be_visible()
    chooser.set_input_files({**file, "buffer": b"no json"})
    expect(site.page.get_by_text("kept.json is no checkpoint")).to_be_visible()


def test_an_alert_is_seen_acknowledged_and_told_over_a_channel(site: Site) -> None:
    site.ask("hello", model="campus/qwen3-32b")
    site.page.reload()
    site.open("Alerts")
    alert = site.page.locator(".jp-mesh-Alert").first
    expect(alert).to_contain_text("reports")
    alert.get_by_role("button", name="Acknowledge").click()
    expect(alert).to_contain_text("olga looks after it")
    listed = site.call("GET", "api/alerts?state=acknowledged")["alerts"]
    assert [one["acknowledged_by"] for one in listed] == ["olga"]
    site.page.get_by_role("button", name="New channel").click()
    site.page.get_by_label("By", exact=True).select_option("slack")
    site.page.get_by_label("Name", exact=True).fill("on-call")
    site.page.get_by_role("button", name="Save").click()
    expect(site.page.get_by_text("This is needed.")).to_be_visible()
    site.page.locator("input[type=password]").fill("http://127.0.0.1:9/secret-path")
    site.page.get_by_label("Private addresses").check()
    site.page.get_by_role("button", name="Save").click()
    channel = site.page.locator('[data-name="on-call"]')
    expect(channel).to_contain_text("slack")
    assert "secret-path" not in json.dumps(site.call("GET", "api/settings/alerts"))
    channel.get_by_role("button", name="Send a test to on-call").click()
    expect(channel.get_by_role("status")).to_contain_text("refused")
    assert "secret-path" not in site.page.content()


def test_a_use_is_declared_and_switched_off_and_what_stops_is_said(site: Site) -> None:
    assert "choices" in site.ask("hello")
    site.open("Inventory")
    header, *lines = site.download("CSV")
    assert "model" in header
    assert any("echo/echo" in line for line in lines)
    row = site.page.locator('[data-name="reports"]')
    expect(row).to_contain_text("not declared")
    expect(row).to_contain_text("echo/echo")
    row.get_by_role("button", name="reports", exact=True).click()
    expect(site.page.get_by_label("Application")).to_have_value("reports")
    expect(site.page.get_by_label("Purpose")).to_have_value("billing")
    site.page.get_by_label("Name", exact=True).fill("invoices")
    site.page.get_by_label("Owner").fill("olga@example.org")
    site.page.get_by_label("Risk class").select_option(label="high risk")
    site.page.get_by_label("First day of use").fill("1.9.2026")
    site.page.get_by_role("button", name="Save").click()
    expect(site.page.get_by_text("Write a day such as 2026-09-01.")).to_be_visible()
    site.page.get_by_label("First day of use").fill("2026-09-01")
    site.page.get_by_role("button", name="Save").click()
    row = site.page.locator('[data-name="invoices"]')
    expect(row).to_contain_text("high risk")
    row.get_by_role("button", name="Switch invoices off…").click()
    dialog = site.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Calls of “reports” for “billing” are refused from now on.")
    expect(dialog).to_contain_text("one call, one person")
    dialog.get_by_label("Why (whoever calls is told)").fill("under review")
    dialog.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("switched off")
    assert "under review" in site.ask("hello")["error"]["message"]
    row.get_by_role("button", name="Switch invoices on…").click()
    dialog.get_by_role("button", name="Switch on").click()
    expect(row).not_to_contain_text("switched off")
    assert "choices" in site.ask("hello")
    width = "document.documentElement.scrollWidth"
    assert site.page.evaluate(width) <= 1024


@pytest.fixture
def lab(
    tmp_path: Path,
    start_lab: Callable[[Path, str], AbstractContextManager[Lab]],
    upstream: FakeOpenAI,
) -> Iterator[Lab]:
    """A JupyterLab of its own, whose budget is used up after a few calls."""
    said = rules(upstream).replace("application: reports }", "user: '*' }")
    said = said.replace("limit_usd: 0.00001", "limit_usd: 0.02")
    with start_lab(tmp_path, said) as lab:
        yield lab


def test_critical_alerts_are_counted_at_the_sidebars_gear(page: LabPage, lab: Lab) -> None:
    asked = [{"role": "user", "content": "hello"}]
    body = {"model": "campus/qwen3-32b", "messages": asked, "max_tokens": 1}
    request = urllib.request.Request(
        f"{lab.url}/mesh/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"token {lab.token}", "Content-Type": "application/json"},
    )

    def ask_often() -> None:
        for _ in range(20):
            urllib.request.urlopen(request, timeout=30).close()

    with pytest.raises(urllib.error.HTTPError, match="402"):
        ask_often()
    critical = lab.ask_gateway("alerts/summary")["critical"]
    assert critical > 0
    page.page.goto(f"{lab.url}/lab?token={lab.token}&reset")
    page.page.locator("#jupyterlab-splash").wait_for(state="detached")
    gear = page.open_sidebar().get_by_role("button", name="Administration and settings")
    expect(gear.locator(".jp-mesh-Count")).to_contain_text(str(critical), timeout=30_000)
