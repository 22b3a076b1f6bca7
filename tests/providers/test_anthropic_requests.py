"""What Anthropic is asked for, when a request in OpenAI's shape is put to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_mesh.errors import InvalidRequest, UnsupportedParameter
from jupyter_mesh.providers.anthropic_answer import JSON_TOOL
from jupyter_mesh.schemas.events import Notice
from jupyter_mesh.schemas.json import Json, JsonObject, dig
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.conformance.requests import PIXEL
from jupyter_mesh.testing.fake_anthropic import Behaviour, FakeAnthropic
from tests.providers.anthropic_connection import MODEL, SECRET, connect
from tests.providers.reading import events_of

NEWEST, BEFORE = "2026-10-21", "2023-06-01"
OLD, ADAPTIVE, ALWAYS = "claude-3-5-sonnet-20241022", "claude-sonnet-4-6", "claude-opus-5-5"
TOOL: JsonObject = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2, "default": "Oslo"},
        "at": {"$ref": "#/$defs/Point"},
    },
    "$defs": {"Point": {"type": "object", "properties": {"x": {"type": "number"}}}},
}
SHAPED: JsonObject = {
    "response_format": {"type": "json_schema", "json_schema": {"name": "c", "schema": SCHEMA}}
}
ANY_JSON: JsonObject = {"response_format": {"type": "json_object"}}


@pytest.fixture
def fake() -> Iterator[FakeAnthropic]:
    with FakeAnthropic(api_key=SECRET) as upstream:
        yield upstream


async def sent(
    fake: FakeAnthropic, body: JsonObject, model: str = MODEL, **settings: object
) -> JsonObject:
    """What `body` becomes on the wire."""
    provider = connect(fake, **settings)
    await events_of(provider, attempt(body=body, model=model))
    await provider.aclose()
    return fake.requests[-1].json


async def left_out(
    fake: FakeAnthropic, body: JsonObject, model: str = MODEL, **settings: object
) -> Json:
    """The parameters of `body` of which the caller is told that they were left out."""
    provider = connect(fake, **settings)
    events = await events_of(provider, attempt(body=body, model=model))
    await provider.aclose()
    notices = [one.details for one in events if isinstance(one, Notice)]
    return dig(notices[0], "parameters") if notices else []


@pytest.mark.parametrize(
    ("model", "settings", "longest", "limit"),
    [
        (MODEL, {}, {}, 64_000),
        ("claude-opus-4-1-20250805", {}, {}, 32_000),
        ("claude-opus-4-20250514", {}, {}, 32_000),
        ("claude-opus-4-6", {}, {}, 128_000),
        ("claude-sonnet-4-6", {}, {}, 64_000),
        (OLD, {}, {}, 8_192),
        ("claude-3-opus-20240229", {}, {}, 4_096),
        (MODEL, {}, {MODEL: 700}, 700),
        ("kimi-k2", {}, {}, 8_192),
        ("kimi-k2", {"max_tokens": 99}, {}, 99),
    ],
)
async def test_an_answer_is_as_long_as_the_model_can_where_nobody_says(
    fake: FakeAnthropic,
    model: str,
    settings: dict[str, object],
    longest: dict[str, int],
    limit: int,
) -> None:
    provider = connect(fake, longest, **settings)
    await events_of(provider, attempt(model=model))
    assert fake.requests[-1].json["max_tokens"] == limit
    await events_of(provider, attempt(model=model, body={"max_tokens": 7}))
    assert fake.requests[-1].json["max_tokens"] == 7
    await provider.aclose()


async def test_the_list_of_models_says_how_long_answers_are() -> None:
    names = tuple(f"our-{number}" for number in range(5))
    with FakeAnthropic(models=names, page=2) as fake:
        provider = connect(fake)
        found = await provider.probe()
        assert [one.name for one in found] == [*names]
        assert {one.context_window for one in found} == {200_000}
        assert [one.path for one in fake.requests] == ["/v1/models"] * 3
        assert not provider._upstream._targets, "addresses of pages are not collected"
        await events_of(provider, attempt(model="our-3"))
        assert fake.requests[-1].json["max_tokens"] == 64_000
        await provider.aclose()


@pytest.mark.parametrize(
    ("model", "body", "settings", "version", "dropped"),
    [
        (MODEL, {}, {}, NEWEST, []),
        (MODEL, {"temperature": 0.5}, {}, BEFORE, []),
        (MODEL, {"top_p": 0.5, "top_k": 3}, {}, BEFORE, []),
        (MODEL, {"temperature": 1.5}, {}, NEWEST, ["temperature"]),
        (MODEL, {"temperature": 0.5, "top_p": 0.9}, {}, BEFORE, ["top_p"]),
        (MODEL, {"temperature": 1.5, "top_p": 0.9}, {}, BEFORE, ["temperature"]),
        (OLD, {"temperature": 0.5, "top_p": 0.9}, {}, BEFORE, []),
        (MODEL, {"temperature": 0.5}, {"api_version": NEWEST}, NEWEST, ["temperature"]),
        (MODEL, {}, {"api_version": BEFORE}, BEFORE, []),
        ("claude-opus-4-6", {"temperature": 0.5}, {}, BEFORE, []),
        ("claude-opus-4-7", {"temperature": 0.5}, {}, NEWEST, ["temperature"]),
        (ALWAYS, {"top_p": 0.5, "seed": 3}, {}, NEWEST, ["top_p", "seed"]),
        ("kimi-k2", {"temperature": 0.5}, {}, BEFORE, []),
    ],
)
async def test_a_request_that_samples_asks_for_the_version_that_does(
    fake: FakeAnthropic,
    model: str,
    body: JsonObject,
    settings: dict[str, object],
    version: str,
    dropped: list[str],
) -> None:
    assert await left_out(fake, body, model, **settings) == dropped
    assert fake.requests[-1].headers["anthropic-version"] == version


@pytest.mark.parametrize(
    ("model", "body", "thinking", "effort", "dropped"),
    [
        (MODEL, {}, None, None, []),
        (MODEL, {"reasoning_effort": "low"}, ("enabled", 2_048), None, []),
        (MODEL, {"reasoning_effort": "high"}, ("enabled", 16_384), None, []),
        (MODEL, {"reasoning_effort": "high", "max_tokens": 4_000}, ("enabled", 2_000), None, []),
        (MODEL, {"reasoning_effort": "high", "max_tokens": 2_000}, None, None, "reasoning_effort"),
        (MODEL, {"reasoning_effort": "none"}, ("disabled", None), None, []),
        (OLD, {"reasoning_effort": "high"}, None, None, "reasoning_effort"),
        (OLD, {"reasoning_effort": "none"}, None, None, []),
        (ADAPTIVE, {"reasoning_effort": "medium"}, ("adaptive", None), "medium", []),
        (ADAPTIVE, {"reasoning_effort": "xhigh"}, ("adaptive", None), "high", []),
        ("claude-opus-4-7", {"reasoning_effort": "xhigh"}, ("adaptive", None), "xhigh", []),
        (ALWAYS, {"reasoning_effort": "minimal"}, ("adaptive", None), "low", []),
        (ALWAYS, {"reasoning_effort": "none"}, None, None, "reasoning_effort"),
        (ADAPTIVE, {"reasoning_effort": "low", **ANY_JSON}, None, "low", []),
        (MODEL, {"reasoning_effort": "low", **ANY_JSON}, None, None, "reasoning_effort"),
        (MODEL, {"reasoning_effort": "low", "temperature": 0.5}, ("enabled", 2_048), None,
         "temperature"),
        (ADAPTIVE, {"thinking": {"type": "adaptive"}, "reasoning_effort": "low"},
         ("adaptive", None), "low", []),
    ],
)  # fmt: skip
async def test_an_effort_becomes_a_budget_or_is_left_to_the_model(
    fake: FakeAnthropic,
    model: str,
    body: JsonObject,
    thinking: tuple[str, int | None] | None,
    effort: str | None,
    dropped: Json,
) -> None:
    assert await left_out(fake, body, model) == ([dropped] if dropped else [])
    asked = fake.requests[-1].json
    if thinking is None:
        assert "thinking" not in asked
    else:
        assert dig(asked, "thinking", "type") == thinking[0]
        assert dig(asked, "thinking", "budget_tokens") == thinking[1]
    assert dig(asked, "output_config", "effort") == effort


@pytest.mark.parametrize(
    ("body", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        (
            {"parallel_tool_calls": False},
            {"type": "auto", "disable_parallel_tool_use": True},
        ),
        (
            {"tool_choice": {"type": "function", "function": {"name": "weather"}},
             "parallel_tool_calls": False},
            {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
        ),
    ],
)  # fmt: skip
async def test_tools_are_chosen_and_called_one_at_a_time_as_asked(
    fake: FakeAnthropic, body: JsonObject, choice: Json
) -> None:
    asked = await sent(fake, {"tools": [TOOL], **body})
    assert asked.get("tool_choice") == choice


async def test_a_tool_is_not_forced_upon_a_model_that_refuses_it(fake: FakeAnthropic) -> None:
    with pytest.raises(UnsupportedParameter, match="always thinks"):
        await sent(fake, {"tools": [TOOL], "tool_choice": "required"}, ALWAYS)
    assert not fake.requests


async def test_a_schema_is_closed_and_what_it_cannot_hold_is_said_in_words(
    fake: FakeAnthropic,
) -> None:
    asked = await sent(fake, SHAPED)
    schema = dig(asked, "output_config", "format", "schema")
    assert dig(schema, "additionalProperties") is False
    assert dig(schema, "$defs", "Point", "additionalProperties") is False
    assert dig(schema, "properties", "at", "$ref") == "#/$defs/Point"
    assert dig(schema, "properties", "city") == {
        "type": "string",
        "description": '{minLength: 2, default: "Oslo"}',
    }
    assert "tools" not in asked


@pytest.mark.parametrize(("model", "body"), [(OLD, SHAPED), (OLD, ANY_JSON), (MODEL, ANY_JSON)])
@pytest.mark.parametrize("stream", [False, True])
async def test_without_schemas_a_tool_serves_and_its_arguments_are_the_answer(
    fake: FakeAnthropic, model: str, body: JsonObject, stream: bool
) -> None:
    fake.default = Behaviour(text='{"city": "Oslo"}')
    provider = connect(fake)
    events = await events_of(provider, attempt(body=body, model=model, stream=stream))
    await provider.aclose()
    choices = [dig(getattr(one, "data", None), "choices", 0) for one in events]
    said = [dig(one, "delta") or dig(one, "message") for one in choices]
    assert "".join(str(dig(one, "content") or "") for one in said) == '{"city":"Oslo"}'
    assert not any(dig(one, "tool_calls") for one in said)
    assert {dig(one, "finish_reason") for one in choices} - {None} == {"stop"}
    assert fake.requests[-1].json["tool_choice"] == {"type": "tool", "name": JSON_TOOL}


async def test_beside_other_tools_the_answer_is_one_of_the_tools(fake: FakeAnthropic) -> None:
    asked = await sent(fake, {"tools": [TOOL], **ANY_JSON})
    assert asked["tool_choice"] == {"type": "any"}
    names = [dig(asked, "tools", number, "name") for number in range(2)]
    assert names == ["weather", JSON_TOOL]


async def test_a_model_that_always_thinks_is_told_to_answer_in_json(fake: FakeAnthropic) -> None:
    asked = await sent(fake, ANY_JSON, ALWAYS)
    assert "one JSON object" in str(dig(asked, "system", 0, "text"))
    assert "tools" not in asked


def parts(*content: Json) -> JsonObject:
    return {"messages": [{"role": "user", "content": [*content]}]}


CACHED: JsonObject = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
PDF = "data:application/pdf;base64,JVBERi0="


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "text", "text": "a", **CACHED}, {"type": "text", "text": "a", **CACHED}),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}, **CACHED},
            {"type": "image", **CACHED,
             "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        ),
        (
            {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
            {"type": "document", "title": "a.pdf",
             "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:text/plain;base64,SGk="}},
            {"type": "document",
             "source": {"type": "text", "media_type": "text/plain", "data": "Hi"}},
        ),
    ],
)  # fmt: skip
async def test_parts_of_a_message_become_blocks(
    fake: FakeAnthropic, part: JsonObject, block: JsonObject
) -> None:
    asked = await sent(fake, parts(part))
    assert dig(asked, "messages", 0, "content", 0) == block


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/zip;base64,AAAA"}},
    ],
)
async def test_what_the_model_cannot_read_is_refused_before_it_is_sent(
    fake: FakeAnthropic, part: JsonObject
) -> None:
    with pytest.raises(UnsupportedParameter):
        await sent(fake, parts(part))
    assert not fake.requests


async def test_cache_marks_on_tools_and_the_system_prompt_stay(fake: FakeAnthropic) -> None:
    said: JsonObject = {"type": "text", "text": "Be brief.", **CACHED}
    asked = await sent(
        fake,
        {
            "messages": [{"role": "system", "content": [said]}, {"role": "user", "content": "Hi"}],
            "tools": [{**TOOL, **CACHED}],
        },
    )
    assert dig(asked, "system", 0) == said
    assert dig(asked, "tools", 0, "cache_control") == CACHED["cache_control"]


async def test_calls_of_another_vendor_are_put_in_words_that_this_one_takes(
    fake: FakeAnthropic,
) -> None:
    call: JsonObject = {
        "id": "functions.weather:0",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": '},
    }
    body: JsonObject = {
        "messages": [
            {"role": "user", "content": "How is it?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "functions.weather:0", "content": "Cold."},
        ]
    }
    asked = await sent(fake, body)
    assert dig(asked, "messages", 1, "content", 0) == {
        "type": "tool_use",
        "id": "functions_weather_0",
        "name": "weather",
        "input": {"INVALID_JSON": '{"city": '},
    }
    assert dig(asked, "messages", 2, "content", 0, "tool_use_id") == "functions_weather_0"
    assert dig(asked, "tools", 0, "name") == "weather", "who has called tools must be told of some"
    assert asked["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize("stream", [False, True])
async def test_thoughts_come_back_signed_to_the_model_that_had_them_and_to_no_other(
    fake: FakeAnthropic, stream: bool
) -> None:
    fake.script(Behaviour(reasoning="First this.", text="Then that."))
    provider = connect(fake)
    events = await events_of(provider, attempt(stream=stream))
    choices = [dig(getattr(one, "data", None), "choices", 0) for one in events]
    said = [dig(one, "delta") or dig(one, "message") for one in choices]
    details = [one for part in said for one in dig(part, "reasoning_details") or []]
    assert "".join(str(dig(one, "reasoning_content") or "") for one in said) == "First this."
    answer: JsonObject = {
        "role": "assistant",
        "content": "Then that.",
        "reasoning_content": "First this.",
        "reasoning_details": details,
    }
    talk: JsonObject = {
        "messages": [{"role": "user", "content": "a"}, answer, {"role": "user", "content": "b"}]
    }
    await events_of(provider, attempt(body=talk))
    blocks = dig(fake.requests[-1].json, "messages", 1, "content")
    assert dig(blocks, 0, "type") == "thinking"
    assert dig(blocks, 0, "thinking") == "First this."
    assert dig(blocks, 1, "text") == "Then that."
    await events_of(provider, attempt(body=talk, model=ALWAYS))
    blocks = dig(fake.requests[-1].json, "messages", 1, "content")
    assert dig(blocks, 0, "type") == "text"
    await provider.aclose()


async def test_an_unsigned_call_is_answered_without_thinking_by_a_budget(
    fake: FakeAnthropic,
) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    body: JsonObject = {
        "messages": [
            {"role": "user", "content": "How is it?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "Cold."},
        ],
        "tools": [TOOL],
        "reasoning_effort": "low",
    }
    assert await left_out(fake, body) == ["reasoning_effort"]
    assert await left_out(fake, body, ADAPTIVE) == []


async def test_only_a_system_prompt_is_said_by_the_user(fake: FakeAnthropic) -> None:
    asked = await sent(fake, {"messages": [{"role": "system", "content": "Say hello."}]})
    assert dig(asked, "messages", 0, "role") == "user"
    assert dig(asked, "messages", 0, "content", 0, "text") == "Say hello."
    assert "system" not in asked


async def test_the_end_of_a_beginning_has_no_blanks(fake: FakeAnthropic) -> None:
    talk: list[Json] = [
        {"role": "user", "content": "Greek for sun?"},
        {"role": "assistant", "content": "It is (\n "},
    ]
    asked = await sent(fake, {"messages": talk})
    assert dig(asked, "messages", 1, "content", 0, "text") == "It is ("


async def test_the_user_and_the_tier_go_by_other_names(fake: FakeAnthropic) -> None:
    asked = await sent(fake, {"user": "u-1", "service_tier": "default", "stop": ["END", " \n"]})
    assert asked["metadata"] == {"user_id": "u-1"}
    assert asked["service_tier"] == "standard_only"
    assert asked["stop_sequences"] == ["END"]
    with pytest.raises(UnsupportedParameter, match="flex"):
        await sent(fake, {"service_tier": "flex"})


async def test_what_is_unknown_is_refused_where_the_connection_says_so(
    fake: FakeAnthropic,
) -> None:
    assert await left_out(fake, {"seed": 3}) == ["seed"]
    for body in ({"seed": 3}, {"reasoning_effort": "high", "max_tokens": 100}):
        with pytest.raises(UnsupportedParameter):
            await sent(fake, body, unsupported="refuse")


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        ({}, "x-api-key", SECRET),
        ({"key_header": "bearer"}, "authorization", f"Bearer {SECRET}"),
        ({"beta": ["a-1", "b-2"]}, "anthropic-beta", "a-1,b-2"),
        ({"base_url": "{}/v1/"}, "x-api-key", SECRET),
    ],
)
async def test_the_key_and_the_features_stand_in_headers(
    fake: FakeAnthropic, settings: dict[str, object], name: str, value: str
) -> None:
    if "base_url" in settings:
        settings = {"base_url": f"{fake.base_url}/v1/"}
    await sent(fake, {}, **settings)
    assert fake.requests[-1].headers[name] == value
    assert fake.requests[-1].path == "/v1/messages"


async def test_only_chat_is_done(fake: FakeAnthropic) -> None:
    provider = connect(fake)
    with pytest.raises(Exception, match="does chat"):
        await events_of(provider, attempt(Operation.EMBEDDING))
    await provider.aclose()


@pytest.mark.parametrize("data", ["é", "QUJD!", "/w=="])
async def test_a_text_file_that_is_none_is_a_fault_of_the_request(
    fake: FakeAnthropic, data: str
) -> None:
    file: Json = {"type": "file", "file": {"file_data": f"data:text/plain;base64,{data}"}}
    body: JsonObject = {"messages": [{"role": "user", "content": [file]}]}
    with pytest.raises(InvalidRequest, match="UTF-8"):
        await sent(fake, body)
    assert fake.requests == []
