"""Notebook 7 shows answers as JupyterLab does."""

from __future__ import annotations

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
    status = page.page.locator(".jp-NotebookKernelStatus, .jp-Notebook-ExecutionIndicator").last
    expect(status).to_have_attribute("data-status", "idle", timeout=60_000)


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
