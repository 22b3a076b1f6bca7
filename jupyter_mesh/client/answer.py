"""An answer: what a caller gets, and how a notebook shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import import_module
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from ..schemas.events import Notice
from ..schemas.json import Json, JsonObject
from ..schemas.spend import Usage

ANSWER_MIME = "application/vnd.jupyter-mesh.answer+json"
FILTERED = "content_filter"
Format: TypeAlias = Literal["markdown", "text", "code", "json"]
State: TypeAlias = Literal["streaming", "done", "error", "stopped"]


def new_id() -> str:
    """A name for one answer on screen."""
    return uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said, and what it took.

    Attributes:
        text: The answer itself.
        data: The answer as the schema describes it, None without a schema.
        usage: Tokens by class, None when nobody reported them.
        cost: USD, exact; None when the price is unknown, which is not zero.
        model: The model that really answered.
        requested_model: The model or alias that was asked.
        sources: Where the answer comes from, for models that retrieve.
        notices: What the gateway did on the way: a fallback, a redaction, a cut.
        reasoning: What the model showed of its thinking.
        request_id: Under which the gateway recorded the call.
        elapsed: Seconds from the question to the last word.
        first_token: Seconds to the first word, None when it was not streamed.
        finish_reason: `stop`, `length`, `content_filter`…; None when it was cut short.
        cache: `hit`, `miss` or `bypass`, as the gateway said.
    """

    text: str
    data: Any = None
    usage: Usage | None = None
    cost: Decimal | None = None
    model: str | None = None
    requested_model: str = ""
    sources: tuple[Json, ...] = ()
    notices: tuple[Notice, ...] = ()
    reasoning: str = ""
    request_id: str | None = None
    elapsed: float = 0.0
    first_token: float | None = None
    finish_reason: str | None = None
    cache: str | None = None
    format: Format = "markdown"
    id: str = field(default_factory=new_id)

    @property
    def tokens_per_second(self) -> float | None:
        """Output tokens a second after the first one, None when it cannot be told."""
        if self.usage is None or self.first_token is None or self.cache == "hit":
            return None
        if self.elapsed <= self.first_token:
            return None
        return self.usage.output / (self.elapsed - self.first_token)

    @property
    def blocked(self) -> str | None:
        """Why a content filter ended the answer; None where none did."""
        if self.finish_reason != FILTERED:
            return None
        said = (notice.message for notice in self.notices if notice.code == FILTERED)
        return next(said, "The answer was stopped by a content filter.")

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, JsonObject | str]:
        return bundle(answer_payload(self, "done"), self.text)


class Comparison(tuple[Answer, ...]):
    """Answers of several models to one prompt, in the order asked."""

    __slots__ = ()

    def table(self) -> Any:
        """One row a model: a DataFrame where pandas is installed, else a list of dictionaries."""
        rows = [
            {
                "model": answer.requested_model,
                "answered_by": answer.model,
                "answer": answer.text,
                "cost_usd": answer.cost,
                "tokens": answer.usage.total if answer.usage else None,
                "seconds": round(answer.elapsed, 3),
            }
            for answer in self
        ]
        try:
            return import_module("pandas").DataFrame(rows)
        except ImportError:
            return rows

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, JsonObject | str]:
        parts = [answer_payload(answer, "done") for answer in self]
        text = "\n\n".join(f"{answer.requested_model}:\n{answer.text}" for answer in self)
        return bundle(comparison_payload(new_id(), "done", parts), text)


def answer_payload(
    answer: Answer, state: State, error: tuple[str, str] | None = None
) -> JsonObject:
    """The object of the answer's MIME type, with the whole text.

    Args:
        answer: What there is so far.
        state: How far it got.
        error: Code and message when it failed.
    """
    usage = answer.usage
    speed = answer.tokens_per_second
    payload: JsonObject = {
        "version": 1,
        "id": answer.id,
        "state": state,
        "format": answer.format,
        "text": answer.text,
        "model": answer.model,
        "requested_model": answer.requested_model,
        "request_id": answer.request_id,
        "usage": _usage_payload(usage) if usage else None,
        "cost_usd": None if answer.cost is None else format(answer.cost, "f"),
        "unpriced": usage is not None and answer.cost is None,
        "elapsed_ms": round(answer.elapsed * 1000),
        "first_token_ms": None if answer.first_token is None else round(answer.first_token * 1000),
        "tokens_per_second": None if speed is None else round(speed, 1),
        "cache": answer.cache,
        "notices": [note.as_json() for note in answer.notices],
        "finish_reason": answer.finish_reason,
        "sources": list(answer.sources),
        "ai_generated": True,
    }
    if answer.reasoning:
        payload["reasoning"] = answer.reasoning
    if answer.data is not None:
        payload["data"] = jsonable(answer.data)
    if error is not None:
        payload["error"] = {"code": error[0], "message": error[1]}
    return payload


def comparison_payload(id: str, state: State, answers: Iterable[JsonObject]) -> JsonObject:
    """The object of the answer's MIME type for several models side by side."""
    return {"version": 1, "id": id, "state": state, "compare": list(answers)}


def bundle(payload: JsonObject, text: str) -> dict[str, JsonObject | str]:
    """What a front end gets: our own type, and plain text; HTML or Markdown would be run."""
    return {ANSWER_MIME: payload, "text/plain": printable(text)}


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """`text` without control characters: a model must not drive somebody's terminal."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def jsonable(data: Any) -> Json:
    """A validated value as JSON: pydantic models and dataclasses too."""
    if data is None or isinstance(data, bool | int | float | str):
        return data
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(data)


def _usage_payload(usage: Usage) -> JsonObject:
    return {
        "input": usage.input,
        "output": usage.output,
        "cache_read": usage.cache_read,
        "reasoning": usage.reasoning,
        "total": usage.total,
        "estimated": usage.estimated,
    }
