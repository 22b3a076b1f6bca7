"""The fake is faithful: Cohere's own client runs against it, unmocked, over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import cohere
import pytest
from cohere.core.api_error import ApiError

from jupyter_mesh.testing.fake_cohere import Behaviour, FakeCohere

MODEL = "command-a-03-2025"
ONCE = {"max_retries": 0}
ASKED = [{"role": "user", "content": "How is it in Oslo?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
TOOL_CALL = {
    "id": "weather_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
}


@pytest.fixture
def fake() -> Iterator[FakeCohere]:
    with FakeCohere(api_key="co-key") as upstream:
        yield upstream


@pytest.fixture
def client(fake: FakeCohere) -> cohere.ClientV2:
    return cohere.ClientV2(api_key="co-key", base_url=fake.base_url)


def test_an_answer(fake: FakeCohere, client: cohere.ClientV2) -> None:
    fake.script(Behaviour(text="Good day.", reasoning="They greet me.", logprobs=True))
    answer = client.chat(model=MODEL, messages=ASKED, logprobs=True)
    blocks = answer.message.content
    assert [block.type for block in blocks] == ["thinking", "text"]
    assert (blocks[0].thinking, blocks[1].text) == ("They greet me.", "Good day.")
    assert answer.finish_reason == "COMPLETE"
    assert answer.usage.billed_units.input_tokens == 5
    assert answer.usage.tokens.input_tokens == 65, "with what Cohere adds, and does not charge"
    assert answer.logprobs[0].logprobs == [-0.5]


def test_a_stream(fake: FakeCohere, client: cohere.ClientV2) -> None:
    fake.script(Behaviour(text="one two three"))
    events = list(client.chat_stream(model=MODEL, messages=ASKED))
    kinds = [event.type for event in events]
    assert kinds == [
        "message-start", "content-start", *["content-delta"] * 3, "content-end", "message-end",
    ]  # fmt: skip
    text = "".join(e.delta.message.content.text for e in events if e.type == "content-delta")
    assert text == "one two three"
    assert events[-1].delta.finish_reason == "COMPLETE"
    assert events[-1].delta.usage.billed_units.output_tokens == 3


def test_the_asynchronous_client(fake: FakeCohere) -> None:
    async def ask() -> tuple[str, list[str]]:
        client = cohere.AsyncClientV2(api_key="co-key", base_url=fake.base_url)
        whole = await client.chat(model=MODEL, messages=ASKED)
        kinds = [event.type async for event in client.chat_stream(model=MODEL, messages=ASKED)]
        return whole.message.content[0].text, kinds

    fake.default = Behaviour(text="Good day.")
    text, kinds = asyncio.run(ask())
    assert text == "Good day."
    assert (kinds[0], kinds[-1]) == ("message-start", "message-end")


def test_tools_there_and_back(fake: FakeCohere, client: cohere.ClientV2) -> None:
    fake.script(Behaviour(tool_calls=(TOOL_CALL,)), Behaviour(text="Mild."))
    first = client.chat(model=MODEL, messages=ASKED, tools=[WEATHER], tool_choice="REQUIRED")
    assert first.finish_reason == "TOOL_CALL"
    assert first.message.tool_plan == "I will use a tool."
    (call,) = first.message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Oslo"}')
    told = {"role": "tool", "tool_call_id": call.id, "content": '{"degrees": 4}'}
    second = client.chat(model=MODEL, messages=[*ASKED, first.message, told], tools=[WEATHER])
    assert second.message.content[0].text == "Mild."
    heard = fake.dialect.heard(fake.requests[-1])
    assert heard.turns[1].calls == [("weather", {"city": "Oslo"})]
    assert heard.turns[2].results == [("weather_1", '{"degrees": 4}')]


def test_a_streamed_tool_call(fake: FakeCohere, client: cohere.ClientV2) -> None:
    fake.script(Behaviour(tool_calls=(TOOL_CALL,)))
    events = list(client.chat_stream(model=MODEL, messages=ASKED, tools=[WEATHER]))
    plan = [e.delta.message.tool_plan for e in events if e.type == "tool-plan-delta"]
    assert "".join(plan) == "I will use a tool."
    (start,) = (e for e in events if e.type == "tool-call-start")
    assert start.delta.message.tool_calls.id == "weather_1"
    pieces = [
        e.delta.message.tool_calls.function.arguments for e in events if e.type == "tool-call-delta"
    ]
    assert "".join(pieces) == '{"city": "Oslo"}'
    assert events[-1].delta.finish_reason == "TOOL_CALL"


def test_an_answer_by_a_schema(fake: FakeCohere, client: cohere.ClientV2) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    wanted = {"type": "json_object", "json_schema": schema}
    answer = client.chat(model=MODEL, messages=ASKED, response_format=wanted)
    assert '"city"' in answer.message.content[0].text
    assert fake.dialect.heard(fake.requests[0]).schema == schema


def test_vectors(client: cohere.ClientV2) -> None:
    answer = client.embed(
        model="embed-v4.0",
        input_type="search_query",
        texts=["one two", "three"],
        embedding_types=["float", "int8", "base64"],
        output_dimension=4,
    )
    assert [len(one) for one in answer.embeddings.float_] == [4, 4]
    assert len(answer.embeddings.int8) == len(answer.embeddings.base64) == 2
    assert answer.meta.billed_units.input_tokens == 3


def test_a_ranking(client: cohere.ClientV2) -> None:
    answer = client.rerank(
        model="rerank-v3.5", query="blue whale", documents=["a red fox", "a blue whale"], top_n=1
    )
    assert [one.index for one in answer.results] == [1]
    assert answer.results[0].relevance_score == 1.0
    assert answer.meta.billed_units.search_units == 1


def test_the_list_of_models(client: cohere.ClientV2) -> None:
    first = client.models.list(page_size=2)
    assert [model.name for model in first.models] == [MODEL, "embed-v4.0"]
    assert first.models[0].endpoints == ["generate", "chat", "summarize"]
    second = client.models.list(page_size=2, page_token=first.next_page_token)
    assert [model.name for model in second.models] == ["rerank-v3.5"]
    assert second.next_page_token is None


def test_errors(fake: FakeCohere, client: cohere.ClientV2) -> None:
    fake.script(Behaviour(fault="rate_limited"))
    with pytest.raises(cohere.TooManyRequestsError) as caught:
        client.chat(model=MODEL, messages=ASKED, request_options=ONCE)
    assert caught.value.body["message"] == "Rate limit reached."
    fake.script(Behaviour(fault="error_event"))
    events = list(client.chat_stream(model=MODEL, messages=ASKED))
    assert (events[-1].delta.finish_reason, events[-1].delta.error) == (
        "ERROR",
        "The model crashed.",
    )
    stranger = cohere.ClientV2(api_key="wrong", base_url=fake.base_url)
    with pytest.raises(cohere.UnauthorizedError):
        stranger.chat(model=MODEL, messages=ASKED, request_options=ONCE)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"messages": []}, "must not be empty"),
    ({"messages": [{"role": "assistant", "content": ""}]}, "must have content"),
    ({"messages": [{"role": "tool", "tool_call_id": "x", "content": "a"}]}, "of no tool call"),
    ({"messages": ASKED, "tool_choice": "auto"}, "REQUIRED or NONE"),
    ({"messages": ASKED, "tool_choice": "REQUIRED"}, "there are no tools"),
]


@pytest.mark.parametrize(("body", "says"), REFUSED)
def test_it_refuses_what_cohere_refuses(
    client: cohere.ClientV2, body: dict[str, object], says: str
) -> None:
    with pytest.raises(ApiError, match=says):
        client.chat(model=MODEL, **body, request_options=ONCE)


def test_it_refuses_vectors_for_nothing(client: cohere.ClientV2) -> None:
    with pytest.raises(ApiError, match="input_type"):
        client.embed(model="embed-v4.0", input_type="sleep", texts=["a"], request_options=ONCE)
    with pytest.raises(ApiError, match="at most 96"):
        client.v2.embed(
            model="embed-v4.0", input_type="clustering", texts=["a"] * 97, request_options=ONCE
        )
