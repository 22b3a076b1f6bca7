"""The model picker and the sidebar: by keyboard alone, and on small and zoomed pages (T55)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from playwright.sync_api import expect

from jupyter_mesh.testing.fake_openai import FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")


def metadata_of(lab: Lab, name: str) -> dict[str, Any]:
    return nbformat.read(lab.root / name, 4).metadata.get("jupyter_mesh", {})


def test_a_model_is_chosen_by_keyboard_alone_and_asked(
    page: LabPage, lab: Lab, upstream: FakeOpenAI
) -> None:
    # An answer that is known already would come from the cache.
    prompts = [f"%%llm\nQuestion {n}" for n in range(3)]
    lab.write_notebook("choice.ipynb", [*prompts, "%%llm ca", "%%llm --te"])
    page.open_notebook("choice.ipynb")
    page.open_sidebar()
    keyboard = page.page.keyboard
    search = page.page.get_by_role("searchbox", name="Search models")
    search.focus()
    keyboard.type("llama")
    keyboard.press("ArrowDown")
    option = page.page.get_by_role("listbox", name="Models").get_by_role("option").first
    expect(option).to_be_focused()
    expect(option).to_have_accessible_name(re.compile("campus/llama"))
    expect(option).to_have_attribute("aria-selected", "false")
    keyboard.press("Enter")
    expect(option).to_have_attribute("aria-selected", "true")
    keyboard.press("Escape")
    expect(search).to_be_focused()
    switcher = page.notebook.get_by_role("combobox", name="Model of this notebook")
    expect(switcher).to_have_value("campus/llama-3.3-70b")
    expect(page.page.locator(".jp-mesh-Status-model")).to_have_text("campus/llama-3.3-70b")

    page.run(0)
    assert upstream.requests[-1].json["model"] == "llama-3.3-70b"
    page.save()
    assert metadata_of(lab, "choice.ipynb") == {"model": "campus/llama-3.3-70b"}

    switcher.select_option("campus/mistral-small-24b")
    page.run(1)
    assert upstream.requests[-1].json["model"] == "mistral-small-24b"
    page.restart_kernel()
    page.run(2)
    assert upstream.requests[-1].json["model"] == "mistral-small-24b"
    assert len(upstream.requests) == 3
    page.save()
    assert metadata_of(lab, "choice.ipynb") == {"model": "campus/mistral-small-24b"}

    complete(page, 3, "campus/qwen3-32b")
    complete(page, 4, "--temperature")


def complete(page: LabPage, index: int, wanted: str) -> None:
    """Tab completes the end of a cell's first line, and Enter takes what was found."""
    line = page.cell(index).locator(".cm-line").first
    page.cell(index).locator(".cm-content").click()
    page.page.keyboard.press("End")
    page.page.keyboard.press("Tab")
    choices = page.page.locator(".jp-Completer-item")
    expect(line.or_(choices.first).first).to_be_visible()
    page.page.wait_for_timeout(1000)
    if choices.count():
        expect(choices.filter(has_text=wanted)).to_have_count(1)
        choices.filter(has_text=wanted).click()
    expect(line).to_have_text(f"%%llm {wanted}")


