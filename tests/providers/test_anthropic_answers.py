"""Answers as Anthropic's documentation shows them, whole and event by event, in OpenAI's shape."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import orjson
import pytest

from jupyter_mesh.errors import (
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderUnavailable,
)
from jupyter_mesh.outbound.faults import Faults
from jupyter_mesh.providers import converted
from jupyter_mesh.providers.anthropic_messages import THOUGHTS
from jupyter_mesh.providers.anthropic_stream import AnthropicReading
from jupyter_mesh.providers.sse import ServerSentEvent
from jupyter_mesh.schemas.json import Json, JsonObject, as_object, dig
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_anthropic import Behaviour, FakeAnthropic
from tests.providers.anthropic_connection import MODEL, SECRET, connect
from tests.providers.reading import answer_of

SIGNATURE = "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds"
TEXT: JsonObject = {"type": "text", "text": "Okay, let's check the weather: ", "citations": None}
CALL: JsonObject = {
    "type": "tool_use",
    "id": "toolu_01T1x1fJ34qAmk2tNTrN7Up6",
    "name": "get_weather",
    "input": {"location": "San Francisco, CA", "unit": "fahrenheit"},
}
THOUGHT: JsonObject = {"type": "thinking", "thinking": "Let me see.", "signature": SIGNATURE}
SEALED: JsonObject = {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix/LafPsn4a"}
SEARCHED: JsonObject = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search"}
CITED: JsonObject = {"type": "char_location", "cited_text": "The grass", "document_index": 0}


@pytest.fixture
def fake() -> Iterator[FakeAnthropic]:
    with FakeAnthropic(api_key=SECRET) as upstream:
        yield upstream


def message(*content: Json, reason: str = "end_turn", **fields: Json) -> JsonObject:
    return {
        "id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [*content],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 25, "output_tokens": 15},
        **fields,
    }


async def whole(fake: FakeAnthropic, told: JsonObject) -> JsonObject:
    """The one choice of an answer."""
    fake.default = Behaviour(answer=told)
    provider = connect(fake)
    answer = await answer_of(provider, attempt(model=MODEL))
    await provider.aclose()
    return as_object(dig(answer, "choices", 0)) or {}


def read(*events: JsonObject) -> list[JsonObject]:
    """The chunks that come of a stream's events."""
    reading = AnthropicReading(attempt(model=MODEL, stream=True), Faults("The connection", str))
    found: list[JsonObject] = []
    for event in events:
        framed = ServerSentEvent(name=str(event["type"]), data=orjson.dumps(event))
        found += [chunk.data for chunk in reading.read(framed)]
    return found


def deltas(chunks: list[JsonObject], name: str) -> list[Json]:
    found = (dig(chunk, "choices", 0, "delta", name) for chunk in chunks)
    return [one for one in found if one]


def block(index: int, start: JsonObject, *pieces: JsonObject) -> list[JsonObject]:
    """The events of one block."""
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": one} for one in pieces),
        {"type": "content_block_stop", "index": index},
    ]


START: JsonObject = {
    "type": "message_start",
    "message": message(usage={"input_tokens": 472, "output_tokens": 2}),
}
END: list[JsonObject] = [
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 89},
    },
    {"type": "message_stop"},
]


async def test_the_blocks_of_a_message_find_their_places(fake: FakeAnthropic) -> None:
    said = await whole(fake, message(THOUGHT, SEALED, TEXT, CALL, reason="tool_use"))
    assert said["finish_reason"] == "tool_calls"
    told = as_object(said["message"]) or {}
    assert told["content"] == TEXT["text"]
    assert told["reasoning_content"] == "Let me see."
    common = {"format": THOUGHTS, "model": MODEL}
    assert told["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Let me see.", "signature": SIGNATURE, "index": 0,
         **common},
        {"type": "reasoning.encrypted", "data": SEALED["data"], "index": 1, **common},
    ]  # fmt: skip
    assert orjson.loads(str(dig(told, "tool_calls", 0, "function", "arguments"))) == CALL["input"]
    assert dig(told, "tool_calls", 0, "id") == CALL["id"]


async def test_an_answer_of_tools_alone_has_no_content(fake: FakeAnthropic) -> None:
    said = await whole(fake, message(CALL, reason="tool_use"))
    assert dig(said, "message", "content") is None


async def test_what_the_vendors_own_tools_did_is_left_aside(fake: FakeAnthropic) -> None:
    said = await whole(fake, message(SEARCHED, TEXT, {**TEXT, "citations": [CITED]}))
    assert dig(said, "message", "content") == 2 * str(TEXT["text"])
    assert dig(said, "message", "citations") == [CITED]


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("tool_use", "stop"),  # of no tool of the caller's
        ("something_new", "stop"),
    ],
)
async def test_each_end_has_its_word(fake: FakeAnthropic, reason: str, word: str) -> None:
    assert (await whole(fake, message(TEXT, reason=reason)))["finish_reason"] == word
    chunks = read(START, {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {}})
    assert dig(chunks[-1], "choices", 0, "finish_reason") == word


