"""Tool calls whose pieces come mixed are put together, in each API's own way."""

from __future__ import annotations

from jupyter_mesh_server.messages_answer import Message
from jupyter_mesh_server.responses_answer import Response

from jupyter_mesh.schemas.json import Json, JsonObject, as_list, as_object

HELD = [{"city": "Oslo"}, {"city": "Rome"}]


def piece(index: int, arguments: str, name: str | None = None) -> JsonObject:
    function: JsonObject = {"arguments": arguments}
    call: JsonObject = {"index": index, "function": function}
    if name is not None:
        function["name"] = name
        call["id"] = f"call_{index}"
    return {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}


MIXED = [
    piece(0, "", "weather"),
    piece(1, "", "clock"),
    piece(0, '{"city": "Os'),
    piece(1, '{"city":'),
    piece(0, 'lo"}'),
    piece(1, ' "Rome"}'),
]


def test_the_messages_api_gets_one_block_after_the_other() -> None:
    message = Message({"model": "m"}, "1")
    events = [*message.begin()]
    for chunk in MIXED:
        events += message.take(chunk)
    events += message.end(None)
    blocks = [as_object(block) or {} for block in as_list(message.as_json(None)["content"]) or []]
    assert [(block["name"], block["input"]) for block in blocks] == [
        ("weather", HELD[0]),
        ("clock", HELD[1]),
    ]
    order: list[Json] = [event["index"] for event in events if "index" in event]
    assert order == sorted(order, key=str)


def test_calls_that_come_one_after_the_other_are_streamed_as_they_come() -> None:
    message = Message({"model": "m"}, "1")
    told: list[int] = []
    for chunk in sorted(MIXED, key=lambda one: str(one).count("index': 1")):
        told.append(len(message.take(chunk)))
    assert all(told)


def test_the_responses_api_keeps_its_items_apart() -> None:
    response = Response({"model": "m"}, "1")
    events = [*response.begin()]
    for chunk in MIXED:
        events += response.take(chunk)
    events += response.end(None)
    last = as_object(events[-1]["response"]) or {}
    items = [as_object(item) or {} for item in as_list(last["output"]) or []]
    assert [(item["name"], item["arguments"], item["status"]) for item in items] == [
        ("weather", '{"city": "Oslo"}', "completed"),
        ("clock", '{"city": "Rome"}', "completed"),
    ]
