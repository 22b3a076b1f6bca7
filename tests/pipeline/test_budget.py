"""Reserve, top up, settle; never more than the limit plus a slice; nothing held afterwards."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from jupyter_mesh.errors import AuditUnavailable, BudgetExceeded
from jupyter_mesh.pipeline.windows import window_of
from jupyter_mesh.schemas.policy import BudgetRule, ExactCacheRule
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.schemas.tokens import estimate_tokens
from jupyter_mesh.testing.memory_journal import MemoryJournal
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import ADA, BOB, Pipeline, candidate, chat, pipeline

# At $10 per million output tokens a call with max_tokens=1000 may cost a little over $0.01.
ONE_CALL = Decimal("0.0101")


def budgeted(
    provider: ScriptedProvider,
    *rules: BudgetRule,
    journal: MemoryJournal | None = None,
    **fields: object,
) -> Pipeline:
    return pipeline(
        candidate("a/m", provider, **fields),  # pyright: ignore[reportArgumentType]
        journal=journal,
        budgets=rules,
        cache=ExactCacheRule(enabled=False),
    )


async def test_only_as_many_calls_are_admitted_as_the_budget_holds() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.02, usage=Usage(input=10, output=1000))])
    world = budgeted(provider, BudgetRule(limit_usd=10 * ONE_CALL))
    outcomes = await asyncio.gather(*(world.ask(chat(max_tokens=1000)) for _ in range(100)))
    admitted = [outcome for outcome in outcomes if outcome.error is None]
    assert len(admitted) == len(provider.attempts) == 10
    assert all(isinstance(o.error, BudgetExceeded) for o in outcomes if o.error is not None)
    assert world.journal.held == 0


async def test_the_rest_of_a_reservation_is_free_again_for_the_next_call() -> None:
    world = budgeted(ScriptedProvider(), BudgetRule(limit_usd=ONE_CALL + 5 * Decimal("0.00006")))
    for _ in range(5):
        assert (await world.ask(chat(max_tokens=1000))).error is None
    assert world.journal.held == 0


async def test_a_stream_that_outgrows_the_budget_is_ended_with_length_and_a_notice() -> None:
    words = ["word " * 60] * 200
    provider = ScriptedProvider(replies=[Reply(pieces=words, usage=Usage(input=10, output=12_000))])
    rule = BudgetRule(limit_usd=Decimal("0.03"), reserve_output_tokens=1000)
    world = budgeted(provider, rule)
    outcome = await world.ask(chat(stream=True))
    assert outcome.notices == ["budget_cut"]
    assert outcome.call.report.finish_reason == "length"
    completion = world.journal.completions[outcome.call.id]
    assert completion.cost is not None
    assert Decimal("0.02") < completion.cost <= Decimal("0.03") + Decimal("0.0026")
    assert provider.closed == 1
    assert world.journal.held == 0


class FailingTopUps(MemoryJournal):
    """A store that fails in the middle of an answer and is there again at its end."""

    async def top_up(self, *_: object) -> bool:
        raise AuditUnavailable("The disk of the store is full.", retry_after=1)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_store_that_fails_in_mid_answer_ends_it_charged_for_what_came(
    stream: bool,
) -> None:
    words = ["word " * 60] * 200
    provider = ScriptedProvider(replies=[Reply(pieces=words, usage=Usage(input=10, output=12_000))])
    rule = BudgetRule(limit_usd=Decimal("0.05"), reserve_output_tokens=1000)
    world = budgeted(provider, rule, journal=FailingTopUps())
    outcome = await world.ask(chat(stream=stream))
    assert isinstance(outcome.error, AuditUnavailable)
    assert "breaks off" in outcome.error.message
    assert "disk of the store is full" in outcome.error.message
    assert bool(outcome.text) is stream, "a whole answer is withheld"
    assert provider.closed == 1, "the provider was told to stop"
    completion = world.journal.completions[outcome.call.id]
    assert (completion.outcome, completion.error_code) == ("failed", "audit_unavailable")
    assert completion.usage.estimated
    written = sum(map(estimate_tokens, outcome.call.produced.text))
    assert completion.usage.output == pytest.approx(written, rel=0.02)
    assert completion.cost is not None
    assert Decimal("0.008") < completion.cost <= Decimal("0.0126")
    (window,) = world.journal.windows.values()
    assert window.spent == completion.cost
    assert world.journal.held == 0


@pytest.mark.parametrize("text", ["short", "word " * 4000])
async def test_near_the_limit_a_whole_answer_is_streamed_upstream_and_folded(text: str) -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=[text], usage=Usage(input=10, output=5000))])
    world = budgeted(provider, BudgetRule(limit_usd=3 * ONE_CALL))
    outcome = await world.ask(chat(max_tokens=1000))
    assert provider.attempts[0].stream
    assert outcome.text == text
    far = budgeted(provider, BudgetRule(limit_usd=Decimal(100)))
    await far.ask(chat(max_tokens=1000))
    assert not provider.attempts[1].stream


async def test_near_the_limit_a_model_that_cannot_stream_has_its_output_capped() -> None:
    provider = ScriptedProvider()
    world = budgeted(
        provider, BudgetRule(limit_usd=Decimal("0.005"), reserve_output_tokens=100), streams=False
    )
    await world.ask(chat(max_tokens=5000))
    assert provider.attempts[0].request.max_tokens == 499, "the prompt costs, too"


@pytest.mark.parametrize(
    ("scope", "who", "refused"),
    [
        ({"user": "ada"}, BOB, False),
        ({"user": "ada"}, ADA, True),
        ({"user": "*"}, BOB, True),
        ({"application": "notebook"}, ADA, True),
        ({"application": "billing"}, ADA, False),
        ({"connection": "a"}, ADA, True),
        ({"connection": "b"}, ADA, False),
        ({"model": "a/*"}, ADA, True),
        ({"group": "analysts"}, ADA, False),
    ],
)
async def test_a_budget_holds_for_those_it_names(
    scope: dict[str, str], who: object, refused: bool
) -> None:
    rule = BudgetRule.model_validate({"scope": scope, "limit_usd": 0})
    outcome = await budgeted(ScriptedProvider(), rule).ask(chat(), who)  # pyright: ignore[reportArgumentType]
    assert isinstance(outcome.error, BudgetExceeded) is refused


async def test_a_soft_budget_never_refuses_but_counts() -> None:
    world = budgeted(ScriptedProvider(), BudgetRule(limit_usd=Decimal(0), on_limit="warn"))
    assert (await world.ask(chat())).error is None
    assert next(iter(world.journal.windows.values())).spent == Decimal("0.00006")


@pytest.mark.parametrize(("policy", "refused"), [("refuse", True), ("allow", False)])
async def test_an_unknown_price_follows_policy_and_is_never_zero(
    policy: str, refused: bool
) -> None:
    rule = BudgetRule.model_validate({"limit_usd": 1, "unknown_price": policy})
    world = budgeted(ScriptedProvider(), rule, price=None)
    outcome = await world.ask(chat())
    assert isinstance(outcome.error, BudgetExceeded) is refused
    if not refused:
        assert world.journal.completions[outcome.call.id].cost is None
        assert [n.code for n in outcome.call.report.notices] == ["unpriced"]


async def test_leaving_again_and_again_never_leaves_money_held() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["word "] * 50)])
    world = budgeted(provider, BudgetRule(limit_usd=Decimal(1)))
    for stop_at in range(100):
        call = world.call(chat(stream=True))
        async with aclosing(world.run(call)) as events:
            n = 0
            async for _ in events:
                n += 1
                if n > stop_at % 54:
                    break
    assert world.journal.held == 0


@pytest.mark.parametrize(
    ("window", "zone", "now", "start", "end"),
    [
        ("month", "UTC", "2026-12-31T23:59:59+00:00", "2026-12-01T00:00", "2027-01-01T00:00"),
        (
            "month",
            "Europe/Berlin",
            "2026-12-31T23:30:00+00:00",
            "2026-12-31T23:00",
            "2027-01-31T23:00",
        ),
        ("quarter", "UTC", "2026-11-21T12:00:00+00:00", "2026-10-01T00:00", "2027-01-01T00:00"),
        ("week", "UTC", "2026-11-22T12:00:00+00:00", "2026-11-16T00:00", "2026-11-23T00:00"),
        (
            "day",
            "Europe/Berlin",
            "2026-10-25T12:00:00+00:00",
            "2026-10-24T22:00",
            "2026-10-25T23:00",
        ),
        ("hour", "UTC", "2026-11-21T12:34:56+00:00", "2026-11-21T12:00", "2026-11-21T13:00"),
    ],
)
def test_windows_begin_and_end_in_the_budgets_time_zone(
    window: str, zone: str, now: str, start: str, end: str
) -> None:
    rule = BudgetRule.model_validate({"limit_usd": 1, "window": window, "timezone": zone})
    found = window_of(rule, datetime.fromisoformat(now))
    assert found == (
        datetime.fromisoformat(start).replace(tzinfo=UTC),
        datetime.fromisoformat(end).replace(tzinfo=UTC),
    )
