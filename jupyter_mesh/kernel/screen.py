"""Answers on screen while they grow, with as little sent as the front end can do with."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from ..client.answer import (
    ANSWER_MIME,
    Answer,
    State,
    answer_payload,
    bundle,
    comparison_payload,
    new_id,
    printable,
)
from ..client.draft import Draft
from ..client.figures import count, dollars, duration
from ..schemas.json import JsonObject
from .frontend import Frontend

EVERY_SECONDS = 0.05
"""At most twenty updates a second."""
_PLAIN_EVERY_SECONDS = 0.1
_PLAIN_GROWTH = 1.1
"""A plain text is sent again when it has grown by a tenth, so all of it is linear in its length."""


class Part:
    """One of the answers on screen.

    Attributes:
        draft: What has arrived.
        state: How it stands.
        error: Code and message when it failed.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.state: State = "streaming"
        self.error: tuple[str, str] | None = None
        self._sent = 0
        self._checkpoint = 0

    def end(self, state: State, error: tuple[str, str] | None = None) -> None:
        """Nothing more will come."""
        self.draft.end()
        self.state, self.error = state, error

    def whole(self) -> JsonObject:
        """Everything, with the whole text."""
        return answer_payload(self.draft.answer(), self.state, self.error)

    def unsent(self) -> str:
        """The text that has not been taken yet."""
        text = self.draft.text
        new, self._sent = text[self._sent :], len(text)
        return new

    def growth(self) -> JsonObject:
        """What was added; the whole text at first, whenever it has doubled, and after a restart."""
        text = self.draft.text
        payload = self.whole()
        if len(text) < self._sent or len(text) >= 2 * self._checkpoint:
            self._checkpoint = max(len(text), 1)
        else:
            del payload["text"]
            payload |= {"offset": self._sent, "append": text[self._sent :]}
        self._sent = len(text)
        return payload


class Screen:
    """One output of a cell: an answer, or several side by side."""

    def __init__(
        self, shell: Any, frontend: Frontend, drafts: Sequence[Draft], *, comparison: bool
    ) -> None:
        self.parts = [Part(draft) for draft in drafts]
        self._shell = shell
        self._frontend = frontend
        self._comparison = comparison
        self._id = new_id()
        self._opened = False
        self._plain_length = 0
        self._plain_time = 0.0

    def show(self) -> None:
        """Bring what has arrived to the screen."""
        if self._frontend is Frontend.RENDERER:
            self._publish({ANSWER_MIME: self._payload([part.growth() for part in self.parts])})
        elif self._frontend is Frontend.UPDATES:
            self._show_plain()
        elif self._frontend is Frontend.TERMINAL and not self._comparison:
            _write(printable(self.parts[0].unsent()))

    def finish(self) -> None:
        """Show the final state, with the whole text once."""
        if self._frontend is Frontend.TERMINAL:
            self._finish_terminal()
        elif self._opened or self._frontend is Frontend.RENDERER or self._plain():
            whole = self._payload([part.whole() for part in self.parts])
            self._publish(bundle(whole, self._plain()))

    def _payload(self, answers: list[JsonObject]) -> JsonObject:
        if not self._comparison:
            return answers[0]
        ended = all(part.state != "streaming" for part in self.parts)
        stopped = any(part.state == "stopped" for part in self.parts)
        state: State = ("stopped" if stopped else "done") if ended else "streaming"
        return comparison_payload(self._id, state, answers)

    def _plain(self) -> str:
        if not self._comparison:
            draft = self.parts[0].draft
            blocked = draft.answer().blocked if draft.finish_reason else None
            return f"{draft.text}\n\n{blocked}".strip() if blocked else draft.text
        return "\n\n".join(_section(part) for part in self.parts)

    def _show_plain(self) -> None:
        text = self._plain()
        now = time.monotonic()
        grown = len(text) >= self._plain_length * _PLAIN_GROWTH and len(text) > self._plain_length
        if grown and now - self._plain_time >= _PLAIN_EVERY_SECONDS:
            self._publish({"text/plain": printable(text)})
            self._plain_length, self._plain_time = len(text), now

    def _publish(self, data: dict[str, Any]) -> None:
        self._shell.display_pub.publish(
            data=data, metadata={}, transient={"display_id": self._id}, update=self._opened
        )
        self._opened = True

    def _finish_terminal(self) -> None:
        if self._comparison:
            _write(printable(self._plain()) + "\n")
            return
        part = self.parts[0]
        _write(printable(part.unsent()) + ("\n" if part.draft.text else ""))
        if part.error is None:
            sys.stderr.write(printable(facts_line(part.draft.answer())) + "\n")


def facts_line(answer: Answer) -> str:
    """Model, tokens, cost, time and notices on one line."""
    facts = [answer.model or answer.requested_model]
    if answer.usage is not None:
        facts.append(count(answer.usage.total, "token"))
        facts.append("price unknown" if answer.cost is None else dollars(answer.cost))
    facts.append(duration(answer.elapsed))
    said = [notice.message for notice in answer.notices]
    if answer.blocked and answer.blocked not in said:
        said.append(answer.blocked)
    return " · ".join([*facts, *said])


def _section(part: Part) -> str:
    answer = part.draft.answer()
    body = answer.text or (part.error[1] if part.error else "")
    return f"{facts_line(answer)}\n{'─' * 40}\n{body}"


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
