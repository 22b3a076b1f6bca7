"""The official `openai` client works against `/mesh/v1` with nothing changed but URL and key."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .conftest import ALIASES, PROVIDER_KEY, Gateway

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello."}]
USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 34,
    "total_tokens": 154,
    "prompt_tokens_details": {"cached_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
COST = Decimal("0.00046")
"""Of `USAGE` at $1 and $10 per million tokens."""
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
TOOL_CALL: Any = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
}


class Person(BaseModel):
    name: str
    born: int
    tags: list[str]


def test_a_whole_answer_comes_through_and_is_recorded_as_reported(
    gateway: Gateway, upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    upstream.script(Behaviour.model_validate({"usage": USAGE}))
    raw = client.chat.completions.with_raw_response.create(model="up/m", messages=HELLO)
    answer = raw.parse()
    assert answer.choices[0].message.content == Behaviour().text
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.model_dump(exclude_none=True) == USAGE
    assert raw.headers["x-mesh-model"] == "up/m"
    assert raw.headers["x-mesh-cache"] == "bypass"
    assert Decimal(raw.headers["x-mesh-cost-usd"]) == COST
    assert float(raw.headers["x-mesh-overhead-ms"]) >= 0
    record = gateway.record(raw.headers["x-mesh-request-id"])["summary"]
    assert (record["outcome"], record["application"], record["user"]) == (
        "answered",
        "tests",
        "ada",
    )
    assert Decimal(record["cost_usd"]) == COST
    tokens = record["tokens"]
    assert (tokens["input"], tokens["output"]) == (120, 34)
    assert (tokens["cache_read"], tokens["reasoning"], tokens["estimated"]) == (20, 4, False)
    received = upstream.requests[0]
    assert received.token == PROVIDER_KEY, "the gateway's key, never the caller's"
    assert gateway.key not in str(received.headers)


def test_a_stream_comes_word_by_word_with_usage_only_if_asked(
    gateway: Gateway, upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    for asked in (False, True):
        options: Any = {"stream_options": {"include_usage": True}} if asked else {}
        with client.chat.completions.create(
            model="up/m", messages=HELLO, stream=True, **options
        ) as stream:
            chunks = list(stream)
        pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
        assert "".join(pieces) == Behaviour().text
        assert len([piece for piece in pieces if piece]) > 5
        assert [chunk.usage is not None for chunk in chunks].count(True) == asked
        assert upstream.requests[-1].json["stream_options"] == {"include_usage": True}
        assert gateway.last_call()["tokens"]["output"] == 8
    mesh = (chunks[-1].model_extra or {})["mesh"]
    assert mesh["model"] == "up/m"
    assert Decimal(mesh["cost_usd"]) == Decimal("0.000082")
    assert gateway.record(mesh["request_id"])["summary"]["cost_usd"] == mesh["cost_usd"]


@pytest.mark.parametrize("stream", [False, True])
def test_tools_make_the_whole_round(
    upstream: FakeOpenAI, client: openai.OpenAI, stream: bool
) -> None:
    upstream.script(Behaviour(tool_calls=(TOOL_CALL,)), Behaviour(text="Rain."))
    if stream:
        with client.chat.completions.stream(model="up/m", messages=HELLO, tools=[TOOL]) as events:
            answer = events.get_final_completion()
    else:
        answer = client.chat.completions.create(model="up/m", messages=HELLO, tools=[TOOL])
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    call: Any = choice.message.tool_calls[0]
    assert (call.id, call.function.name) == ("call_1", "weather")
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    told: Any = {"role": "tool", "tool_call_id": "call_1", "content": "Rain all day"}
    asked: Any = {"role": "assistant", "tool_calls": [TOOL_CALL]}
    after = client.chat.completions.create(model="up/m", messages=[*HELLO, asked, told])
    assert after.choices[0].message.content == "Rain."
    assert upstream.requests[0].json["tools"] == [TOOL]
    assert upstream.requests[1].json["messages"] == [*HELLO, asked, told]


@pytest.mark.parametrize("model", ["up/m", "echo/echo"])
def test_a_schema_is_filled_and_parsed(client: openai.OpenAI, model: str) -> None:
    answer = client.chat.completions.parse(model=model, messages=HELLO, response_format=Person)
    assert isinstance(answer.choices[0].message.parsed, Person)


def test_a_schema_reaches_the_upstream_unchanged(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    with client.chat.completions.stream(
        model="up/m", messages=HELLO, response_format=Person
    ) as events:
        assert isinstance(events.get_final_completion().choices[0].message.parsed, Person)
    sent: Any = upstream.requests[0].json["response_format"]
    assert sent["json_schema"]["strict"] is True
    assert sent["json_schema"]["schema"]["required"] == ["name", "born", "tags"]


@pytest.mark.parametrize("model", ["up/e", "echo/echo"])
@pytest.mark.parametrize("encoding", [None, "float", "base64"])
def test_embeddings_come_in_order_and_in_the_length_asked_for(
    client: openai.OpenAI, model: str, encoding: str | None
) -> None:
    options: Any = {} if encoding is None else {"encoding_format": encoding}
    texts = ["a blue whale", "a red fox", "a blue whale"]
    answer = client.embeddings.create(model=model, input=texts, dimensions=16, **options)
    assert [item.index for item in answer.data] == [0, 1, 2]
    assert answer.usage.prompt_tokens == 9
    vectors = [item.embedding for item in answer.data]
    if encoding != "base64":
        assert {len(vector) for vector in vectors} == {16}
    assert vectors[0] == vectors[2] != vectors[1]


def test_models_are_listed_and_retrieved_by_names_with_slashes(client: openai.OpenAI) -> None:
    listed = {model.id: model.owned_by for model in client.models.list()}
    assert listed == {
        **dict.fromkeys(ALIASES, "openai"),
        "up/m": "openai",
        "up/e": "openai",
        "up/dear": "openai",
        "echo/echo": "echo",
        "echo/shout": "echo",
    }
    assert client.models.retrieve("up/m").id == "up/m"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("up/none")


@pytest.mark.parametrize("stream", [False, True])
def test_several_choices_with_logprobs_pass_through(
    upstream: FakeOpenAI, client: openai.OpenAI, stream: bool
) -> None:
    upstream.default = Behaviour(text="one two", logprobs=True)
    options: Any = {"n": 3, "logprobs": True, "top_logprobs": 2}
    if stream:
        chunks = client.chat.completions.create(
            model="up/m", messages=HELLO, stream=True, **options
        )
        texts = ["", "", ""]
        for chunk in chunks:
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
                assert choice.logprobs is not None
    else:
        answer = client.chat.completions.create(model="up/m", messages=HELLO, **options)
        texts = [choice.message.content or "" for choice in answer.choices]
        assert all(c.logprobs and c.logprobs.content for c in answer.choices)
    assert texts == ["one two"] * 3
    assert {key: upstream.requests[0].json[key] for key in options} == options


def test_the_old_completions_work_where_a_model_does_them(client: openai.OpenAI) -> None:
    options: Any = {"model": "echo/echo", "prompt": "Once upon a time"}
    whole = client.completions.create(**options).choices[0].text
    streamed = "".join(c.choices[0].text for c in client.completions.create(stream=True, **options))
    assert whole == streamed
    assert "Once upon a time" in whole
    with pytest.raises(openai.BadRequestError, match="does chat"):
        client.completions.create(model="up/m", prompt="Once upon a time")


def test_images_and_parts_reach_the_upstream_unchanged(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    pixel = "data:image/png;base64," + "iVBORw0KGgo" * 100
    message: Any = {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": pixel, "detail": "low"}},
        ],
    }
    client.chat.completions.create(model="up/m", messages=[message])
    assert upstream.requests[0].json["messages"] == [message]


def test_the_offline_demo_answers_without_any_upstream(
    gateway: Gateway, upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    whole = client.chat.completions.create(model="echo/echo", messages=HELLO)
    with client.chat.completions.create(model="echo/echo", messages=HELLO, stream=True) as stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert whole.choices[0].message.content == text
    assert "Say hello." in text
    assert Decimal(gateway.last_call()["cost_usd"]) == 0
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("text", "flagged"), [("What a lovely day.", False), ("I will kill you, you idiot.", True)]
)
def test_texts_are_judged_by_the_guards_of_the_mesh(
    gateway: Gateway, upstream: FakeOpenAI, client: openai.OpenAI, text: str, flagged: bool
) -> None:
    raw = client.moderations.with_raw_response.create(input=text)
    answer = raw.parse()
    [result] = answer.results
    assert (result.flagged, result.categories.violence) == (flagged, flagged)
    assert (result.category_scores.violence >= 0.5) == flagged
    assert result.categories.sexual_minors is False
    assert answer.model == "mesh/guards"
    both = client.moderations.create(model="omni-moderation-latest", input=[text, "Hello"])
    assert [one.flagged for one in both.results] == [flagged, False]
    record = gateway.record(raw.headers["x-mesh-request-id"])
    assert record["summary"]["operation"] == "moderation"
    assert [one["guard"] for one in record["verdicts"]] == (["word_list"] if flagged else [])
    assert upstream.requests == []


async def test_the_asynchronous_client_has_texts_judged_too(gateway: Gateway) -> None:
    async with openai.AsyncOpenAI(base_url=gateway.base_url, api_key=gateway.key) as one:
        answer = await one.moderations.create(
            input=[{"type": "text", "text": "I will"}, {"type": "text", "text": "kill you"}]
        )
    assert [result.flagged for result in answer.results] == [True]
