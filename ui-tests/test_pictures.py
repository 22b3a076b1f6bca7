"""The README's pictures, of a real run; kept in `docs/images` where MESH_PICTURES is set."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import expect

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

if TYPE_CHECKING:
    from conftest import Lab, LabPage

pytestmark = pytest.mark.needs("chromium")

IMAGES = Path(__file__).parent.parent / "docs" / "images"
LARGEST = 400_000  # bytes

ANSWER = r"""## Which bill length belongs to which species?

The three species differ clearly; **Gentoo** birds are the heaviest, Adélie the lightest.

| Species | Birds | Mean bill | Mean mass |
|:--------|------:|----------:|----------:|
| Adélie | 152 | 38.8 mm | 3.70 kg |
| Chinstrap | 68 | 48.8 mm | 3.73 kg |
| Gentoo | 124 | 47.5 mm | 5.08 kg |

The standard error of a mean is $s/\sqrt{n}$, so a 95 % interval is

$$
\bar{x} \pm 1.96\,\frac{s}{\sqrt{n}}
$$

```python
summary = penguins.groupby("species")["bill_length_mm"].agg(["mean", "sem"])
summary["low"] = summary["mean"] - 1.96 * summary["sem"]
```
"""
SHORT = "A *standard error* says how far a mean of a sample may lie from the true mean."
OTHER = (
    "It is the standard deviation of a mean over many samples: $s/\\sqrt{n}$.\n\n"
    "- grows with the spread $s$\n- shrinks with the number of birds $n$"
)
QUESTION = """%%llm
Summarise the bill lengths in {{table}} by species, and show how to get a 95 % interval."""
DATA = 'table = "344 penguins: species, island, bill_length_mm, body_mass_g"'
PURPOSE = "# Palmer penguins\nWhat the measurements say, and what it costs to ask."


def write_penguins(lab: Lab, name: str, *sources: str) -> None:
    path = lab.write_notebook(name, [DATA, *sources])
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(0, v4.new_markdown_cell(PURPOSE))
    nbformat.write(notebook, path)


def count_rows(png: bytes) -> int:
    """How many different rows of pixels a picture has: a blank one has a handful."""
    data, at, packed = png[8:], 0, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IHDR":
            width, _, _, colour = struct.unpack(">IIBB", data[at + 8 : at + 18])
        elif kind == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += length + 12
    stride = width * {2: 3, 6: 4}[colour] + 1
    rows = zlib.decompress(packed)
    return len({rows[start : start + stride] for start in range(0, len(rows), stride)})


def keep(page: LabPage, name: str) -> None:
    """Take a picture once nothing moves; it must show something and be small."""
    page.page.mouse.move(900, 12)
    page.page.wait_for_timeout(1500)
    taken = page.picture(name).read_bytes()
    assert count_rows(taken) > 100
    assert len(taken) < LARGEST
    if os.environ.get("MESH_PICTURES"):
        IMAGES.mkdir(parents=True, exist_ok=True)
        (IMAGES / f"{name}.png").write_bytes(taken)


def await_answers(page: LabPage, count: int) -> None:
    expect(page.notebook.locator(".jp-mesh-Answer-fact-cost")).to_have_count(count, timeout=60_000)
    expect(page.notebook.locator(".jp-mod-caret")).to_have_count(0)


def test_pictures_of_a_notebook_light_and_dark(
    open_page: Callable[..., LabPage], lab: Lab, upstream: FakeOpenAI
) -> None:
    upstream.script(
        Behaviour(text=ANSWER, delay=0.2, piece_delay=0.01),
        Behaviour(text=SHORT, delay=0.2, piece_delay=0.01),
    )
    write_penguins(lab, "penguins.ipynb", QUESTION, "%%llm fast\nWhat is a standard error?")
    page = open_page()
    page.open_notebook("penguins.ipynb")
    page.open_sidebar()
    for index in (1, 2, 3):
        page.run(index)
    await_answers(page, 2)
    expect(page.notebook.locator("mjx-container").first).to_be_visible()
    page.cell(0).scroll_into_view_if_needed()
    keep(page, "lab-light")
    page.save()

    lab.set("apputils-extension/themes", {"theme": "JupyterLab Dark"})
    try:
        dark = open_page()
        dark.open_notebook("penguins.ipynb")
        dark.open_sidebar()
        await_answers(dark, 2)
        expect(dark.notebook.locator("mjx-container").first).to_be_visible()
        keep(dark, "answer-dark")
    finally:
        lab.set("apputils-extension/themes", {"theme": "JupyterLab Light"})


def test_picture_of_a_comparison(page: LabPage, lab: Lab, upstream: FakeOpenAI) -> None:
    upstream.script(*(Behaviour(text=one, delay=0.2, piece_delay=0.01) for one in (OTHER, SHORT)))
    models = "campus/qwen3-32b,campus/mistral-small-24b"
    write_penguins(
        lab, "compare.ipynb", f"%%llm --compare {models}\nWhat does a standard error tell?"
    )
    page.open_notebook("compare.ipynb")
    page.open_sidebar()
    page.run(1)
    page.run(2)
    await_answers(page, 2)
    keep(page, "compare")
