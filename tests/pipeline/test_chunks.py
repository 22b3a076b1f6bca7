"""One visitor sees every text a model wrote, wherever a chunk or an answer holds it."""

from __future__ import annotations

import pytest

from jupyter_mesh.pipeline.chunks import chunk_text, finished, map_texts, text_chunk, texts
from jupyter_mesh.schemas.json import Json, JsonObject

PAYLOAD = "data:image/png;base64,iVBORw0KGgo="

SEEN: list[tuple[JsonObject, list[tuple[object, ...]]]] = [
    ({"content": "a"}, [(0, "content")]),
    ({"content": [{"type": "text", "text": "a"}]}, [(0, "content", 0, "text")]),
    (
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]}]},
        [(0, "content", 0, "thinking", 0, "text")],
    ),
    ({"reasoning_details": [{"index": 2, "text": "a"}]}, [(0, "reasoning_details", 2, "text")]),
    ({"function_call": {"arguments": "a"}}, [(0, "function_call", "arguments")]),
    (
        {"tool_calls": [{"index": 1, "id": "call_1", "function": {"arguments": "a"}}]},
        [(0, "tool_calls", 1, "function", "arguments")],
    ),
    ({"audio": {"transcript": "a"}}, [(0, "audio", "transcript")]),
    ({"reasoning": "a", "refusal": "a"}, [(0, "reasoning"), (0, "refusal")]),
    ({"content": "data: a"}, [(0, "content")]),
    ({"content": "data:image/png;base64,a b"}, [(0, "content")]),
]
NOT_SEEN: list[JsonObject] = [
    {"role": "assistant", "content": None},
    {"content": ""},
    {"audio": {"id": "audio_1", "data": "UklGRg=="}},
    {"images": [{"type": "image_url", "image_url": {"url": PAYLOAD}}]},
    {"reasoning_details": [{"type": "reasoning.encrypted", "data": "AbCd", "signature": "x"}]},
]


@pytest.mark.parametrize("holder", ["delta", "message"])
@pytest.mark.parametrize(("said", "channels"), SEEN)
def test_every_text_is_seen_with_its_channel(
    holder: str, said: JsonObject, channels: list[tuple[object, ...]]
) -> None:
    data: JsonObject = {"choices": [{"index": 0, holder: said}]}
    assert [channel for channel, _, _ in texts(data)] == channels


@pytest.mark.parametrize("said", NOT_SEEN)
def test_structure_and_payloads_are_no_text(said: JsonObject) -> None:
    assert chunk_text({"choices": [{"index": 0, "delta": said}]}) == ""


@pytest.mark.parametrize("data", [{}, {"choices": None}, {"choices": [None, 1, {}]}, {"data": []}])
def test_what_is_no_answer_has_no_text(data: JsonObject) -> None:
    assert list(texts(data)) == []


def test_parts_without_an_index_are_read_on_and_choices_stay_apart() -> None:
    parts: Json = [{"text": "one "}, {"text": "two"}]
    data: JsonObject = {
        "choices": [{"index": 1, "delta": {"content": parts}}, {"index": 0, "text": "x"}]
    }
    assert [(channel, text) for channel, _, text in texts(data)] == [
        ((1, "content", 0, "text"), "one "),
        ((1, "content", 0, "text"), "two"),
        ((0, "text"), "x"),
    ]


def test_each_text_is_changed_at_its_place_and_nothing_else() -> None:
    parts: Json = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    data: JsonObject = {"id": "a", "choices": [{"index": 0, "delta": {"content": parts}}]}
    changed = map_texts(data, lambda channel, text: text.upper())
    upper: Json = [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]
    assert changed == {"id": "a", "choices": [{"index": 0, "delta": {"content": upper}}]}
    assert parts == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert map_texts(data, lambda channel, text: text) is data


@pytest.mark.parametrize(
    "channel",
    [
        (2, "content"),
        (0, "text"),
        (0, "content", 0, "text"),
        (1, "tool_calls", 3, "function", "arguments"),
        (0, "audio", "transcript"),
    ],
)
def test_a_chunk_made_for_a_channel_is_read_on_that_channel(channel: tuple[int | str, ...]) -> None:
    made = text_chunk({"id": "x", "choices": [], "usage": {}}, channel, "more")
    assert [(place, text) for place, _, text in texts(made.data)] == [(channel, "more")]
    assert made.data["id"] == "x"


def test_every_choice_that_ends_is_told() -> None:
    choices: Json = [
        {"index": 3, "finish_reason": "stop"},
        {"index": 0, "finish_reason": None},
        {"finish_reason": "length"},
    ]
    assert finished({"choices": choices}) == {3: "stop", 2: "length"}