#: What is cut off: wider than its place and not shortened with an ellipsis.
FIND_CUT = """() => {
  const region = document.querySelector('#jupyter-mesh-sidebar');
  const right = region.getBoundingClientRect().right;
  return Array.from(region.querySelectorAll('[data-row], .jp-mesh-Total, .jp-mesh-Budget, button'))
    .filter(node => node.getBoundingClientRect().width > 0)
    .filter(node => node.getBoundingClientRect().right > right + 1
      || node.scrollWidth > node.clientWidth + 1)
    .map(node => node.outerHTML);
}"""


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize(
    ("width", "height", "zoom"), [(1024, 768, 1), (720, 450, 2)], ids=["1024 px", "200 %"]
)
def test_the_sidebar_fits(
    open_page: Callable[..., LabPage], lab: Lab, theme: str, width: int, height: int, zoom: int
) -> None:
    lab.set("apputils-extension/themes", {"theme": f"JupyterLab {theme}"})
    try:
        page = open_page(width=width, height=height, zoom=zoom)
        lab.write_notebook("fits.ipynb", ["%%llm\nWhat?"])
        page.open_notebook("fits.ipynb", await_kernel=False)
        sidebar = page.open_sidebar()
        expect(sidebar.get_by_role("option").first).to_be_attached()
        expect(sidebar.locator(".jp-mesh-Total").first).to_be_attached()
        page.picture(f"sidebar-{theme.lower()}-{width}")
        assert page.page.evaluate(FIND_CUT) == []
        unnamed = "button, input, select, [role=option], [role=meter]"
        names = [one.aria_snapshot() for one in sidebar.locator(unnamed).all() if one.is_visible()]
        assert names
        assert [name for name in names if '"' not in name] == []
    finally:
        lab.set("apputils-extension/themes", {"theme": "JupyterLab Light"})


def test_a_comparison_starts_from_the_model_in_use_and_escape_leaves_it(
    page: LabPage, lab: Lab
) -> None:
    lab.write_notebook("compare.ipynb", ["%%llm\nHi"])
    page.open_notebook("compare.ipynb")
    page.open_sidebar()
    start = page.page.get_by_role("button", name="Compare…")
    chosen = page.page.get_by_role("listbox", name="Models").locator("[aria-selected=true]")
    name = chosen.get_attribute("data-row")
    start.click()
    bar = page.page.get_by_role("group", name="Compare models")
    expect(bar).to_contain_text("Tick two or more.")
    expect(chosen).to_have_count(1)
    expect(chosen).to_have_attribute("data-row", name or "")
    page.page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    expect(start).to_be_visible()


def test_the_chosen_model_and_the_button_below_the_list_are_in_sight(
    page: LabPage, lab: Lab
) -> None:
    page.page.set_viewport_size({"width": 1100, "height": 760})
    lab.write_notebook("sight.ipynb", ["%%llm\nHi"])
    page.open_notebook("sight.ipynb")
    page.open_sidebar()
    last = page.page.get_by_role("listbox", name="Models").get_by_role("option").last
    last.scroll_into_view_if_needed()
    last.click()
    expect(last).to_be_in_viewport(ratio=1)
    expect(page.page.get_by_role("button", name="Compare…")).to_be_in_viewport(ratio=1)
    cost = page.page.locator(".jp-mesh-Section").nth(1)
    left = cost.evaluate(
        "node => node.clientHeight - node.firstElementChild.getBoundingClientRect().height"
    )
    assert left <= 24, "the cost section keeps no empty room"


def test_an_error_of_a_prompt_is_shown_once(page: LabPage, lab: Lab) -> None:
    lab.write_notebook("once.ipynb", ["%%llm campus/qwen\nHi"])
    page.open_notebook("once.ipynb")
    page.run(0)
    sentence = page.notebook.get_by_text("No model 'campus/qwen' is open to you; did you mean")
    expect(sentence.and_(page.notebook.locator(":visible"))).to_have_count(1)


def test_a_call_through_python_refreshes_the_figures(page: LabPage, lab: Lab) -> None:
    code = "from jupyter_mesh import connect\nconnect().ask('Hi', cache=False).text"
    lab.write_notebook("python.ipynb", [code, code])
    page.open_notebook("python.ipynb")
    page.open_sidebar()
    page.run(0)
    expect(page.page.locator(".jp-mesh-Total dd").first).to_have_attribute(
        "title", re.compile("^1 call"), timeout=5000
    )
    page.run(1)
    expect(page.page.locator(".jp-mesh-Total dd").first).to_have_attribute(
        "title", re.compile("^2 calls"), timeout=5000
    )
