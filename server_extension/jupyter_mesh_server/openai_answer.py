"""Answers in OpenAI's shape, whole or streamed, with what the mesh adds to them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import aclosing
from decimal import Decimal
from urllib.parse import quote

import orjson

from jupyter_mesh.errors import ProviderProtocolError
from jupyter_mesh.pipeline.call import Call, Report
from jupyter_mesh.pipeline.fold import Fold, unfold
from jupyter_mesh.schemas.events import Answer, Chunk, Event, Events
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import Usage

log = logging.getLogger("jupyter_mesh.http")

DONE = b"data: [DONE]\n\n"


def usd(cost: Decimal | None) -> str | None:
    """A cost as a plain decimal string; None stays None."""
    return None if cost is None else f"{cost.normalize():f}"


def header_value(text: str) -> str:
    """`text` as it may stand in a header: printable ASCII, the rest percent-encoded."""
    plain = text.isascii() and text.isprintable()
    return text if plain else quote(text, safe=" /:@+,;=()[]{}!$&'*?#~")


def answer_headers(call: Call) -> dict[str, str]:
    """What is known of a call, as headers; at the start of a stream the cost is not."""
    report = call.report
    headers = {"X-Mesh-Cache": report.cache, **report.limits}
    if report.model is not None:
        headers["X-Mesh-Model"] = header_value(report.model)
    if (cost := usd(report.cost)) is not None:
        headers["X-Mesh-Cost-USD"] = cost
    if report.notices:
        codes = dict.fromkeys(notice.code for notice in report.notices)
        headers["X-Mesh-Notices"] = header_value(", ".join(codes))
    if report.overhead_ms is not None:
        headers["X-Mesh-Overhead-Ms"] = f"{report.overhead_ms:.2f}"
    if report.held_back_ms is not None:
        headers["X-Mesh-Held-Back-Ms"] = f"{report.held_back_ms:.2f}"
    return headers


def mesh_details(call: Call) -> JsonObject:
    """The `mesh` object of a finished call."""
    report = call.report
    return {
        "request_id": call.id,
        "model": report.model,
        "cost_usd": usd(report.cost),
        "cache": report.cache,
        "finish_reason": report.finish_reason,
        "usage": _token_counts(report.usage) if report.usage is not None else None,
        "notices": [one.as_json() for one in report.notices],
        "timing": _timing(report),
    }


def _timing(report: Report) -> JsonObject:
    return {
        "total": report.total_ms,
        "first_token": report.first_token_ms,
        "overhead": report.overhead_ms,
        "held_back": report.held_back_ms,
    }


def _token_counts(usage: Usage) -> JsonObject:
    return {
        "input": usage.input,
        "output": usage.output,
        "cache_read": usage.cache_read,
        "reasoning": usage.reasoning,
        "total": usage.total,
        "estimated": usage.estimated,
    }


def _openai_usage(usage: Usage) -> JsonObject:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


async def whole_answer(events: Events, call: Call, *, details: bool) -> bytes:
    """The body of a non-streamed reply, sent only once the call is recorded.

    Raises:
        MeshError: The call failed.
    """
    answer = await folded(events)
    if details:
        return orjson.dumps({**answer.data, "mesh": mesh_details(call)})
    return answer.raw if answer.raw is not None else orjson.dumps(answer.data)


async def folded(events: Events) -> Answer:
    """The whole answer, complete only once the call is recorded.

    Raises:
        MeshError: The call failed.
    """
    answer: Answer | None = None
    fold: Fold | None = None
    async with aclosing(events) as received:
        async for event in received:
            if isinstance(event, Answer):
                answer = event
            elif isinstance(event, Chunk):
                fold = fold or Fold()
                fold.add(event.data)
    if fold is not None:
        answer = Answer(fold.answer())
    if answer is None:
        raise ProviderProtocolError("The model's answer was empty; ask again.")
    return answer


class ChunkEncoder:
    """A streamed answer as server-sent events; chunks that nobody changed pass byte for byte.

    Args:
        call: Its report is read when the stream ends.
        details: The caller wants the `mesh` object, so a usage chunk comes in any case.
        fail: The error body for a call that fails after its first byte.
    """

    def __init__(
        self, call: Call, *, details: bool, fail: Callable[[BaseException], JsonObject]
    ) -> None:
        self._call = call
        self._operation = call.request.operation
        self._wanted = details or call.request.wants_usage_chunk
        self._fail = fail
        self._usage_chunk: JsonObject | None = None
        self._like: JsonObject = {}

    def feed(self, event: Event) -> bytes:
        if isinstance(event, Chunk):
            return self._chunk(event)
        if isinstance(event, Answer):
            return b"".join(map(self._chunk, unfold(event.data, self._operation)))
        return b""

    def _chunk(self, chunk: Chunk) -> bytes:
        if chunk.usage_only:
            self._usage_chunk = chunk.data
            return b""
        self._like = chunk.data
        raw = chunk.raw
        if raw is None or b"\n" in raw or b"\r" in raw:
            raw = orjson.dumps(chunk.data)
        return b"data: " + raw + b"\n\n"

    def finish(self) -> bytes:
        if not self._wanted:
            return DONE
        return b"data: " + orjson.dumps(self._last_chunk()) + b"\n\n" + DONE

    def fail(self, error: BaseException) -> bytes:
        return b"data: " + orjson.dumps(self._fail(error)) + b"\n\n"

    def _last_chunk(self) -> JsonObject:
        """The provider's usage chunk, or one like its others, with the `mesh` object."""
        chunk = self._usage_chunk
        if chunk is None:
            usage = self._call.report.usage
            kept = {k: v for k, v in self._like.items() if k not in ("choices", "usage")}
            kept.setdefault("object", _CHUNK_KINDS[self._operation])
            chunk = {**kept, "usage": _openai_usage(usage) if usage is not None else None}
        return {**chunk, "choices": [], "mesh": mesh_details(self._call)}


_CHUNK_KINDS = {
    Operation.CHAT: "chat.completion.chunk",
    Operation.COMPLETION: "text_completion",
}
