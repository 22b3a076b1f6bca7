"""What all widgets have in common: a plain-text form, and the line of code that does the same."""

# pyright: basic
# ipywidgets has no types

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from .views import AnswerText


class Panel(ipywidgets.VBox):
    """A column of controls with a "Show code" switch beside its buttons.

    Args:
        children: The controls.
        buttons: What is done with them; the switch stands at the end of their row.
        below: What comes of it.
        code: Gives the line of code that does the same, as things stand.
        plain_text: Gives what a front end without widgets shows.
    """

    def __init__(
        self,
        children: list[Any],
        *,
        buttons: list[Any],
        below: list[Any] | None = None,
        code: Callable[[], str],
        plain_text: Callable[[], str],
    ) -> None:
        self._code_now = code
        self._plain_text = plain_text
        self._code = AnswerText(format="code", heading="The same in code")
        self._code.layout.display = "none"
        self._switch = ipywidgets.ToggleButton(
            description="Show code", tooltip="Show the line of code that does the same"
        )
        self._switch.add_class("jp-mesh-ShowCode")
        self._switch.observe(self._toggle_code, "value")
        row = ipywidgets.HBox([*buttons, self._switch])
        super().__init__([*children, row, *(below or []), self._code])
        self.add_class("jp-mesh-Panel")

    def _toggle_code(self, change: dict[str, Any]) -> None:
        self._code.text = self._code_now()
        self._switch.description = "Hide code" if change["new"] else "Show code"
        self._code.layout.display = "" if change["new"] else "none"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is not None:
            shown["text/plain"] = self._plain_text()
        return shown

    def __repr__(self) -> str:
        return self._plain_text()


def button(description: str, tooltip: str, icon: str, style: str = "") -> Any:
    """A button with an explanation."""
    return ipywidgets.Button(
        description=description, tooltip=tooltip, icon=icon, button_style=style
    )


def text_box(description: str, placeholder: str) -> Any:
    """A labelled box for several lines."""
    return ipywidgets.Textarea(
        description=description,
        placeholder=placeholder,
        rows=3,
        layout=ipywidgets.Layout(width="auto"),
    )
