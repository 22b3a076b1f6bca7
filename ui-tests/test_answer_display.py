"""How answers look and behave: live, saved, reopened, by mouse and by keyboard (T49, T53, T55)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

MIME = "application/vnd.jupyter-mesh.answer+json"

FACTS: dict[str, Any] = {
    "version": 1,
    "id": "a",
    "state": "done",
    "format": "markdown",
    "text": "A short answer.",
    "model": "openai/gpt-5-mini",
    "requested_model": "fast",
    "request_id": "req-1",
    "usage": {"input": 812, "output": 1204, "cache_read": 0, "reasoning": 0, "total": 2016},
    "cost_usd": "0.00261",
    "unpriced": False,
    "elapsed_ms": 8120,
    "first_token_ms": 412,
    "tokens_per_second": 148.3,
    "cache": "miss",
    "notices": [],
    "finish_reason": "stop",
    "ai_generated": True,
}

RICH = r"""# Gradient descent in one page

It minimises a **differentiable** function $f:\mathbb{R}^n\to\mathbb{R}$ by stepping *against*
its gradient, as the [documentation](https://docs.example.org/optimize) of `scipy.optimize` says.

$$
x_{k+1} = x_k - \eta\,\nabla f(x_k), \qquad \eta \in \left(0, \tfrac{2}{L}\right)
$$

## How it works

1. Start somewhere, for instance at $x_0 = 0$.
2. Compute the gradient.
   - Analytically, if you can
   - otherwise by *automatic differentiation*

```python
def descend(gradient, x, rate=0.1, steps=100):
    # one step after the other
    for _ in range(steps):
        x = x - rate * gradient(x)
    return x
```

| Method | Memory | Convergence |
|:-------|-------:|:-----------:|
| Plain | $O(n)$ | linear |
| Newton | $O(n^2)$ | quadratic |

> The step size matters more than anything else.

- [x] choose a step size
- [ ] check that it converged

![Loss curve](https://plots.example.org/loss.png)
"""

#: Sends what stands in `steps.json`: bundles, or seconds to wait, or a file to wait for.
STREAM = f"""
import json, os, time
from IPython.display import display
shown = None
for step in json.load(open("steps.json")):
    if isinstance(step, str):
        while not os.path.exists(step):
            time.sleep(0.02)
    else:
        bundle = {{"{MIME}": step, "text/plain": step.get("text", "")}}
        if shown is None:
            shown = display(bundle, raw=True, display_id=True)
        else:
            shown.update(bundle, raw=True)
        time.sleep(0.005)
"""

MARKER = "quokka"
STREAMED = (
    f"# A {MARKER} 🎉\n\nFirst **paragraph** with 漢字 and עברית.\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    + "\n\n".join(f"Paragraph {n} with `code` and $x^{n}$." for n in range(30))
    + "\n\n```python\nprint('end')\n```\n"
)


def answer(text: str, **more: Any) -> dict[str, Any]:
    return {**FACTS, "text": text, **more}


def outputs(*bundles: dict[str, Any]) -> list[Any]:
    return [
        v4.new_output("display_data", {MIME: bundle, "text/plain": bundle.get("text", "")})
        for bundle in bundles
    ]


def stream_steps(text: str, pause_at: int) -> list[Any]:
    """A stream as the kernel sends it, with a pause in the middle until the file `go` appears."""
    opening = {"version": 1, "id": "s", "state": "streaming", "format": "markdown"}
    steps: list[Any] = [{**opening, "text": ""}]
    checkpoint = 40
    for start in range(0, len(text), 7):
        end = min(len(text), start + 7)
        if start <= pause_at < end:
            steps.append("go")
        if end >= checkpoint:
            checkpoint *= 2
            steps.append({**opening, "text": text[:end]})
        else:
            steps.append({**opening, "offset": start, "append": text[start:end]})
    return [*steps, answer(text, id="s")]


def open_saved(page: LabPage, name: str, *bundles: dict[str, Any], source: str = "1") -> Locator:
    page.lab.write_notebook(name, [source], [outputs(*bundles)])
    page.open_notebook(name)
    expect(page.notebook.locator(".jp-mesh-Answer")).to_have_count(len(bundles))
    return page.answers.first


def start_stream(page: LabPage, name: str) -> None:
    go = page.lab.root / "go"
    go.unlink(missing_ok=True)
    steps = stream_steps(STREAMED, len(STREAMED) // 2)
    (page.lab.root / "steps.json").write_text(json.dumps(steps), "utf8")
    page.lab.write_notebook(name, [STREAM])
    page.open_notebook(name)
    page.run(wait=False)
    expect(page.answers.first).to_contain_text("Paragraph 10", timeout=30_000)


def finish_stream(page: LabPage) -> None:
    (page.lab.root / "go").touch()
    expect(page.answers.first).to_contain_text("Paragraph 29", timeout=30_000)
    expect(page.answers.first).to_contain_text("148 tok/s", timeout=30_000)


def saved_answer(lab: Lab, name: str) -> dict[str, Any]:
    notebook = nbformat.read(lab.root / name, 4)
    return notebook.cells[0].outputs[0].data[MIME]


def test_a_stream_grows_in_place_and_is_saved_once(page: LabPage, lab: Lab) -> None:
    start_stream(page, "stream.ipynb")
    answers = page.answers.first
    expect(answers.locator(".jp-mod-caret")).to_have_count(1)
    expect(answers.get_by_text("writing…")).to_be_visible()
    page.page.evaluate(
        "document.querySelector('.jp-mesh-Answer').__mark = 1;"
        "document.querySelector('.jp-mesh-Answer-prose').firstElementChild.__mark = 1"
    )
    finish_stream(page)
    assert page.page.evaluate(
        "[document.querySelector('.jp-mesh-Answer').__mark,"
        " document.querySelector('.jp-mesh-Answer-prose').firstElementChild.__mark]"
    ) == [1, 1]
    expect(answers.locator(".jp-mod-caret")).to_have_count(0)
    expect(answers.locator("h3")).to_have_text(f"A {MARKER} 🎉")
    expect(answers.locator("td").first).to_have_text("1")
    expect(answers.locator(".jp-mesh-Answer-prose > p")).to_have_count(31)
    expect(answers.locator("mjx-container").first).to_be_visible()
    page.save()
    assert saved_answer(lab, "stream.ipynb")["text"] == STREAMED
    # Once in the answer and once as plain text, which other front ends show.
    assert (lab.root / "stream.ipynb").read_text("utf8").count(MARKER) == 2


def test_an_answer_saved_while_it_is_written_holds_the_text_so_far(
    open_page: Callable[..., LabPage], lab: Lab
) -> None:
    page = open_page()
    start_stream(page, "half.ipynb")
    page.save()
    half = saved_answer(lab, "half.ipynb")
    assert half["state"] == "streaming"
    assert STREAMED.startswith(half["text"])
    assert "Paragraph 10" in half["text"]
    assert "append" not in half

    reloaded = open_page()
    reloaded.open_notebook("half.ipynb", await_kernel=False)
    expect(reloaded.answers.first).to_contain_text("Paragraph 10")
    expect(reloaded.answers.first.get_by_role("button", name="incomplete")).to_be_visible()
    expect(reloaded.answers.first.locator(".jp-mod-caret")).to_have_count(0)
    finish_stream(page)


def test_an_answer_whose_kernel_dies_says_that_it_is_incomplete(page: LabPage) -> None:
    start_stream(page, "dying.ipynb")
    page.page.keyboard.press("Escape")
    page.page.get_by_role("button", name="Restart the kernel").first.click()
    page.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
    expect(page.answers.first.get_by_role("button", name="incomplete")).to_be_visible(
        timeout=60_000
    )
    expect(page.answers.first).to_contain_text("Paragraph 10")
    expect(page.answers.first.locator(".jp-mod-caret")).to_have_count(0)


def test_a_second_view_of_an_answer_follows_it(page: LabPage) -> None:
    start_stream(page, "two-views.ipynb")
    page.answers.first.click(button="right", position={"x": 300, "y": 40})
    page.page.get_by_role("menuitem", name="Create New View for Cell Output").click()
    second = page.page.locator(".jp-LinkedOutputView .jp-mesh-Answer")
    expect(second).to_contain_text("Paragraph 10")
    expect(second.get_by_text("writing…")).to_be_visible()
    finish_stream(page)
    expect(second).to_contain_text("Paragraph 29")
    expect(second).to_contain_text("148 tok/s")
    expect(second.locator(".jp-mod-caret")).to_have_count(0)


def test_the_footer_says_what_the_answer_was_and_cost(page: LabPage) -> None:
    notice = {"code": "fallback", "message": "openai/gpt-5 was unavailable; another answered."}
    shown = open_saved(page, "footer.ipynb", answer("Hi", notices=[notice], finish_reason="length"))
    facts = shown.locator(".jp-mesh-Answer-fact").all_text_contents()
    assert facts == [
        "openai/gpt-5-mini",
        "812 in, 1.2k out",
        "$0.0026",
        "8.1 s",
        "first 412 ms",
        "148 tok/s",
    ]
    expect(shown.get_by_title("Cost: $0.00261")).to_be_visible()
    expect(shown.get_by_role("button", name="cut off")).to_be_visible()
    expect(shown.get_by_text(notice["message"], exact=True)).to_be_hidden()
    shown.get_by_role("button", name="other model:").click()
    expect(shown.get_by_text(notice["message"], exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"unpriced": True, "cost_usd": None}, "unpriced"),
        ({"cost_usd": "0"}, "$0.00"),
        ({"cost_usd": None}, None),
        ({"cost_usd": "1204.5"}, "$1,204.50"),
    ],
)
def test_the_cost_is_told_truly(page: LabPage, more: dict[str, Any], said: str | None) -> None:
    shown = open_saved(page, "cost.ipynb", answer("Hi", **more))
    costs = shown.locator(".jp-mesh-Answer-fact-cost").all_text_contents()
    assert costs == ([] if said is None else [said])


def test_errors_and_empty_answers_are_said_in_words(page: LabPage) -> None:
    problem = {"code": "provider_unavailable", "message": "The provider closed the connection."}
    failed = answer("Half of", state="error", error=problem)
    open_saved(page, "errors.ipynb", failed, answer("", id="b"), answer("Up to", state="stopped"))
    expect(page.answers.nth(0)).to_contain_text("Half of")
    expect(page.answers.nth(0).get_by_role("alert")).to_contain_text(problem["message"])
    expect(page.answers.nth(1)).to_contain_text("answered without any text")
    expect(page.answers.nth(2).get_by_role("button", name="stopped")).to_be_visible()


def test_copy_and_insert(page: LabPage) -> None:
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = "Use this:\n\n```python\nx = 1\n```"
    shown = open_saved(page, "copy.ipynb", answer(text))
    clipboard = "navigator.clipboard.readText()"
    shown.get_by_role("button", name="Copy the answer").click()
    expect(shown.get_by_role("button", name="Copied")).to_be_visible()
    assert page.page.evaluate(clipboard) == text
    shown.get_by_role("button", name="Copy this code").click()
    expect(shown.get_by_role("button", name="Copied")).to_have_count(2)
    assert page.page.evaluate(clipboard) == "x = 1"

    shown.get_by_role("button", name="Insert this code").click()
    expect(page.notebook.locator(".jp-CodeCell")).to_have_count(2)
    expect(page.cell(1).locator(".cm-content")).to_have_text("x = 1")
    expect(page.cell(1).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    shown.get_by_role("button", name="Insert as a Markdown cell").click()
    expect(page.cell(1).locator(".jp-RenderedMarkdown")).to_contain_text("Use this:")


def test_buttons_are_pressed_with_the_keyboard(page: LabPage) -> None:
    shown = open_saved(
        page, "keys.ipynb", answer("```python\nx = 1\n```\n\n[a](https://a.example)")
    )
    page.cell(0).locator(".jp-InputPrompt").click()
    shown.get_by_role("button", name="Copy this code").focus()
    stops = []
    for _ in range(6):
        stops.append(page.page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.page.keyboard.press("Tab")
    assert stops == [
        "Copy this code",
        "Insert this code as a cell below; it is not run",
        "Code in python",
        None,  # the link, named by its text
        "Copy the answer",
        "Insert as a Markdown cell below",
    ]
    shown.get_by_role("button", name="Insert this code").focus()
    page.page.keyboard.press("Enter")
    expect(page.notebook.locator(".jp-CodeCell")).to_have_count(2)
    expect(page.cell(0).locator(".jp-InputPrompt")).to_have_text("[ ]:")


def test_asking_another_model_edits_the_first_line_and_runs_the_cell(page: LabPage) -> None:
    shown = open_saved(
        page, "again.ipynb", answer("Hi"), source="%%llm openai/gpt-5-mini -t 0\nSay hello"
    )
    page.page.wait_for_function("() => document.querySelector('.jp-mesh-Answer-actions')")
    again = shown.get_by_role("button", name="Ask another model")
    shown.locator(".jp-mesh-Answer-actions").hover()
    expect(again).to_have_attribute("aria-disabled", "false", timeout=30_000)
    again.click()
    page.page.locator(".lm-Menu-item").get_by_text("echo/echo", exact=True).click()
    expect(page.cell(0).locator(".cm-line").first).to_have_text("%%llm echo/echo -t 0")
    expect(page.cell(0).locator(".jp-InputPrompt")).to_have_text("[1]:", timeout=60_000)


def test_asking_another_model_is_refused_with_its_reason(page: LabPage) -> None:
    shown = open_saved(page, "no-magic.ipynb", answer("Hi"), source="ask('hello')")
    again = shown.get_by_role("button", name="Ask another model")
    expect(again).to_have_attribute("aria-disabled", "true")
    expect(again).to_have_attribute(
        "title",
        "Ask another model (only an answer below a %%llm or %%rag cell that asks one model)",
    )


def test_details_open_the_recorded_call(page: LabPage) -> None:
    shown = open_saved(page, "details.ipynb", answer("Hi"))
    shown.get_by_role("button", name="Show how the gateway handled this call").click()
    expect(page.page.locator(".jp-mesh-CallPanel")).to_be_visible()


def test_structured_data_is_a_tree(page: LabPage) -> None:
    data = {"name": "Ada", "works": [{"title": "Notes", "year": 1843}], "tags": list(range(250))}
    shown = open_saved(page, "data.ipynb", answer("{}", data=data, format="json"))
    tree = shown.locator(".jp-mesh-Answer-json")
    expect(tree).to_contain_text('"Ada"')
    expect(tree.get_by_text('"Notes"')).to_have_count(0)
    tree.get_by_text("2 fields").click()
    expect(tree.get_by_text('"Notes"')).to_be_visible()
    tree.get_by_role("button", name="Show 150 more").click()
    tree.get_by_role("button", name="Show 50 more").click()
    expect(tree.get_by_text("249", exact=True).last).to_be_visible()


def test_answers_are_compared_side_by_side(open_page: Callable[..., LabPage]) -> None:
    columns = [answer(f"Answer {n}", id=f"c{n}", model=f"vendor/model-{n}") for n in range(3)]
    comparison = {"version": 1, "id": "c", "state": "done", "compare": columns}
    tops: dict[int, set[float]] = {}
    for width in (1440, 700):
        page = open_page(width=width)
        open_saved(page, "compare.ipynb", comparison)
        page.page.keyboard.press("Control+b")
        boxes = [
            column.bounding_box() for column in page.page.locator(".jp-mesh-Answer-column").all()
        ]
        tops[width] = {box["y"] for box in boxes if box is not None}
        assert len(boxes) == 3
    assert len(tops[1440]) == 1
    assert len(tops[700]) > 1


@pytest.mark.parametrize("width", [1440, 720])
def test_no_text_is_cut_or_overflows(open_page: Callable[..., LabPage], width: int) -> None:
    """At 720 pixels a page has the room of 1440 at 200 % zoom."""
    long_name = "a-department/" + "An-Extremely-Long-Model-Name-" * 6
    long_words = "Averylongwordwithoutspace" * 20 + "\n\nhttps://a.example/" + "path/" * 80
    mixed = "## שלום עולם\n\nמשפט עם `code` ועם English.\n\nA line with 漢字, combining é̂ and 👩‍🚀."
    page = open_page(width=width)
    open_saved(
        page,
        "wide.ipynb",
        answer(long_words, model=long_name),
        answer(mixed, id="b"),
        answer(RICH, id="c", notices=[{"code": "redacted", "message": "x" * 400}]),
    )
    expect(page.page.locator("mjx-container").first).to_be_attached()
    overflowing = page.page.evaluate(
        "Array.from(document.querySelectorAll('.jp-mesh-Answer, .jp-mesh-Answer-prose > *,"
        " .jp-mesh-Answer-fact')).filter(node => node.scrollWidth > node.clientWidth + 1"
        " && getComputedStyle(node).overflowX !== 'auto').map(node => node.outerHTML)"
    )
    assert overflowing == []
    heading = page.answers.nth(1).locator("h4")
    assert heading.evaluate("node => getComputedStyle(node).direction") == "rtl"
    last = page.answers.nth(1).locator("p").last
    assert last.evaluate("node => getComputedStyle(node).direction") == "ltr"


def test_answers_out_of_sight_are_whole_when_they_come_into_sight(page: LabPage, lab: Lab) -> None:
    lab.set("notebook-extension/tracker", {"windowingMode": "contentVisibility"})
    try:
        shown = [outputs(answer(RICH, id=f"w{n}")) for n in range(30)]
        lab.write_notebook("windowed.ipynb", ["1"] * 30, shown)
        page.open_notebook("windowed.ipynb")
        last = page.answers.last
        page.answers.first.locator("mjx-container").first.wait_for()
        before = page.answers.first.locator(".jp-mesh-Answer-body").inner_html()
        last.scroll_into_view_if_needed()
        expect(last.locator("mjx-container").first).to_be_visible()
        page.cell(0).scroll_into_view_if_needed()
        expect(page.answers.first.locator("h3")).to_be_visible()
        assert page.answers.first.locator(".jp-mesh-Answer-body").inner_html() == before
    finally:
        lab.set("notebook-extension/tracker", {"windowingMode": "none", "maxNumberOutputs": 1000})


def test_an_answer_goes_on_while_its_output_is_folded(page: LabPage) -> None:
    start_stream(page, "folded.ipynb")
    fold = page.cell(0).locator(".jp-OutputCollapser")
    fold.click()
    expect(page.answers).to_have_count(0)
    (page.lab.root / "go").touch()
    expect(page.cell(0).locator(".jp-InputPrompt")).to_have_text("[1]:", timeout=30_000)
    page.cell(0).locator(".jp-OutputPlaceholder, .jp-OutputCollapser").last.click()
    expect(page.answers.first).to_contain_text("Paragraph 29")
    expect(page.answers.first.locator(".jp-mod-caret")).to_have_count(0)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize("width", [1440, 1024])
def test_pictures(open_page: Callable[..., LabPage], lab: Lab, theme: str, width: int) -> None:
    """Made for looking at; what they show is asserted by the tests above."""
    lab.set("apputils-extension/themes", {"theme": f"JupyterLab {theme}"})
    try:
        page = open_page(width=width, height=1000)
        notice = {"code": "redacted", "message": "Redacted before sending: 2 EMAIL_ADDRESS."}
        columns = [answer("**Paris**", id="x"), answer("It is Paris.", id="y", model="local/qwen")]
        open_saved(
            page,
            "pictures.ipynb",
            answer(RICH, notices=[notice]),
            answer("Paris.", id="b", reasoning="Easy.", cache="hit", cost_usd="0"),
            {"version": 1, "id": "c", "state": "done", "compare": columns},
            source="%%llm fast\nExplain gradient descent in one page",
        )
        expect(page.page.locator("mjx-container").first).to_be_visible()
        page.page.wait_for_timeout(1000)
        page.picture(f"answer-{theme.lower()}-{width}")
        page.answers.last.scroll_into_view_if_needed()
        page.page.wait_for_timeout(300)
        page.picture(f"answer-{theme.lower()}-{width}-end")
    finally:
        lab.set("apputils-extension/themes", {"theme": "JupyterLab Light"})
