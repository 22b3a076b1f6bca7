"""A conversation with one model."""

# pyright: basic
# ipywidgets has no types

from __future__ import annotations

import ipywidgets

from ...client.async_mesh import AsyncMesh
from ...client.errors import MeshClientError
from ...client.loop import Work, background
from ...client.threads import Exchange
from ...schemas.json import JsonObject
from .asking import stream_into
from .panel import Panel, button, text_box
from .views import AnswerText

_RECALLED_EXCHANGES = 20


class Chat(Panel):
    """Questions and answers, streamed; earlier ones are sent along.

    Args:
        mesh: The gateway.
        models: Names to choose from.
        model: Chosen at first.
        system: System prompt of the conversation.
    """

    def __init__(
        self, mesh: AsyncMesh, models: list[str], model: str | None, system: str | None
    ) -> None:
        self._mesh = mesh
        self._system = system
        self._work: Work[None] | None = None
        self._exchanges: list[Exchange] = []
        self.model = ipywidgets.Dropdown(
            options=models, value=model if model in models else None, description="Model"
        )
        self.prompt = text_box("Prompt", "Ask…")
        self.send_button = button("Send", "Send the prompt to the model", "paper-plane", "primary")
        self.stop_button = button("Stop", "Stop the answer", "stop")
        self.new_button = button("New", "Forget this conversation and begin anew", "eraser")
        self.stop_button.disabled = True
        self.transcript = ipywidgets.VBox([])
        self.send_button.on_click(lambda _: self.ask())
        self.stop_button.on_click(lambda _: self.stop())
        self.new_button.on_click(lambda _: self.clear())
        super().__init__(
            [self.model, self.transcript, self.prompt],
            buttons=[self.send_button, self.stop_button, self.new_button],
            code=self.code,
            plain_text=self.plain_text,
        )

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What was said so far."""
        return tuple(self._exchanges)

    def ask(self, text: str | None = None) -> None:
        """Send the prompt, or `text`; does nothing while an answer is coming."""
        question = (self.prompt.value if text is None else text).strip()
        if not question or (self._work is not None and not self._work.finished):
            return
        asked = AnswerText(heading="You", text=question, format="text", state="question")
        answer = AnswerText(heading=self.model.value or "Answer", state="streaming")
        self.transcript.children = (*self.transcript.children, asked, answer)
        self.prompt.value = ""
        self._set_busy(True)
        self._work = background.submit(self._answer(question, answer))

    def stop(self) -> None:
        """Close the call; what came so far stays."""
        if self._work is not None:
            self._work.cancel(seconds=0)

    def clear(self) -> None:
        """Forget the conversation."""
        self.stop()
        self._exchanges.clear()
        self.transcript.children = ()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the answer that is coming, if one is."""
        if self._work is not None:
            self._work.wait(seconds)

    def code(self) -> str:
        """The line of code that does the same."""
        last = self._exchanges[-1].question[0]["content"] if self._exchanges else "…"
        return f'connect().ask({last!r}, model={self.model.value!r}, thread="chat")'

    def plain_text(self) -> str:
        """What a front end without widgets shows."""
        lines = [f"Chat with {self.model.value}; in code: {self.code()}"]
        for view in self.transcript.children:
            lines.append(f"{view.heading}: {view.text}")
        return "\n".join(lines)

    async def _answer(self, question: str, view: AnswerText) -> None:
        recalled = self._exchanges[-_RECALLED_EXCHANGES:]
        messages = [message for one in recalled for message in one.messages()]
        asked: JsonObject = {"role": "user", "content": question}
        try:
            call = await self._mesh.prepare(
                [*messages, asked], model=self.model.value, system=self._system
            )
            draft = await stream_into(view, self._mesh, call)
            if view.state == "done":
                self._exchanges.append(Exchange((asked,), draft.text))
        except MeshClientError as failure:
            view.end("error", failure.message, "")
        finally:
            self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self.send_button.disabled = busy
        self.stop_button.disabled = not busy
