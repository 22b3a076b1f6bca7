"""What a client of OpenAI's sees of a call, and what the mesh adds when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import orjson
import pytest
from jupyter_mesh_server.openai_answer import (
    ChunkEncoder,
    answer_headers,
    header_value,
    usd,
    whole_answer,
)

from jupyter_mesh.errors import BudgetExceeded, ProviderProtocolError
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.schemas.events import Answer, Chunk, Event, Events, Finished, Metered, Notice
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import Usage

from .calls import USAGE, chat_call, chunk, data_of, report_a_cost, usage_chunk

MESH: JsonObject = {
    "request_id": "call_1",
    "model": "x/y",
    "cost_usd": "0.0012",
    "cache": "miss",
    "finish_reason": "stop",
    "usage": {
        "input": 3,
        "output": 2,
        "cache_read": 0,
        "reasoning": 0,
        "total": 5,
        "estimated": False,
    },
    "notices": [{"code": "fallback", "message": "x/z did not answer."}],
    "timing": {"total": 12.5, "first_token": None, "overhead": None, "held_back": None},
}


def sent(call: Call, events: Sequence[Event], *, details: bool = False) -> list[JsonObject | str]:
    """The stream's data, parsed."""
    encoder = ChunkEncoder(call, details=details, fail=lambda error: {"error": str(error)})
    raw = b"".join([encoder.feed(event) for event in events])
    report_a_cost(call)
    raw += encoder.finish()
    frames = raw.removesuffix(b"\n\n").split(b"\n\n")
    assert all(frame.startswith(b"data: ") for frame in frames)
    texts = [frame.removeprefix(b"data: ") for frame in frames]
    return [orjson.loads(text) if text != b"[DONE]" else "[DONE]" for text in texts]


METERED = Metered(Usage(input=3, output=2), "x/y", Decimal("0.0012"))
EVENTS = [Notice("n", "m"), chunk("a"), chunk("b"), usage_chunk(), METERED, Finished()]


def test_a_chunk_that_nobody_changed_passes_byte_for_byte() -> None:
    encoder = ChunkEncoder(chat_call(stream=True), details=False, fail=lambda _: {})
    raw = b'{"id": "odd  spacing", "choices":[], "x_unknown": 1e2}'
    assert encoder.feed(Chunk({"id": "other"}, raw)) == b"data: " + raw + b"\n\n"


@pytest.mark.parametrize("raw", [b'{\n"id": 1}', b'{"id":\r1}', None])
def test_a_chunk_that_would_break_the_framing_is_written_anew(raw: bytes | None) -> None:
    encoder = ChunkEncoder(chat_call(stream=True), details=False, fail=lambda _: {})
    assert encoder.feed(Chunk({"id": 1}, raw)) == b'data: {"id":1}\n\n'


def test_without_asking_there_is_no_usage_chunk() -> None:
    assert sent(chat_call(stream=True), EVENTS) == [data_of("a"), data_of("b"), "[DONE]"]


def test_who_asks_for_usage_gets_the_providers_chunk_with_the_details_last() -> None:
    call = chat_call(stream=True, stream_options={"include_usage": True})
    last: JsonObject = {**data_of(""), "choices": [], "usage": USAGE, "mesh": MESH}
    assert sent(call, EVENTS) == [data_of("a"), data_of("b"), last, "[DONE]"]


def test_our_own_client_gets_the_details_without_asking_for_usage() -> None:
    assert sent(chat_call(stream=True), EVENTS, details=True)[-2]["mesh"] == MESH  # type: ignore[index]


def test_a_provider_that_sends_no_usage_chunk_gets_one_like_its_others() -> None:
    call = chat_call(stream=True, stream_options={"include_usage": True})
    last = sent(call, [chunk("a"), METERED, Finished()])[-2]
    assert isinstance(last, dict)
    assert (last["id"], last["object"], last["choices"]) == ("c1", "chat.completion.chunk", [])
    assert isinstance(last["usage"], dict)
    assert last["usage"].items() >= USAGE.items()
    assert last["mesh"] == MESH


