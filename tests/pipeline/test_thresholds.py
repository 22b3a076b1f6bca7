"""Shares of a budget at which somebody wants to be told."""

from __future__ import annotations

from decimal import Decimal

from jupyter_mesh.schemas.policy import BudgetRule, ExactCacheRule
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.happenings import Happening, Happenings
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Pipeline, candidate, chat, pipeline

CALL = Usage(input=0, output=1000)
"""At $10 per million it costs one cent."""


def heard_by(*rules: BudgetRule) -> tuple[Pipeline, list[Happening]]:
    provider = ScriptedProvider(replies=[Reply(usage=CALL)])
    heard: list[Happening] = []
    world = pipeline(candidate("a/m", provider), budgets=rules, cache=ExactCacheRule(enabled=False))
    world.happenings.listen(heard.append)
    return world, heard


async def test_each_threshold_is_told_once_and_by_the_budgets_own_name() -> None:
    rule = BudgetRule(name="Research", limit_usd=Decimal("0.10"), alert_at=(0.5, 1.0, 0.2))
    world, heard = heard_by(rule)
    told: list[tuple[int, str, object]] = []
    for number in range(1, 11):
        await world.ask(chat(max_tokens=1))
        told += [(number, one.kind, one.details["alert_at"]) for one in heard]
        heard.clear()
    assert told == [(2, "budget_near", 0.2), (5, "budget_near", 0.5), (10, "budget_full", 1.0)]


async def test_what_is_only_reserved_alarms_nobody() -> None:
    world, heard = heard_by(BudgetRule(limit_usd=Decimal("0.05"), alert_at=(0.5,)))
    assert (await world.ask(chat(max_tokens=4900))).error is None
    assert heard == []


async def test_no_threshold_means_no_alert_and_two_windows_alert_apart() -> None:
    quiet = BudgetRule(limit_usd=Decimal("0.01"), on_limit="warn", alert_at=())
    day = BudgetRule(limit_usd=Decimal("0.01"), on_limit="warn", window="day")
    total = BudgetRule(limit_usd=Decimal("0.01"), on_limit="warn", window="total")
    world, heard = heard_by(quiet, day, total)
    await world.ask(chat())
    assert [one.details["window"] for one in heard] == ["day", "total"]


def test_a_listener_that_fails_keeps_nothing_from_the_next() -> None:
    happenings, heard = Happenings(), list[Happening]()

    def fail(_: Happening) -> None:
        raise RuntimeError("broken")

    happenings.listen(fail)
    happenings.listen(heard.append)
    happenings.publish(Happening(kind="budget_near", subject="Research", message="80% are spent."))
    assert [one.subject for one in heard] == ["Research"]
