"""One prompt, several models: answers side by side, a vote, and all of it as a table."""

# pyright: basic
# ipywidgets has no types

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import ipywidgets

from ...client.answer import Answer
from ...client.async_mesh import AsyncMesh
from ...client.loop import Work, background
from .asking import stream_into
from .panel import Panel, button, text_box
from .views import AnswerText

TABLE_NAME = "comparisons"


@dataclass
class Round:
    """One prompt, its answers by model, and the model voted best."""

    prompt: str
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    best: str | None = None


class Compare(Panel):
    """Asks all chosen models at once.

    Args:
        mesh: The gateway.
        models: Names to choose from.
        chosen: Chosen at first.
        shell: Where "Save as table" puts the table, None without a notebook.
    """

    def __init__(self, mesh: AsyncMesh, models: list[str], chosen: list[str], shell: Any) -> None:
        self._mesh = mesh
        self._shell = shell
        self._work: Work[None] | None = None
        self.rounds: list[Round] = []
        self.models = ipywidgets.SelectMultiple(
            options=models,
            value=[name for name in chosen if name in models],
            description="Models",
            rows=min(max(len(models), 2), 8),
        )
        self.prompt = text_box("Prompt", "The same question to every model…")
        self.run_button = button("Compare", "Ask every chosen model", "play", "primary")
        self.stop_button = button("Stop", "Stop all answers", "stop")
        self.stop_button.disabled = True
        self.save_button = button(
            "Save as table", f"Put all rounds into the variable {TABLE_NAME}", "table"
        )
        self.status = AnswerText(format="text")
        self.status.layout.display = "none"
        self.columns = ipywidgets.GridBox([])
        self.run_button.on_click(lambda _: self.ask())
        self.stop_button.on_click(lambda _: self.stop())
        self.save_button.on_click(lambda _: self.save())
        hint = ipywidgets.Label("Ctrl or ⌘ with a click chooses several.")
        hint.add_class("jp-mesh-Hint")
        super().__init__(
            [ipywidgets.HBox([self.models, hint]), self.prompt],
            buttons=[self.run_button, self.stop_button, self.save_button],
            below=[self.columns, self.status],
            code=self.code,
            plain_text=self.plain_text,
        )

    def ask(self, text: str | None = None) -> None:
        """Send the prompt, or `text`, to every chosen model."""
        prompt = (self.prompt.value if text is None else text).strip()
        names = list(self.models.value)
        if self._work is not None and not self._work.finished:
            return
        if not prompt or not names:
            self._say("Write a prompt and choose at least one model.")
            return
        self.status.layout.display = "none"
        this = Round(prompt)
        self.rounds.append(this)
        views = [AnswerText(heading=name, state="streaming") for name in names]
        columns = [self._column(this, *pair) for pair in zip(names, views, strict=True)]
        self.columns.layout.grid_template_columns = f"repeat({len(names)}, minmax(220px, 1fr))"
        self.columns.children = tuple(columns)
        self.run_button.disabled, self.stop_button.disabled = True, False
        self._work = background.submit(self._ask_all(this, dict(zip(names, views, strict=True))))

    def stop(self) -> None:
        """Close all calls; what came so far stays."""
        if self._work is not None:
            self._work.cancel(seconds=0)

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the answers that are coming, if any are."""
        if self._work is not None:
            self._work.wait(seconds)

    def vote(self, model: str) -> None:
        """Say which answer of the latest round is best."""
        if not self.rounds or model not in self.rounds[-1].answers:
            raise ValueError(f"{model!r} has not answered in the latest round.")
        self._vote(self.rounds[-1], model)

    def table(self) -> Any:
        """Every answer of every round: a DataFrame where pandas is installed, else a list."""
        rows = [
            {
                "round": number,
                "prompt": one.prompt,
                "model": model,
                "answer": answer.text,
                "cost_usd": answer.cost,
                "tokens": answer.usage.total if answer.usage else None,
                "seconds": round(answer.elapsed, 3),
                "best": one.best == model if one.best else None,
            }
            for number, one in enumerate(self.rounds, 1)
            for model, answer in one.answers.items()
        ]
        try:
            return import_module("pandas").DataFrame(rows)
        except ImportError:
            return rows

    def save(self) -> None:
        """Put the table into a variable of the notebook."""
        if not self.rounds:
            self._say("Nothing has been compared yet: choose models, write a prompt, Compare.")
            return
        if self._shell is None:
            self._say("There is no notebook to put a variable into: use .table().")
            return
        self._shell.push({TABLE_NAME: self.table()})
        self._say(f"Saved in the variable {TABLE_NAME}.")

    def code(self) -> str:
        """The line of code that does the same."""
        prompt = self.rounds[-1].prompt if self.rounds else "…"
        return f"%%llm --compare {','.join(self.models.value)}\n{prompt}"

    def plain_text(self) -> str:
        """What a front end without widgets shows."""
        lines = [f"Comparison of {', '.join(self.models.value)}; in code:", self.code()]
        if self.rounds:
            for model, answer in self.rounds[-1].answers.items():
                lines.append(f"{model}: {answer.text}")
        return "\n".join(lines)

    def _column(self, this: Round, model: str, view: AnswerText) -> Any:
        best = button("Best", f"Vote for the answer of {model}", "star")
        best.on_click(lambda _: self._vote(this, model))
        return ipywidgets.VBox([view, best])

    def _vote(self, this: Round, model: str) -> None:
        this.best = model
        for column in self.columns.children:
            view, star = column.children
            star.button_style = "success" if view.heading == model else ""

    async def _ask_all(self, this: Round, views: dict[str, AnswerText]) -> None:
        try:
            await asyncio.gather(*(self._ask_one(this, *pair) for pair in views.items()))
        finally:
            # In the order of the columns, whoever was first to answer.
            this.answers = {name: this.answers[name] for name in views if name in this.answers}
            self.run_button.disabled, self.stop_button.disabled = False, True

    async def _ask_one(self, this: Round, model: str, view: AnswerText) -> None:
        call = await self._mesh.prepare(this.prompt, model=model)
        draft = await stream_into(view, self._mesh, call)
        if view.state == "done":
            this.answers[model] = draft.answer()

    def _say(self, text: str) -> None:
        self.status.text = text
        self.status.layout.display = ""
