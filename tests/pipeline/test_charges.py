"""What a call is charged when its end is not the usual one: never nothing for work that was done,
never twice for the same, and "unknown" where nobody knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Literal

import pytest

from jupyter_mesh.errors import (
    ContextTooLong,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.pipeline.snapshot import ConnectionLimits
from jupyter_mesh.schemas.audit import Completion, Hold, Intent
from jupyter_mesh.schemas.events import Answer, Events
from jupyter_mesh.schemas.guard_rules import ModerationRule
from jupyter_mesh.schemas.policy import AliasRule, BudgetRule, ExactCacheRule
from jupyter_mesh.schemas.spend import Price, Usage
from jupyter_mesh.spi.guard import GuardConfig, GuardedCall, Judge, Verdict
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.memory_journal import MemoryJournal
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Outcome, Pipeline, candidate, chat, pipeline

PROMPT = "word " * 900
"""Some 1,000 tokens, $0.001."""
NO_CACHE = ExactCacheRule(enabled=False)


def of(world: Pipeline, outcome: Outcome) -> Completion:
    return world.journal.completions[outcome.call.id]


def failing(error: Exception, *pieces: str) -> ScriptedProvider:
    return ScriptedProvider(replies=[Reply(pieces=pieces, error=error)])


@pytest.mark.parametrize(
    ("error", "charged"),
    [
        (ProviderProtocolError("unreadable", processed=True), True),
        (ProviderUnavailable("reset in the middle", processed=True), True),
        (ProviderTimeout("silent"), True),
        (ProviderProtocolError("a redirect"), False),
        (ProviderUnavailable("refused"), False),
        (ProviderRateLimited("busy", retry_after=99), False),
        (ProviderRejected("no such field", status=400), False),
        (ContextTooLong("too long"), False),
    ],
)
async def test_what_a_provider_may_have_worked_on_is_charged_by_estimate(
    error: Exception, charged: bool
) -> None:
    limits = ConnectionLimits(retries=0)
    world = pipeline(candidate("a/m", failing(error), limits=limits))
    completion = of(world, await world.ask(chat(PROMPT)))
    assert completion.outcome == "failed"
    assert completion.usage.estimated is charged
    assert (completion.usage.input > 900) is charged
    assert completion.cost is not None
    assert (completion.cost > Decimal("0.0009")) is charged


async def test_a_provider_too_slow_costs_what_a_caller_too_impatient_would_pay() -> None:
    limits = ConnectionLimits(timeout=0.05, retries=0)
    slow = candidate("a/m", ScriptedProvider(replies=[Reply(pause=5)]), limits=limits)
    world = pipeline(slow, cache=NO_CACHE)
    timed_out = of(world, await world.ask(chat(PROMPT)))
    leaving = asyncio.create_task(world.ask(chat(PROMPT)))
    await asyncio.sleep(0.02)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    aborted = world.journal.completions["call-2"]
    assert (timed_out.outcome, aborted.outcome) == ("failed", "aborted")
    assert timed_out.cost == aborted.cost != 0
    assert timed_out.usage == aborted.usage


async def test_a_try_that_was_lost_is_paid_beside_the_one_that_answered() -> None:
    first = failing(ProviderTimeout("silent"))
    second = ScriptedProvider(replies=[Reply(usage=Usage(input=1000, output=100))])
    dear = Price(input=Decimal(5), output=Decimal(10))
    world = pipeline(
        candidate("a/m", first, price=dear),
        candidate("b/m", second),
        aliases={"fast": AliasRule(models=("a/m", "b/m"))},
        budgets=(BudgetRule(limit_usd=Decimal(1)),),
    )
    outcome = await world.ask(chat(PROMPT, model="fast"))
    completion = of(world, outcome)
    lost = Decimal(5) * (completion.usage.input - 1000) / 1_000_000
    assert lost > Decimal("0.004")
    assert completion.cost == lost + Decimal("0.002")
    assert completion.usage.estimated
    assert outcome.call.report.cost == completion.cost
    (window,) = world.journal.windows.values()
    assert (window.spent, window.held) == (completion.cost, 0)


@pytest.mark.parametrize(
    ("first", "second", "cost"),
    [(None, Price(input=Decimal(0), output=Decimal(10)), "0.001"), (None, None, None)],
)
async def test_a_lost_try_of_unknown_price_leaves_the_rest_known(
    first: Price | None, second: Price | None, cost: str | None
) -> None:
    answers = ScriptedProvider(replies=[Reply(usage=Usage(input=1000, output=100))])
    world = pipeline(
        candidate("a/m", failing(ProviderTimeout("silent")), price=first),
        candidate("b/m", answers, price=second),
        aliases={"fast": AliasRule(models=("a/m", "b/m"))},
    )
    completion = of(world, await world.ask(chat(PROMPT, model="fast")))
    assert completion.cost == (None if cost is None else Decimal(cost))


async def test_when_every_try_is_lost_all_of_them_are_charged() -> None:
    world = pipeline(
        candidate("a/m", failing(ProviderTimeout("silent"))),
        candidate("b/m", failing(ProviderTimeout("silent"))),
        candidate("c/m", failing(ProviderUnavailable("refused"))),
        aliases={
            "one": AliasRule(models=("a/m", "c/m")),
            "two": AliasRule(models=("a/m", "b/m", "c/m")),
        },
    )
    one = of(world, await world.ask(chat(PROMPT, model="one")))
    two = of(world, await world.ask(chat(PROMPT, model="two")))
    assert one.cost
    assert two.cost == 2 * one.cost
    assert two.usage.input == 2 * one.usage.input


class Crashing(ScriptedProvider):
    """A plugin with a mistake in it."""

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        raise KeyError("secret prompt text")
        yield


async def test_a_mistake_inside_is_recorded_as_failed_with_a_code_and_without_its_text() -> None:
    world = pipeline(candidate("a/m", Crashing()), budgets=(BudgetRule(limit_usd=Decimal(1)),))
    outcome = await world.ask(chat(PROMPT))
    assert isinstance(outcome.error, KeyError)
    completion = of(world, outcome)
    assert (completion.outcome, completion.error_code) == ("failed", "internal_error")
    assert completion.error_message == "The gateway failed inside: KeyError."
    assert completion.cost, "the provider may have done the work"
    assert world.journal.held == 0


async def test_a_mistake_before_anything_was_sent_costs_nothing() -> None:
    broken = BudgetRule.model_construct(
        **{**BudgetRule(limit_usd=Decimal(1)).model_dump(), "timezone": "Nowhere"}
    )
    world = pipeline(candidate("a/m"), budgets=(broken,))
    outcome = await world.ask(chat())
    completion = of(world, outcome)
    assert (completion.outcome, completion.error_code) == ("failed", "internal_error")
    assert completion.cost == 0


@pytest.mark.parametrize(
    ("usage", "believed"),
    [
        (Usage(input=2**70, output=5), False),
        (Usage(input=-1000, output=5), False),
        (Usage(input=10**13, output=5), False),
        (Usage(input=1.5, output=5), False),  # pyright: ignore[reportArgumentType]
        (Usage(input=0, output=0), True),
        (Usage(input=10**9, output=5), True),
    ],
)
async def test_usage_that_cannot_be_is_estimated_instead(usage: Usage, believed: bool) -> None:
    world = pipeline(
        candidate("a/m", ScriptedProvider(replies=[Reply(usage=usage)])),
        budgets=(BudgetRule(limit_usd=Decimal(1)),),
    )
    outcome = await world.ask(chat(PROMPT))
    assert outcome.error is None
    completion = of(world, outcome)
    assert completion.usage.estimated is not believed
    assert (completion.usage == usage) is believed
    assert completion.cost is not None
    assert completion.cost >= 0
    assert world.journal.held == 0


class OddJournal(MemoryJournal):
    """Fails at opening for a reason that is no fault of the store."""

    async def open(self, intent: Intent, holds: Sequence[Hold]) -> tuple[str, ...]:
        raise OverflowError("an integer is too large")


async def test_a_call_whose_opening_failed_is_closed_with_its_own_record() -> None:
    provider = ScriptedProvider()
    world = pipeline(
        candidate("a/m", provider), journal=OddJournal(), budgets=(BudgetRule(limit_usd=1),)
    )
    outcome = await world.ask(chat())
    assert isinstance(outcome.error, OverflowError)
    assert provider.attempts == []
    assert world.journal.intents[outcome.call.id].user == "ada", "recorded although never opened"
    assert (of(world, outcome).outcome, world.journal.held) == ("failed", 0)


@pytest.mark.parametrize(
    "budgets", [(), (BudgetRule(limit_usd=Decimal(1000), unknown_price="allow"),)]
)
@pytest.mark.parametrize(
    ("price", "estimate"),
    [
        (Price(input=Decimal(0), output=Decimal(10)), "0.02048"),
        (Price(input=Decimal(0), output=Decimal(0)), "0"),
        (None, None),
    ],
)
async def test_the_estimate_of_an_interrupted_call_needs_no_budget(
    price: Price | None, estimate: str | None, budgets: tuple[BudgetRule, ...]
) -> None:
    world = pipeline(candidate("a/m", price=price), budgets=budgets)
    outcome = await world.ask(chat())
    found = world.journal.intents[outcome.call.id].estimated_cost
    assert found == (None if estimate is None else Decimal(estimate))


@pytest.mark.parametrize("others", [(), (BudgetRule(limit_usd=Decimal(1), window="day"),)])
async def test_a_budget_that_does_not_cover_what_answered_is_not_charged_whatever_else_there_is(
    others: tuple[BudgetRule, ...],
) -> None:
    """Nor by a call made for one it covers."""
    covered = BudgetRule.model_validate({"scope": {"model": "rag/*"}, "limit_usd": 1})
    world = pipeline(candidate("a/m"), candidate("rag/x"), budgets=(covered, *others))
    outer = await world.ask(chat(model="rag/x"))
    inner = await world.ask(chat(model="a/m"), parent=outer.call, nested="rag")
    budget = "model=rag/*|month|"
    assert budget not in of(world, outer).uncharged
    assert budget in of(world, inner).uncharged


class Strict(Judge):
    """Lets nothing pass."""

    name: ClassVar[str] = "strict"

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        return Verdict(1.0, ("any",))


@pytest.mark.parametrize("text", ["bad", "bad " * 200])
async def test_a_blocked_whole_answer_costs_what_its_provider_reported(text: str) -> None:
    usage = Usage(input=5000, output=9000)
    provider = ScriptedProvider(replies=[Reply(pieces=[text], usage=usage)])
    rule = ModerationRule.model_validate({"guard": "strict", "hold_back": 50})
    world = pipeline(
        candidate("a/m", provider),
        moderation=(rule,),
        judges={"strict": Strict(GuardConfig())},
    )
    outcome = await world.ask(chat())
    completion = of(world, outcome)
    assert (completion.outcome, completion.usage) == ("blocked", usage)
    assert completion.cost == Decimal("0.095")
    (answer,) = [event for event in outcome.events if isinstance(event, Answer)]
    assert "bad" not in str(answer.data)
