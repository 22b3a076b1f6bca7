"""The record as a file, page by page: the store is never read, nor the file held, as a whole."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from ..errors import InvalidRequest, NotFound, NotPermitted
from ..schemas.api import MOST_CALLS, CallSummary
from ..schemas.call_search import CallSearch, View, Whose
from ..schemas.files import FileFormat
from ..schemas.json import Json, JsonObject
from ..schemas.principal import Principal, Scope
from ..storage.acts import Act
from .call_records import CallRecords
from .parts import Parts
from .record_files import Column, Row, encoded, encoder_of

COLUMNS = (
    *(Column(name, "text") for name in ("id", "user", "application", "document", "purpose")),
    Column("groups", "list"),
    Column("started_at", "moment"),
    *(Column(name, "text") for name in ("operation", "requested_model", "model", "connection")),
    *(Column(name, "text") for name in ("key", "parent", "outcome", "error_code")),
    *(
        Column(f"{kind}_tokens", "whole")
        for kind in ("input", "output", "cache_read", "cache_write", "reasoning")
    ),
    Column("cost_usd", "amount"),
    Column("total_ms", "number"),
    Column("first_token_ms", "number"),
    Column("has_finding", "flag"),
    Column("stands_for", "whole"),
)


class CallExport:
    """Handed out by `Mesh.export`. Each export is recorded before its first byte leaves."""

    def __init__(self, parts: Parts, records: CallRecords) -> None:
        self._parts = parts
        self._records = records

    async def file(
        self,
        principal: Principal,
        search: CallSearch,
        format: FileFormat,
        *,
        view: View | None,
        content: bool = False,
    ) -> AsyncIterator[bytes]:
        """The pieces of the file, newest call first; close the iterator in any case.

        Args:
            principal: Whoever asks.
            search: Which calls.
            format: Of the file.
            view: As for `CallRecords.page`.
            content: With what was said: everything recorded of each call, as JSON lines.

        Raises:
            NotPermitted: The credential may not see so much.
            InvalidRequest: What was said goes into JSON lines only; or a package is missing.
            StoreUnavailable: The export cannot be recorded.
        """
        whose = self._records.whose(principal, view)
        if content and format != "jsonl":
            raise InvalidRequest("Content is exported as `jsonl` only.", param="format")
        if content and not principal.may(Scope.AUDIT) and whose != Whose(user=principal.user):
            raise NotPermitted("What others said is exported by auditors only.")
        encoder = None if content else encoder_of(format, COLUMNS)
        await self._note(principal, search, format, content=content, whose=whose)
        pages = self._pages(search, whose)
        if encoder is None:
            return self._with_content(pages, whose)
        return encoded(encoder, _rows(pages))

    async def _note(
        self,
        principal: Principal,
        search: CallSearch,
        format: FileFormat,
        *,
        content: bool,
        whose: Whose,
    ) -> None:
        asked = {one.name: getattr(search, one.name) for one in fields(search)}
        details: JsonObject = {"format": format, "content": content}
        details |= {name: _shown(value) for name, value in asked.items() if value is not None}
        if whose.user is not None:
            details["whose"] = "own" if not whose.groups else ", ".join(sorted(whose.groups))
        await self._parts.journal.note_act(
            Act(
                at=datetime.now(UTC),
                by=principal.user,
                via=principal.via,
                act="export",
                subject="",
                details=details,
            )
        )

    async def _pages(self, search: CallSearch, whose: Whose) -> AsyncIterator[list[CallSummary]]:
        before: str | None = None
        while True:
            page = await self._parts.history.calls(
                search, whose=whose, before=before, limit=MOST_CALLS
            )
            if page.calls:
                yield page.calls
            if (before := page.next) is None:
                return

    async def _with_content(
        self, pages: AsyncIterator[list[CallSummary]], whose: Whose
    ) -> AsyncIterator[bytes]:
        async for page in pages:
            for call in page:
                try:
                    detail = await self._parts.history.call(call.id, whose=whose)
                except NotFound:  # deleted by policy in between
                    continue
                line = json.dumps(detail.model_dump(mode="json"), ensure_ascii=False)
                yield f"{line}\n".encode("utf-8", "replace")


async def _rows(pages: AsyncIterator[list[CallSummary]]) -> AsyncIterator[Sequence[Row]]:
    async for page in pages:
        yield [_row(call) for call in page]


def _row(call: CallSummary) -> Row:
    timing, tokens = call.timing, call.tokens
    return {
        **{name: getattr(call, name) for name in _OWN},
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cache_read_tokens": tokens.cache_read,
        "cache_write_tokens": tokens.cache_write,
        "reasoning_tokens": tokens.reasoning,
        "total_ms": timing.total if timing else None,
        "first_token_ms": timing.first_token if timing else None,
    }


_OWN = [column.name for column in COLUMNS if column.name in CallSummary.model_fields]


def _shown(value: object) -> Json:
    if isinstance(value, bool):
        return value
    if isinstance(value, tuple):
        return "=".join(cast("tuple[str, str]", value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
