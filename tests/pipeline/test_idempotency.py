"""What a client pays who sends a request again under the same `Idempotency-Key`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal

import pytest

from jupyter_mesh.errors import (
    Conflict,
    ProviderProtocolError,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.schemas.events import Chunk, Finished
from jupyter_mesh.schemas.policy import BudgetRule, ExactCacheRule
from jupyter_mesh.spi.cache import CacheEntry
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Outcome, Pipeline, candidate, chat, pipeline


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


async def leader_and_retries(
    world: Pipeline, stream: bool, retries: int
) -> tuple[asyncio.Task[Outcome], list[asyncio.Task[Outcome]]]:
    """A call under the key `k` that the provider works on, and others that wait for its answer."""
    leader = asyncio.create_task(world.ask(chat(stream=stream), idempotency_key="k"))
    await asyncio.sleep(0.02)
    waiting = [
        asyncio.create_task(world.ask(chat(stream=n % 2 == 0), idempotency_key="k"))
        for n in range(retries)
    ]
    await asyncio.sleep(0.02)
    assert not leader.done()
    return leader, waiting


@pytest.mark.parametrize("stream", [True, False])
async def test_retries_that_wait_get_the_answer_though_the_first_client_left(stream: bool) -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["a ", "b ", "c "], pause=0.1)])
    world = cached(provider, budgets=(BudgetRule(limit_usd=Decimal(1)),))
    leader, waiting = await leader_and_retries(world, stream, 3)
    leader.cancel()
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(*waiting)
    assert [(one.error, one.text) for one in outcomes] == [(None, "a b c ")] * 3
    assert [one.call.report.cost for one in outcomes] == [0] * 3
    await asyncio.gather(leader, return_exceptions=True)
    assert len(provider.attempts) == provider.closed == 1
    outcomes_in_the_record = sorted(one.outcome for one in world.journal.completions.values())
    assert outcomes_in_the_record == ["aborted", "cached", "cached", "cached"]
    assert world.journal.held == 0


@pytest.mark.parametrize("stream", [True, False])
async def test_when_all_who_wait_have_left_too_the_provider_is_told_to_stop(stream: bool) -> None:
    reply = Reply(pieces=["a "] * 100, pause=0.1 if stream else 30.0)
    provider = ScriptedProvider(replies=[reply])
    world = cached(provider)
    leader, waiting = await leader_and_retries(world, stream, 2)
    leader.cancel()
    await asyncio.sleep(0.01)
    assert not leader.done(), "others wait for its answer"
    for one in waiting:
        one.cancel()
    async with asyncio.timeout(3):
        await asyncio.gather(leader, *waiting, return_exceptions=True)
    assert provider.closed == 1
    again = await world.ask(chat(), idempotency_key="k")
    assert isinstance(again.error, Conflict)


async def test_who_waits_for_an_answer_that_fails_is_told_of_the_charge_and_pays_nothing() -> None:
    """Also where the cache is slow to learn of it."""
    error = ProviderProtocolError("unreadable", processed=True)
    provider = ScriptedProvider(replies=[Reply(pieces=["a"], pause=0.1, error=error), Reply()])
    world = cached(provider)
    put = world.cache.put

    async def slow_put(entries: Mapping[str, CacheEntry], ttl: float) -> None:
        await asyncio.sleep(0.05)
        await put(entries, ttl)

    world.cache.put = slow_put  # type: ignore[method-assign]
    leader, waiting = await leader_and_retries(world, True, 2)
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(leader, *waiting)
    assert outcomes[0].error is error
    assert [type(one.error) for one in outcomes[1:]] == [Conflict] * 2
    assert len(provider.attempts) == 1
