"""The exact cache, single flight and idempotency keys."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from jupyter_mesh.errors import Conflict
from jupyter_mesh.pipeline.call import CacheDirective
from jupyter_mesh.schemas.policy import BudgetRule, ExactCacheRule, GroupRule
from jupyter_mesh.schemas.request import Request
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import ADA, BOB, Pipeline, candidate, chat, pipeline


def cached(provider: ScriptedProvider, **policy: object) -> Pipeline:
    return pipeline(candidate("a/m", provider), **policy)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
async def test_a_repeat_is_answered_without_the_provider_streamed_or_not(
    first: bool, second: bool
) -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["Hel", "lo"])])
    world = cached(provider)
    one = await world.ask(chat(stream=first))
    two = await world.ask(chat(stream=second))
    assert one.text == two.text == "Hello"
    assert len(provider.attempts) == 1
    assert two.call.report.cache == "hit"
    assert two.metered[-1].cost == 0
    completion = world.journal.completions[two.call.id]
    assert completion.outcome == "cached"
    assert completion.saved == one.metered[-1].cost


@pytest.mark.parametrize(
    "other",
    [
        chat("Ho"),
        chat("Hi", temperature=0.5),
        chat("Hi", tools=[{"type": "function", "function": {"name": "f"}}]),
        chat("Hi", n=2),
        chat("Hi", seed=1),
        chat("Hi", some_new_parameter=True),
    ],
)
async def test_anything_that_could_change_the_answer_is_part_of_the_key(other: Request) -> None:
    provider = ScriptedProvider()
    world = cached(provider)
    await world.ask(chat("Hi"))
    await world.ask(other)
    assert len(provider.attempts) == 2


@pytest.mark.parametrize(("scope", "calls"), [("user", 2), ("group", 1), ("everyone", 1)])
async def test_entries_are_shared_only_inside_their_scope(scope: str, calls: int) -> None:
    provider = ScriptedProvider()
    world = cached(provider, cache=ExactCacheRule.model_validate({"scope": scope}))
    await world.ask(chat(), ADA)
    await world.ask(chat(), BOB)
    assert len(provider.attempts) == calls


async def test_other_groups_never_share_an_entry() -> None:
    provider = ScriptedProvider()
    world = cached(
        provider,
        cache=ExactCacheRule(scope="everyone"),
        groups={"a": GroupRule(members=("ada",)), "b": GroupRule(members=("bob",))},
    )
    await world.ask(chat(), ADA)
    await world.ask(chat(), BOB)
    assert len(provider.attempts) == 2


@pytest.mark.parametrize("directive", [CacheDirective(no_store=True), CacheDirective(max_age=0)])
async def test_the_caller_may_ask_for_a_fresh_answer(directive: CacheDirective) -> None:
    provider = ScriptedProvider()
    world = cached(provider)
    await world.ask(chat())
    await asyncio.sleep(0.001)
    await world.ask(chat(), cache=directive)
    assert len(provider.attempts) == 2


async def test_a_cut_answer_is_not_kept() -> None:
    provider = ScriptedProvider(replies=[Reply(finish="length")])
    world = cached(provider)
    await world.ask(chat())
    await world.ask(chat())
    assert len(provider.attempts) == 2


async def test_identical_calls_at_once_are_one_upstream_call_and_one_reservation() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.02)])
    world = cached(provider, budgets=(BudgetRule(limit_usd=Decimal("0.04")),))
    outcomes = await asyncio.gather(*(world.ask(chat(stream=n % 2 == 0)) for n in range(8)))
    assert [outcome.text for outcome in outcomes] == ["Hello"] * 8
    assert len(provider.attempts) == 1
    kinds = sorted(c.outcome for c in world.journal.completions.values())
    assert kinds == ["answered"] + ["cached"] * 7


async def test_when_the_leader_leaves_the_next_one_leads() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.02)])
    world = cached(provider)
    leader = asyncio.create_task(world.ask(chat()))
    await asyncio.sleep(0.005)
    follower = asyncio.create_task(world.ask(chat()))
    await asyncio.sleep(0.005)
    leader.cancel()
    assert (await follower).text == "Hello"
    assert len(provider.attempts) == 2


async def test_an_idempotency_key_is_answered_once_and_refused_for_another_body() -> None:
    provider = ScriptedProvider()
    world = cached(provider, cache=ExactCacheRule(enabled=False))
    one, two = await asyncio.gather(*(world.ask(chat(), idempotency_key="k") for _ in range(2)))
    assert one.text == two.text
    assert len(provider.attempts) == 1
    other = await world.ask(chat("other"), idempotency_key="k")
    assert isinstance(other.error, Conflict)
    mine = await world.ask(chat("other"), BOB, idempotency_key="k")
    assert mine.text == "Hello"
