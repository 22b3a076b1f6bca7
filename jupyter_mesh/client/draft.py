"""An answer while it arrives: the fold of a stream's chunks."""

from __future__ import annotations

import time
from decimal import Decimal, InvalidOperation
from typing import Any

from ..schemas.events import Notice
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.spend import Usage
from .answer import Answer, Format, new_id
from .transport import Reply


class Draft:
    """Takes the chunks of one call (and of its repair) and is an `Answer` at any moment."""

    def __init__(
        self,
        requested_model: str,
        *,
        format: Format = "markdown",
        notices: tuple[Notice, ...] = (),
    ) -> None:
        self.id = new_id()
        self.requested_model = requested_model
        self.format: Format = format
        self.data: Any = None
        self.finish_reason: str | None = None
        self._notices = list(notices)
        self._started = time.monotonic()
        self._first_token: float | None = None
        self._ended: float | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._earlier_usage: Usage | None = None
        self._earlier_cost: Decimal | None = None
        self._usage: Usage | None = None
        self._details: JsonObject = {}
        self._model: str | None = None

    @property
    def text(self) -> str:
        """The text so far."""
        if len(self._text) > 1:
            self._text = ["".join(self._text)]
        return self._text[0] if self._text else ""

    @property
    def request_id(self) -> str | None:
        """Under which the gateway records the call, once it said so."""
        return as_str(self._details.get("request_id"))

    def add(self, chunk: JsonObject) -> str:
        """Take one chunk of a stream, or a whole answer (`message` instead of `delta`).

        Returns:
            The text it adds.
        """
        choice = dig(chunk, "choices", 0)
        part = dig(choice, "delta") or dig(choice, "message")
        self._reasoning.append(_text(part, "reasoning_content", "reasoning"))
        if reason := as_str(dig(choice, "finish_reason")):
            self.finish_reason = reason
        self._model = as_str(chunk.get("model")) or self._model
        if usage := as_object(chunk.get("usage")):
            self._usage = _usage(usage)
        if details := as_object(chunk.get("mesh")):
            self._details = {**self._details, **details}
        text = _text(part, "content", "refusal")
        if text and self._first_token is None:
            self._first_token = time.monotonic() - self._started
        self._text.append(text)
        return text

    def refuse(self, request_id: str | None) -> None:
        """The call was refused or broke off; the gateway records it under this, if it did."""
        if request_id is not None:
            self._details = {**self._details, "request_id": request_id}

    def add_reply(self, reply: Reply) -> None:
        """Take a whole, non-streamed answer; what its body does not say, its headers do."""
        headers = reply.headers
        said: dict[str, Json] = {
            "request_id": headers.get("X-Mesh-Request-Id"),
            "model": headers.get("X-Mesh-Model"),
            "cache": headers.get("X-Mesh-Cache"),
            "cost_usd": headers.get("X-Mesh-Cost-USD"),
        }
        self._details = {name: value for name, value in said.items() if value is not None}
        self.add(reply.body)
        self._first_token = None

    def start_over(self, notice: Notice) -> None:
        """Make room for a second attempt; what the first took stays counted."""
        answer = self.answer()
        self._earlier_usage, self._earlier_cost = answer.usage, answer.cost
        self._text, self._reasoning, self._usage, self._details = [], [], None, {}
        self.finish_reason = None
        self._notices = [*answer.notices, notice]

    def note(self, code: str, message: str) -> None:
        """Add something the person should know."""
        self._notices.append(Notice(code, message))

    def end(self) -> None:
        """Stop the clock."""
        if self._ended is None:
            self._ended = time.monotonic()

    def answer(self) -> Answer:
        """Everything so far."""
        usage, cost = self._totals()
        elapsed, first_token = self._times()
        return Answer(
            text=self.text,
            data=self.data,
            usage=usage,
            cost=cost,
            model=as_str(self._details.get("model")) or self._model,
            requested_model=self.requested_model,
            sources=tuple(as_list(self._details.get("sources")) or ()),
            notices=(*self._notices, *_notices(self._details)),
            reasoning="".join(self._reasoning),
            request_id=self.request_id,
            elapsed=elapsed,
            first_token=first_token,
            finish_reason=self.finish_reason or as_str(self._details.get("finish_reason")),
            cache=as_str(self._details.get("cache")),
            format=self.format,
            id=self.id,
        )

    def _times(self) -> tuple[float, float | None]:
        """Seconds to the last and the first word, as the gateway recorded them once it says so."""
        timing = as_object(self._details.get("timing"))
        total = _milliseconds(timing, "total")
        if timing is None or total is None or self._earlier_usage is not None:
            return (self._ended or time.monotonic()) - self._started, self._first_token
        return total, _milliseconds(timing, "first_token")

    def _totals(self) -> tuple[Usage | None, Decimal | None]:
        cost = _cost(self._details.get("cost_usd"))
        counted = _mesh_usage(self._details) or self._usage
        if self._earlier_usage is None:
            return counted, cost
        usage = self._earlier_usage + (counted or Usage())
        if cost is None or self._earlier_cost is None:
            return usage, None
        return usage, cost + self._earlier_cost


def _text(part: Json, *names: str) -> str:
    return next((text for name in names if (text := as_str(dig(part, name)))), "")


def _usage(usage: JsonObject) -> Usage:
    def count(*path: str) -> int:
        return as_int(dig(usage, *path)) or 0

    return Usage(
        input=count("prompt_tokens"),
        output=count("completion_tokens"),
        cache_read=count("prompt_tokens_details", "cached_tokens"),
        cache_write=count("prompt_tokens_details", "cache_write_tokens"),
        reasoning=count("completion_tokens_details", "reasoning_tokens"),
        estimated=usage.get("estimated") is True,
    )


def _mesh_usage(details: JsonObject) -> Usage | None:
    """Tokens as the gateway recorded them, also where the provider reported none."""
    counts = as_object(details.get("usage"))
    if counts is None:
        return None
    numbers = {
        name: as_int(counts.get(name)) or 0
        for name in ("input", "output", "cache_read", "reasoning")
    }
    return Usage(**numbers, estimated=counts.get("estimated") is True)


def _milliseconds(timing: JsonObject | None, name: str) -> float | None:
    value = timing.get(name) if timing else None
    return value / 1000 if isinstance(value, int | float) else None


def _cost(text: Json) -> Decimal | None:
    try:
        return Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None


def _notices(details: JsonObject) -> list[Notice]:
    items = [as_object(item) or {} for item in as_list(details.get("notices")) or ()]
    return [
        Notice(as_str(item.get("code")) or "notice", message, as_object(item.get("details")))
        for item in items
        if (message := as_str(item.get("message")))
    ]
