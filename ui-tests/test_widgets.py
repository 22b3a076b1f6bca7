"""The widgets in JupyterLab and in Notebook 7: they work, and nothing a model wrote runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

HOSTILE = (
    "Look:\n\n- **bold** and `code`\n- <img src=http://127.0.0.1:9/x onerror=window.ran=1>\n\n"
    "<script>window.ran = 1</script>\n\n![x](http://127.0.0.1:9/pixel.png)\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint(1)\n```"
)
CHAT = "from jupyter_mesh import connect\nmesh = connect()\nmesh.widgets.chat('fast')"
COMPARE = (
    "from jupyter_mesh import connect\nmesh = connect()\n"
    "box = mesh.widgets.compare(['campus/qwen3-32b', 'campus/mistral-small-24b'])\nbox"
)
FACTS = (
    "from IPython.display import display\nfrom jupyter_mesh import connect\nmesh = connect()\n"
    "display(mesh.widgets.cost(), mesh.widgets.models())"
)


@pytest.fixture(params=["lab", "notebook"])
def show(
    request: pytest.FixtureRequest, open_page: Callable[..., LabPage], lab: Lab
) -> Callable[..., tuple[LabPage, Locator]]:
    """Runs one cell in JupyterLab or in Notebook 7, and gives its output."""

    def show_in(name: str, source: str) -> tuple[LabPage, Locator]:
        page = open_page()
        lab.write_notebook(f"{name}-{request.param}.ipynb", [source])
        if request.param == "lab":
            page.open_notebook(f"{name}-{request.param}.ipynb")
            page.run(0)
            return page, page.cell(0).locator(".jp-OutputArea-output")
        page.page.goto(f"{lab.url}/notebooks/{name}-{request.param}.ipynb?token={lab.token}")
        cell = page.page.locator(".jp-Notebook-cell").first
        cell.locator(".jp-InputArea-editor").click(timeout=60_000)
        expect(page.page.locator(".jp-NotebookKernelStatus")).to_have_text("", timeout=60_000)
        page.page.keyboard.press("Control+Enter")
        return page, cell.locator(".jp-OutputArea-output")

    return show_in


def place(page: LabPage) -> str:
    """`lab` or `notebooks`."""
    return page.page.url.split("/")[3]


def test_a_chat_answers_and_runs_nothing(
    show: Callable[..., tuple[LabPage, Locator]], upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(text=HOSTILE, piece_delay=0.02)
    page, output = show("chat", CHAT)
    box = output.get_by_role("textbox", name="Prompt")
    expect(box).to_be_visible(timeout=30_000)
    box.fill(f"Show me in {place(page)}")
    output.get_by_role("button", name="Send").click()
    answer = output.locator(".jp-mesh-AnswerText").nth(1)
    expect(answer).to_have_attribute("data-state", "done", timeout=30_000)
    expect(answer.locator("strong")).to_have_text("bold")
    expect(answer.locator("td").first).to_have_text("1")
    expect(answer).to_contain_text("<script>window.ran = 1</script>")
    expect(answer).to_contain_text("tokens · $0.0000")
    assert answer.locator("img, script, a").count() == 0
    assert page.page.evaluate("window.ran") is None
    assert page.foreign == []
    page.picture(f"widget-chat-{place(page)}")


def test_models_are_compared_side_by_side_and_saved(
    show: Callable[..., tuple[LabPage, Locator]], upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(text=HOSTILE)
    page, output = show("compare", COMPARE)
    box = output.get_by_role("textbox", name="Prompt")
    expect(box).to_be_visible(timeout=30_000)
    box.fill("Which is better?")
    output.get_by_role("button", name="Compare").click()
    answers = output.locator(".jp-mesh-AnswerText[data-state=done]", has_text="bold")
    expect(answers).to_have_count(2, timeout=30_000)
    left, right = answers.nth(0).bounding_box(), answers.nth(1).bounding_box()
    assert left is not None
    assert right is not None
    assert abs(left["y"] - right["y"]) < 2
    assert left["x"] + left["width"] <= right["x"]
    output.get_by_role("button", name="Best").nth(1).click()
    output.get_by_role("button", name="Save as table").click()
    expect(output).to_contain_text("Saved in the variable comparisons.")
    output.get_by_role("button", name="Show code").click()
    expect(output).to_contain_text("%%llm --compare campus/qwen3-32b,campus/mistral-small-24b")
    assert page.page.evaluate("window.ran") is None
    page.picture(f"widget-compare-{place(page)}")


def test_cost_and_models_are_tables(show: Callable[..., tuple[LabPage, Locator]]) -> None:
    page, output = show("facts", FACTS)
    costs = output.get_by_role("table", name="Cost")
    expect(costs).to_contain_text("this notebook", timeout=30_000)
    expect(costs).to_contain_text("this month")
    expect(output.get_by_role("table", name="Budgets").locator("meter")).to_have_count(1)
    models = output.get_by_role("table", name="Models")
    expect(models).to_contain_text("campus/qwen3-32b")
    output.get_by_role("textbox", name="Search").fill("mistral")
    expect(models).not_to_contain_text("campus/qwen3-32b")
    page.picture(f"widget-facts-{place(page)}")
