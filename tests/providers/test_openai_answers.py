"""What comes back: every field and byte as it came, and the tokens the provider reported."""

from __future__ import annotations

import orjson
import pytest

from jupyter_mesh.errors import ProviderError
from jupyter_mesh.schemas.catalog import Capability
from jupyter_mesh.schemas.events import Answer, Chunk, Finished, Metered
from jupyter_mesh.schemas.json import JsonObject, dig
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from tests.providers.conftest import connect
from tests.providers.reading import answer_of, chunks_of, events_of, text_of, usage_of

CALL: JsonObject = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Ulm"}'},
}
USAGE: JsonObject = {
    "prompt_tokens": 100,
    "completion_tokens": 40,
    "total_tokens": 140,
    "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 25, "audio_tokens": 5},
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_unknown_fields_and_raw_bytes_are_kept(upstream: FakeOpenAI, stream: bool) -> None:
    upstream.script(Behaviour(extra={"system_fingerprint": "fp", "new": {"a": [1]}}, logprobs=True))
    provider = connect(upstream)
    for event in await events_of(provider, attempt(stream=stream)):
        if isinstance(event, Chunk | Answer):
            assert event.data["new"] == {"a": [1]}
            assert event.raw is not None
            assert orjson.loads(event.raw) == event.data
            if event.data["choices"]:
                assert dig(event.data, "choices", 0, "logprobs", "content", 0, "logprob") == -0.5
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_tool_calls_pass_and_name_the_end(upstream: FakeOpenAI, stream: bool) -> None:
    upstream.script(Behaviour(tool_calls=(CALL,)))
    provider = connect(upstream)
    events = await events_of(provider, attempt(stream=stream))
    assert events[-1] == Finished("tool_calls")
    if stream:
        parts = [
            str(dig(e.data, "choices", 0, "delta", "tool_calls", 0, "function", "arguments") or "")
            for e in events
            if isinstance(e, Chunk)
        ]
        assert "".join(parts) == '{"city": "Ulm"}'
    else:
        assert isinstance(events[0], Answer)
        assert dig(events[0].data, "choices", 0, "message", "tool_calls", 0) == CALL
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_tokens_come_by_class_as_reported(upstream: FakeOpenAI, stream: bool) -> None:
    upstream.script(Behaviour(usage=USAGE))
    provider = connect(upstream)
    usage = await usage_of(provider, attempt(stream=stream))
    assert (usage.input, usage.output, usage.cache_read, usage.input_audio) == (100, 40, 64, 3)
    assert (usage.reasoning, usage.output_audio, usage.estimated) == (25, 5, False)
    await provider.aclose()


async def test_the_extra_usage_chunk_is_marked_and_others_are_not(upstream: FakeOpenAI) -> None:
    provider = connect(upstream)
    chunks = await chunks_of(provider, attempt(stream=True))
    assert [chunk.usage_only for chunk in chunks].count(True) == 1
    assert chunks[-1].usage_only
    assert chunks[-1].data["choices"] == []
    await provider.aclose()


async def test_usage_in_a_chunk_with_choices_is_taken_and_the_chunk_left_alone(
    upstream: FakeOpenAI,
) -> None:
    upstream.script(Behaviour(usage_in="last_choice", usage=USAGE))
    provider = connect(upstream)
    events = await events_of(provider, attempt(stream=True))
    chunks = [event for event in events if isinstance(event, Chunk)]
    assert not any(chunk.usage_only for chunk in chunks)
    assert chunks[-1].data["usage"] == USAGE
    assert isinstance(events[-2], Metered)
    assert events[-2].usage.input == 100
    await provider.aclose()


async def test_usage_that_counts_up_in_every_chunk_is_taken_once(upstream: FakeOpenAI) -> None:
    upstream.script(Behaviour(usage_in="every_chunk", text="a b c d e"))
    provider = connect(upstream)
    usage = await usage_of(provider, attempt(stream=True))
    assert (usage.output, usage.estimated) == (5, False)
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_without_reported_usage_an_estimate_is_marked_as_one(
    upstream: FakeOpenAI, stream: bool
) -> None:
    text = "The quick brown fox jumps over the lazy dog, again and again."  # 14 tokens (o200k_base)
    upstream.script(Behaviour(usage_in="never", text=text))
    provider = connect(upstream)
    usage = await usage_of(provider, attempt(stream=stream))
    assert usage.estimated
    assert 12 <= usage.output <= 16
    assert usage.input > 0
    await provider.aclose()


async def test_interim_counts_come_about_every_64_tokens_and_grow(upstream: FakeOpenAI) -> None:
    upstream.script(Behaviour(text="word " * 400))
    provider = connect(upstream)
    events = await events_of(provider, attempt(stream=True))
    interim = [event for event in events if isinstance(event, Metered) and not event.final]
    outputs = [event.usage.output for event in interim]
    assert 5 <= len(outputs) <= 8
    assert outputs == sorted(outputs)
    assert all(event.usage.estimated and event.usage.input > 0 for event in interim)
    assert 320 <= outputs[-1] <= 480
    await provider.aclose()


@pytest.mark.parametrize(
    ("word", "reason"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter"), ("eos", "stop")],
)
async def test_the_finish_reason_is_in_the_meshs_words(
    upstream: FakeOpenAI, word: str, reason: str
) -> None:
    provider = connect(upstream)
    for stream in (False, True):
        upstream.script(Behaviour(finish_reason=word))
        events = await events_of(provider, attempt(stream=stream))
        assert events[-1] == Finished(reason)
    await provider.aclose()


@pytest.mark.parametrize("size", [1, 3, 7, 64])
async def test_a_stream_cut_into_small_pieces_reads_the_same(
    upstream: FakeOpenAI, size: int
) -> None:
    text = "Grüße, 世界! 🎉 done"
    upstream.script(Behaviour(text=text, write_bytes=size))
    provider = connect(upstream)
    assert text_of(await chunks_of(provider, attempt(stream=True))) == text
    await provider.aclose()


async def test_a_stream_that_arrives_at_once_gives_every_chunk(upstream: FakeOpenAI) -> None:
    upstream.script(Behaviour(text="word " * 200, burst=True))
    provider = connect(upstream)
    assert text_of(await chunks_of(provider, attempt(stream=True))) == "word " * 200
    await provider.aclose()


async def test_several_choices_are_all_passed(upstream: FakeOpenAI) -> None:
    provider = connect(upstream)
    body: JsonObject = {"n": 3}
    assert len(str(dig(await answer_of(provider, attempt(body=body)), "choices", 2))) > 0
    chunks = await chunks_of(provider, attempt(body=body, stream=True))
    assert {dig(chunk.data, "choices", 0, "index") for chunk in chunks[:-1]} == {0, 1, 2}
    await provider.aclose()


async def test_a_stream_cut_before_the_second_choice_ends_is_no_answer(
    upstream: FakeOpenAI,
) -> None:
    """The first choice is complete, the second not: the end is not the end."""
    upstream.script(Behaviour(fault="cut", text="a b c d", delay=0))
    provider = connect(upstream)
    with pytest.raises(ProviderError):
        await events_of(provider, attempt(body={"n": 2}, stream=True))
    await provider.aclose()


async def test_closing_the_generator_closes_the_socket_at_once(upstream: FakeOpenAI) -> None:
    upstream.script(Behaviour(text="word " * 1000, piece_delay=0.01))
    provider = connect(upstream)
    events = provider.stream(attempt(stream=True))
    async for _ in events:
        break
    await events.aclose()
    await upstream.wait_for(upstream.requests[0])
    assert upstream.requests[0].end == "client_gone"
    assert upstream.requests[0].sent_bytes < 50_000
    await provider.aclose()


async def test_a_json_answer_to_a_request_for_a_stream_is_refused(upstream: FakeOpenAI) -> None:
    upstream.script(Behaviour(fault="error_in_200"))
    provider = connect(upstream)
    with pytest.raises(ProviderError, match="overloaded"):
        await events_of(provider, attempt(stream=True))
    await provider.aclose()


@pytest.mark.parametrize("answer", [{}, {"choices": None}, {"object": "chat.completion"}])
async def test_a_whole_answer_without_choices_is_refused(
    upstream: FakeOpenAI, answer: JsonObject
) -> None:
    upstream.script(Behaviour(answer=answer))
    provider = connect(upstream)
    with pytest.raises(ProviderError, match="choices"):
        await events_of(provider, attempt())
    await provider.aclose()


async def test_models_are_the_admins_or_else_the_servers_own() -> None:
    with FakeOpenAI(models=("gpt-4o", "text-embedding-3-small", "whisper-1", "bge-reranker")) as up:
        provider = connect(up)
        facts = {one.name: one for one in await provider.models()}
        assert set(facts) == {"gpt-4o", "text-embedding-3-small", "bge-reranker"}
        assert facts["gpt-4o"].id == "test/gpt-4o"
        assert {Capability.TOOLS, Capability.VISION} <= facts["gpt-4o"].capabilities
        assert facts["text-embedding-3-small"].operations == {Operation.EMBEDDING}
        assert facts["bge-reranker"].operations == {Operation.RERANK}
        provider.context.models["only-this"] = {}
        assert [one.name for one in await provider.models()] == ["only-this"]
        await provider.aclose()


async def test_a_server_that_refuses_the_key_says_so_when_its_models_are_asked_for() -> None:
    with FakeOpenAI(api_key="another") as upstream:
        provider = connect(upstream)
        with pytest.raises(ProviderError, match="api_key"):
            await provider.models()
        await provider.aclose()
