"""The widgets' browser side, in jsdom: what models write becomes text, whatever it looks like."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WIDGETS = ROOT / "jupyter_mesh" / "kernel" / "widgets"
SAFE_TAGS = {
    "blockquote", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

pytestmark = pytest.mark.skipif(
    not os.environ.get("MESH_REQUIRE_ALL")
    and (shutil.which("node") is None or not (ROOT / "node_modules" / "jsdom").exists()),
    reason="not run: `make` installs the front end's packages; Node.js is needed",
)


def render(*cases: dict[str, Any]) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["node", str(Path(__file__).parent / "widget_view.mjs"),
         str(WIDGETS / "answer_text.js"), str(WIDGETS / "fact_table.js"), str(ROOT)],
        input=json.dumps({"cases": cases}), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def text_case(text: str, *events: dict[str, Any], **traits: Any) -> dict[str, Any]:
    return {"view": "text", "traits": {"text": text, **traits}, "events": list(events)}


MARKDOWN = {
    "One\ntwo\n\nthree": "<p>One\ntwo</p><p>three</p>",
    "# A **b**": "<h1>A <strong>b</strong></h1>",
    "####### no heading": "<p>####### no heading</p>",
    "- a\n- b `c`\n\nd": "<ul><li>a</li><li>b <code>c</code></li></ul><p>d</p>",
    "1. a\n2) b": "<ol><li>a</li><li>b</li></ol>",
    "```python\nx = '<b>'\n\n# y\n```\nafter":
        "<pre><code>x = '&lt;b&gt;'\n\n# y</code></pre><p>after</p>",
    "```\nnever closed": "<pre><code>never closed</code></pre>",
    "~~~\n```\n~~~": "<pre><code>```</code></pre>",
    "> a\n> - b": "<blockquote><p>a</p><ul><li>b</li></ul></blockquote>",
    "| a | b |\n|---|:-:|\n| 1 | `2` |":
        "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
        "<tbody><tr><td>1</td><td><code>2</code></td></tr></tbody></table>",
    "a | b without a rule": "<p>a | b without a rule</p>",
    "*em* and **bold** and 2 * 3 * 4": "<p><em>em</em> and <strong>bold</strong> and 2 * 3 * 4</p>",
    "``a ` b``": "<p><code>a ` b</code></p>",
    "**open and `open": "<p>**open and `open</p>",
    "costs $5 and $6": "<p>costs $5 and $6</p>",
    "snake_case_name": "<p>snake_case_name</p>",
    "": "",
}  # fmt: skip


def test_markdown_is_shown_as_far_as_answers_use_it() -> None:
    shown = render(*(text_case(text) for text in MARKDOWN))
    assert dict(zip(MARKDOWN, (case["html"] for case in shown), strict=True)) == MARKDOWN


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://127.0.0.1/pixel.png)",
    "[click](javascript:alert(1))",
    "<javascript:alert(1)>",
    "```html\n<script>alert(1)</script>\n```",
    "``` onmouseover=alert(1)\nx\n```",
    "| <img src=x onerror=alert(1)> |\n|---|\n| <svg onload=alert(1)> |",
    "# <iframe src=http://127.0.0.1></iframe>",
    "- <button data-commandlinker-command=x>run</button>",
    "**<b onclick=alert(1)>**",
    "> <style>@import url(http://127.0.0.1)</style>",
    "&lt;script&gt; &#60;script&#62;",
    "<!-- --><math><mtext></p><img src=x>",
    "a\u0000b\u2028c",
]


def test_what_a_model_wrote_makes_no_element_attribute_or_request() -> None:
    for traits in ({}, {"format": "text"}, {"format": "code"}):
        for text, shown in zip(
            HOSTILE, render(*(text_case(text, **traits) for text in HOSTILE)), strict=True
        ):
            assert set(shown["tags"]) <= SAFE_TAGS, text
            assert set(shown["attributes"]) <= {"class", "aria-live", "hidden"}, text


def test_headings_facts_and_labels_are_text_too() -> None:
    (shown,) = render(text_case("x", heading="<img src=x>", facts="<b>", state="streaming"))
    assert "<img src=x>" in shown["text"]
    assert "img" not in shown["tags"]
    assert shown["label"] == "<img src=x>"


def test_parts_are_added_and_a_missed_one_waits_for_the_whole() -> None:
    (grown, missed, later, ended) = render(
        text_case("🚀", {"offset": 1, "append": "ä"}, {"offset": 2, "append": "!"}),
        text_case("a", {"offset": 5, "append": "lost"}),
        text_case("a", {"offset": 5, "append": "lost"}, {"set": ["text", "whole"]}),
        text_case("a", {"offset": 1, "append": 3}),
    )
    assert [case["html"] for case in (grown, missed, later, ended)] == [
        "<p>🚀ä!</p>", "<p>a</p>", "<p>whole</p>", "<p>a</p>",
    ]  # fmt: skip
    assert grown["listeners"] == 0


def test_a_table_of_facts_is_text_and_meters() -> None:
    traits = {
        "caption": "<b>Cost</b>",
        "header": ["", "<i>"],
        "rows": [["<img src=x>", {"share": 0.5}], [None, 3]],
    }
    (shown,) = render({"view": "table", "traits": traits})
    assert set(shown["tags"]) == {
        "caption", "meter", "table", "tbody", "td", "th", "thead", "tr",
    }  # fmt: skip
    assert "<img src=x>" in shown["text"]
    assert "aria-label" in shown["attributes"]
