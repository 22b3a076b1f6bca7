"""The gateway's own site, as people with a key use it: no Jupyter server is running here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from jupyter_mesh import config

pytestmark = pytest.mark.needs("chromium")

ADMIN, ADMIN_HASH = config.new_key()
READER, READER_HASH = config.new_key()
RULES = f"""
connections:
  echo: {{ provider: echo }}
groups:
  everybody: {{ members: ["*"], allow: ["*"] }}
keys:
  - {{ name: olga, hash: {ADMIN_HASH}, user: olga, application: site, admin: true }}
  - {{ name: ada, hash: {READER_HASH}, user: ada, application: reports }}
"""


@dataclass
class Gateway:
    """A stand-alone gateway; `url` is its site."""

    url: str

    def call(self, method: str, path: str, body: object = None, key: str = ADMIN) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def ask(self, key: str) -> None:
        body = {"model": "echo/echo", "messages": [{"role": "user", "content": "hello"}]}
        self.call("POST", "v1/chat/completions", body, key)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    (tmp_path / "mesh.yaml").write_text(RULES)
    env = {
        **os.environ,
        "JUPYTER_MESH_CONFIG": str(tmp_path / "mesh.yaml"),
        "JUPYTER_MESH_STATE": str(tmp_path / "state"),
    }
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--port", "0", "--json"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
    assert process.stdout is not None
    yield Gateway(json.loads(process.stdout.readline())["url"])
    process.terminate()
    process.wait(60)
    process.stdout.close()


@dataclass
class SitePage:
    page: Page
    gateway: Gateway
    #: What the browser complained about, such as what the page's policy forbids; refusals aside.
    complaints: list[str]

    def sign_in(self, key: str) -> None:
        self.page.goto(self.gateway.url)
        self.page.get_by_label("Your key of this mesh").fill(key)
        self.page.keyboard.press("Enter")

    def heading(self, name: str) -> None:
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()


@pytest.fixture
def open_site(browser: Browser, gateway: Gateway) -> Iterator[Callable[..., SitePage]]:
    contexts = []

    def open_one(width: int = 1440, **options: Any) -> SitePage:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        site = SitePage(context.new_page(), gateway, [])

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and "401" not in message.text:
                site.complaints.append(message.text)

        site.page.on("console", note)
        site.page.on("pageerror", lambda error: site.complaints.append(str(error)))
        return site

    yield open_one
    for context in contexts:
        context.close()


def test_an_admin_signs_in_changes_something_and_signs_out(
    open_site: Callable[..., SitePage], gateway: Gateway
) -> None:
    site = open_site()
    site.sign_in("mesh-wrong")
    expect(site.page.get_by_role("alert")).to_contain_text("not known here")
    site.sign_in(ADMIN)
    site.heading("My models")
    pages = site.page.get_by_role("navigation")
    pages.get_by_role("button", name="Budgets and limits").click()
    site.page.get_by_role("button", name="New budget").click()
    site.page.get_by_label("Name", exact=True).fill("everybody")
    site.page.get_by_label("Amount in $").fill("7")
    site.page.get_by_role("button", name="Save").click()
    expect(site.page.locator('[data-name="everybody"]')).to_contain_text("$7.00")
    changes = gateway.call("GET", "api/changes")["changes"]
    made = ("everybody", "olga", "browser")
    assert made in [(one["name"], one["changed_by"], one["via"]) for one in changes]
    site.page.go_back()
    site.page.reload()
    site.heading("New budget")
    assert site.complaints == []
    keeps = site.page.evaluate("JSON.stringify([document.cookie, {...localStorage}])")
    assert json.loads(keeps) == ["", {"jupyter-mesh:theme": "system"}]
    assert ADMIN not in site.page.content() + site.page.url + keeps
    site.page.get_by_role("button", name="Sign out").click()
    expect(site.page.get_by_label("Your key of this mesh")).to_be_visible()
    site.page.reload()
    expect(site.page.get_by_label("Your key of this mesh")).to_be_visible()


def test_who_is_no_admin_finds_what_is_their_own(
    open_site: Callable[..., SitePage], gateway: Gateway
) -> None:
    site = open_site(width=1024)
    site.sign_in(READER)
    site.heading("My models")
    expect(site.page.locator('[data-name="echo/echo"]')).to_be_visible()
    for key, calls in ((READER, 3), (ADMIN, 2)):
        for _ in range(calls):
            gateway.ask(key)
    pages = site.page.get_by_role("navigation").get_by_role("button")
    assert pages.all_inner_texts() == ["My models", "Usage", "My calls", "API keys"]
    site.page.get_by_role("navigation").get_by_role("button", name="Usage").click()
    site.heading("Usage")
    expect(site.page.locator(".jp-mesh-KeyFigures")).to_contain_text("Calls3Tokens")
    whose = site.page.get_by_role("radiogroup", name="Whose usage")
    assert whose.inner_text().split("\n") == ["Mine", "My groups’"]
    site.page.get_by_role("navigation").get_by_role("button", name="API keys").click()
    expect(site.page.locator('[data-name="ada"]')).to_be_visible()
    expect(site.page.locator('[data-name="olga"]')).to_have_count(0)
    expect(site.page.get_by_role("button", name="New key")).to_have_count(0)
    site.page.goto(f"{site.gateway.url}#page=connections")
    expect(site.page.get_by_role("alert")).to_contain_text("This page is for admins.")


def test_a_key_that_is_revoked_ends_the_session_and_colours_follow_the_choice(
    open_site: Callable[..., SitePage], gateway: Gateway
) -> None:
    wish = {"name": "lin", "application": "desk", "admin": True}
    key = gateway.call("POST", "api/keys", wish)["secret"]
    site = open_site(color_scheme="dark")
    site.sign_in(key)
    site.heading("My models")
    paint = "getComputedStyle(document.body).backgroundColor"
    assert site.page.evaluate(paint) == "rgb(26, 27, 30)"
    site.page.get_by_label("Colours").select_option("light")
    assert site.page.evaluate(paint) == "rgb(255, 255, 255)"
    site.page.reload()
    site.heading("My models")
    assert site.page.evaluate(paint) == "rgb(255, 255, 255)"
    site.page.wait_for_load_state("networkidle")
    gateway.call("DELETE", "api/keys/lin")
    site.page.get_by_role("navigation").get_by_role("button", name="Changes").click()
    over = site.page.get_by_role("dialog", name="Your session has ended.")
    expect(over.get_by_role("status")).to_contain_text("Sign in again to go on")
