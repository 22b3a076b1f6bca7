"""Requests, tokens and parallel calls: waits a little, then says when to come back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from jupyter_mesh.errors import LimitExceeded, MeshError, ProviderUnavailable
from jupyter_mesh.pipeline.snapshot import ConnectionLimits
from jupyter_mesh.schemas.events import Chunk, Events
from jupyter_mesh.schemas.policy import AliasRule, ExactCacheRule, LimitRule
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import ADA, BOB, Outcome, Pipeline, candidate, chat, pipeline


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


LONG_STREAM = Reply(pieces=["word " * 200] * 50, usage=Usage(input=600, output=10_000))


@pytest.mark.parametrize("leave_after", [1, 45])
async def test_who_leaves_early_has_used_the_tokens_that_came(leave_after: int) -> None:
    world = limited(ScriptedProvider(replies=[LONG_STREAM]), tokens_per_minute=2000)
    call = world.call(chat("w " * 300, stream=True))
    async with aclosing(world.run(call)) as events:
        chunks = 0
        async for event in events:
            chunks += isinstance(event, Chunk)
            if chunks == leave_after:
                break
    used = world.journal.completions[call.id].usage.total
    assert used > 300
    again = await world.ask(chat("w " * 300))
    if leave_after == 1:
        assert again.error is None
        left = int(again.call.report.limits["X-RateLimit-Remaining-Tokens"])
        assert left == pytest.approx(2000 - used - again.call.input_bound, abs=20)
    else:
        assert isinstance(again.error, LimitExceeded)


async def test_a_call_that_no_provider_worked_on_has_used_no_tokens() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=(), error=ProviderUnavailable("down"))])
    world = limited(provider, tokens_per_minute=100)
    for number in range(5):
        outcome = await world.ask(chat(f"{number} " + "word " * 20))
        assert isinstance(outcome.error, ProviderUnavailable)


async def test_a_cache_hit_costs_no_tokens_and_another_question_does() -> None:
    provider = ScriptedProvider(replies=[Reply(usage=Usage(input=100, output=900))])
    rule = LimitRule(tokens_per_minute=2000, wait_seconds=0)
    world = pipeline(candidate("a/m", provider), limits=(rule,))
    outcomes = [await world.ask(chat("the same")) for _ in range(8)]
    assert [outcome.call.report.cache for outcome in outcomes] == ["miss"] + ["hit"] * 7
    assert (await world.ask(chat("another"))).error is None
    assert isinstance((await world.ask(chat("a third"))).error, LimitExceeded)


def scoped(scope: dict[str, str], *providers: ScriptedProvider, **fields: object) -> Pipeline:
    """Models `a/m` and `a/n`, and `b/m` of another connection, behind `fast` in this order."""
    rule = LimitRule.model_validate({"wait_seconds": 0, "scope": scope, **fields})
    names = ("a/m", "a/n", "b/m")
    return pipeline(
        *(candidate(name, one) for name, one in zip(names, providers, strict=False)),
        limits=(rule,),
        aliases={"fast": AliasRule(models=names)},
        cache=ExactCacheRule(enabled=False),
    )


@pytest.mark.parametrize(
    ("scope", "asked", "refused"),
    [
        ({"model": "a/m"}, ["a/m", "a/m"], 1),
        ({"model": "a/m"}, ["a/m", "a/n", "b/m"], 0),
        ({"model": "a/*"}, ["a/m", "a/n", "b/m"], 1),
        ({"model": "*"}, ["a/m", "a/n", "b/m"], 0),
        ({"model": "*"}, ["a/m", "a/n", "a/m"], 1),
        ({"connection": "a"}, ["a/m", "a/n", "b/m"], 1),
        ({"connection": "b"}, ["a/m", "a/n", "a/m"], 0),
        ({"connection": "*"}, ["a/m", "b/m"], 0),
        ({"connection": "*"}, ["a/m", "b/m", "a/n"], 1),
        ({"connection": "a", "user": "bob"}, ["a/m", "a/m"], 0),
        ({"connection": "a", "user": "ada"}, ["a/m", "a/m"], 1),
    ],
)
async def test_a_limit_of_a_connection_or_model_holds_for_what_it_covers(
    scope: dict[str, str], asked: list[str], refused: int
) -> None:
    providers = [ScriptedProvider() for _ in range(3)]
    world = scoped(scope, *providers, requests_per_minute=1)
    errors = [(await world.ask(chat(model=model))).error for model in asked]
    assert [isinstance(error, LimitExceeded) for error in errors] == (
        [False] * (len(asked) - refused) + [True] * refused
        if refused == 0 or asked[-1] != "b/m"
        else [False, True, False]
    )
    assert sum(len(one.attempts) for one in providers) == len(asked) - refused


async def test_a_model_at_its_limit_is_passed_over_for_the_next_one() -> None:
    first, second = ScriptedProvider(), ScriptedProvider()
    world = scoped({"model": "a/m"}, first, second, requests_per_minute=1)
    outcomes = [await world.ask(chat(model="fast")) for _ in range(2)]
    assert [outcome.call.report.model for outcome in outcomes] == ["a/m", "a/n"]
    assert outcomes[1].notices == ["fallback"]


async def test_a_limit_that_all_models_have_reached_is_said_with_when_to_come_back() -> None:
    world = scoped({"model": "*"}, *[ScriptedProvider()] * 3, requests_per_minute=1)
    for _ in range(3):
        assert (await world.ask(chat(model="fast"))).error is None
    error = (await world.ask(chat(model="fast"))).error
    assert isinstance(error, MeshError)
    assert error.status == 429
    assert 0 < (error.retry_after or 0) <= 60


async def test_a_connections_parallel_calls_wait_for_each_other() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.01)])
    world = scoped({"connection": "a"}, provider, parallel=1, wait_seconds=5)
    most = running = 0
    attempts = provider.stream

    async def watched(attempt: Attempt) -> Events:
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            async for event in attempts(attempt):
                yield event
        finally:
            running -= 1

    provider.stream = watched
    outcomes = await asyncio.gather(*(world.ask(chat(f"{n}")) for n in range(6)))
    assert [outcome.error for outcome in outcomes] == [None] * 6
    assert most == 1


async def test_a_models_tokens_are_what_its_own_tries_used() -> None:
    """A try that was cut short counts; what the next model used is not this one's."""
    slow = ScriptedProvider(replies=[Reply(pause=5)])
    quick = ScriptedProvider(replies=[Reply(usage=Usage(input=600, output=5000))])
    rule = LimitRule.model_validate(
        {"scope": {"model": "*"}, "tokens_per_minute": 1000, "wait_seconds": 0}
    )
    world = pipeline(
        candidate("a/m", slow, limits=ConnectionLimits(timeout=0.05, retries=0)),
        candidate("b/m", quick),
        limits=(rule,),
        aliases={"fast": AliasRule(models=("a/m", "b/m"))},
        cache=ExactCacheRule(enabled=False),
    )
    assert (await world.ask(chat("w " * 300, model="fast"))).call.report.model == "b/m"
    slow.replies = [Reply()]
    assert (await world.ask(chat("w " * 200, model="a/m"))).error is None
    assert isinstance((await world.ask(chat("hi", model="b/m"))).error, LimitExceeded)


async def test_a_call_made_for_another_needs_no_second_slot_of_what_that_one_has() -> None:
    asking, asked = ScriptedProvider(), ScriptedProvider()
    world = scoped({"connection": "a"}, asking, asked, parallel=1)
    outer = world.call(chat())
    inner: list[Outcome] = []
    answer = asking.stream

    async def ask_first(attempt: Attempt) -> Events:
        inner.append(await world.ask(chat("inner", model="a/n"), parent=outer, nested="rag"))
        inner.append(await world.ask(chat("beside", model="a/n")))
        async for event in answer(attempt):
            yield event

    asking.stream = ask_first
    async with aclosing(world.run(outer)) as events:
        assert [event async for event in events]
    assert inner[0].error is None
    assert isinstance(inner[1].error, LimitExceeded), "one that is not made for it waits its turn"
