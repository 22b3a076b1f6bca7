"""What of a request reaches Bedrock, and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import InvalidRequest, UnsupportedParameter
from jupyter_mesh.providers.bedrock_config import BedrockConfig
from jupyter_mesh.schemas.events import Notice
from jupyter_mesh.schemas.json import Json, JsonObject, dig
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_bedrock import Behaviour, FakeBedrock
from tests.providers.bedrock_connection import KEYS, MODEL, OLD, SIGNED, connect
from tests.providers.reading import answer_of, events_of, usage_of

NOVA, GPT, LLAMA = "amazon.nova-2-lite-v1:0", "openai.gpt-oss-20b-1:0", "meta.llama3-1-8b-v1:0"
ADAPTIVE = "global.anthropic.claude-opus-4-7"
WEATHER: JsonObject = {"type": "function", "function": {"name": "weather", "parameters": {}}}


@pytest.fixture
def fake() -> Iterator[FakeBedrock]:
    with FakeBedrock(keys=KEYS) as running:
        yield running


async def sent(
    fake: FakeBedrock, body: JsonObject, model: str = MODEL, **settings: object
) -> JsonObject:
    """What Bedrock gets for a request."""
    provider = connect(fake, **({**SIGNED, **settings} if settings else {}))
    await events_of(provider, attempt(body=body, model=model))
    await provider.aclose()
    return fake.requests[-1].json


def said(*contents: Json) -> JsonObject:
    return {"messages": [{"role": "user", "content": [*contents]}]}


THINKING: list[tuple[str, JsonObject, JsonObject]] = [
    (MODEL, {"reasoning_effort": "low"}, {"type": "enabled", "budget_tokens": 2048}),
    (
        MODEL,
        {"reasoning_effort": "high", "max_tokens": 4096},
        {"type": "enabled", "budget_tokens": 2048},
    ),
    (MODEL, {"reasoning_effort": "none"}, {"type": "disabled"}),
    (
        MODEL,
        {"thinking": {"type": "enabled", "budget_tokens": 5000}},
        {"type": "enabled", "budget_tokens": 5000},
    ),
    (ADAPTIVE, {"reasoning_effort": "medium"}, {"type": "adaptive"}),
]


@pytest.mark.parametrize(("model", "body", "thinking"), THINKING)
async def test_effort_becomes_what_claude_takes(
    fake: FakeBedrock, model: str, body: JsonObject, thinking: JsonObject
) -> None:
    got = await sent(fake, body, model)
    assert got["additionalModelRequestFields"] == {"thinking": thinking}
    effort = dig(got, "outputConfig", "effort")
    assert effort == ("medium" if model == ADAPTIVE else None)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (NOVA, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}),
        (GPT, {"reasoning_effort": "high"}),
    ],
)
async def test_effort_becomes_what_other_models_take(
    fake: FakeBedrock, model: str, fields: JsonObject
) -> None:
    got = await sent(fake, {"reasoning_effort": "xhigh"}, model)
    assert got["additionalModelRequestFields"] == fields


async def test_sampling_is_left_out_with_a_word_while_claude_thinks(fake: FakeBedrock) -> None:
    provider = connect(fake)
    body: JsonObject = {"reasoning_effort": "low", "temperature": 0.2, "top_k": 5, "top_p": 1}
    events = await events_of(provider, attempt(body=body, model=MODEL))
    assert isinstance(events[0], Notice)
    assert (events[0].details or {})["parameters"] == ["temperature", "top_k"]
    assert fake.requests[-1].json["inferenceConfig"] == {"topP": 1}
    await provider.aclose()


@pytest.mark.parametrize(
    ("model", "fields"),
    [(MODEL, {"top_k": 5}), (NOVA, {"inferenceConfig": {"topK": 5}}), (LLAMA, {"top_k": 5})],
)
async def test_top_k_goes_where_the_model_reads_it(
    fake: FakeBedrock, model: str, fields: JsonObject
) -> None:
    assert (await sent(fake, {"top_k": 5}, model))["additionalModelRequestFields"] == fields


async def test_bedrocks_own_fields_pass(fake: FakeBedrock) -> None:
    fields: JsonObject = {"anthropic_beta": ["x"], "inferenceConfig": {"topK": 5}}
    body: JsonObject = {
        "additionalModelRequestFields": fields,
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "performanceConfig": {"latency": "standard"},
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
        "metadata": {"team": "a"},
        "service_tier": "default",
    }
    got = await sent(fake, body)
    assert got["additionalModelRequestFields"] == fields
    assert got["guardrailConfig"] == body["guardrailConfig"]
    assert got["requestMetadata"] == {"team": "a"}
    assert "serviceTier" not in got


async def test_a_guardrail_of_the_connection_holds_for_every_call(fake: FakeBedrock) -> None:
    guardrail = {"identifier": "gr-1", "version": "2"}
    assert (await sent(fake, {}, guardrail=guardrail))["guardrailConfig"] == {
        "guardrailIdentifier": "gr-1",
        "guardrailVersion": "2",
        "trace": "disabled",
    }
    with pytest.raises(UnsupportedParameter, match="guardrail of its own"):
        await sent(fake, {"guardrailConfig": {"guardrailIdentifier": "x"}}, guardrail=guardrail)


async def test_caches_end_where_the_caller_says(fake: FakeBedrock) -> None:
    cached: JsonObject = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    plain: JsonObject = {"cache_control": {"type": "ephemeral"}}
    body: JsonObject = {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Long.", **plain}]},
            {"role": "user", "content": [{"type": "text", "text": "Hi.", **cached}]},
        ],
        "tools": [{**WEATHER, **plain}],
    }
    got = await sent(fake, body)
    point: JsonObject = {"cachePoint": {"type": "default"}}
    assert got["system"] == [{"text": "Long."}, point]
    assert dig(got, "messages", 0, "content", 1) == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert dig(got, "toolConfig", "tools", 1) == point


MEDIA: list[tuple[JsonObject, JsonObject]] = [
    (
        {"type": "image_url", "image_url": {"url": "s3://bucket/a.jpg"}},
        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a.jpg"}}}},
    ),
    (
        {
            "type": "file",
            "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a_b.pdf"},
        },
        {"document": {"format": "pdf", "name": "a b pdf", "source": {"bytes": "JVBE"}}},
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"audio": {"format": "mp3", "source": {"bytes": "AAAA"}}},
    ),
]


@pytest.mark.parametrize(("part", "block"), MEDIA)
async def test_media_become_blocks(fake: FakeBedrock, part: JsonObject, block: JsonObject) -> None:
    got = await sent(fake, said({"type": "text", "text": "See."}, part))
    assert dig(got, "messages", 0, "content", 1) == block


async def test_documents_of_one_name_are_told_apart(fake: FakeBedrock) -> None:
    part: JsonObject = {"type": "file", "file": {"file_data": "data:text/csv;base64,QQ=="}}
    got = await sent(fake, said({"type": "text", "text": "See."}, part, part))
    names = [dig(got, "messages", 0, "content", at, "document", "name") for at in (1, 2)]
    assert names == ["document", "document 2"]


@pytest.mark.parametrize("url", ["https://h.example/a.png", "data:image/tiff;base64,AAAA"])
async def test_media_that_bedrock_does_not_take_are_refused(fake: FakeBedrock, url: str) -> None:
    with pytest.raises(UnsupportedParameter):
        await sent(fake, said({"type": "image_url", "image_url": {"url": url}}))
    assert not fake.requests


async def test_ids_of_other_vendors_are_made_to_fit_on_both_sides(fake: FakeBedrock) -> None:
    odd = "call|" + "x" * 80
    call: JsonObject = {
        "id": odd,
        "type": "function",
        "function": {"name": "weather", "arguments": "{bad"},
    }
    body: JsonObject = {
        "messages": [
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": odd, "content": "", "is_error": True},
        ]
    }
    got = await sent(fake, body)
    use = dig(got, "messages", 1, "content", 0, "toolUse")
    result = dig(got, "messages", 2, "content", 0, "toolResult")
    assert dig(use, "toolUseId") == dig(result, "toolUseId")
    assert len(str(dig(use, "toolUseId"))) <= 64
    assert dig(use, "input") == {"INVALID_JSON": "{bad"}
    assert dig(result, "status") == "error"
    assert dig(result, "content") == [{"text": "(no output)"}]
    # Bedrock wants tools that were called to be told of, though this request has none.
    assert dig(got, "toolConfig", "tools", 0, "toolSpec", "name") == "weather"


async def test_thoughts_come_back_to_the_model_that_had_them_only(fake: FakeBedrock) -> None:
    fake.script(Behaviour(reasoning="Hm.", text="So."))
    provider = connect(fake)
    answer = await answer_of(provider, attempt(model=MODEL))
    await provider.aclose()
    message = dig(answer, "choices", 0, "message")
    assert dig(message, "reasoning_content") == "Hm."
    body: JsonObject = {
        "messages": [
            {"role": "user", "content": "Hi."},
            message,
            {"role": "user", "content": "On."},
        ]
    }
    first = dig(await sent(fake, body), "messages", 1, "content", 0)
    assert dig(first, "reasoningContent", "reasoningText", "text") == "Hm."
    assert dig(first, "reasoningContent", "reasoningText", "signature")
    assert dig(await sent(fake, body, OLD), "messages", 1, "content", 0) == {"text": "So."}


@pytest.mark.parametrize(
    ("model", "native"), [(MODEL, True), (GPT, True), (OLD, False), (NOVA, False)]
)
async def test_a_schema_is_held_natively_or_by_a_tool(
    fake: FakeBedrock, model: str, native: bool
) -> None:
    schema: JsonObject = {"type": "object", "properties": {"a": {"type": "integer"}}}
    shape: JsonObject = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    provider = connect(fake)
    answer = await answer_of(provider, attempt(body={"response_format": shape}, model=model))
    await provider.aclose()
    assert isinstance(orjson.loads(str(dig(answer, "choices", 0, "message", "content"))), dict)
    assert dig(answer, "choices", 0, "finish_reason") == "stop"
    got = fake.requests[-1].json
    assert ("outputConfig" in got) is native
    assert ("toolConfig" in got) is not native


@pytest.mark.parametrize("policy", ["drop", "refuse"])
async def test_a_choice_of_no_tool_is_never_lost_in_silence(fake: FakeBedrock, policy: str) -> None:
    call: JsonObject = {
        "id": "c1",
        "type": "function",
        "function": {"name": "weather", "arguments": "{}"},
    }
    body: JsonObject = {
        "messages": [
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "12"},
        ],
        "tools": [WEATHER],
        "tool_choice": "none",
    }
    with pytest.raises(UnsupportedParameter, match="tool_choice"):
        await sent(fake, body, unsupported=policy)


async def test_a_model_is_named_by_an_arn(fake: FakeBedrock) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    await sent(fake, {}, arn)
    assert fake.requests[-1].target == (
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A"
        "application-inference-profile%2Fabc/converse"
    )


async def test_an_api_key_is_sent_as_it_is() -> None:
    async with FakeBedrock(api_key="ABSK-key-1") as fake:
        await sent(fake, {}, access_key_id=None, secret_access_key=None, api_key="env:API_KEY")
        assert fake.requests[-1].headers["authorization"] == "Bearer ABSK-key-1"


EMBEDDED = [
    ("amazon.titan-embed-text-v2:0", 3),
    ("cohere.embed-english-v3", 1),
    ("amazon.nova-2-multimodal-embeddings-v1:0", 3),
]


@pytest.mark.parametrize(("model", "calls"), EMBEDDED)
async def test_texts_are_embedded_in_order_and_counted(
    fake: FakeBedrock, model: str, calls: int
) -> None:
    provider = connect(fake)
    body: JsonObject = {"input": ["one", "two words", "and three words"]}
    one = attempt(Operation.EMBEDDING, body, model=model)
    answer = await answer_of(provider, one)
    assert len(fake.requests) == calls
    for place, text in enumerate(["one", "two words", "and three words"]):
        alone = attempt(Operation.EMBEDDING, {"input": text}, model=model)
        vector = dig(await answer_of(provider, alone), "data", 0, "embedding")
        assert dig(answer, "data", place, "embedding") == vector
    usage = await usage_of(provider, one)
    assert (usage.input, usage.output, usage.estimated) == (6, 0, False)
    await provider.aclose()


async def test_many_texts_go_in_calls_of_96(fake: FakeBedrock) -> None:
    provider = connect(fake)
    body: JsonObject = {"input": [f"text {number}" for number in range(200)]}
    one = attempt(Operation.EMBEDDING, body, model="cohere.embed-english-v3")
    answer = await answer_of(provider, one)
    assert [dig(answer, "data", at, "index") for at in (0, 199)] == [0, 199]
    texts = [request.json["texts"] for request in fake.requests]
    assert sorted(len(some) for some in texts if isinstance(some, list)) == [8, 96, 96]
    await provider.aclose()


@pytest.mark.parametrize("model", ["amazon.titan-embed-text-v1", "cohere.embed-english-v3"])
async def test_vectors_of_one_size_are_not_cut_in_silence(fake: FakeBedrock, model: str) -> None:
    provider = connect(fake)
    with pytest.raises(UnsupportedParameter, match="dimensions"):
        await events_of(provider, attempt(Operation.EMBEDDING, {"dimensions": 4}, model=model))
    with pytest.raises(UnsupportedParameter, match="token numbers"):
        await events_of(provider, attempt(Operation.EMBEDDING, {"input": [1, 2]}, model=model))
    with pytest.raises(InvalidRequest):
        await events_of(
            provider, attempt(Operation.RERANK, {"documents": []}, model="cohere.rerank")
        )
    await provider.aclose()


async def test_the_connection_lists_what_can_be_called(fake: FakeBedrock) -> None:
    provider = connect(fake)
    listed = {one.name: one for one in await provider.probe()}
    assert set(listed) == {OLD, MODEL, "amazon.titan-embed-text-v2:0"}
    assert listed["amazon.titan-embed-text-v2:0"].operations == {Operation.EMBEDDING}
    assert {"vision", "tools"} <= listed[OLD].capabilities
    await provider.aclose()


WRONG: list[tuple[dict[str, object], str]] = [
    ({}, "region"),
    ({"region": "Frankfurt"}, "region"),
    ({"region": "eu-west-1", "access_key_id": "env:A"}, "belong together"),
    ({"region": "eu-west-1", "api_key": "env:A", "profile": "x"}, "exclude each other"),
    ({"region": "eu-west-1", "api_key": "env:A", "role_arn": "x"}, "exclude each other"),
    ({"region": "eu-west-1", "web_identity_token_file": "/t"}, "role_arn"),
]


@pytest.mark.parametrize(("settings", "word"), WRONG)
def test_settings_that_contradict_each_other_are_refused(
    settings: dict[str, object], word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        BedrockConfig.model_validate(settings)


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-west-1", "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_address_is_that_of_the_region(region: str, url: str, tmp_path: Path) -> None:
    config = BedrockConfig(region=region)
    assert config.base_url == url
    assert config.control_url == url.replace("bedrock-runtime", "bedrock")
    other = BedrockConfig(region=region, base_url="https://vpce-1.example")
    assert other.base_url == "https://vpce-1.example"
