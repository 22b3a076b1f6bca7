"""What goes to Cohere and how its answers are read, beyond the shipped contract."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

import openai
import orjson
import pytest

from jupyter_mesh.errors import (
    InvalidRequest,
    MeshError,
    ProviderProtocolError,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    UnsupportedParameter,
)
from jupyter_mesh.outbound.faults import Faults
from jupyter_mesh.providers.cohere_stream import CohereReading
from jupyter_mesh.schemas.catalog import Capability
from jupyter_mesh.schemas.events import Answer, Finished, Notice
from jupyter_mesh.schemas.json import Json, JsonObject, as_list, dig
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_cohere import Behaviour, FakeCohere
from tests.providers.reading import answer_of, chunks_of, events_of, usage_of
from tests.providers.test_cohere_contract import SECRET, connect

MODEL = "command-a-03-2025"
CALL: JsonObject = {
    "id": "weather_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
}
WEATHER: JsonObject = {"type": "function", "function": {"name": "weather", "parameters": {}}}
CLOCK: JsonObject = {"type": "function", "function": {"name": "clock", "parameters": {}}}


@pytest.fixture
def fake() -> Iterator[FakeCohere]:
    with FakeCohere(api_key=SECRET) as upstream:
        yield upstream


async def sent(fake: FakeCohere, body: JsonObject, **settings: object) -> JsonObject:
    """What a chat request becomes on the wire."""
    provider = connect(fake, **settings)
    await answer_of(provider, attempt(body=body, model=MODEL))
    await provider.aclose()
    return fake.requests[-1].json


async def test_parameters_have_their_own_names(fake: FakeCohere) -> None:
    body = await sent(
        fake, {"top_p": 0.5, "top_k": 40, "stop": "END", "max_completion_tokens": 9, "seed": 7}
    )
    del body["messages"]
    assert body == {
        "model": MODEL,
        "p": 0.5,
        "k": 40,
        "stop_sequences": ["END"],
        "max_tokens": 9,
        "seed": 7,
        "stream": False,
    }


async def test_what_only_cohere_has_is_passed_on(fake: FakeCohere) -> None:
    own: JsonObject = {
        "documents": [{"id": "d1", "data": {"text": "It is mild."}}],
        "citation_options": {"mode": "FAST"},
        "safety_mode": "STRICT",
        "priority": 3,
        "thinking": {"type": "enabled", "token_budget": 500},
    }
    body = await sent(fake, {**own, "reasoning_effort": "high"})
    assert {name: body[name] for name in own} == own


EFFORTS: list[tuple[str, JsonObject]] = [
    ("none", {"type": "disabled"}),
    ("minimal", {"type": "enabled", "token_budget": 1_024}),
    ("low", {"type": "enabled", "token_budget": 1_024}),
    ("medium", {"type": "enabled", "token_budget": 8_192}),
    ("high", {"type": "enabled"}),
]


@pytest.mark.parametrize(("effort", "thinking"), EFFORTS)
async def test_how_much_to_think(fake: FakeCohere, effort: str, thinking: JsonObject) -> None:
    assert (await sent(fake, {"reasoning_effort": effort}))["thinking"] == thinking


async def test_a_parameter_it_lacks_is_dropped_with_a_word_or_refused(fake: FakeCohere) -> None:
    one = attempt(body={"logit_bias": {"5": 1}}, model=MODEL)
    notices = [event for event in await events_of(connect(fake), one) if isinstance(event, Notice)]
    assert [notice.details for notice in notices] == [{"parameters": ["logit_bias"]}]
    with pytest.raises(UnsupportedParameter) as refused:
        await events_of(connect(fake, unsupported="refuse"), one)
    assert refused.value.param == "logit_bias"


@pytest.mark.parametrize(
    ("name", "value"), [("n", 2), ("top_logprobs", 3), ("modalities", ["audio"])]
)
async def test_what_changes_the_answers_shape_is_refused(
    fake: FakeCohere, name: str, value: Json
) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        await sent(fake, {name: value})
    assert refused.value.param == name
    assert not fake.requests


async def test_one_tool_that_must_be_called_is_the_only_one_offered(fake: FakeCohere) -> None:
    choice: JsonObject = {"type": "function", "function": {"name": "clock"}}
    body = await sent(fake, {"tools": [WEATHER, CLOCK], "tool_choice": choice})
    assert body["tool_choice"] == "REQUIRED"
    assert [dig(tool, "function", "name") for tool in as_list(body["tools"]) or []] == ["clock"]
    unknown: JsonObject = {"type": "function", "function": {"name": "lamp"}}
    with pytest.raises(InvalidRequest, match="no tool of"):
        await sent(fake, {"tools": [WEATHER], "tool_choice": unknown})


async def test_strict_tools(fake: FakeCohere) -> None:
    strict: JsonObject = {"name": "weather", "parameters": {}, "strict": True}
    body = await sent(fake, {"tools": [{"type": "function", "function": strict}]})
    assert body["strict_tools"] is True
    assert "strict_tools" not in await sent(fake, {"tools": [WEATHER]})


@pytest.mark.parametrize("stream", [False, True])
async def test_a_plan_is_a_thought_and_comes_back_with_its_calls(
    fake: FakeCohere, stream: bool
) -> None:
    fake.script(Behaviour(tool_calls=(CALL,)))
    one = attempt(body={"tools": [WEATHER]}, model=MODEL, stream=stream)
    if stream:
        chunks = [chunk.data for chunk in await chunks_of(connect(fake), one)]
        told = [dig(chunk, "choices", 0, "delta", "reasoning_content") for chunk in chunks]
        plan: Json = "".join(piece for piece in told if isinstance(piece, str))
    else:
        message = dig(await answer_of(connect(fake), one), "choices", 0, "message")
        assert dig(message, "content") is None
        plan = dig(message, "reasoning_content")
    assert plan == "I will use a tool."
    said: JsonObject = {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL]}
    body = await sent(
        fake,
        {
            "messages": [
                {"role": "user", "content": "How is it?"},
                {**said, "reasoning_content": plan},
                {"role": "tool", "tool_call_id": "weather_1", "content": "4 degrees"},
                {"role": "user", "content": "And?"},
            ]
        },
    )
    assert as_list(body["messages"]) == [
        {"role": "user", "content": "How is it?"},
        {
            "role": "assistant",
            "tool_calls": [CALL],
            "tool_plan": "I will use a tool.\nLet me see.",
        },
        {
            "role": "tool",
            "tool_call_id": "weather_1",
            "content": [{"type": "text", "text": "4 degrees"}],
        },
        {"role": "user", "content": "And?"},
    ]


CITATION: JsonObject = {
    "start": 0,
    "end": 4,
    "text": "Mild",
    "sources": [{"type": "document", "id": "d1", "document": {"text": "It is mild."}}],
    "type": "TEXT_CONTENT",
}


async def test_citations_are_kept_beside_the_words(fake: FakeCohere) -> None:
    message: JsonObject = {
        "role": "assistant",
        "content": [{"type": "text", "text": "Mild."}],
        "citations": [CITATION],
    }
    fake.script(Behaviour(answer={"id": "a", "finish_reason": "COMPLETE", "message": message}))
    answer = await answer_of(connect(fake), attempt(model=MODEL))
    assert dig(answer, "choices", 0, "message", "citations") == [CITATION]
    assert dig(answer, "choices", 0, "message", "content") == "Mild."


def test_citations_of_a_stream_are_kept_too() -> None:
    reading = CohereReading(attempt(model=MODEL, stream=True), Faults("x", str))
    event: JsonObject = {
        "type": "citation-start",
        "index": 0,
        "delta": {"message": {"citations": CITATION}},
    }
    (chunk,) = reading.convert("citation-start", event)
    assert dig(chunk, "choices", 0, "delta", "citations") == [CITATION]
    for silent in ("content-end", "tool-call-end", "citation-end", "debug", "something-new"):
        assert list(reading.convert(silent, {"type": silent})) == []


BAD_PARTS: list[JsonObject] = [
    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
    {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg=="}},
]


@pytest.mark.parametrize("part", BAD_PARTS)
async def test_media_that_cohere_does_not_take_is_refused(
    fake: FakeCohere, part: JsonObject
) -> None:
    with pytest.raises(UnsupportedParameter, match="another provider"):
        await sent(fake, {"messages": [{"role": "user", "content": [part]}]})
    assert not fake.requests


async def test_a_pictures_detail_is_kept(fake: FakeCohere) -> None:
    url: JsonObject = {"url": "https://example.com/cat.png", "detail": "low"}
    part: JsonObject = {"type": "image_url", "image_url": url}
    body = await sent(fake, {"messages": [{"role": "user", "content": [part]}]})
    assert dig(body, "messages", 0, "content", 0) == part


ENDS = [
    ("COMPLETE", "stop"),
    ("STOP_SEQUENCE", "stop"),
    ("MAX_TOKENS", "length"),
    ("SOMETHING_NEW", "stop"),
]


@pytest.mark.parametrize(("word", "reason"), ENDS)
@pytest.mark.parametrize("stream", [False, True])
async def test_each_end_has_its_word(
    fake: FakeCohere, word: str, reason: str, stream: bool
) -> None:
    fake.script(Behaviour(finish_reason=word))
    events = await events_of(connect(fake), attempt(model=MODEL, stream=stream))
    assert events[-1] == Finished(reason)


@pytest.mark.parametrize(
    ("word", "error"), [("ERROR", ProviderUnavailable), ("TIMEOUT", ProviderTimeout)]
)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_ended_by_an_error_is_one_and_was_paid_for(
    fake: FakeCohere, word: str, error: type[ProviderUnavailable], stream: bool
) -> None:
    fake.script(Behaviour(finish_reason=word))
    with pytest.raises(error) as failed:
        await events_of(connect(fake), attempt(model=MODEL, stream=stream))
    assert failed.value.processed


async def test_vectors_for_what_they_are_meant(fake: FakeCohere) -> None:
    def asked(**body: Json) -> JsonObject:
        return {**body}

    provider = connect(fake, input_type="clustering")
    cases: list[tuple[JsonObject, str, str]] = [
        ({}, "clustering", "float"),
        (asked(input_type="search_query"), "search_query", "float"),
        (asked(encoding_format="base64"), "clustering", "base64"),
        (asked(embedding_types=["int8"]), "clustering", "int8"),
    ]
    for body, purpose, kind in cases:
        one = attempt(Operation.EMBEDDING, body, model="embed-v4.0")
        answer = await answer_of(provider, one)
        assert len(as_list(answer["data"]) or []) == 2
        request = fake.requests[-1].json
        assert (request["input_type"], request["embedding_types"]) == (purpose, [kind])
    both = attempt(
        Operation.EMBEDDING, asked(embedding_types=["float", "int8"]), model="embed-v4.0"
    )
    with pytest.raises(UnsupportedParameter):
        await answer_of(provider, both)
    await provider.aclose()


async def test_packed_vectors_are_the_same_numbers(
    fake: FakeCohere,
) -> None:
    provider = connect(fake)
    plain = await answer_of(provider, attempt(Operation.EMBEDDING, model="embed-v4.0"))
    body: JsonObject = {"encoding_format": "base64"}
    packed = await answer_of(provider, attempt(Operation.EMBEDDING, body, model="embed-v4.0"))
    text = dig(packed, "data", 0, "embedding")
    assert isinstance(text, str)
    numbers = struct.unpack("<8f", base64.b64decode(text))
    assert [*numbers] == pytest.approx(dig(plain, "data", 0, "embedding"))
    await provider.aclose()


async def test_a_ranking_with_and_without_its_documents(fake: FakeCohere) -> None:
    documents: Json = ["a red fox", {"text": "a blue whale"}, {"title": "whale", "legs": 0}]
    provider = connect(fake)
    one = attempt(Operation.RERANK, {"documents": documents, "top_n": 2}, model="rerank-v3.5")
    answer = await answer_of(provider, one)
    results = as_list(answer["results"]) or []
    assert [dig(result, "index") for result in results] == [1, 2]
    assert dig(results[0], "document") == {"text": "a blue whale"}
    assert fake.requests[-1].json["documents"] == [
        "a red fox",
        "a blue whale",
        "title: whale\nlegs: 0\n",
    ]
    bare = attempt(Operation.RERANK, {"return_documents": False}, model="rerank-v3.5")
    shown = as_list((await answer_of(provider, bare))["results"]) or []
    assert all(dig(result, "document") is None for result in shown)
    await provider.aclose()


async def test_what_is_no_ranking_is_refused(fake: FakeCohere) -> None:
    provider = connect(fake)
    for results in (None, [{"index": 0}], [{"relevance_score": 1.0}]):
        fake.script(Behaviour(answer={"results": results}))
        with pytest.raises(ProviderProtocolError):
            await answer_of(provider, attempt(Operation.RERANK, model="rerank-v3.5"))
    await provider.aclose()


async def test_the_list_tells_what_each_model_can(fake: FakeCohere) -> None:
    provider = connect(fake)
    facts = {one.name: one for one in await provider.probe()}
    await provider.aclose()
    assert {name: one.operations for name, one in facts.items()} == {
        MODEL: {Operation.CHAT},
        "embed-v4.0": {Operation.EMBEDDING},
        "rerank-v3.5": {Operation.RERANK},
    }
    assert facts[MODEL].context_window == 256_000
    assert facts[MODEL].capabilities == {
        Capability.STREAM, Capability.TOOLS, Capability.JSON_SCHEMA, Capability.LOGPROBS,
        Capability.VISION,
    }  # fmt: skip


def test_what_the_list_says_counts_more_than_a_name() -> None:
    with FakeCohere() as fake:
        provider = connect(fake)
    model: JsonObject = {"name": "8a2f-ft", "endpoints": ["rerank", "summarize"]}
    (listed,) = provider.format.listed({"models": [model]}) or []
    described = provider.describe(listed)
    assert described.operations == {Operation.RERANK}
    assert described.context_window is None


async def test_the_list_has_every_page_and_no_model_of_other_tasks() -> None:
    names = (*(f"classify-{number}" for number in range(1_005)), MODEL)
    with FakeCohere(models=names) as fake:
        provider = connect(fake)
        assert [one.name for one in await provider.probe()] == [MODEL]
        await provider.aclose()
        assert len(fake.requests) == 2


STATUSES: list[tuple[JsonObject, type[MeshError], str | None]] = [
    (
        {
            "message": "model 'x' not found, make sure the correct model ID was used and that you "
            "have access to the model."
        },
        ProviderRejected,
        "model",
    ),
    ({"message": "no such dataset"}, ProviderRejected, None),
]


@pytest.mark.parametrize(("error", "kind", "param"), STATUSES)
def test_a_model_that_is_gone_is_told(
    error: JsonObject, kind: type[MeshError], param: str | None
) -> None:
    fault = Faults("x", str).from_status(404, {}, orjson.dumps(error))
    assert isinstance(fault, kind)
    assert fault.param == param


async def test_the_answer_is_of_openais_shape(fake: FakeCohere) -> None:
    first = (await events_of(connect(fake), attempt(model=MODEL)))[0]
    assert isinstance(first, Answer)
    parsed = openai.types.chat.ChatCompletion.model_validate(first.data, strict=True)
    assert parsed.choices[0].message.content == Behaviour().text


async def test_without_counts_it_is_estimated(fake: FakeCohere) -> None:
    for stream in (False, True):
        fake.script(Behaviour(usage_in="never"))
        usage = await usage_of(connect(fake), attempt(model=MODEL, stream=stream))
        assert usage.estimated
        assert usage.output > 0
