"""A forecast follows the week's rhythm, and says honestly how far off it may be."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import fmean
from typing import cast

import pytest

from jupyter_mesh.mesh.costs import Costs
from jupyter_mesh.mesh.forecast import forecast
from jupyter_mesh.mesh.sums import NOTHING
from jupyter_mesh.pipeline.snapshot import Snapshot
from jupyter_mesh.schemas.api import UsageRow
from jupyter_mesh.schemas.policy import BudgetRule, Scope
from jupyter_mesh.spi.journal import History
from jupyter_mesh.testing.principals import analyst

WEEK = (1.2, 1.3, 1.25, 1.2, 1.0, 0.25, 0.2)


def year(seed: int) -> list[float]:
    """A generated year: weekly rhythm, growth, a step in July, days that scatter by 20 %."""
    chance = random.Random(seed)
    return [
        (20 + 0.05 * day + (15 if day >= 200 else 0))
        * WEEK[day % 7]
        * chance.lognormvariate(0, 0.2)
        for day in range(365)
    ]


@pytest.mark.parametrize("ahead", [3, 7, 14, 25])
def test_over_a_generated_year_the_interval_covers_about_four_fifths(
    ahead: int, rounds: Callable[[int, int], int]
) -> None:
    inside, errors = [], []
    for seed in range(rounds(6, 40)):
        spent = year(seed)
        for day in range(90, 365 - ahead, 5):
            said = forecast(spent[:day], 0.0, ahead)
            came = sum(spent[day : day + ahead])
            assert said.low is not None
            assert said.high is not None
            inside.append(said.low <= came <= said.high)
            errors.append(abs(said.expected - came) / came)
    assert 0.75 <= fmean(inside) <= 0.85
    assert fmean(errors) < 0.15


def test_a_weekend_to_come_costs_what_weekends_cost() -> None:
    weeks = [10.0 * factor for _ in range(12) for factor in WEEK]
    friday_evening = weeks[:-2]
    said = forecast(friday_evening, 100.0, 2.0)
    assert said.expected == pytest.approx(100 + weeks[-2] + weeks[-1], rel=0.01)


def test_a_part_of_today_counts_as_that_part() -> None:
    flat = [8.0] * 60
    assert forecast(flat, 5.0, 0.25).expected == pytest.approx(7.0)
    assert forecast(flat, 5.0, 1.25).expected == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("daily", "expected"),
    [([], 3.0), ([0.0] * 40, 3.0), ([2.0, 4.0], 9.0), ([0.0] * 30 + [2.0, 4.0], 9.0)],
)
def test_of_a_short_past_it_gives_the_average_and_no_interval(
    daily: list[float], expected: float
) -> None:
    said = forecast(daily, 3.0, 2.0)
    assert said.expected == pytest.approx(expected)
    assert (said.low, said.high) == (None, None)


def test_at_the_end_of_the_window_it_is_what_was_spent() -> None:
    said = forecast([1.0] * 30, 12.0, 0.0)
    assert (said.low, said.expected, said.high) == (12.0, 12.0, 12.0)


def test_days_on_which_nothing_was_spent_break_nothing() -> None:
    said = forecast([0.0, 5.0] * 30 + [0.0] * 14, 1.0, 5.0)
    assert math.isfinite(said.expected)
    assert said.expected >= 1.0


class ADailyHistory:
    """Ten dollars on every past day, two today."""

    async def usage(self, *, since: datetime, until: datetime, **_: object) -> list[UsageRow]:
        days = [since + timedelta(days=n) for n in range((until - since).days)]
        ten = NOTHING.model_copy(update={"cost_usd": Decimal(10)})
        return [UsageRow(key={"day": day.strftime("%Y-%m-%d")}, spend=ten) for day in days]

    async def spent(
        self, holds: Sequence[tuple[str, datetime]]
    ) -> dict[tuple[str, datetime], tuple[Decimal, Decimal]]:
        return {hold: (Decimal(2), Decimal(0)) for hold in holds}


async def test_a_users_budget_is_forecast_by_their_past_and_a_groups_at_its_rate() -> None:
    rules = [
        BudgetRule(scope=Scope(user="*"), limit_usd=Decimal(100), window="week"),
        BudgetRule(scope=Scope(group="team"), limit_usd=Decimal(100), window="total"),
    ]
    snapshot = Snapshot(budgets=tuple(rules))
    costs = Costs(cast(History, ADailyHistory()))
    mine, total = await costs.budgets(snapshot, analyst("ada", ["team"]))
    end = mine.window_end
    assert end is not None
    rest = 10 * (end - datetime.now(UTC)).total_seconds() / 86_400
    assert float(mine.forecast_usd or 0) == pytest.approx(2 + rest, rel=0.01)
    assert mine.forecast_low_usd is not None
    assert (total.forecast_usd, total.forecast_low_usd) == (None, None)
