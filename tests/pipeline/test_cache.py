"""The exact cache, single flight and idempotency keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar, Literal

import pytest

from jupyter_mesh.errors import Conflict, ProviderUnavailable, StoreUnavailable
from jupyter_mesh.pipeline import flight
from jupyter_mesh.pipeline.call import CacheDirective
from jupyter_mesh.schemas.events import Chunk, Event, Finished
from jupyter_mesh.schemas.guard_rules import ModerationRule
from jupyter_mesh.schemas.policy import AliasRule, BudgetRule, ExactCacheRule, GroupRule
from jupyter_mesh.schemas.request import Request
from jupyter_mesh.spi.cache import CacheEntry
from jupyter_mesh.spi.guard import GuardConfig, GuardedCall, Judge, Verdict
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


BOTH = GroupRule(members=("ada", "bob"))
ONE = GroupRule(members=("ada",))


@pytest.mark.parametrize(
    ("scope", "groups", "calls"),
    [
        ("user", {"team": BOTH}, 2),
        ("group", {"team": BOTH}, 1),
        ("group", {"team": BOTH, "lead": ONE}, 2),
        ("group", {}, 2),  # nobody is in a group: nobody shares
        ("everyone", {}, 1),
        ("everyone", {"team": BOTH}, 1),
    ],
)
async def test_entries_are_shared_only_inside_their_scope(
    scope: str, groups: dict[str, GroupRule], calls: int
) -> None:
    provider = ScriptedProvider()
    rule = ExactCacheRule.model_validate({"scope": scope})
    world = cached(provider, cache=rule, groups=groups)
    await world.ask(chat(), ADA)
    await world.ask(chat(), BOB)
    await world.ask(chat(), ADA)
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


class Sees(Judge):
    """Against whatever names a key."""

    name: ClassVar[str] = "sees"

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        return Verdict(float("key" in text))


def judged(direction: str, **target: str) -> ModerationRule:
    return ModerationRule.model_validate(
        {"guard": "sees", "for": {"direction": direction, **target}}
    )


KIOSK = replace(ADA, application="kiosk-1")


@pytest.mark.parametrize("scope", ["user", "everyone"])
@pytest.mark.parametrize(
    ("direction", "asked", "told"), [("request", "the key?", "no"), ("response", "Hi", "the key")]
)
async def test_what_is_kept_for_one_application_does_not_pass_by_the_rules_for_another(
    scope: str, direction: str, asked: str, told: str
) -> None:
    world = cached(
        ScriptedProvider(replies=[Reply(pieces=[told])]),
        cache=ExactCacheRule.model_validate({"scope": scope}),
        moderation=(judged(direction, application="kiosk-*"),),
        judges={"sees": Sees(GuardConfig())},
    )
    assert (await world.ask(chat(asked), ADA)).text == told
    outcome = await world.ask(chat(asked), KIOSK)
    assert outcome.text == ""
    assert outcome.call.report.cache != "hit"
    assert (await world.ask(chat(asked), ADA)).call.report.cache == "hit"


async def test_applications_share_what_the_same_rules_hold_for() -> None:
    provider = ScriptedProvider()
    rules = (judged("response", application="kiosk-*"),)
    world = cached(provider, moderation=rules, judges={"sees": Sees(GuardConfig())})
    await world.ask(chat(), KIOSK)
    await world.ask(chat(), replace(ADA, application="kiosk-2"))
    assert len(provider.attempts) == 1


async def test_an_answer_of_one_model_alone_does_not_pass_by_the_rules_for_an_alias() -> None:
    world = pipeline(
        candidate("a/m", ScriptedProvider(replies=[Reply(pieces=["the key"])])),
        candidate("b/m"),
        aliases={"both": AliasRule.model_validate({"models": ["a/m", "b/m"]})},
        moderation=(judged("response", connection="b"),),
        judges={"sees": Sees(GuardConfig())},
    )
    assert (await world.ask(chat())).text == "the key"
    assert (await world.ask(chat(model="both"))).text == ""


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
    provider = ScriptedProvider(replies=[Reply(pause=0.5)])
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


async def test_an_idempotency_key_in_use_is_refused_for_another_body_or_model() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.02)])
    world = pipeline(candidate("a/m", provider), candidate("a/n", provider))
    first = asyncio.create_task(world.ask(chat(), idempotency_key="k"))
    await asyncio.sleep(0.005)
    for other in (chat("other"), chat(model="a/n")):
        assert isinstance((await world.ask(other, idempotency_key="k")).error, Conflict)
    assert (await first).text == "Hello"
    again = await world.ask(chat(model="a/n"), idempotency_key="k")
    assert isinstance(again.error, Conflict)
    assert len(provider.attempts) == 1


async def test_a_retry_is_answered_from_its_key_also_after_the_policy_has_changed() -> None:
    provider = ScriptedProvider()
    world = cached(provider)
    await world.ask(chat(), idempotency_key="k")
    world.snapshot = replace(world.snapshot, version=2, policy="other")
    again = await world.ask(chat(stream=True), idempotency_key="k")
    assert (again.error, again.text) == (None, "Hello")
    assert len(provider.attempts) == 1


@pytest.mark.parametrize("no_store", [True, False])
async def test_calls_under_keys_of_their_own_are_never_made_once(no_store: bool) -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.02)])
    world = cached(provider)
    directive = CacheDirective(no_store=no_store)
    await asyncio.gather(
        *(world.ask(chat(), idempotency_key=key, cache=directive) for key in ("1", "2", "2"))
    )
    assert len(provider.attempts) == 2


async def test_calls_that_want_no_store_are_never_made_once() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.02)])
    world = cached(provider)
    directive = CacheDirective(no_store=True)
    await asyncio.gather(*(world.ask(chat(), cache=directive) for _ in range(2)))
    assert len(provider.attempts) == 2


EVERYONE = ExactCacheRule(scope="everyone")


async def test_followers_do_not_wait_for_the_leaders_client() -> None:
    pieces = [f"{n} " for n in range(50)]
    provider = ScriptedProvider(replies=[Reply(pieces=pieces)])
    world = cached(provider, cache=EVERYONE)
    leader = world.call(chat(stream=True))
    async with aclosing(world.run(leader)) as events:
        received: list[Event] = [await anext(events)]  # and now its client reads no more
        async with asyncio.timeout(5):
            followers = await asyncio.gather(*(world.ask(chat(), BOB) for _ in range(2)))
        received += [event async for event in events]
    assert [one.text for one in followers] == ["".join(pieces)] * 2
    assert [one.call.report.cache for one in followers] == ["hit", "hit"]
    assert sum(isinstance(event, Chunk) for event in received) == len(pieces) + 1
    assert isinstance(received[-1], Finished)
    assert len(provider.attempts) == 1
    assert world.journal.completions[leader.id].outcome == "answered"


async def test_without_followers_nothing_is_taken_ahead_of_the_client() -> None:
    taken: list[int] = []

    class Counting(ScriptedProvider):
        async def stream(self, attempt):  # type: ignore[no-untyped-def]
            async with aclosing(super().stream(attempt)) as events:
                async for event in events:
                    taken.append(1)
                    yield event

    world = cached(Counting(replies=[Reply(pieces=["x"] * 50)]))
    async with aclosing(world.run(world.call(chat(stream=True)))) as events:
        await anext(events)
        await asyncio.sleep(0.01)
        assert len(taken) == 1


async def test_an_answer_too_long_to_lay_aside_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flight, "_MOST_AHEAD", 10 * 1024)
    provider = ScriptedProvider(replies=[Reply(pieces=["x"] * 50)])
    world = cached(provider, cache=EVERYONE)
    async with aclosing(world.run(world.call(chat(stream=True)))) as events:
        await anext(events)
        async with asyncio.timeout(5):
            follower = await world.ask(chat(), BOB)
        chunks = [event async for event in events if isinstance(event, Chunk)]
    assert follower.text == "x" * 50
    assert len(chunks) == 50
    assert len(provider.attempts) == 2


async def test_what_fails_while_it_is_taken_ahead_is_told_to_the_leader() -> None:
    error = ProviderUnavailable("reset")
    provider = ScriptedProvider(replies=[Reply(pieces=["a", "b"], error=error), Reply()])
    world = cached(provider, cache=EVERYONE)
    async with aclosing(world.run(world.call(chat(stream=True)))) as events:
        await anext(events)
        async with asyncio.timeout(5):
            follower = await world.ask(chat(), BOB)
        assert isinstance(await anext(events), Chunk)
        with pytest.raises(ProviderUnavailable, match="reset"):
            await anext(events)
    assert follower.text == "Hello"


async def test_a_leader_that_leaves_while_others_wait_closes_its_upstream() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["a"] * 3, pause=0.05), Reply()])
    world = cached(provider, cache=EVERYONE)
    events = world.run(world.call(chat(stream=True)))
    await anext(events)
    follower = asyncio.create_task(world.ask(chat(), BOB))
    await asyncio.sleep(0.01)
    await events.aclose()
    assert provider.closed == 1
    async with asyncio.timeout(5):
        assert (await follower).text == "Hello"


@pytest.mark.parametrize("error", [StoreUnavailable("gone"), ConnectionError("gone")])
@pytest.mark.parametrize("idempotency_key", [None, "k"])
async def test_a_cache_that_fails_is_a_miss(
    monkeypatch: pytest.MonkeyPatch, error: Exception, idempotency_key: str | None
) -> None:
    async def get(keys: Sequence[str]) -> dict[str, CacheEntry]:
        raise error

    async def put(entries: Mapping[str, CacheEntry], ttl: float) -> None:
        raise error

    world = cached(ScriptedProvider())
    monkeypatch.setattr(world.cache, "get", get)
    monkeypatch.setattr(world.cache, "put", put)
    outcome = await world.ask(chat(), idempotency_key=idempotency_key)
    assert (outcome.error, outcome.text) == (None, "Hello")
