"""The fake is faithful: AWS' own SDK drives it, unmocked, over a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.fake_bedrock import Behaviour, FakeBedrock, Fault, Keys

KEYS = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-x-v1:0"
ASK: list[JsonObject] = [{"role": "user", "content": [{"text": "hi"}]}]
CALL: JsonObject = {
    "id": "tooluse_1",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
}


@pytest.fixture
def fake() -> Iterator[FakeBedrock]:
    with FakeBedrock(keys=KEYS) as running:
        yield running


def client(
    fake: FakeBedrock,
    service: str = "bedrock-runtime",
    keys: Keys = KEYS,
    region: str = "us-east-1",
) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=fake.address,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=10, proxies={}),
    )


@pytest.mark.parametrize("model", ["anthropic.claude-3-haiku-20240307-v1:0", ARN])
def test_converse_answers_the_sdk(fake: FakeBedrock, model: str) -> None:
    answer = client(fake).converse(
        modelId=model, messages=ASK, inferenceConfig={"maxTokens": 3, "temperature": 0.5}
    )
    assert answer["output"]["message"]["content"] == [{"text": "Hello from the "}]
    assert answer["stopReason"] == "max_tokens"
    assert answer["usage"] == {"inputTokens": 1, "outputTokens": 3, "totalTokens": 4}
    assert fake.dialect.heard(fake.requests[0]).model == model


def test_converse_stream_answers_the_sdk(fake: FakeBedrock) -> None:
    fake.script(Behaviour(text="one two", reasoning="Well then.", usage=_cached()))
    events = list(client(fake).converse_stream(modelId="a.b", messages=ASK)["stream"])
    kinds = [next(iter(one)) for one in events]
    assert kinds[0] == "messageStart"
    assert kinds[-2:] == ["messageStop", "metadata"]
    deltas = [one["contentBlockDelta"]["delta"] for one in events if "contentBlockDelta" in one]
    assert "".join(one.get("text", "") for one in deltas) == "one two"
    thoughts = [one["reasoningContent"] for one in deltas if "reasoningContent" in one]
    assert "".join(one.get("text", "") for one in thoughts) == "Well then."
    assert thoughts[-1]["signature"]
    assert events[-1]["metadata"]["usage"]["cacheReadInputTokens"] == 60


def test_tool_calls_reach_the_sdk(fake: FakeBedrock) -> None:
    fake.script(Behaviour(tool_calls=(CALL,)), Behaviour(tool_calls=(CALL,)))
    whole = client(fake).converse(modelId="a.b", messages=ASK)
    use = whole["output"]["message"]["content"][0]["toolUse"]
    assert use == {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Oslo"}}
    events = list(client(fake).converse_stream(modelId="a.b", messages=ASK)["stream"])
    inputs = [
        one["contentBlockDelta"]["delta"]["toolUse"]["input"]
        for one in events
        if "contentBlockDelta" in one
    ]
    assert json.loads("".join(inputs)) == {"city": "Oslo"}


def test_invoke_model_answers_the_sdk(fake: FakeBedrock) -> None:
    answer = client(fake).invoke_model(
        modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": "two words"})
    )
    body = json.loads(answer["body"].read())
    assert body["inputTextTokenCount"] == 2
    assert len(body["embedding"]) == 8


def test_the_sdk_lists_models(fake: FakeBedrock) -> None:
    control = client(fake, "bedrock")
    models = control.list_foundation_models()["modelSummaries"]
    assert [one["modelId"] for one in models] == [
        "anthropic.claude-3-haiku-20240307-v1:0",
        "amazon.titan-embed-text-v2:0",
    ]
    profiles = control.list_inference_profiles(maxResults=10)["inferenceProfileSummaries"]
    assert [one["inferenceProfileId"] for one in profiles] == [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    ]


FAULTS: list[tuple[Fault, str, int]] = [
    ("rate_limited", "ThrottlingException", 429),
    ("server_error", "InternalServerException", 500),
    ("rejected", "ValidationException", 400),
    ("too_long", "ValidationException", 400),
]


@pytest.mark.parametrize(("fault", "code", "status"), FAULTS)
def test_the_sdk_knows_its_errors(fake: FakeBedrock, fault: Fault, code: str, status: int) -> None:
    fake.script(Behaviour(fault=fault))
    with pytest.raises(ClientError) as raised:
        client(fake).converse(modelId="a.b", messages=ASK)
    response = raised.value.response
    assert response["Error"]["Code"] == code
    assert response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_the_sdk_knows_an_exception_within_a_stream(fake: FakeBedrock) -> None:
    fake.script(Behaviour(fault="error_event"))
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        list(client(fake).converse_stream(modelId="a.b", messages=ASK)["stream"])


REFUSED = [
    (Keys("AKIDEXAMPLE", "wrong-secret"), "us-east-1", "InvalidSignatureException"),
    (Keys("AKIDOTHER", KEYS.secret_key), "us-east-1", "UnrecognizedClientException"),
    (Keys("AKIDEXAMPLE", KEYS.secret_key, "tok"), "us-east-1", "UnrecognizedClientException"),
    (KEYS, "eu-west-1", "InvalidSignatureException"),
]


@pytest.mark.parametrize(("keys", "region", "code"), REFUSED)
def test_whoever_signs_otherwise_is_refused(
    fake: FakeBedrock, keys: Keys, region: str, code: str
) -> None:
    for service, ask in (
        ("bedrock-runtime", lambda one: one.converse(modelId="a.b", messages=ASK)),
        ("bedrock", lambda one: one.list_foundation_models()),
    ):
        with pytest.raises(ClientError) as raised:
            ask(client(fake, service, keys, region))
        assert raised.value.response["Error"]["Code"] == code
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_stale_signature_is_refused(
    fake: FakeBedrock, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore import auth

    then = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: then)
    with pytest.raises(ClientError) as raised:
        client(fake).converse(modelId="a.b", messages=ASK)
    assert raised.value.response["Error"]["Code"] == "InvalidSignatureException"


UNFIT: list[tuple[dict[str, object], str]] = [
    ({"messages": [{"role": "assistant", "content": [{"text": "hi"}]}]}, "start with a user"),
    ({"messages": [*ASK, *ASK]}, "alternate"),
    ({"messages": [{"role": "user", "content": [{"text": "  "}]}]}, "blank"),
    ({"messages": [{"role": "user", "content": []}]}, "empty"),
    (
        {
            "messages": [
                *ASK,
                {
                    "role": "assistant",
                    "content": [{"toolUse": {"toolUseId": "1", "name": "t", "input": {}}}],
                },
                *ASK,
            ]
        },
        "toolConfig",
    ),
]


@pytest.mark.parametrize(("asked", "said"), UNFIT)
def test_what_bedrock_would_refuse_is_refused(
    fake: FakeBedrock, asked: dict[str, object], said: str
) -> None:
    with pytest.raises(ClientError, match=said) as raised:
        client(fake).converse(modelId="a.b", **asked)
    assert raised.value.response["Error"]["Code"] == "ValidationException"


def _cached() -> JsonObject:
    details: JsonObject = {"cached_tokens": 60}
    return {"prompt_tokens": 100, "completion_tokens": 30, "prompt_tokens_details": details}