ANSWER: JsonObject = {
    "id": "c1",
    "object": "chat.completion",
    "created": 7,
    "model": "y",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "ab"}, "finish_reason": "stop"}
    ],
    "usage": USAGE,
}


def test_a_whole_answer_to_a_streaming_client_becomes_chunks() -> None:
    call = chat_call(stream=True, stream_options={"include_usage": True})
    first, second, last, done = sent(call, [Answer(ANSWER), METERED, Finished()])
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert isinstance(last, dict)
    assert first["choices"][0]["delta"]["content"] == "ab"  # type: ignore[index,call-overload]
    assert second["choices"][0]["finish_reason"] == "stop"  # type: ignore[index,call-overload]
    assert last["usage"] == USAGE
    assert done == "[DONE]"


async def play(*events: Event) -> Events:
    for event in events:
        yield event


async def test_a_whole_answer_passes_byte_for_byte() -> None:
    raw = b'{"id" : "odd spacing", "x_unknown": [1e2]}'
    events = play(Answer({"id": "other"}, raw), METERED, Finished())
    assert await whole_answer(events, chat_call(), details=False) == raw


async def test_chunks_to_a_client_that_does_not_stream_are_folded() -> None:
    done = Chunk({**data_of(""), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events = play(chunk("a"), chunk("b"), done, usage_chunk(), METERED, Finished())
    assert orjson.loads(await whole_answer(events, chat_call(), details=False)) == ANSWER


async def test_details_stand_in_a_whole_answer_only_when_asked() -> None:
    call = chat_call()
    report_a_cost(call)
    body = await whole_answer(play(Answer(ANSWER), METERED, Finished()), call, details=True)
    assert orjson.loads(body) == {**ANSWER, "mesh": MESH}


async def test_a_notice_comes_with_its_details() -> None:
    call = chat_call()
    said: JsonObject = {"findings": [{"entity": "PERSON", "action": "redact", "count": 2}]}
    call.notice("redacted", "Redacted before sending: PERSON.", said)
    body = await whole_answer(play(Answer(ANSWER), METERED, Finished()), call, details=True)
    assert orjson.loads(body)["mesh"]["notices"] == [
        {"code": "redacted", "message": "Redacted before sending: PERSON.", "details": said}
    ]


async def test_a_call_that_answers_nothing_is_an_error() -> None:
    with pytest.raises(ProviderProtocolError):
        await whole_answer(play(Finished()), chat_call(), details=False)


def test_a_failed_stream_has_an_error_frame_and_no_done() -> None:
    encoder = ChunkEncoder(
        chat_call(stream=True), details=True, fail=lambda error: {"error": str(error)}
    )
    assert encoder.fail(BudgetExceeded("no")) == b'data: {"error":"no"}\n\n'


def test_headers_tell_model_cost_cache_and_limits() -> None:
    call = chat_call()
    report_a_cost(call)
    call.report.overhead_ms = 1.234
    call.report.limits = {"X-RateLimit-Remaining-Requests": "5"}
    assert answer_headers(call) == {
        "X-Mesh-Model": "x/y",
        "X-Mesh-Cache": "miss",
        "X-Mesh-Cost-USD": "0.0012",
        "X-Mesh-Notices": "fallback",
        "X-Mesh-Overhead-Ms": "1.23",
        "X-RateLimit-Remaining-Requests": "5",
    }


def test_an_unknown_cost_has_no_header() -> None:
    assert "X-Mesh-Cost-USD" not in answer_headers(chat_call())


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (None, None),
        (Decimal(0), "0"),
        (Decimal("0E-12"), "0"),
        (Decimal("0.000000012500"), "0.0000000125"),
        (Decimal("100"), "100"),
    ],
)
def test_money_is_a_plain_decimal_string(cost: Decimal | None, text: str | None) -> None:
    assert usd(cost) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("openai/gpt-5-mini", "openai/gpt-5-mini"),
        ("lokal/größe", "lokal/gr%C3%B6%C3%9Fe"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil: 1"),
    ],
)
def test_a_models_name_cannot_break_a_header(text: str, value: str) -> None:
    assert header_value(text) == value
