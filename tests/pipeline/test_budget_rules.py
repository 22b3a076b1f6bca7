"""Several budgets at once, budgets for the rest, models without a price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.pipeline.windows import window_of
from jupyter_mesh.schemas.policy import AliasRule, BudgetRule, ExactCacheRule, GroupRule, Scope
from jupyter_mesh.schemas.spend import Price, Usage
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import ADA, BOB, Pipeline, candidate, chat, pipeline

D = Decimal
CENT = Usage(input=0, output=1000)
"""One cent at $10 per million."""
DEAR = Price(input=D(5), output=D(40), per_request=D("0.001"))


def world_of(*rules: BudgetRule, price: Price | None = DEAR) -> Pipeline:
    answers = ScriptedProvider(replies=[Reply(usage=CENT)])
    return pipeline(
        candidate("a/m", answers),
        candidate("b/m", ScriptedProvider(replies=[Reply(usage=CENT)]), price=price),
        aliases={"fast": AliasRule(models=("a/m", "b/m"))},
        groups={
            "team": GroupRule(members=("ada", "bob")),
            "leads": GroupRule(members=("ada",)),
        },
        budgets=rules,
        cache=ExactCacheRule(enabled=False),
    )


def spent(world: Pipeline) -> dict[str, Decimal]:
    return {budget: window.spent for (budget, _), window in world.journal.windows.items()}


async def test_a_call_is_held_and_charged_against_everybody_its_groups_and_its_user_at_once() -> (
    None
):
    wide, group, user = (
        BudgetRule(limit_usd=D(100), window="quarter"),
        BudgetRule(scope=Scope(group="*"), limit_usd=D(100), window="month"),
        BudgetRule(scope=Scope(user="*"), limit_usd=D(100), window="day"),
    )
    world = world_of(wide, group, user)
    await world.ask(chat(), ADA)
    await world.ask(chat(), BOB)
    assert spent(world) == {
        "everyone|quarter|": D("0.02"),
        "group=*|month|group=team": D("0.02"),
        "group=*|month|group=leads": D("0.01"),
        "user=*|day|user=ada": D("0.01"),
        "user=*|day|user=bob": D("0.01"),
    }
    assert world.journal.held == 0


@pytest.mark.parametrize("tight", range(3))
async def test_whichever_is_full_refuses_and_nothing_is_held_in_the_others(tight: int) -> None:
    scopes = [Scope(), Scope(group="team"), Scope(user="ada")]
    rules = [
        BudgetRule(name=f"b{n}", scope=scope, limit_usd=D(0) if n == tight else D(1))
        for n, scope in enumerate(scopes)
    ]
    world = world_of(*rules)
    outcome = await world.ask(chat(), ADA)
    assert isinstance(outcome.error, BudgetExceeded)
    assert world.journal.held == 0


async def test_a_budget_for_the_rest_pays_only_what_no_other_one_covers() -> None:
    named = BudgetRule(name="a", scope=Scope(connection="a"), limit_usd=D(1))
    rest = BudgetRule(name="rest", limit_usd=D(1), fallback=True)
    for rules in ((named, rest), (rest, named)):
        world = world_of(*rules)
        await world.ask(chat(model="a/m"))
        assert spent(world) == {"connection=a|month|": D("0.01")}
        await world.ask(chat(model="b/m"))
        assert spent(world) == {
            "connection=a|month|": D("0.01"),
            "everyone rest|month|": D("0.041"),
        }


async def test_of_an_alias_the_budget_that_covers_what_answered_pays() -> None:
    named = BudgetRule(scope=Scope(connection="a"), limit_usd=D(1))
    rest = BudgetRule(limit_usd=D(1), fallback=True)
    world = world_of(named, rest)
    await world.ask(chat(model="fast"))
    assert spent(world) == {"connection=a|month|": D("0.01"), "everyone rest|month|": D(0)}
    assert world.journal.held == 0


async def test_a_budget_for_the_rest_takes_nothing_from_another_one_of_the_same_scope() -> None:
    whole = BudgetRule(name="whole", limit_usd=D(1))
    rest = BudgetRule(name="rest", limit_usd=D(1), fallback=True)
    for rules in ((whole, rest), (rest, whole)):
        world = world_of(*rules)
        await world.ask(chat(model="a/m"))
        assert spent(world) == {"everyone|month|": D("0.01")}
        assert world.journal.held == 0


async def test_nobody_elses_budget_covers_a_caller() -> None:
    of_bob = BudgetRule(scope=Scope(user="bob"), limit_usd=D(1))
    rest = BudgetRule(name="rest", limit_usd=D(0), fallback=True)
    world = world_of(of_bob, rest)
    assert isinstance((await world.ask(chat(), ADA)).error, BudgetExceeded)
    assert (await world.ask(chat(), BOB)).error is None


async def test_a_model_without_a_price_is_charged_what_the_dearest_might_cost() -> None:
    world = world_of(BudgetRule(limit_usd=D(1)), price=None)
    outcome = await world.ask(chat(model="b/m", max_tokens=1000))
    assert outcome.error is None
    completion = world.journal.completions[outcome.call.id]
    assert completion.cost is None
    ((charged),) = spent(world).values()
    assert charged == completion.kept["everyone|month|"] >= D("0.01")
    assert world.journal.held == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_so_many_such_calls_are_admitted_as_the_budget_holds_at_that_price(
    stream: bool,
) -> None:
    world = world_of(BudgetRule(limit_usd=D("0.0305")), price=None)
    admitted = 0
    for _ in range(10):
        outcome = await world.ask(chat(model="b/m", max_tokens=1000, stream=stream))
        admitted += outcome.error is None
    assert admitted == 3


async def test_where_nothing_says_what_it_may_cost_it_is_refused_and_policy_may_let_it_pass() -> (
    None
):
    unpriced = candidate("b/m", price=None)
    free = candidate("local/m", price=Price(input=D(0), output=D(0), source="local"))
    for policy, refused in (("maximum", True), ("refuse", True), ("allow", False)):
        rule = BudgetRule.model_validate(
            {"name": "Research", "limit_usd": 1, "unknown_price": policy}
        )
        outcome = await pipeline(unpriced, free, budgets=(rule,)).ask(chat(model="b/m"))
        assert isinstance(outcome.error, BudgetExceeded) is refused
        if refused:
            assert "Research" in str(outcome.error)


def test_a_rolling_window_has_one_name_for_good_and_no_end() -> None:
    rule = BudgetRule.model_validate({"limit_usd": 1, "window": "rolling 24h"})
    assert rule.rolling == timedelta(days=1)
    starts = {window_of(rule, datetime(2026, month, 1, tzinfo=UTC)) for month in (1, 7)}
    assert starts == {(datetime(1969, 12, 31, tzinfo=UTC), None)}
    assert BudgetRule.model_validate(rule.model_dump(mode="json")) == rule


@pytest.mark.parametrize(
    "window", ["rolling", "rolling 5s", "rolling 1y", "fortnight", "rolling -1h"]
)
def test_a_window_that_is_none_is_refused(window: str) -> None:
    with pytest.raises(ValidationError):
        BudgetRule.model_validate({"limit_usd": 1, "window": window})


@pytest.mark.parametrize(
    ("window", "now", "hours"),
    [
        ("day", "2026-03-29T12:00:00+02:00", 23),
        ("day", "2026-10-25T12:00:00+01:00", 25),
        ("week", "2026-03-25T12:00:00+01:00", 7 * 24 - 1),
        ("quarter", "2026-02-01T12:00:00+01:00", 90 * 24 - 1),
        ("quarter", "2026-05-01T12:00:00+02:00", 91 * 24),
    ],
)
def test_when_the_clocks_change_the_window_is_an_hour_shorter_or_longer(
    window: str, now: str, hours: int
) -> None:
    rule = BudgetRule.model_validate(
        {"limit_usd": 1, "window": window, "timezone": "Europe/Berlin"}
    )
    start, end = window_of(rule, datetime.fromisoformat(now))
    assert end is not None
    assert (end - start) / timedelta(hours=1) == hours
    assert window_of(rule, end)[0] == end
    assert window_of(rule, end - timedelta(microseconds=1))[0] == start
