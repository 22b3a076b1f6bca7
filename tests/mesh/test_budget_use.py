"""What admins see of each budget: how full it is, over all that share it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, BOB, ask, chat, connection, mesh_of, put

BUDGETS = [
    {"name": "all", "limit_usd": "9"},
    {"name": "each", "scope": {"user": "*"}, "limit_usd": "2", "window": "rolling 24h"},
    {"scope": {"group": "nobody"}, "limit_usd": "1", "window": "total"},
]


async def test_each_budget_shows_what_all_and_what_the_fullest_share_used(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=BUDGETS) as mesh:
        costs: list[Decimal] = []
        for who, number in ((ADA, 1), (ADA, 2), (BOB, 1)):
            outcome = await ask(mesh, chat(f"{who.user} {number}"), who)
            cost = (await mesh.call_detail(who, outcome.call.id)).summary.cost_usd
            costs.append(cost or Decimal(0))
        everyone, each, unused = (await mesh.administration.budget_use()).budgets
    assert min(costs) > 0
    assert (everyone.name, everyone.each, everyone.shares) == ("all", False, 1)
    assert (everyone.spent_usd, everyone.fullest_usd) == (sum(costs), sum(costs))
    assert (each.each, each.shares, each.spent_usd) == (True, 2, sum(costs))
    assert each.fullest_usd == costs[0] + costs[1]
    assert (unused.name, unused.shares, unused.spent_usd) == ("budgets[2]", 0, 0)
    assert all(one.held_usd == 0 for one in (everyone, each, unused))


async def test_its_window_begins_and_ends_as_calls_are_counted(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=BUDGETS) as mesh:
        month, rolling, total = (await mesh.administration.budget_use()).budgets
    now = datetime.now(UTC)
    assert month.window_end is not None
    assert month.window_start <= now < month.window_end
    assert month.window_end.day == 1
    assert abs(now - rolling.window_start - timedelta(days=1)) < timedelta(minutes=1)
    assert (rolling.window_end, total.window_end) == (None, None)


async def test_a_raise_for_all_shows_in_its_limit_and_one_for_a_single_share_does_not(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    more = {"limit_usd": "5", "until": until.isoformat(), "reason": "Closing"}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=BUDGETS) as mesh:
        await put(mesh, "raises", "ada", budget="each", share="user=ada", **more)
        _, each, _ = (await mesh.administration.budget_use()).budgets
        assert (each.limit_usd, each.raised_until, each.usual_limit_usd) == (2, None, None)
        await put(mesh, "raises", "all", budget="each", **more)
        _, each, _ = (await mesh.administration.budget_use()).budgets
        assert (each.limit_usd, each.raised_until, each.usual_limit_usd) == (5, until, 2)
