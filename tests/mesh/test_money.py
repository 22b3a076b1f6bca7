"""Costs, usage, budgets and calls tell the same sums, to the last digit."""

from __future__ import annotations

from collections import defaultdict
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from jupyter_mesh.errors import BudgetExceeded, InvalidRequest
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.api import CallSummary, Usage
from jupyter_mesh.schemas.events import Chunk
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.principals import auditor

from .world import ADA, BOB, ask, chat, connection, embedding, mesh_of

MODELS = {
    "m": {"price": {"input": "0.15", "output": "0.6", "cache_read": "0.075"}, "max_output": 9000},
    "e": {"price": {"input": "0.02"}, "operations": ["embedding"]},
    "unpriced": {},
}
NOTEBOOK = "reports/café, 100 %.ipynb"


def usage_object(read: int, written: int, cached: int = 0) -> dict[str, object]:
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def price_of(read: int, written: int, cached: int = 0) -> Decimal:
    """By hand: USD for tokens of `up/m`."""
    million = Decimal(1_000_000)
    plain = (read - cached) * Decimal("0.15") + cached * Decimal("0.075")
    return (plain + written * Decimal("0.6")) / million


async def all_calls(mesh: Mesh, principal: Principal) -> list[CallSummary]:
    """Every page, three calls at a time."""
    calls: list[CallSummary] = []
    before: str | None = None
    while True:
        page = await mesh.calls(principal, before=before, limit=3)
        calls += page.calls
        if (before := page.next) is None:
            return calls


async def lately(mesh: Mesh, principal: Principal, by: list[str]) -> Usage:
    """Usage of the last two hours."""
    now = datetime.now(UTC)
    return await mesh.usage_reports.usage(
        principal, since=now - timedelta(hours=2), until=now, by=by
    )


async def spend(mesh: Mesh, upstream: FakeOpenAI) -> dict[str, Decimal | None]:
    """One call of every kind; what each must have cost, by what it asked."""
    expected: dict[str, Decimal | None] = {}
    numbers = count(1)

    async def one(
        cost: Decimal | None, *behaviour: Behaviour, who: Principal = ADA, **fields: object
    ) -> None:
        upstream.script(*behaviour)
        request = chat(f"question {next(numbers)}", **fields)  # pyright: ignore[reportArgumentType]
        outcome = await ask(mesh, request, who, document=NOTEBOOK)
        expected[outcome.call.id] = cost

    reported = Behaviour.model_validate({"usage": usage_object(1234, 77, 100)})
    await one(price_of(1234, 77, 100), reported)
    for place in ("extra_chunk", "last_choice", "every_chunk"):
        behaviour = reported.model_copy(update={"usage_in": place})
        await one(price_of(1234, 77, 100), behaviour, stream=True)
    odd = Behaviour.model_validate({"usage": usage_object(1, 0), "text": ""})
    await one(Decimal("0.00000015"), odd)
    await one(price_of(2, 9), Behaviour(text="one two three"), n=3)
    await one(Decimal(0), Behaviour(fault="server_error"))
    await one(Decimal(0), Behaviour(fault="rejected"), who=BOB)
    await one(Decimal(0), who=BOB, model="up/none")
    await one(None, reported, who=BOB, model="up/unpriced")
    await one(price_of(500_000, 1), Behaviour.model_validate({"usage": usage_object(500_000, 1)}))

    twice = chat("the same again")
    upstream.script(reported)
    for cost in (price_of(1234, 77, 100), Decimal(0)):
        expected[(await ask(mesh, twice)).call.id] = cost
    vectors = await ask(mesh, embedding(["a b c", "d e"]))
    expected[vectors.call.id] = 5 * Decimal("0.02") / 1_000_000
    return expected


async def test_every_view_shows_the_same_sums(tmp_path: Path, upstream: FakeOpenAI) -> None:
    passing = {"unknown_price": "allow"}
    budgets = [
        {"limit_usd": 1000, "window": "total", **passing},
        {"limit_usd": 1000, "window": "total", "scope": {"user": "*"}, **passing},
        {"limit_usd": 1000, "window": "total", "scope": {"model": "up/e"}},
    ]
    connections = {"up": connection(upstream, models=MODELS)}
    olga = auditor("olga")
    async with mesh_of(tmp_path, connections, budgets=budgets) as mesh:
        expected = await spend(mesh, upstream)
        calls = await all_calls(mesh, olga)
        assert {call.id: call.cost_usd for call in calls} == expected
        total = sum((cost or Decimal(0) for cost in expected.values()), Decimal(0))
        own = {user: Decimal(0) for user in ("ada", "bob")}
        by_model: dict[str, Decimal] = defaultdict(Decimal)
        for call in calls:
            own[call.user] += call.cost_usd or Decimal(0)
            by_model[call.model or ""] += call.cost_usd or Decimal(0)

        for by in ([], ["model"], ["user"], ["hour", "document"], ["day", "model", "user"]):
            usage = await lately(mesh, olga, by)
            assert usage.total.cost_usd == total
            assert usage.total.calls == len(calls)
            assert sum(row.spend.cost_usd for row in usage.rows) == total
            assert usage.total.unpriced == 1
            assert usage.total.cached_calls == 1
            assert usage.total.saved_usd == price_of(1234, 77, 100)
            assert usage.total.input_tokens == sum(call.tokens.input for call in calls)
        grouped = await lately(mesh, olga, ["model"])
        assert {row.key["model"]: row.spend.cost_usd for row in grouped.rows} == by_model

        for who in (ADA, BOB):
            mine = await lately(mesh, who, ["user"])
            assert [row.key["user"] for row in mine.rows] == [who.user]
            assert mine.total.cost_usd == own[who.user]
            assert {call.user for call in await all_calls(mesh, who)} == {who.user}
            everyone, personal, embedder = await mesh.budgets(who)
            assert (everyone.spent_usd, everyone.held_usd) == (total, 0)
            assert (personal.spent_usd, personal.held_usd) == (own[who.user], 0)
            assert (embedder.spent_usd, embedder.held_usd) == (by_model["up/e"], 0)
            summary = await mesh.costs(who, NOTEBOOK)
            assert summary.month.cost_usd == own[who.user] >= summary.today.cost_usd
            named = {one.name: one.spend.cost_usd for one in summary.month_by_model}
            assert sum(named.values()) == own[who.user]
            document = [call for call in calls if call.document and call.user == who.user]
            assert summary.notebook is not None
            assert summary.notebook.calls == len(document)
            assert summary.notebook.cost_usd == sum(call.cost_usd or 0 for call in document)
            assert summary.notebook_series == [call.cost_usd or 0 for call in reversed(document)]


