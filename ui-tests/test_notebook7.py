"""Notebook 7 shows answers as JupyterLab does."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")


def open_in_notebook7(page: LabPage, name: str) -> None:
    page.page.goto(f"{page.lab.url}/notebooks/{name}?token={page.lab.token}")
    page.notebook.wait_for(timeout=60_000)
    # What the page says is "idle" before there is a kernel: ask the server.
    deadline = time.monotonic() + 60
    while not is_connected(page.lab, name):
        assert time.monotonic() < deadline
        page.page.wait_for_timeout(200)


def is_connected(lab: Lab, name: str) -> bool:
    request = urllib.request.Request(
        f"{lab.url}/api/sessions", headers={"Authorization": f"token {lab.token}"}
    )
    kernels = [
        one["kernel"] for one in json.load(urllib.request.urlopen(request)) if one["path"] == name
    ]
    return any(one["connections"] and one["execution_state"] == "idle" for one in kernels)


def test_notebook7_shows_an_answer_and_its_cost(
    page: LabPage, lab: Lab, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(
        text="# Yes\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nIt **is** $x^2$."
    )
    lab.write_notebook("seven.ipynb", ["%%llm\nIs it?"])
    open_in_notebook7(page, "seven.ipynb")
    page.run(0)
    answer = page.answers.first
    expect(answer.locator("h3")).to_have_text("Yes")
    expect(answer.locator("td")).to_have_text(["1", "2"])
    expect(answer.locator("mjx-container")).to_be_visible()
    expect(answer.locator(".jp-mesh-Answer-fact-cost")).to_contain_text("$")
    expect(answer.locator(".jp-mod-caret")).to_have_count(0)
    assert len(upstream.requests) == 1
    page.picture("notebook7")
