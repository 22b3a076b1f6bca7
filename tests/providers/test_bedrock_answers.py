"""What Bedrock answers, in OpenAI's words."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from jupyter_mesh.errors import (
    MeshError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.providers import converted
from jupyter_mesh.providers.bedrock_answer import usage_from_bedrock
from jupyter_mesh.providers.bedrock_faults import BedrockFaults
from jupyter_mesh.providers.bedrock_stream import BedrockReading
from jupyter_mesh.providers.sse import ServerSentEvent
from jupyter_mesh.schemas.json import JsonObject, dig
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_bedrock import Behaviour, FakeBedrock
from tests.providers.bedrock_connection import KEYS, MODEL, connect
from tests.providers.reading import chunks_of, events_of

FAULTS = BedrockFaults("The connection 'x'", str)
REASONS = [
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("max_tokens", "length"),
    ("model_context_window_exceeded", "length"),
    ("guardrail_intervened", "content_filter"),
    ("content_filtered", "content_filter"),
    ("something_new", "stop"),
]
EXCEPTIONS: list[tuple[str, type[MeshError]]] = [
    ("internalServerException", ProviderUnavailable),
    ("modelStreamErrorException", ProviderUnavailable),
    ("validationException", ProviderRejected),
    ("throttlingException", ProviderRateLimited),
    ("serviceUnavailableException", ProviderUnavailable),
    ("modelTimeoutException", ProviderTimeout),
    ("somethingNewException", ProviderUnavailable),
    ("error", ProviderUnavailable),
]
STATUSES: list[tuple[int, str, type[MeshError]]] = [
    (400, "ServiceQuotaExceededException", ProviderRateLimited),
    (400, "ThrottlingException", ProviderRateLimited),
    (424, "ModelErrorException", ProviderUnavailable),
    (429, "ModelNotReadyException", ProviderRateLimited),
    (408, "ModelTimeoutException", ProviderTimeout),
    (400, "ValidationException:http://internal.amazon.com/coral/", ProviderRejected),
    (403, "AccessDeniedException", ProviderRejected),
    (500, "", ProviderUnavailable),
]
USAGES: list[tuple[JsonObject, Usage]] = [
    ({"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}, Usage(input=10, output=5)),
    (
        {"inputTokens": 4, "outputTokens": 5, "totalTokens": 15, "cacheReadInputTokens": 6},
        Usage(input=10, output=5, cache_read=6),
    ),
    (
        {
            "inputTokens": 4,
            "outputTokens": 5,
            "totalTokens": 3000,
            "cacheReadInputTokens": 1000,
            "cacheWriteInputTokens": 1991,
            "cacheDetails": [{"ttl": "1h", "inputTokens": 1991}],
        },
        Usage(input=2995, output=5, cache_read=1000, cache_write=1991, cache_write_1h=1991),
    ),
]


@pytest.fixture
def fake() -> Iterator[FakeBedrock]:
    with FakeBedrock(keys=KEYS) as running:
        yield running


@pytest.mark.parametrize(("usage", "counted"), USAGES)
def test_what_the_cache_holds_is_part_of_the_prompt(usage: JsonObject, counted: Usage) -> None:
    assert usage_from_bedrock(usage) == counted


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("theirs", "ours"), REASONS)
async def test_the_end_has_openais_word(
    fake: FakeBedrock, theirs: str, ours: str, stream: bool
) -> None:
    fake.script(Behaviour(finish_reason=theirs))
    provider = connect(fake)
    events = await events_of(provider, attempt(model=MODEL, stream=stream))
    datas = [event.data for event in events if hasattr(event, "data")]
    reasons = [dig(data, "choices", 0, "finish_reason") for data in datas]
    assert [reason for reason in reasons if reason] == [ours]
    assert events[-1].reason == ours  # pyright: ignore[reportAttributeAccessIssue]
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reason", ["malformed_model_output", "malformed_tool_use"])
async def test_what_nobody_can_read_is_no_answer(
    fake: FakeBedrock, reason: str, stream: bool
) -> None:
    fake.script(Behaviour(finish_reason=reason))
    provider = connect(fake)
    with pytest.raises(ProviderUnavailable, match=reason.replace("_", " ")):
        await events_of(provider, attempt(model=MODEL, stream=stream))
    await provider.aclose()


@pytest.mark.parametrize(("name", "error"), EXCEPTIONS)
def test_an_exception_within_a_stream_has_its_error(name: str, error: type[MeshError]) -> None:
    reading = BedrockReading(attempt(model=MODEL, stream=True), FAULTS)
    with pytest.raises(error, match="It broke") as raised:
        reading.read(ServerSentEvent(name, b'{"message": "It broke"}'))
    assert type(raised.value) is error


@pytest.mark.parametrize(("status", "kind", "error"), STATUSES)
def test_an_exception_counts_more_than_its_status(
    status: int, kind: str, error: type[MeshError]
) -> None:
    headers = {"x-amzn-ErrorType": kind} if kind else {}
    assert type(FAULTS.from_status(status, headers, b'{"message": "No."}')) is error


async def test_thoughts_end_with_what_the_next_turn_needs(fake: FakeBedrock) -> None:
    fake.script(Behaviour(reasoning="First this.", text="Then that."))
    provider = connect(fake)
    chunks = await chunks_of(provider, attempt(model=MODEL, stream=True))
    details = [dig(one.data, "choices", 0, "delta", "reasoning_details", 0) for one in chunks]
    (detail,) = [one for one in details if one is not None]
    assert dig(detail, "text") == "First this."
    assert dig(detail, "signature")
    assert dig(detail, "model") == MODEL
    await provider.aclose()


async def test_a_tool_without_arguments_has_an_empty_object(fake: FakeBedrock) -> None:
    call: JsonObject = {"id": "t1", "function": {"name": "clock", "arguments": "{}"}}
    fake.script(Behaviour(tool_calls=(call,)))
    provider = connect(fake)
    chunks = await chunks_of(provider, attempt(model=MODEL, stream=True))
    pieces = [
        dig(one.data, "choices", 0, "delta", "tool_calls", 0, "function", "arguments")
        for one in chunks
    ]
    assert "".join(str(one) for one in pieces if one) == "{}"
    await provider.aclose()


async def test_an_answer_of_another_shape_is_refused(fake: FakeBedrock) -> None:
    fake.script(Behaviour(answer={"output": {}, "stopReason": "end_turn"}))
    provider = connect(fake)
    with pytest.raises(ProviderProtocolError, match="without 'output'"):
        await events_of(provider, attempt(model=MODEL))
    await provider.aclose()


def test_thoughts_without_an_end_are_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converted, "MAX_HELD", 100)
    thoughts: JsonObject = {"reasoningContent": {"text": "x" * 10}}
    data = orjson.dumps({"contentBlockIndex": 0, "delta": thoughts})
    piece = ServerSentEvent("contentBlockDelta", data)
    reading = BedrockReading(attempt(model=MODEL, stream=True), FAULTS)
    for _ in range(10):
        assert reading.read(piece)
    with pytest.raises(ProviderProtocolError, match="more than 100 characters"):
        reading.read(piece)
