"""The fake of Anthropic's API, driven by Anthropic's own client over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import anthropic
import pytest
from pydantic import BaseModel

from jupyter_mesh.testing.fake_anthropic import Behaviour, FakeAnthropic

HELLO = [{"role": "user", "content": "one two three"}]
WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = {
    "id": "toolu_7",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
}


@pytest.fixture
def fake() -> Iterator[FakeAnthropic]:
    with FakeAnthropic(api_key="right") as upstream:
        yield upstream


def client(fake: FakeAnthropic, key: str = "right") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=fake.base_url, api_key=key, max_retries=0)


def test_the_official_client_gets_an_answer(fake: FakeAnthropic) -> None:
    message = client(fake).messages.create(model="claude-x", max_tokens=100, messages=HELLO)
    assert message.content[0].text == Behaviour().text
    assert (message.usage.input_tokens, message.usage.output_tokens) == (3, 8)
    assert message.stop_reason == "end_turn"


def test_the_official_client_streams_thoughts_text_and_tools(fake: FakeAnthropic) -> None:
    fake.script(Behaviour(reasoning="First this.", text="Then that."))
    with client(fake).messages.stream(model="claude-x", max_tokens=9, messages=HELLO) as stream:
        events = [event.type for event in stream]
        final = stream.get_final_message()
    assert [block.type for block in final.content] == ["thinking", "text"]
    assert final.content[0].thinking == "First this."
    assert final.content[0].signature
    assert final.content[1].text == "Then that."
    assert events[0] == "message_start"
    assert events[-1] == "message_stop"
    fake.script(Behaviour(tool_calls=(CALL,)))
    with client(fake).messages.stream(
        model="claude-x", max_tokens=9, messages=HELLO, tools=[WEATHER]
    ) as stream:
        final = stream.get_final_message()
    assert final.content[0].input == {"city": "Oslo"}
    assert final.stop_reason == "tool_use"


def test_the_official_client_runs_a_tool_and_tells_what_it_said(fake: FakeAnthropic) -> None:
    fake.script(Behaviour(tool_calls=(CALL,)), Behaviour(text="Cold."))
    ask = client(fake).messages.create
    first = ask(model="claude-x", max_tokens=9, messages=HELLO, tools=[WEATHER])
    result = {"type": "tool_result", "tool_use_id": first.content[0].id, "content": "3 degrees"}
    messages = [
        *HELLO,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    last = ask(model="claude-x", max_tokens=9, messages=messages, tools=[WEATHER])
    assert last.content[0].text == "Cold."
    with pytest.raises(anthropic.BadRequestError, match=r"tool_use.*without"):
        ask(model="claude-x", max_tokens=9, messages=[*messages[:2], *HELLO], tools=[WEATHER])


def test_the_official_asynchronous_client_understands_it(fake: FakeAnthropic) -> None:
    async def talk() -> tuple[str, str]:
        async with anthropic.AsyncAnthropic(
            base_url=fake.base_url, auth_token="right", max_retries=0
        ) as asker:
            whole = await asker.messages.create(model="claude-x", max_tokens=9, messages=HELLO)
            async with asker.messages.stream(
                model="claude-x", max_tokens=9, messages=HELLO
            ) as stream:
                return whole.content[0].text, await stream.get_final_text()

    assert asyncio.run(talk()) == (Behaviour().text, Behaviour().text)


class City(BaseModel):
    name: str
    population: int


def test_the_official_client_parses_an_answer_of_a_schema(fake: FakeAnthropic) -> None:
    parsed = client(fake).messages.parse(
        model="claude-sonnet-4-5", max_tokens=99, messages=HELLO, output_format=City
    )
    assert isinstance(parsed.parsed_output, City)


def test_tokens_are_counted_and_models_are_listed_page_by_page() -> None:
    names = tuple(f"claude-{number}" for number in range(7))
    with FakeAnthropic(models=names, page=3) as fake:
        asker = client(fake)
        count = asker.messages.count_tokens(model="claude-x", messages=HELLO)
        assert count.input_tokens == 3
        assert [model.id for model in asker.models.list()] == [*names]
        assert asker.models.retrieve("claude-3").max_tokens == 64_000
        with pytest.raises(anthropic.NotFoundError):
            asker.models.retrieve("claude-99")


def test_limits_and_stop_sequences_end_an_answer(fake: FakeAnthropic) -> None:
    fake.default = Behaviour(text="one two END three")
    ask = client(fake).messages.create
    short = ask(model="claude-x", max_tokens=1, messages=HELLO)
    assert (short.stop_reason, short.content[0].text) == ("max_tokens", "one ")
    cut = ask(model="claude-x", max_tokens=9, messages=HELLO, stop_sequences=["END"])
    assert (cut.stop_reason, cut.stop_sequence) == ("stop_sequence", "END")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate_limited", anthropic.RateLimitError),
        ("server_error", anthropic.InternalServerError),
        ("unauthorized", anthropic.AuthenticationError),
        ("rejected", anthropic.BadRequestError),
    ],
)
def test_the_official_client_knows_its_errors(
    fake: FakeAnthropic, fault: str, error: type[anthropic.APIStatusError]
) -> None:
    fake.script(Behaviour.model_validate({"fault": fault}))
    with pytest.raises(error) as caught:
        client(fake).messages.create(model="claude-x", max_tokens=9, messages=HELLO)
    assert caught.value.type is not None


def test_a_wrong_key_and_an_error_in_a_stream_are_told(fake: FakeAnthropic) -> None:
    with pytest.raises(anthropic.AuthenticationError, match="wrong"):
        client(fake, "wrong").messages.create(model="claude-x", max_tokens=9, messages=HELLO)
    fake.script(Behaviour(fault="error_event"))
    stream = client(fake).messages.create(
        model="claude-x", max_tokens=9, messages=HELLO, stream=True
    )
    with pytest.raises(anthropic.APIStatusError, match="crashed"):
        list(stream)


def of(**fields: object) -> dict[str, object]:
    return {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": HELLO, **fields}


THINKS = {"type": "enabled", "budget_tokens": 1_024}
OPEN = {"type": "json_schema", "schema": {"type": "object", "properties": {}}}
FORGED = {"role": "assistant", "content": [{"type": "thinking", "thinking": "a", "signature": "b"}]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"model": "claude-x", "messages": HELLO}, "max_tokens: Field required"),
        ({"model": "claude-x", "max_tokens": 9}, "messages: Field required"),
        (of(frobnicate=1), "frobnicate: Extra inputs are not permitted"),
        (of(temperature=0.5), "temperature: Extra inputs are not permitted"),
        (of(messages=[]), "at least one message"),
        (of(messages=[{"role": "tool", "content": "x"}]), "role"),
        (of(messages=[{"role": "user", "content": ""}]), "non-empty"),
        (of(messages=[*HELLO, FORGED, *HELLO]), "Invalid `signature`"),
        (of(thinking=THINKS), "must be greater than `thinking.budget_tokens`"),
        (of(thinking={"type": "adaptive"}), "not supported for this model"),
        (of(tool_choice={"type": "any"}), "while providing tools"),
        (of(output_config={"format": OPEN}), "additionalProperties"),
        (
            of(tools=[WEATHER], tool_choice={"type": "any"}, thinking=THINKS, max_tokens=2_000),
            "forces tool use",
        ),
        (of(model="claude-opus-5-5", thinking={"type": "disabled"}), "not supported"),
        (of(tools=[WEATHER, WEATHER]), "unique"),
    ],
)
def test_a_request_that_the_vendor_refuses_is_refused(
    fake: FakeAnthropic, body: dict[str, object], message: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=message):
        client(fake).post("/v1/messages", body=body, cast_to=object)


def test_only_the_older_version_of_the_api_samples(fake: FakeAnthropic) -> None:
    older: Callable[..., object] = (
        client(fake).with_options(default_headers={"anthropic-version": "2023-06-01"}).post
    )
    older("/v1/messages", body=of(temperature=0.5), cast_to=object)
    with pytest.raises(anthropic.BadRequestError, match="range"):
        older("/v1/messages", body=of(temperature=1.5), cast_to=object)
    with pytest.raises(anthropic.BadRequestError, match="cannot both be specified"):
        older("/v1/messages", body=of(temperature=0.5, top_p=0.5), cast_to=object)
    with pytest.raises(anthropic.BadRequestError, match="deprecated for this model"):
        older("/v1/messages", body=of(temperature=0.5, model="claude-opus-4-7"), cast_to=object)
