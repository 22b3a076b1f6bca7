"""Anthropic's own client against the gateway, over models of OpenAI's shape and Anthropic's."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import BaseModel, TypeAdapter

from jupyter_mesh.testing.conformance.requests import PIXEL
from jupyter_mesh.testing.fake_anthropic import FakeAnthropic
from jupyter_mesh.testing.fake_openai import Behaviour

from .anthropic_gateway import CLAUDE, two_vendors
from .conftest import Gateway
from .test_openai_async import SLOW, settled
from .test_openai_client import TOOL_CALL, USAGE

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
HELLO: Any = [{"role": "user", "content": "Say hello."}]
BOTH = pytest.mark.parametrize("model", ["up/m", f"claude/{CLAUDE}"])
TOOL: Any = {
    "name": "weather",
    "description": "The weather in a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
SECOND_CALL: Any = {**TOOL_CALL, "id": "call_2"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, FakeAnthropic]]:
    with two_vendors(tmp_path_factory.mktemp("messages")) as both:
        yield both


@pytest.fixture
def claude(running: tuple[Gateway, FakeAnthropic]) -> FakeAnthropic:
    fake = running[1]
    fake.forget()
    fake.requests.clear()
    return fake


@pytest.fixture
def gateway(running: tuple[Gateway, FakeAnthropic], claude: FakeAnthropic) -> Gateway:
    found = running[0]
    found.upstream.forget()
    found.upstream.requests.clear()
    return found


def address(gateway: Gateway) -> str:
    return f"{gateway.process.url}anthropic"


@pytest.fixture
def client(gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=address(gateway), api_key=gateway.key, max_retries=0) as one:
        yield one


def script(gateway: Gateway, claude: FakeAnthropic, model: str, *told: Behaviour) -> Any:
    """Tell the server behind `model` what to answer; that server."""
    upstream = claude if model.startswith("claude") else gateway.upstream
    upstream.script(*told)
    return upstream


def ask(client: anthropic.Anthropic, model: str, **asked: Any) -> Message:
    message = client.messages.create(
        **{"model": model, "max_tokens": 4_000, "messages": HELLO, **asked}
    )
    # The client takes answers as they come; its own types say what they must be.
    return Message.model_validate(message.model_dump(by_alias=True), strict=False)


def events_of(client: anthropic.Anthropic, model: str, **asked: Any) -> list[Any]:
    stream = client.messages.create(
        **{"model": model, "max_tokens": 4_000, "messages": HELLO, **asked}, stream=True
    )
    events = list(stream)
    for event in events:
        EVENT.validate_python(event.model_dump(by_alias=True))
    return events


@BOTH
def test_a_whole_answer_is_a_message_and_is_recorded_as_reported(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic, model: str
) -> None:
    script(gateway, claude, model, Behaviour.model_validate({"usage": USAGE}))
    raw = client.messages.with_raw_response.create(
        model=model, max_tokens=100, messages=HELLO, system="Be brief."
    )
    message = raw.parse()
    assert message.content[0].text == Behaviour().text
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (100, 20)
    assert (usage.output_tokens, usage.output_tokens_details.thinking_tokens) == (34, 4)
    record = gateway.last_call()
    assert message.id == f"msg_{record['id']}"
    assert raw.headers["request-id"] == record["id"]
    cost = Decimal(record["cost_usd"])
    assert Decimal(raw.headers["x-mesh-cost-usd"]) == cost
    # 120 × 1 + 34 × 10; 100 × 3 + 20 × 0.3 + 34 × 15, per million
    assert cost == Decimal("0.00046" if model == "up/m" else "0.000816")


@BOTH
def test_a_stream_is_typed_events_in_their_order(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic, model: str
) -> None:
    told = {"reasoning": "Well, then.", "text": "Hello there.", "usage": USAGE}
    script(gateway, claude, model, Behaviour.model_validate(told))
    events = events_of(client, model)
    assert list(dict.fromkeys(event.type for event in events)) == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    starts = [event.content_block.type for event in events if event.type == "content_block_start"]
    assert starts == ["thinking", "text"]
    assert events[-2].usage.input_tokens == 100
    assert events[-2].usage.output_tokens == 34
    assert gateway.last_call()["outcome"] == "answered"


@BOTH
def test_the_stream_helper_puts_thoughts_text_and_tools_together(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic, model: str
) -> None:
    calls: Any = {"reasoning": "Well.", "tool_calls": [TOOL_CALL, SECOND_CALL]}
    script(gateway, claude, model, Behaviour.model_validate(calls))
    with client.messages.stream(
        model=model, max_tokens=4_000, messages=HELLO, tools=[TOOL]
    ) as stream:
        final = stream.get_final_message()
    thought, *used = final.content
    assert thought.thinking == "Well."
    assert [(one.id, one.name, one.input) for one in used] == [
        (TOOL_CALL["id"], "weather", json.loads(TOOL_CALL["function"]["arguments"])),
        ("call_2", "weather", json.loads(TOOL_CALL["function"]["arguments"])),
    ]
    assert final.stop_reason == "tool_use"


@BOTH
def test_the_results_of_tools_and_thoughts_come_back_to_the_model(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic, model: str
) -> None:
    first: Any = {"reasoning": "I must look.", "tool_calls": [TOOL_CALL]}
    upstream = script(
        gateway, claude, model, Behaviour.model_validate(first), Behaviour(text="Cold.")
    )
    answer = client.messages.create(model=model, max_tokens=4_000, messages=HELLO, tools=[TOOL])
    result: Any = {
        "type": "tool_result",
        "tool_use_id": answer.content[-1].id,
        "content": [{"type": "text", "text": "3 degrees"}],
    }
    talk: Any = [
        *HELLO,
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": [result, {"type": "text", "text": "Well?"}]},
    ]
    assert ask(client, model, messages=talk, tools=[TOOL]).content[0].text == "Cold."
    heard = upstream.dialect.heard(upstream.requests[-1])
    assert heard.turns[1].calls[0][0] == "weather"
    assert [text for turn in heard.turns for _, text in turn.results] == ["3 degrees"]
    if upstream is claude:
        thought = upstream.requests[-1].json["messages"][1]["content"][0]
        assert thought["thinking"] == "I must look."
        assert thought["signature"], "the fake refuses one that it did not make"


def test_thoughts_of_claude_are_not_shown_to_another_model(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic
) -> None:
    script(gateway, claude, "claude", Behaviour(reasoning="A secret.", text="Hello."))
    answer = client.messages.create(model=f"claude/{CLAUDE}", max_tokens=4_000, messages=HELLO)
    talk: Any = [*HELLO, {"role": "assistant", "content": answer.content}, *HELLO]
    ask(client, "up/m", messages=talk)
    assert gateway.upstream.requests[-1].json["messages"][1]["content"] == "Hello."


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"stop_sequences": ["END"]}, {"stop": ["END"]}),
        ({"metadata": {"user_id": "u"}}, {"user": "u"}),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"tool_choice": {"type": "any"}, "tools": [TOOL]}, {"tool_choice": "required"}),
        ({"tool_choice": {"type": "none"}, "tools": [TOOL]}, {"tool_choice": "none"}),
        (
            {"tool_choice": {"type": "tool", "name": "weather"}, "tools": [TOOL]},
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
        ),
        (
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}, "tools": [TOOL]},
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
        ({"thinking": {"type": "enabled", "budget_tokens": 2_000}}, {"reasoning_effort": "low"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 8_000}}, {"reasoning_effort": "medium"}),
        ({"output_config": {"effort": "high"}}, {"reasoning_effort": "high"}),
        ({"extra_body": {"temperature": 0.5}}, {"temperature": 0.5}),
        ({"extra_body": {"frobnicate": 1}}, {"frobnicate": 1}),
    ],
)
def test_what_is_asked_reaches_a_model_of_openais_in_its_words(
    gateway: Gateway, client: anthropic.Anthropic, asked: Any, sent: Any
) -> None:
    ask(client, "up/m", max_tokens=9_999, **asked)
    heard = gateway.upstream.requests[-1].json
    assert {name: heard.get(name) for name in sent} == sent
    assert heard["max_completion_tokens"] == 9_999


def test_what_is_asked_reaches_claude_as_it_was(
    claude: FakeAnthropic, client: anthropic.Anthropic
) -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    said = {"type": "text", "text": "Look.", **mark}
    image = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    parts = [
        said,
        {"type": "image", "source": image, **mark},
        {"type": "document", "source": pdf, "title": "a.pdf"},
    ]
    asked: Any = {
        "system": [{"type": "text", "text": "Be brief.", **mark}],
        "messages": [{"role": "user", "content": parts}],
        "tools": [{**TOOL, **mark}],
        "thinking": {"type": "enabled", "budget_tokens": 3_333},
        "stop_sequences": ["END"],
    }
    ask(client, f"claude/{CLAUDE}", **asked)
    sent = claude.requests[-1].json
    assert {name: sent.get(name) for name in asked} == asked


def test_an_answer_without_a_limit_is_as_long_as_the_admin_says(
    gateway: Gateway, claude: FakeAnthropic
) -> None:
    body = json.dumps({"model": f"claude/{CLAUDE}", "messages": HELLO}).encode()
    assert gateway.request("v1/chat/completions", body).status == 200
    assert claude.requests[-1].json["max_tokens"] == 5_000


class Place(BaseModel):
    name: str


@BOTH
def test_a_schema_is_kept_to(client: anthropic.Anthropic, model: str) -> None:
    parsed = client.messages.parse(
        model=model, max_tokens=4_000, messages=HELLO, output_format=Place
    )
    assert isinstance(parsed.parsed_output, Place)


@BOTH
def test_limits_stop_sequences_and_refusals_are_told(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic, model: str
) -> None:
    script(gateway, claude, model, Behaviour(text="one two three"))
    assert ask(client, model, max_tokens=2).stop_reason == "max_tokens"
    script(gateway, claude, model, Behaviour(finish_reason="content_filter"))
    refused = ask(client, model)
    assert refused.stop_reason == "refusal"
    assert refused.stop_details is not None
    if model.startswith("claude"):
        script(gateway, claude, model, Behaviour(text="one END two"))
        stopped = ask(client, model, stop_sequences=["END"])
        assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "END")


def test_tokens_are_counted_without_a_call(gateway: Gateway, client: anthropic.Anthropic) -> None:
    count = client.messages.count_tokens(model="up/m", messages=HELLO, system="Be brief.")
    assert 3 <= count.input_tokens <= 20
    assert not gateway.upstream.requests


def test_models_are_listed_and_shown(client: anthropic.Anthropic) -> None:
    assert {"up/m", f"claude/{CLAUDE}"} <= {one.id for one in client.models.list()}
    shown = client.models.retrieve("up/m")
    assert (shown.max_tokens, shown.max_input_tokens) == (4_096, 9_000)
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("up/none")


SERVER_TOOL: Any = {"type": "web_search_20250305", "name": "web_search"}
FILE: Any = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}


@pytest.mark.parametrize(
    ("asked", "error", "kind", "message"),
    [
        ({"model": "up/none"}, anthropic.NotFoundError, "not_found_error", "up/none"),
        ({"messages": []}, anthropic.BadRequestError, "invalid_request_error", "messages"),
        ({"tools": [SERVER_TOOL]}, anthropic.BadRequestError,
         "invalid_request_error", "web_search"),
        ({"extra_body": {"base_url": "http://x"}}, anthropic.BadRequestError,
         "invalid_request_error", "base_url"),
        ({"extra_body": {"container": "c1"}}, anthropic.BadRequestError,
         "invalid_request_error", "container"),
        ({"extra_body": {"max_tokens": None}}, anthropic.BadRequestError,
         "invalid_request_error", "max_tokens: Field required"),
        ({"messages": [{"role": "user", "content": [FILE]}]}, anthropic.BadRequestError,
         "invalid_request_error", "image"),
        ({"messages": [{"role": "tool", "content": "x"}]}, anthropic.BadRequestError,
         "invalid_request_error", "role"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_the_vendors_shape(
    gateway: Gateway,
    client: anthropic.Anthropic,
    asked: Any,
    error: type[anthropic.APIStatusError],
    kind: str,
    message: str,
) -> None:
    with pytest.raises(error, match=message) as caught:
        ask(client, **{"model": "up/m", **asked})
    assert caught.value.type == kind
    assert caught.value.error_code
    assert not gateway.upstream.requests


@pytest.mark.parametrize(
    ("fault", "error", "kind"),
    [
        ("rate_limited", anthropic.RateLimitError, "rate_limit_error"),
        ("server_error", anthropic.InternalServerError, "api_error"),
        ("rejected", anthropic.BadRequestError, "invalid_request_error"),
    ],
)
@BOTH
def test_what_the_vendor_refuses_is_told_in_the_vendors_shape(
    gateway: Gateway,
    claude: FakeAnthropic,
    client: anthropic.Anthropic,
    model: str,
    fault: str,
    error: type[anthropic.APIStatusError],
    kind: str,
) -> None:
    script(gateway, claude, model, Behaviour.model_validate({"fault": fault}))
    with pytest.raises(error) as caught:
        ask(client, model)
    assert caught.value.type == kind


@BOTH
def test_a_prompt_that_is_too_long_is_told_in_words_that_agents_know(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic, model: str
) -> None:
    script(gateway, claude, model, Behaviour(fault="too_long"))
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        ask(client, model)


@BOTH
def test_an_error_in_a_stream_is_an_event_of_it(
    gateway: Gateway, claude: FakeAnthropic, client: anthropic.Anthropic, model: str
) -> None:
    script(gateway, claude, model, Behaviour(fault="error_event", piece_delay=0.01))
    with pytest.raises(anthropic.APIStatusError, match="crashed") as caught:
        events_of(client, model)
    assert caught.value.type == "api_error"


def post(gateway: Gateway, headers: dict[str, str], query: str = "") -> int:
    """The status of an answer to a plain request."""
    body = json.dumps({"model": "up/m", "max_tokens": 9, "messages": HELLO}).encode()
    url = f"{address(gateway)}/v1/messages{query}"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        told = json.load(error)
        assert told["type"] == "error"
        return error.code


def test_the_key_may_stand_in_either_header(gateway: Gateway) -> None:
    key = gateway.key
    assert post(gateway, {"x-api-key": key}) == 200
    assert post(gateway, {"Authorization": f"Bearer {key}"}, "?beta=true") == 200
    assert post(gateway, {"x-api-key": "wrong"}) == 401
    assert post(gateway, {}) == 401
    assert post(gateway, {"x-api-key": key}, "?api_base=http://x") == 400


async def test_the_asynchronous_client_does_the_same(gateway: Gateway) -> None:
    async with anthropic.AsyncAnthropic(
        base_url=address(gateway), api_key=gateway.key, max_retries=0
    ) as client:
        asked: Any = {"model": "up/m", "max_tokens": 99, "messages": HELLO}
        whole = await client.messages.create(**asked)
        async with client.messages.stream(**asked) as stream:
            assert await stream.get_final_text() == whole.content[0].text == Behaviour().text


@BOTH
async def test_leaving_a_stream_closes_the_upstream_and_records_what_came(
    gateway: Gateway, claude: FakeAnthropic, model: str
) -> None:
    upstream = script(gateway, claude, model, SLOW)
    async with anthropic.AsyncAnthropic(
        base_url=address(gateway), api_key=gateway.key, max_retries=0
    ) as client:
        stream = await client.messages.create(
            model=model, max_tokens=4_000, messages=HELLO, stream=True
        )
        async for event in stream:
            if event.type == "content_block_delta":
                break
        await stream.close()
        call = await asyncio.wait_for(settled(gateway, upstream), 20)
    assert upstream.requests[-1].end == "client_gone"
    assert call["outcome"] == "aborted"