async def test_why_it_refused_and_where_it_stopped_is_told(fake: FakeAnthropic) -> None:
    why: JsonObject = {"type": "refusal", "category": "cyber", "explanation": "No."}
    refused = await whole(fake, message(reason="refusal", stop_details=why))
    assert dig(refused, "message", "refusal") == "No."
    stopped = await whole(fake, message(TEXT, reason="stop_sequence", stop_sequence="END"))
    assert stopped["stop_reason"] == "END"
    end: JsonObject = {"stop_reason": "refusal", "stop_sequence": "END", "stop_details": why}
    chunks = read(START, {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}})
    assert deltas(chunks, "refusal") == ["No."]
    assert dig(chunks[-1], "choices", 0, "stop_reason") == "END"


def test_the_documented_stream_with_a_tool_is_read() -> None:
    tool: JsonObject = {**CALL, "input": {}}
    pieces = ("", '{"location":', ' "San', " Francisc", 'o, CA"', ', "unit": "fah', 'renheit"}')
    chunks = read(
        START,
        *block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Okay"}),
        {"type": "ping"},
        *block(1, tool, *({"type": "input_json_delta", "partial_json": one} for one in pieces)),
        *END,
    )
    assert deltas(chunks, "content") == ["Okay"]
    calls = [dig(one, 0) for one in deltas(chunks, "tool_calls") if isinstance(one, list)]
    assert (dig(calls[0], "id"), dig(calls[0], "function", "name")) == (CALL["id"], CALL["name"])
    arguments = "".join(str(dig(one, "function", "arguments")) for one in calls)
    assert orjson.loads(arguments) == CALL["input"]
    assert {dig(one, "index") for one in calls} == {0}
    assert dig(chunks[-1], "usage", "prompt_tokens") == 472
    assert dig(chunks[-1], "usage", "completion_tokens") == 89
    assert dig(chunks[0], "id") == "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY"


def test_thoughts_in_a_stream_are_shown_piece_by_piece_and_signed_at_their_end() -> None:
    empty: JsonObject = {"type": "thinking", "thinking": "", "signature": ""}
    chunks = read(
        START,
        *block(
            0,
            empty,
            {"type": "thinking_delta", "thinking": "Let me "},
            {"type": "thinking_delta", "thinking": "see."},
            {"type": "signature_delta", "signature": SIGNATURE},
        ),
        *block(1, SEALED),
        *block(2, empty, {"type": "signature_delta", "signature": "omitted"}),
        *END,
    )
    assert deltas(chunks, "reasoning_content") == ["Let me ", "see."]
    details = [dig(one, 0) for one in deltas(chunks, "reasoning_details")]
    assert [(dig(one, "text"), dig(one, "signature"), dig(one, "index")) for one in details] == [
        ("Let me see.", SIGNATURE, 0),
        (None, None, 1),
        ("", "omitted", 2),
    ]


def test_thoughts_without_an_end_are_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converted, "MAX_HELD", 100)
    start: JsonObject = {"type": "thinking", "thinking": ""}
    piece: JsonObject = {"type": "thinking_delta", "thinking": "x" * 10}
    signed: JsonObject = {"type": "signature_delta", "signature": "s" * 11}
    assert len(read(*block(0, start, *[piece] * 10))) == 10
    for more in (piece, signed):
        with pytest.raises(ProviderProtocolError, match="more than 100 characters") as raised:
            read(*block(0, start, *[piece] * 10, more))
    assert "x" * 10 not in raised.value.message


def test_a_tool_without_arguments_has_an_empty_object() -> None:
    chunks = read(START, *block(0, {**CALL, "input": {}}), *END)
    calls = [dig(one, 0) for one in deltas(chunks, "tool_calls")]
    assert "".join(str(dig(one, "function", "arguments")) for one in calls) == "{}"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", ProviderUnavailable),
        ("api_error", ProviderUnavailable),
        ("rate_limit_error", ProviderRateLimited),
        ("invalid_request_error", ProviderError),
    ],
)
def test_an_error_in_a_stream_is_raised(kind: str, error: type[ProviderError]) -> None:
    told: JsonObject = {"type": "error", "error": {"type": kind, "message": "Overloaded"}}
    with pytest.raises(error, match="Overloaded"):
        read(START, told)


def test_no_sdk_is_loaded() -> None:
    code = (
        "import sys, jupyter_mesh.providers.anthropic; print('anthropic' in sys.modules, "
        "'httpx' in sys.modules, 'aiohttp' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False", "False"]
