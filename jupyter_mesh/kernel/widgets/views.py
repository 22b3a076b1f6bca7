"""What the widgets show: text of models and tables of facts, made safe in the browser."""

# pyright: basic
# ipywidgets has no types

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HERE = Path(__file__).parent


class AnswerText(anywidget.AnyWidget):
    """Text of a model or a person, with a heading above and facts below.

    The `HTML` widget of ipywidgets would run what a model wrote; here it becomes text nodes only.
    """

    _esm = _HERE / "answer_text.js"
    _css = _HERE / "answer_text.css"
    heading = traitlets.Unicode("").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    facts = traitlets.Unicode("").tag(sync=True)
    format = traitlets.Enum(("markdown", "text", "code"), "markdown").tag(sync=True)
    state = traitlets.Enum(("question", "streaming", "done", "stopped", "error"), "done").tag(
        sync=True
    )

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._shown = len(self.text)

    def grow(self, text: str) -> None:
        """Show a longer version of the text: what is new is sent, or all of it when it doubled."""
        if len(text) >= 2 * len(self.text):
            self.text = text
        else:
            self.send({"offset": self._shown, "append": text[self._shown :]})
        self._shown = len(text)

    def end(self, state: str, text: str, facts: str) -> None:
        """Show the final text."""
        self.text, self.facts, self.state = text, facts, state
        self._shown = len(text)


class FactTable(anywidget.AnyWidget):
    """A table. A cell is text, a number, None, or `{"share": 0…1}`, which is drawn as a meter."""

    _esm = _HERE / "fact_table.js"
    _css = _HERE / "fact_table.css"
    caption = traitlets.Unicode("").tag(sync=True)
    header = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows = traitlets.List(traitlets.List()).tag(sync=True)
