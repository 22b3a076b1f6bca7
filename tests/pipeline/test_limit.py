"""Requests, tokens and parallel calls: waits a little, then says when to come back."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_mesh.errors import LimitExceeded
from jupyter_mesh.schemas.policy import ExactCacheRule, LimitRule
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import ADA, BOB, Pipeline, candidate, chat, pipeline


def limited(provider: ScriptedProvider, **fields: object) -> Pipeline:
    rule = LimitRule.model_validate({"wait_seconds": 0, **fields})
    return pipeline(candidate("a/m", provider), limits=(rule,), cache=ExactCacheRule(enabled=False))


async def test_requests_per_minute_are_counted_per_user() -> None:
    world = limited(ScriptedProvider(), requests_per_minute=3)
    for _ in range(3):
        assert (await world.ask(chat())).error is None
    fourth = await world.ask(chat())
    assert isinstance(fourth.error, LimitExceeded)
    assert fourth.error.retry_after is not None
    assert 0 < fourth.error.retry_after <= 20
    assert (await world.ask(chat(), BOB)).error is None


async def test_one_share_for_all_when_the_scope_names_a_group_of_users() -> None:
    world = limited(ScriptedProvider(), requests_per_minute=1, scope={"application": "notebook"})
    assert (await world.ask(chat(), ADA)).error is None
    assert isinstance((await world.ask(chat(), BOB)).error, LimitExceeded)


async def test_tokens_per_minute_take_the_real_usage_in_the_end() -> None:
    world = limited(ScriptedProvider(), tokens_per_minute=100)
    results = [(await world.ask(chat("x" * 40))).error for _ in range(8)]
    refused = [n for n, error in enumerate(results) if isinstance(error, LimitExceeded)]
    assert refused
    assert refused[0] in (5, 6)


async def test_parallel_calls_wait_for_a_slot_in_the_order_they_came() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.01)])
    world = limited(provider, parallel=2, wait_seconds=5)
    finished: list[int] = []

    async def one(number: int) -> None:
        assert (await world.ask(chat(f"{number}"))).error is None
        finished.append(number)

    await asyncio.gather(*(one(number) for number in range(10)))
    assert sorted(finished) == list(range(10))
    assert finished[-2:] in ([8, 9], [9, 8])


async def test_a_wait_that_is_too_long_is_refused_and_leaves_no_slot_taken() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.2)])
    world = limited(provider, parallel=1, wait_seconds=0.02)
    first = asyncio.create_task(world.ask(chat("1")))
    await asyncio.sleep(0.01)
    assert isinstance((await world.ask(chat("2"))).error, LimitExceeded)
    assert (await first).error is None
    provider.replies = [Reply()]
    assert (await world.ask(chat("3"))).error is None


@pytest.mark.parametrize("cancelled", [0, 1, 2])
async def test_a_cancelled_call_hands_its_slot_on(cancelled: int) -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.02)])
    world = limited(provider, parallel=1, wait_seconds=5)
    tasks = [asyncio.create_task(world.ask(chat(f"{n}"))) for n in range(3)]
    await asyncio.sleep(0.01)
    tasks[cancelled].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[cancelled], asyncio.CancelledError)
    assert (await world.ask(chat("last"))).error is None


async def test_what_is_left_is_told_in_headers() -> None:
    outcome = await limited(ScriptedProvider(), requests_per_minute=3).ask(chat())
    assert outcome.call.report.limits == {
        "X-RateLimit-Limit-Requests": "3",
        "X-RateLimit-Remaining-Requests": "2",
    }
