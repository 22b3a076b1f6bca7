"""Reading single events: what is refused, what is let pass, when a stream counts as complete."""

from __future__ import annotations

import orjson
import pytest

from jupyter_mesh.errors import ProviderProtocolError, ProviderUnavailable
from jupyter_mesh.outbound.faults import Faults
from jupyter_mesh.providers.openai_stream import StreamReading
from jupyter_mesh.providers.sse import ServerSentEvent
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.testing.attempts import attempt


def reading() -> StreamReading:
    return StreamReading(attempt().request, "m", Faults("The connection 'x'", str))


def event(data: Json, name: str = "message") -> ServerSentEvent:
    return ServerSentEvent(name, orjson.dumps(data))


def choice(index: int, reason: str | None = None, **delta: Json) -> JsonObject:
    return {"choices": [{"index": index, "delta": dict(delta), "finish_reason": reason}]}


@pytest.mark.parametrize("data", [5, None, [], "text", True])
def test_an_event_that_is_no_object_is_refused(data: Json) -> None:
    with pytest.raises(ProviderProtocolError):
        reading().read(event(data))


@pytest.mark.parametrize("index", [-1, 1_024, 10**12])
def test_a_tool_call_with_an_impossible_number_is_refused(index: int) -> None:
    with pytest.raises(ProviderProtocolError, match="tool call"):
        reading().read(event(choice(0, tool_calls=[{"index": index, "function": {}}])))


ODD: list[JsonObject] = [
    {},
    {"choices": None},
    {"choices": []},
    {"choices": ["x", None, 7]},
    {"choices": [{}]},
    {"choices": [{"delta": None, "finish_reason": 5, "index": "0"}]},
    choice(0, content=None, tool_calls=None),
    choice(0, content=["part"], tool_calls=["x", {"function": "f"}, {"index": True}]),
    {"type": "ping"},
    {"error": None, "choices": [], "prompt_filter_results": [1]},
    {"usage": None, "choices": []},
]


@pytest.mark.parametrize("data", ODD, ids=str)
def test_odd_chunks_pass_as_they_are(data: JsonObject) -> None:
    (chunk,) = reading().read(event(data))
    assert chunk.data == data
    assert not chunk.usage_only


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"error": {"message": "boom"}}, "message"),
        ({"error": "boom"}, "message"),
        ({"message": "boom"}, "error"),
        ({"error": {"message": "boom"}, "choices": [{"finish_reason": "error"}]}, "message"),
    ],
)
def test_an_error_is_raised_wherever_it_stands(data: JsonObject, name: str) -> None:
    with pytest.raises(ProviderUnavailable, match="boom"):
        reading().read(event(data, name))


def test_data_over_several_lines_loses_its_raw_form_only() -> None:
    (chunk,) = reading().read(ServerSentEvent("message", b'{"choices":\n[]}'))
    assert (chunk.data, chunk.raw) == ({"choices": []}, None)


ENDS: list[tuple[list[JsonObject], bool, bool]] = [
    ([choice(0, "stop")], False, True),
    ([choice(0), choice(0, "stop")], False, True),
    ([choice(0)], False, False),
    ([choice(0)], True, True),
    ([], True, False),
    ([{"choices": []}], True, False),
    ([choice(0, "stop"), choice(1)], False, False),
    ([choice(0, "stop"), choice(1, "length")], False, True),
    ([choice(0, "stop"), choice(0)], False, True),
]


@pytest.mark.parametrize(("chunks", "done", "complete"), ENDS)
def test_the_end_is_the_end_only_when_every_choice_has_ended(
    chunks: list[JsonObject], done: bool, complete: bool
) -> None:
    one = reading()
    for data in chunks:
        one.read(event(data))
    if done:
        assert not one.read(ServerSentEvent("message", b"[DONE]"))
    if complete:
        count, _ = one.end()
        assert count.final
    else:
        with pytest.raises(ProviderProtocolError):
            one.end()


def test_a_reported_zero_beside_written_text_is_not_believed() -> None:
    one = reading()
    one.read(event({**choice(0, "stop", content="several words of text"), "usage": {}}))
    one.read(event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 0}}))
    usage = one.end()[0].usage
    assert (usage.input, usage.estimated) == (7, True)
    assert usage.output > 2
