"""What all widgets have in common: a plain-text form, and the line of code that does the same."""

# pyright: basic
# ipywidgets has no types

from __future__ import annotations

from typing import Any

import ipywidgets

from .views import AnswerText


class Panel(ipywidgets.VBox):
    """A column of controls with a "Show code" switch at its end."""

    def __init__(self, children: list[Any]) -> None:
        self._code = AnswerText(format="code", heading="The same in code")
        self._code.layout.display = "none"
        self._switch = ipywidgets.ToggleButton(
            description="Show code", tooltip="Show the line of code that does the same"
        )
        self._switch.observe(self._toggle_code, "value")
        super().__init__([*children, self._switch, self._code])

    def code(self) -> str:
        """The line of code that does the same."""
        raise NotImplementedError

    def plain_text(self) -> str:
        """What a front end without widgets shows."""
        raise NotImplementedError

    def _toggle_code(self, change: dict[str, Any]) -> None:
        self._code.text = self.code()
        self._code.layout.display = "" if change["new"] else "none"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is not None:
            shown["text/plain"] = self.plain_text()
        return shown

    def __repr__(self) -> str:
        return self.plain_text()


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
