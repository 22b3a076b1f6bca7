"""What a client pays who sends a request again under the same `Idempotency-Key`."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from jupyter_mesh.errors import (
    Conflict,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.schemas.events import Chunk, Finished
from jupyter_mesh.schemas.policy import ExactCacheRule
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Pipeline, candidate, chat, pipeline


def cached(provider: ScriptedProvider, **policy: object) -> Pipeline:
    return pipeline(candidate("a/m", provider), **policy)


async def leave(world: Pipeline, chunks: int) -> None:
    """Ask for a stream under the key `k` and go after some chunks."""
    call = world.call(chat(stream=True), idempotency_key="k")
    seen = 0
    async with aclosing(world.run(call)) as events:
        async for event in events:
            seen += isinstance(event, Chunk)
            if seen == chunks:
                return


@pytest.mark.parametrize("stream", [True, False])
async def test_a_stream_whose_client_left_is_not_paid_again_by_its_retry(stream: bool) -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["a ", "b ", "c "])])
    world = cached(provider)
    await leave(world, 2)
    again = await world.ask(chat(stream=stream), idempotency_key="k")
    assert isinstance(again.error, Conflict)
    assert "was charged" in again.error.message
    assert len(provider.attempts) == 1
    other = await world.ask(chat("other"), idempotency_key="k")
    assert isinstance(other.error, Conflict)
    assert "another request" in other.error.message
    assert (await world.ask(chat(), idempotency_key="a new key")).text == "a b c "
    assert (await world.ask(chat())).error is None


async def test_who_left_after_the_end_is_answered_again_for_nothing() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["a ", "b "])])
    world = cached(provider)
    await leave(world, 99)
    assert (await world.ask(chat(), idempotency_key="k")).text == "a b "
    assert len(provider.attempts) == 1


@pytest.mark.parametrize(
    ("error", "sent_again"),
    [
        (ProviderTimeout("silent"), False),
        (ProviderProtocolError("unreadable", processed=True), False),
        (ProviderUnavailable("refused"), True),
    ],
)
async def test_a_retry_is_sent_only_if_nobody_worked_on_the_first_call(
    error: Exception, sent_again: bool
) -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=(), error=error), Reply()])
    world = cached(provider)
    assert (await world.ask(chat(), idempotency_key="k")).error is error
    again = await world.ask(chat(), idempotency_key="k")
    assert (again.error is None) is sent_again
    assert len(provider.attempts) == 1 + sent_again


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_reached_its_length_is_replayed_to_a_retry_and_to_nobody_else(
    stream: bool,
) -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["cut"], finish="length")])
    world = cached(provider)
    assert (await world.ask(chat(), idempotency_key="k")).text == "cut"
    again = await world.ask(chat(stream=stream), idempotency_key="k")
    assert again.text == "cut"
    assert again.events[-1] == Finished("length")
    assert again.call.report.cost == 0
    assert len(provider.attempts) == 1
    await world.ask(chat())
    assert len(provider.attempts) == 2


@pytest.mark.parametrize("version", [1, 2])
async def test_a_change_of_the_configuration_does_not_turn_a_retry_away(version: int) -> None:
    provider = ScriptedProvider()
    world = cached(provider, cache=ExactCacheRule(enabled=False))
    await world.ask(chat(), idempotency_key="k")
    world.snapshot = replace(world.snapshot, version=version)
    assert (await world.ask(chat(), idempotency_key="k")).text == "Hello"
    assert len(provider.attempts) == 1
