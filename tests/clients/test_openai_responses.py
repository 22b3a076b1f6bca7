"""OpenAI's Responses API, by the official client: each answer and event is held to its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import openai
import pytest
from jupyter_mesh_server.responses_answer import Response as Answer
from pydantic import BaseModel

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .conftest import Gateway
from .held import EVENTS, RESPONSE, Held
from .test_openai_async import SLOW, connect, settled
from .test_openai_client import COST, TOOL_CALL, USAGE

TOOL: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
SECOND_CALL: Any = {**TOOL_CALL, "id": "call_2"}


class Place(BaseModel):
    name: str


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def client(gateway: Gateway, held: Held) -> Iterator[openai.OpenAI]:
    """As everywhere, but what passes is held to the schemas."""
    with openai.OpenAI(
        base_url=gateway.base_url,
        api_key=gateway.key,
        max_retries=0,
        http_client=httpx.Client(transport=held),
    ) as one:
        yield one
    assert held.problems == []


def events_of(client: openai.OpenAI, **asked: Any) -> list[Any]:
    return list(client.responses.create(model="up/m", stream=True, **asked))


def test_a_whole_answer_is_a_response_and_is_recorded_as_reported(
    gateway: Gateway, upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    upstream.script(Behaviour.model_validate({"usage": USAGE}))
    raw = client.responses.with_raw_response.create(
        model="up/m", instructions="Be brief.", input="Say hello.", max_output_tokens=50
    )
    answer = raw.parse()
    assert Decimal(raw.headers["x-mesh-cost-usd"]) == COST
    assert answer.output_text == Behaviour().text
    assert (answer.status, answer.error, answer.incomplete_details) == ("completed", None, None)
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (120, 34)
    assert answer.usage.input_tokens_details.cached_tokens == 20
    assert answer.usage.output_tokens_details.reasoning_tokens == 4
    sent = upstream.requests[-1].json
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Say hello."},
    ]
    assert sent["max_completion_tokens"] == 50
    assert gateway.last_call()["id"] == answer.id.removeprefix("resp_")


def test_a_stream_is_typed_events_in_their_order(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    upstream.script(Behaviour(reasoning="Well, then.", text="Hello there."))
    events = events_of(client, input="Say hello.")
    kinds = list(dict.fromkeys(event.type for event in events))
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.completed",
    ]
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert pieces == ["Hello ", "there."]
    last = events[-1].response
    assert [item.type for item in last.output] == ["reasoning", "message"]
    assert last.output_text == "Hello there."
    assert last.usage is not None


def test_the_clients_own_stream_puts_the_response_together(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    upstream.script(Behaviour(tool_calls=(TOOL_CALL, SECOND_CALL)))
    with client.responses.stream(model="up/m", input="How is it?", tools=[TOOL]) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    calls: list[Any] = [item for item in final.output if item.type == "function_call"]
    assert [(one.name, json.loads(one.arguments)) for one in calls] == [
        ("weather", {"city": "Oslo"})
    ] * 2
    assert [one.call_id for one in calls] == ["call_1", "call_2"]


def test_tools_and_their_results_go_back_and_forth(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    upstream.script(Behaviour(tool_calls=(TOOL_CALL, SECOND_CALL)), Behaviour(text="4 degrees."))
    asked: list[Any] = [{"role": "user", "content": "How is it?"}]
    first = client.responses.create(model="up/m", input=asked, tools=[TOOL])
    asked += [item.model_dump(exclude_none=True) for item in first.output]
    for item in first.output:
        assert item.type == "function_call"
        asked.append({"type": "function_call_output", "call_id": item.call_id, "output": "4"})
    second = client.responses.create(
        model="up/m", input=asked, tools=[TOOL], tool_choice={"type": "function", "name": "weather"}
    )
    assert second.output_text == "4 degrees."
    heard = upstream.dialect.heard(upstream.requests[-1])
    assert heard.tool_choice == "weather"
    assert [turn.role for turn in heard.turns] == ["user", "assistant", "user"]
    assert heard.turns[1].calls == [("weather", {"city": "Oslo"})] * 2
    assert heard.turns[2].results == [("call_1", "4"), ("call_2", "4")]


def test_a_schema_an_image_and_thinking_are_put_into_the_chats_words(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    content: Any = [
        {"type": "input_text", "text": "Where is this?"},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
    ]
    answer = client.responses.parse(
        model="up/m",
        input=[{"role": "user", "content": content}],
        text_format=Place,
        reasoning={"effort": "low"},
    )
    assert isinstance(answer.output_parsed, Place)
    sent = upstream.requests[-1].json
    heard = upstream.dialect.heard(upstream.requests[-1])
    assert sent["reasoning_effort"] == "low"
    assert heard.schema is not None
    assert heard.turns[0].images == ["https://example.com/a.png"]


def test_thoughts_that_a_model_wants_back_come_back(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    details = [{"type": "signed", "signature": "abc"}]
    message = {
        "role": "assistant",
        "content": "Hi.",
        "reasoning_content": "Hm.",
        "reasoning_details": details,
    }
    whole: Any = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    upstream.script(Behaviour(answer=whole))
    first = client.responses.create(model="up/m", input="Hello.")
    again: list[Any] = [item.model_dump(exclude_none=True) for item in first.output]
    client.responses.create(model="up/m", input=[*again, {"role": "user", "content": "And?"}])
    sent: Any = upstream.requests[-1].json
    (said, _) = sent["messages"]
    assert said["reasoning_details"] == details
    assert said["content"] == [{"type": "text", "text": "Hi."}]


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (Behaviour(finish_reason="length"), "max_output_tokens"),
        (Behaviour(finish_reason="content_filter"), "content_filter"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_was_cut_says_why(
    upstream: FakeOpenAI, client: openai.OpenAI, behaviour: Behaviour, why: str, stream: bool
) -> None:
    upstream.script(behaviour)
    if stream:
        last = events_of(client, input="Hi.")[-1]
        assert last.type == "response.incomplete"
        answer = last.response
    else:
        answer = client.responses.create(model="up/m", input="Hi.")
    assert answer.status == "incomplete"
    assert answer.incomplete_details.reason == why


def test_what_breaks_in_the_middle_ends_with_an_event(
    upstream: FakeOpenAI, client: openai.OpenAI
) -> None:
    upstream.script(Behaviour(fault="error_event", piece_delay=0.01))
    events = events_of(client, input="Hi.")
    assert [event.type for event in events[-2:]] == ["error", "response.failed"]
    assert events[-2].code == "provider_unavailable"
    assert events[-1].response.status == "failed"


REFUSING: list[JsonObject] = [
    {"choices": [{"delta": {"role": "assistant", "refusal": "I "}}]},
    {"choices": [{"delta": {"refusal": "will not."}, "finish_reason": "stop"}]},
]


def test_every_kind_of_event_is_held_to_its_schema(
    upstream: FakeOpenAI, client: openai.OpenAI, held: Held
) -> None:
    upstream.script(
        Behaviour(reasoning="Hm.", logprobs=True),
        Behaviour(tool_calls=(TOOL_CALL, SECOND_CALL)),
        Behaviour(finish_reason="length"),
        Behaviour(fault="error_event", piece_delay=0.01),
    )
    for _ in range(4):
        events_of(
            client, input="Hi.", tools=[TOOL], reasoning={"effort": "low"}, top_logprobs=1, user="u"
        )
    refused = Answer({}, "1")
    told = [*refused.begin(), *(one for chunk in REFUSING for one in refused.take(chunk))]
    told += refused.end(Usage(input=1, output=2))
    frames = (f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in told)
    held.take_events("".join(frames).encode())
    assert held.kinds == set(EVENTS)


def test_what_is_wrong_is_found(client: openai.OpenAI) -> None:
    answer = client.responses.create(model="up/m", input="Hi.").model_dump()
    for name in RESPONSE:
        wrong = Held()
        wrong.take(json.dumps({key: answer[key] for key in answer if key != name}).encode())
        assert wrong.problems, name


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"background": True}, "background"),
    ({"store": True}, "store"),
    ({"truncation": "auto"}, "truncation"),
    ({"include": ["file_search_call.results"]}, "include"),
    ({"tools": [{"type": "web_search"}]}, "tools"),
    ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0]"),
    ({"input": []}, "input"),
    ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "input"),
    ({"extra_body": {"base_url": "http://elsewhere"}}, "base_url"),
    ({"extra_body": {"messages": [{"role": "user", "content": "OTHER"}]}}, "messages"),
    ({"extra_body": {"n": 3}}, "n"),
    ({"extra_body": {"max_tokens": 3}}, "max_tokens"),
]


@pytest.mark.parametrize(("asked", "param"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_needs_state_or_tools_of_the_gateway_is_refused_by_name(
    upstream: FakeOpenAI, client: openai.OpenAI, asked: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(**{"model": "up/m", "input": "Hi.", **asked})
    assert (refused.value.param or "").startswith(param)
    assert upstream.requests == []


def test_fields_that_say_what_happens_anyway_are_taken(client: openai.OpenAI) -> None:
    answer = client.responses.create(
        model="up/m", input="Hi.", store=False, truncation="disabled", include=[]
    )
    assert answer.output_text


async def test_leaving_in_the_middle_closes_the_upstream(
    gateway: Gateway, upstream: FakeOpenAI
) -> None:
    upstream.script(SLOW)
    async with connect(gateway) as client:
        stream = await client.responses.create(model="up/m", input="Hi.", stream=True)
        async for event in stream:
            if event.type == "response.output_text.delta":
                break
        await stream.close()
        call = await settled(gateway, upstream)
    assert upstream.requests[-1].end == "client_gone"
    assert call["outcome"] == "aborted"