async def test_the_sums_are_the_same_after_a_restart(tmp_path: Path, upstream: FakeOpenAI) -> None:
    connections = {"up": connection(upstream, models=MODELS)}
    budgets = [{"limit_usd": 1000, "window": "total"}]
    async with mesh_of(tmp_path, connections, budgets=budgets) as mesh:
        await spend(mesh, upstream)
        before = (await mesh.costs(ADA, NOTEBOOK)).model_dump(exclude={"budgets"})
        calls = await all_calls(mesh, ADA)
        status = (await mesh.budgets(ADA))[0].spent_usd
    async with mesh_of(tmp_path, connections, budgets=budgets) as mesh:
        assert (await mesh.costs(ADA, NOTEBOOK)).model_dump(exclude={"budgets"}) == before
        assert await all_calls(mesh, ADA) == calls
        assert (await mesh.budgets(ADA))[0].spent_usd == status


async def test_a_stream_that_is_left_is_charged_for_what_came_and_holds_nothing(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(text="word " * 2000, piece_delay=0.001)
    budgets = [{"limit_usd": 1, "window": "total"}]
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=budgets) as mesh:
        for leave_after in (1, 5, 400):
            call = mesh.call(ADA, chat(f"{leave_after}", stream=True))
            chunks = 0
            async with aclosing(mesh.run(call)) as events:
                async for event in events:
                    chunks += isinstance(event, Chunk)
                    if chunks == leave_after:
                        assert (await mesh.budgets(ADA))[0].held_usd > 0
                        break
            await upstream.wait_for(upstream.requests[-1])
            assert upstream.requests[-1].end == "client_gone"
        status = (await mesh.budgets(ADA))[0]
        calls = await all_calls(mesh, ADA)
        assert [call.outcome for call in calls] == ["aborted"] * 3
        assert status.held_usd == 0
        assert status.spent_usd == sum(call.cost_usd or 0 for call in calls) > 0
        costs = [call.cost_usd or Decimal(0) for call in reversed(calls)]
        assert costs == sorted(costs)
        assert all(call.tokens.estimated for call in calls)
        # 399 words of five characters came: within 15 % of what the tokenizers make of them.
        assert 350 <= calls[0].tokens.output <= 600


async def test_a_budget_refuses_before_anything_is_sent_and_says_what_to_do(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    budgets = [{"limit_usd": "0.0001", "window": "total", "scope": {"user": "ada"}}]
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=budgets) as mesh:
        refused = await ask(mesh, chat())
        assert isinstance(refused.error, BudgetExceeded)
        assert refused.error.status == 402
        assert "0.0001" in refused.error.message
        assert "max_tokens" in refused.error.message
        assert upstream.requests == []
        allowed = await ask(mesh, chat(max_tokens=5))
        assert allowed.error is None
        assert (await ask(mesh, chat(), BOB)).error is None
        assert [call.outcome for call in await all_calls(mesh, ADA)] == ["answered", "refused"]


async def test_a_stream_that_outgrows_its_budget_ends_with_length_and_a_closed_upstream(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(text="word " * 20_000)
    limit = Decimal("0.03")
    budgets = [{"limit_usd": str(limit), "window": "total", "reserve_output_tokens": 1000}]
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=budgets) as mesh:
        outcome = await ask(mesh, chat(stream=True))
        assert outcome.error is None
        assert outcome.notices == ["budget_cut"]
        assert outcome.call.report.finish_reason == "length"
        await upstream.wait_for(upstream.requests[-1])
        assert upstream.requests[-1].end == "client_gone"
        status = (await mesh.budgets(ADA))[0]
        slice_ = limit / 4
        assert limit / 2 < status.spent_usd <= limit + slice_
        assert status.held_usd == 0


@pytest.mark.parametrize("by", ["prompt", "model; DROP TABLE calls", ""])
async def test_usage_is_grouped_by_what_there_is_only(tmp_path: Path, by: str) -> None:
    async with mesh_of(tmp_path, {"echo": {"provider": "echo"}}) as mesh:
        now = datetime.now(UTC)
        with pytest.raises(InvalidRequest):
            await mesh.usage_reports.usage(ADA, since=now - timedelta(hours=1), until=now, by=[by])
        with pytest.raises(InvalidRequest):
            await mesh.usage_reports.usage(ADA, since=now, until=now, by=["model"])
