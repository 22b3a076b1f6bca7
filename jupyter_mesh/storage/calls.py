"""Calls as pages and in detail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from ..errors import InvalidRequest, NotFound
from ..schemas.api import MOST_CALLS, CallDetail, CallPage, CallSummary, Timings, TokenCounts
from ..schemas.json import as_list, as_object
from .location import Cursor, Value
from .values import from_json, moment, optional_text, text, usd

T = TypeVar("T")

_TOKENS = (
    *("input", "output", "cache_read", "cache_write", "reasoning"),
    *("input_audio", "output_audio", "input_image"),
)
_SUMMARY = (
    *("seq", "id", "started_at", "username", "application", "document", "purpose", "operation"),
    *("requested_model", "model", "outcome", "cost", "error_code", "parent", "usage_estimated"),
    *("total_ms", "first_token_ms", "upstream_ms", "overhead_ms"),
    *(f"{kind}_tokens" for kind in _TOKENS),
)
_DETAIL = (
    *("candidates", "attempts", "notices", "verdicts", "screened", "finish_reason"),
    *("error_message", "saved", "price_source", "tags"),
)


class _Record:
    """A row by column name, with the type each column is declared to have."""

    def __init__(self, columns: tuple[str, ...], row: tuple[object, ...]) -> None:
        self._values = dict(zip(columns, row, strict=True))

    def text(self, column: str) -> str:
        return cast(str, self._values[column])

    def maybe(self, column: str) -> str | None:
        return cast("str | None", self._values[column])

    def number(self, column: str) -> int:
        return cast("int | None", self._values[column]) or 0

    def amount(self, column: str) -> int | None:
        return cast("int | None", self._values[column])

    def milliseconds(self, column: str) -> float | None:
        return cast("float | None", self._values[column])


def page_query(
    *, user: str | None, document: str | None, before: str | None, limit: int
) -> Callable[[Cursor], CallPage]:
    """Calls in the order of their recording, newest first; the cursor is a place in that order.

    Raises:
        InvalidRequest: `before` is not the `next` of a page.
    """
    where: list[str] = []
    values: list[Value] = []
    for condition, value in (
        ("username = ?", optional_text(user)),
        ("document = ?", optional_text(document)),
        ("seq < ?", None if before is None else _place(before)),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    size = max(1, min(limit, MOST_CALLS))
    statement = (
        f"SELECT {', '.join(_SUMMARY)} FROM calls "
        + (f"WHERE {' AND '.join(where)} " if where else "")
        + f"ORDER BY seq DESC LIMIT {size + 1}"
    )

    def query(cursor: Cursor) -> CallPage:
        cursor.execute(statement, values)
        found = [_Record(_SUMMARY, row) for row in cursor.fetchall()]
        shown = found[:size]
        more = len(found) > size
        return CallPage(
            calls=[_summary(record) for record in shown],
            next=str(shown[-1].number("seq")) if more else None,
        )

    return query


def detail_query(call_id: str, user: str | None) -> Callable[[Cursor], CallDetail]:
    """One call with its content and the calls made for it. The query raises `NotFound`."""
    key = (text(call_id),)

    def query(cursor: Cursor) -> CallDetail:
        columns = (*_SUMMARY, *_DETAIL)
        cursor.execute(f"SELECT {', '.join(columns)} FROM calls WHERE id = ?", key)
        row = cursor.fetchone()
        record = _Record(columns, row) if row else None
        if record is None or user not in (None, record.text("username")):
            raise NotFound(f"There is no call {call_id!r}.", param="id")
        cursor.execute("SELECT request, response FROM call_content WHERE call_id = ?", key)
        content = cast("tuple[str | None, str | None]", cursor.fetchone() or (None, None))
        nested = f"SELECT {', '.join(_SUMMARY)} FROM calls WHERE parent = ? ORDER BY seq"
        cursor.execute(nested, key)
        children = [_summary(_Record(_SUMMARY, child)) for child in cursor.fetchall()]
        return _detail(record, content, children)

    return query


def _place(before: str) -> int:
    if not (before.isascii() and before.isdigit() and len(before) < 19):
        raise InvalidRequest("`before` must be the `next` of an earlier page.", param="before")
    return int(before)


def _summary(record: _Record) -> CallSummary:
    cost, total = record.amount("cost"), record.milliseconds("total_ms")
    return CallSummary.model_validate(
        {
            "id": record.text("id"),
            "started_at": moment(record.number("started_at")),
            "user": record.text("username"),
            "application": record.text("application"),
            "document": record.maybe("document"),
            "purpose": record.text("purpose"),
            "operation": record.text("operation"),
            "requested_model": record.text("requested_model"),
            "model": record.maybe("model"),
            "outcome": record.text("outcome"),
            "tokens": TokenCounts(
                **{kind: record.number(f"{kind}_tokens") for kind in _TOKENS},
                estimated=bool(record.number("usage_estimated")),
            ),
            "cost_usd": None if cost is None else usd(cost),
            "timing": None if total is None else _timings(record, total),
            "error_code": record.maybe("error_code"),
            "parent": record.maybe("parent"),
        }
    )


def _timings(record: _Record, total: float) -> Timings:
    return Timings(
        total=total,
        first_token=record.milliseconds("first_token_ms"),
        upstream=record.milliseconds("upstream_ms"),
        overhead=record.milliseconds("overhead_ms"),
    )


def _detail(
    record: _Record, content: tuple[str | None, str | None], children: list[CallSummary]
) -> CallDetail:
    def listed(column: str) -> object:
        return as_list(from_json(record.maybe(column))) or []

    request, response = content
    return CallDetail.model_validate(
        {
            "summary": _summary(record),
            "candidates": listed("candidates"),
            "attempts": listed("attempts"),
            "notices": listed("notices"),
            "verdicts": listed("verdicts"),
            "screened": record.maybe("screened") or "no",
            "finish_reason": record.maybe("finish_reason"),
            "error_message": record.maybe("error_message"),
            "saved_usd": usd(record.number("saved")),
            "price_source": record.maybe("price_source"),
            "tags": as_object(from_json(record.maybe("tags"))) or {},
            "request": from_json(request),
            "response": from_json(response),
            "children": children,
        }
    )
