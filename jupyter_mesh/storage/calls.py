"""A recorded call, in short and in detail."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from ..errors import NotFound
from ..schemas.api import CallDetail, CallSummary, Timings, TokenCounts
from ..schemas.call_search import Whose
from ..schemas.json import as_int, as_list, as_object
from .content import Said, read
from .content_keys import ContentKeys
from .location import Cursor
from .values import from_json, moment, text, usd

_TOKENS = (
    *("input", "output", "cache_read", "cache_write", "reasoning"),
    *("input_audio", "output_audio", "input_image"),
)
SUMMARY = (
    *("seq", "id", "started_at", "username", "application", "document", "purpose", "operation"),
    *("requested_model", "model", "outcome", "cost", "error_code", "parent", "usage_estimated"),
    *("groups", "connection", "key_id", "verdicts", "stands_for"),
    *("total_ms", "first_token_ms", "upstream_ms", "overhead_ms"),
    *(f"{kind}_tokens" for kind in _TOKENS),
)
_DETAIL = (
    *("candidates", "attempts", "notices", "screened", "finish_reason"),
    *("error_message", "saved", "price_source", "tags"),
    *("charged_group", "saved_fallback", "cost_classes", "priced_at"),
)


class Record:
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


def detail_query(call_id: str, whose: Whose, keys: ContentKeys) -> Callable[[Cursor], CallDetail]:
    """One call with its content and the calls made for it. The query raises `NotFound`."""
    key = (text(call_id),)

    def query(cursor: Cursor) -> CallDetail:
        columns = (*SUMMARY, *_DETAIL)
        cursor.execute(f"SELECT {', '.join(columns)} FROM calls WHERE id = ?", key)
        row = cursor.fetchone()
        record = Record(columns, row) if row else None
        if record is None or not whose.includes(record.text("username"), _groups(record)):
            raise NotFound(f"There is no call {call_id!r}.", param="id")
        said = read(cursor, keys, key[0], record.text("username"))
        nested = f"SELECT {', '.join(SUMMARY)} FROM calls WHERE parent = ? ORDER BY seq"
        cursor.execute(nested, key)
        children = [summary_of(Record(SUMMARY, child)) for child in cursor.fetchall()]
        return _detail(record, said, children)

    return query


def _groups(record: Record) -> frozenset[str]:
    groups = as_list(from_json(record.maybe("groups"))) or []
    return frozenset(str(group) for group in groups)


def summary_of(record: Record) -> CallSummary:
    """The columns `SUMMARY` as they are shown."""
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
            "groups": as_list(from_json(record.maybe("groups"))) or [],
            "connection": record.maybe("connection"),
            "key": record.maybe("key_id"),
            "has_finding": record.maybe("verdicts") is not None,
            "stands_for": record.amount("stands_for") or 1,
        }
    )


def _timings(record: Record, total: float) -> Timings:
    return Timings(
        total=total,
        first_token=record.milliseconds("first_token_ms"),
        upstream=record.milliseconds("upstream_ms"),
        overhead=record.milliseconds("overhead_ms"),
    )


def _detail(record: Record, said: Said, children: list[CallSummary]) -> CallDetail:
    def listed(column: str) -> object:
        return as_list(from_json(record.maybe(column))) or []

    priced = record.amount("priced_at")
    return CallDetail.model_validate(
        {
            "summary": summary_of(record),
            "candidates": listed("candidates"),
            "attempts": listed("attempts"),
            "notices": listed("notices"),
            "verdicts": listed("verdicts"),
            "screened": record.maybe("screened") or "no",
            "finish_reason": record.maybe("finish_reason"),
            "error_message": record.maybe("error_message"),
            "charged_group": record.maybe("charged_group") or "",
            "saved_usd": usd(record.number("saved")),
            "saved_by_fallback_usd": usd(record.number("saved_fallback")),
            "cost_by_class_usd": {
                name: usd(as_int(cost) or 0)
                for name, cost in (as_object(from_json(record.maybe("cost_classes"))) or {}).items()
            },
            "price_source": record.maybe("price_source"),
            "priced_at": None if priced is None else moment(priced),
            "tags": as_object(from_json(record.maybe("tags"))) or {},
            "request": from_json(said.request),
            "response": from_json(said.response),
            "content": said.state,
            "children": children,
        }
    )
