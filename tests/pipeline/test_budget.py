"""Reserve, top up, settle; never more than the limit plus a slice; nothing held afterwards."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from jupyter_mesh.errors import AuditUnavailable, BudgetExceeded
from jupyter_mesh.pipeline.windows import window_of
from jupyter_mesh.schemas.events import Notice
from jupyter_mesh.schemas.policy import AliasRule, BudgetRule, ExactCacheRule
from jupyter_mesh.schemas.principal import Principal
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


LONG_STREAM = Reply(pieces=["word " * 60] * 200, usage=Usage(input=10, output=12_000))
SMALL = {"scope": {"user": "ada"}, "limit_usd": "0.002", "reserve_output_tokens": 100}
BIG = {"limit_usd": 100, "reserve_output_tokens": 8000}


@pytest.mark.parametrize("order", [(SMALL, BIG), (BIG, SMALL)])
async def test_of_two_budgets_the_tighter_one_cuts_the_answer(
    order: tuple[dict[str, object], ...],
) -> None:
    rules = [BudgetRule.model_validate(rule) for rule in order]
    both = budgeted(ScriptedProvider(replies=[LONG_STREAM]), *rules)
    alone = budgeted(ScriptedProvider(replies=[LONG_STREAM]), BudgetRule.model_validate(SMALL))
    outcomes = [await world.ask(chat(stream=True)) for world in (both, alone)]
    assert [outcome.notices for outcome in outcomes] == [["budget_cut"]] * 2
    (spent,) = {w.spent for world in (both, alone) for w in world.journal.windows.values()}
    assert Decimal("0.001") < spent <= Decimal("0.002") + Decimal("0.0009")  # and what is metered
    assert both.journal.held == 0


async def test_each_window_is_topped_up_by_what_it_lacks() -> None:
    held: dict[str, Decimal] = {}
    middling = BudgetRule.model_validate({**SMALL, "limit_usd": 1})
    big = BudgetRule.model_validate(BIG)
    world = budgeted(ScriptedProvider(replies=[LONG_STREAM]), middling, big)
    call = world.call(chat(stream=True))
    async with aclosing(world.run(call)) as events:
        async for _ in events:
            if call.produced.characters > 30_000 and not held:  # some 6,000 tokens, $0.06
                held = {key[0]: w.held for key, w in world.journal.windows.items()}
    small, large = held["user=ada|month|user=ada"], held["everyone|month|"]
    assert Decimal("0.05") < small < Decimal("0.08"), "as much as was written, and a little"
    assert Decimal("0.08") < large < Decimal("0.09"), "what it held from the start is enough"
    assert world.journal.held == 0


async def test_a_budget_that_does_not_cover_what_answers_is_not_topped_up() -> None:
    """An alias of a dear and a cheap model: the budget of the dear one waits for nothing."""
    other = BudgetRule.model_validate(
        {"scope": {"model": "b/m"}, "limit_usd": "0.002", "reserve_output_tokens": 100}
    )
    world = pipeline(
        candidate("a/m", ScriptedProvider(replies=[LONG_STREAM])),
        candidate("b/m"),
        aliases={"either": AliasRule(models=("a/m", "b/m"))},
        budgets=(other,),
    )
    outcome = await world.ask(chat(model="either", stream=True))
    assert outcome.notices == []
    (window,) = world.journal.windows.values()
    assert (window.spent, window.held) == (0, 0)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((), []),
        (("a",), ["group=a"]),
        (("b", "a"), ["group=a", "group=b"]),
    ],
)
async def test_every_group_of_a_caller_pays_from_its_own_pot(
    groups: tuple[str, ...], expected: list[str]
) -> None:
    rule = BudgetRule.model_validate({"scope": {"group": "*"}, "limit_usd": 1})
    world = budgeted(ScriptedProvider(), rule)
    eve = Principal(user="eve", groups=frozenset(groups), scopes=ADA.scopes)
    await world.ask(chat(), eve)
    paid = {key[0].rpartition("|")[2]: w.spent for key, w in world.journal.windows.items()}
    assert paid == dict.fromkeys(expected, Decimal("0.00006"))


async def test_a_group_without_room_refuses_whoever_is_in_it() -> None:
    rule = BudgetRule.model_validate({"scope": {"group": "*"}, "limit_usd": "0.0101"})
    world = budgeted(ScriptedProvider(replies=[Reply(usage=Usage(input=10, output=1000))]), rule)

    def of(*groups: str) -> Principal:
        return Principal(user="".join(groups), groups=frozenset(groups), scopes=ADA.scopes)

    assert (await world.ask(chat(max_tokens=1000), of("a"))).error is None
    both = await world.ask(chat(max_tokens=1000), of("a", "b"))
    assert isinstance(both.error, BudgetExceeded)
    assert (await world.ask(chat(max_tokens=1000), of("b"))).error is None


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ({"limit_usd": "0.001", "on_limit": "warn"}, ["budget_over"] * 4),
        ({"limit_usd": "0.00012", "on_limit": "warn"}, ["budget_over"] * 4),
        ({"limit_usd": "0.05", "on_limit": "warn"}, []),
        ({"limit_usd": "0.0207", "alert_at": [0.005]}, ["budget_near"] * 2),
        ({"limit_usd": "0.0207", "alert_at": [0.8, 1.0]}, []),
        ({"limit_usd": "0.0207", "alert_at": []}, []),
    ],
)
async def test_a_budget_that_runs_low_or_over_is_told_with_the_answer(
    rule: dict[str, object], codes: list[str]
) -> None:
    world = budgeted(ScriptedProvider(), BudgetRule.model_validate({"name": "pilot", **rule}))
    notices: list[Notice] = []
    for number in range(4):
        outcome = await world.ask(chat(f"{number}", max_tokens=2048))
        assert outcome.error is None
        notices += outcome.call.report.notices
        await world.headroom.refresh()
    assert [notice.code for notice in notices] == codes
    assert all("pilot" in notice.message for notice in notices)
    assert all((notice.details or {}).get("budget") for notice in notices)


async def test_what_is_told_of_a_budget_that_runs_low_says_how_far_it_is() -> None:
    rule = BudgetRule(limit_usd=Decimal("0.0207"), alert_at=(0.001, 0.002, 0.5))
    world = budgeted(ScriptedProvider(), rule)
    await world.ask(chat("1", max_tokens=2048))
    await world.headroom.refresh()
    (notice,) = (await world.ask(chat("2", max_tokens=2048))).call.report.notices
    assert notice.message == "0% of the budget of everyone ($0.0207) are used."
    assert notice.details == {
        "budget": "everyone|month|",
        "alert_at": 0.002,
        "used_usd": "0.000060000000",
        "limit_usd": "0.0207",
    }
