"""Every way an upstream can fail (T36), over a real socket, streamed and not."""

from __future__ import annotations

import base64

import pytest

from jupyter_mesh.errors import (
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.schemas.events import Chunk, Event
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI, Fault
from tests.providers.conftest import SECRET, connect
from tests.providers.reading import chunks_of, events_of, text_of

BEFORE_ANY_EVENT: list[tuple[Fault, type[ProviderError], int]] = [
    ("rate_limited", ProviderRateLimited, 429),
    ("server_error", ProviderUnavailable, 502),
    ("html_error", ProviderUnavailable, 502),
    ("unauthorized", ProviderRejected, 401),
    ("rejected", ProviderRejected, 400),
    ("redirect", ProviderProtocolError, 502),
    ("error_in_200", ProviderUnavailable, 502),
    ("wrong_type", ProviderProtocolError, 502),
    ("reset_before", ProviderUnavailable, 502),
    ("gzip_bomb", ProviderProtocolError, 502),
]
IN_THE_MIDDLE: list[tuple[Fault, type[ProviderError]]] = [
    ("cut", ProviderProtocolError),
    ("reset_after", ProviderProtocolError),
    ("invalid_json", ProviderProtocolError),
    ("huge", ProviderProtocolError),
    ("error_event", ProviderUnavailable),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("fault", "error", "status"), BEFORE_ANY_EVENT)
async def test_a_fault_before_any_event_raises_its_own_error(
    upstream: FakeOpenAI, fault: Fault, error: type[ProviderError], status: int, stream: bool
) -> None:
    upstream.script(Behaviour(fault=fault))
    provider = connect(upstream)
    with pytest.raises(error) as raised:
        await events_of(provider, attempt(stream=stream))
    assert type(raised.value) is error
    assert raised.value.status == status
    assert raised.value.processed is (fault in ("wrong_type", "gzip_bomb"))
    assert len(upstream.requests) == 1, "a provider asks once; retrying is Route's"
    await provider.aclose()


@pytest.mark.parametrize(("fault", "error"), IN_THE_MIDDLE)
async def test_a_fault_in_the_middle_of_a_stream_raises_after_the_chunks_that_came(
    upstream: FakeOpenAI, fault: Fault, error: type[ProviderError]
) -> None:
    upstream.script(Behaviour(fault=fault, text="one two three four five six"))
    provider = connect(upstream)
    seen: list[Event] = []

    async def read() -> None:
        async for event in provider.stream(attempt(stream=True)):
            seen.append(event)

    with pytest.raises(error):
        await read()
    text = text_of([event for event in seen if isinstance(event, Chunk)])
    assert text
    assert "one two three four five six ".startswith(text)
    await provider.aclose()


@pytest.mark.parametrize("fault", ["cut", "reset_after", "invalid_json"])
async def test_a_whole_answer_that_breaks_off_gives_no_event(
    upstream: FakeOpenAI, fault: Fault
) -> None:
    upstream.script(Behaviour(fault=fault))
    provider = connect(upstream)
    with pytest.raises(ProviderProtocolError) as raised:
        await events_of(provider, attempt())
    assert raised.value.processed
    await provider.aclose()


async def test_a_whole_answer_past_the_bound_is_refused(upstream: FakeOpenAI) -> None:
    provider = connect(upstream, max_answer_bytes=100_000)
    upstream.script(Behaviour(fault="huge", huge_bytes=90_000))
    await events_of(provider, attempt())
    upstream.script(Behaviour(fault="huge", huge_bytes=110_000))
    with pytest.raises(ProviderProtocolError, match="100000 bytes"):
        await events_of(provider, attempt())
    await provider.aclose()


async def test_an_event_of_ten_megabytes_passes(upstream: FakeOpenAI) -> None:
    upstream.script(Behaviour(fault="huge", huge_bytes=10 * 1024 * 1024, text="one two"))
    provider = connect(upstream)
    chunks = await chunks_of(provider, attempt(stream=True))
    assert max(len(chunk.raw or b"") for chunk in chunks) > 10 * 1024 * 1024
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("fault", ["stall", "stall_middle"])
async def test_an_upstream_that_falls_silent_times_out_and_is_let_go(
    upstream: FakeOpenAI, fault: Fault, stream: bool
) -> None:
    upstream.script(Behaviour(fault=fault))
    provider = connect(upstream)
    with pytest.raises(ProviderTimeout):
        await events_of(provider, attempt(stream=stream, timeout=0.3, idle_timeout=0.3))
    await upstream.wait_for(upstream.requests[0])
    assert upstream.requests[0].end == "client_gone"
    await provider.aclose()


async def test_comments_do_not_count_as_events(upstream: FakeOpenAI) -> None:
    upstream.script(Behaviour(fault="only_comments"))
    provider = connect(upstream)
    with pytest.raises(ProviderTimeout):
        await events_of(provider, attempt(stream=True, timeout=0.4))
    await provider.aclose()


@pytest.mark.parametrize(
    ("value", "expected"), [("7", 7.0), ("0.5", 0.5), (None, None), ("soon", None)]
)
async def test_retry_after_is_passed_on(
    upstream: FakeOpenAI, value: str | None, expected: float | None
) -> None:
    upstream.script(Behaviour(fault="rate_limited", retry_after=value))
    provider = connect(upstream)
    with pytest.raises(ProviderRateLimited) as raised:
        await events_of(provider, attempt())
    assert raised.value.retry_after == expected
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_key_that_the_upstream_repeats_is_scrubbed(
    upstream: FakeOpenAI, stream: bool
) -> None:
    upstream.script(Behaviour(fault="unauthorized"))
    provider = connect(upstream)
    with pytest.raises(ProviderRejected) as raised:
        await events_of(provider, attempt(stream=stream))
    assert "Incorrect API key provided" in raised.value.message
    assert SECRET not in str(raised.value)
    assert "0123456789" not in str(raised.value)
    assert base64.b64encode(SECRET.encode()).decode() not in str(raised.value)
    await provider.aclose()


async def test_a_prompt_that_the_upstream_repeats_is_left_out(upstream: FakeOpenAI) -> None:
    prompt = "The patient Ada L. was born on the 10th of December"
    upstream.script(Behaviour(fault="rejected"))
    provider = connect(upstream)
    body = {"messages": [{"role": "user", "content": prompt}]}
    with pytest.raises(ProviderRejected) as raised:
        await events_of(provider, attempt(body=body))
    assert "Ada" not in raised.value.message
    assert raised.value.param == "messages"
    await provider.aclose()


async def test_a_refused_connection_is_unavailable() -> None:
    with FakeOpenAI() as gone:
        provider = connect(gone)
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        await events_of(provider, attempt())
    await provider.aclose()


async def test_something_that_is_not_http_is_a_protocol_error() -> None:
    import asyncio

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 smtp.example.com ESMTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    with FakeOpenAI() as fake:
        provider = connect(
            fake, base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        )
        with pytest.raises(ProviderProtocolError, match="HTTP"):
            await events_of(provider, attempt())
        await provider.aclose()
    server.close()


@pytest.mark.parametrize("fault", ["no_done", "duplicate", "comments"])
async def test_oddities_that_lose_nothing_are_accepted(upstream: FakeOpenAI, fault: Fault) -> None:
    upstream.script(Behaviour(fault=fault, text="one two three"))
    provider = connect(upstream)
    text = text_of(await chunks_of(provider, attempt(stream=True)))
    assert text == ("one one two two threethree" if fault == "duplicate" else "one two three")
    await provider.aclose()
