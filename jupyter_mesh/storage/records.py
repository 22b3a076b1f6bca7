"""Intents, completions and holds as rows, in the order of the columns named in `sql.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..schemas.audit import Completion, Hold, Intent, KeptForm
from .location import Row
from .values import count, micros, money, optional_text, text, to_json

_FIRST_OF_INTENT, _FIRST_OF_COMPLETION = 16, 28
"""How many columns there were when the chain was introduced."""


class HoldRow(NamedTuple):
    """A hold, in integers."""

    budget: str
    window_start: int
    period: str
    amount: int
    limit: int
    hard: bool
    title: str = ""


class ContentRow(NamedTuple):
    """What was said, apart from the record of it."""

    call_id: str
    username: str | None  # None: that of the call's record
    form: KeptForm
    request: str | None
    response: str | None
    stored_at: int


def intent_row(intent: Intent, writer: str) -> Row:
    """The columns `sql.INTENT`."""
    return (
        intent.id,
        writer,
        micros(intent.started_at),
        text(intent.user),
        intent.via,
        text(intent.application),
        intent.operation,
        text(intent.requested_model),
        to_json(intent.candidates),
        to_json(intent.groups),
        text(intent.purpose),
        optional_text(intent.document),
        intent.key_id,
        intent.parent,
        to_json(intent.tags),
        int(intent.streamed),
        text(intent.charged_group),
        None if intent.estimated_cost is None else money(intent.estimated_cost),
    )


def completion_row(completion: Completion) -> Row:
    """The columns `sql.COMPLETION`, and the id."""
    usage, timing = completion.usage, completion.timing
    return (
        completion.outcome,
        micros(completion.ended_at),
        optional_text(completion.model),
        completion.provider,
        completion.connection,
        count(usage.input),
        count(usage.output),
        count(usage.cache_read),
        count(usage.cache_write),
        count(usage.reasoning),
        count(usage.input_audio),
        count(usage.output_audio),
        count(usage.input_image),
        int(usage.estimated),
        None if completion.cost is None else money(completion.cost),
        money(completion.saved),
        float(timing.total),
        _float(timing.first_token),
        _float(timing.upstream),
        _float(timing.overhead),
        optional_text(completion.finish_reason),
        completion.error_code,
        optional_text(completion.error_message),
        to_json(completion.attempts),
        to_json(completion.notices),
        to_json(completion.verdicts),
        completion.price_source,
        completion.screened,
        money(completion.saved_by_fallback),
        to_json({name: money(cost) for name, cost in completion.cost_classes.items()}),
        None if completion.priced_at is None else micros(completion.priced_at),
        None if completion.stands_for == 1 else completion.stands_for,
        completion.id,
    )


def sealed_intent(row: Row) -> Row:
    """What the chain seals of an intent. The estimate is left out: it grows while a call runs."""
    return _sealed(row[:-1], _FIRST_OF_INTENT)


def sealed_completion(row: Row) -> Row:
    """What the chain seals of a completion."""
    return _sealed(
        (*row[:_FIRST_OF_COMPLETION], row[-1], *row[_FIRST_OF_COMPLETION:-1]),
        _FIRST_OF_COMPLETION + 1,
    )


def _sealed(row: Row, first: int) -> Row:
    """Columns that came later count only up to the last that holds something: in records older
    than they are they hold nothing, and what those were sealed by stays as it was.
    """
    end = len(row)
    while end > first and row[end - 1] is None:
        end -= 1
    return row[:end]


def _float(milliseconds: float | None) -> float | None:
    """As a column gives it back: the chain's digest tells 5 from 5.0."""
    return None if milliseconds is None else float(milliseconds)


def hold_rows(holds: Sequence[Hold]) -> list[HoldRow]:
    """Holds by window, so that all processes reserve in the same order; of one window the tightest
    first.
    """
    rows = [
        HoldRow(
            text(hold.budget),
            micros(hold.window_start),
            hold.window,
            money(hold.amount),
            money(hold.limit),
            hold.hard,
            hold.title or hold.budget,
        )
        for hold in holds
    ]
    if len(rows) > 1:
        rows.sort(key=lambda row: (row.budget, row.window_start, not row.hard, row.limit))
    return rows


def request_row(intent: Intent) -> ContentRow | None:
    """The request as sent, if policy keeps it."""
    if intent.content is None:
        return None
    user, form = text(intent.user), intent.form
    said = to_json(intent.content)
    return ContentRow(intent.id, user, form, said, None, micros(intent.started_at))


def content_row(completion: Completion, intent: Intent | None) -> ContentRow | None:
    """The answer, with the request where that is recorded only now."""
    request = intent.content if intent else None
    if completion.content is None and request is None:
        return None
    user = intent.user if intent else completion.user
    return ContentRow(
        completion.id,
        optional_text(user),
        intent.form if intent else completion.form,
        to_json(request),
        to_json(completion.content),
        micros(completion.ended_at),
    )
