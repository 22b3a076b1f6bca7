"""Calls the mesh makes for a call: one slot, one reservation, cost at the leaf, one trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import BudgetExceeded, ModelNotFound, NotFound, NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from tests.mesh.nesting import Nesting

from .world import ADA, ask, chat, connection, embedding, mesh_of

USAGE = Behaviour.model_validate(
    {"usage": {"prompt_tokens": 40, "completion_tokens": 60, "total_tokens": 100}}
)
COST = Decimal("0.00064")
"""What `USAGE` costs at $1 and $10 per million tokens."""


@pytest.fixture(autouse=True)
def nesting_provider(install: Callable[..., None]) -> None:
    install(nesting="tests.mesh.nesting:Nesting")


def nesting(*asks: str, **settings: object) -> dict[str, object]:
    """A connection whose model `x` asks other models."""
    price = settings.pop("price", {"input": 0})
    return {
        "provider": "nesting",
        "asks": asks,
        "retries": 0,
        "models": {"x": {"price": price}},
        **settings,
    }


@asynccontextmanager
async def nested_mesh(
    folder: Path, connections: Mapping[str, object], **sections: object
) -> AsyncIterator[Mesh]:
    """A mesh whose nesting providers can ask it."""
    async with mesh_of(folder, connections, personal=False, **sections) as mesh:
        for candidate in mesh.snapshot.models.values():
            if isinstance(candidate.provider, Nesting):
                candidate.provider.mesh = mesh
        yield mesh


@pytest.mark.parametrize("stream", [False, True])
async def test_cost_stands_at_the_leaf_and_the_trace_shows_it(
    tmp_path: Path, upstream: FakeOpenAI, stream: bool
) -> None:
    upstream.default = USAGE
    connections = {"up": connection(upstream), "rag": nesting("up/m", "up/m", price={"input": 5})}
    budgets = [{"limit_usd": 1, "window": "total"}]
    cache = {"exact": {"enabled": False}}
    async with nested_mesh(tmp_path, connections, budgets=budgets, cache=cache) as mesh:
        request = chat(model="rag/x", stream=stream)
        outcome = await ask(mesh, request, document="a.ipynb", purpose="research")
        assert outcome.error is None
        assert outcome.text == 2 * USAGE.text
        detail = await mesh.call_detail(ADA, outcome.call.id)
        assert (detail.summary.cost_usd, detail.summary.tokens.input) == (0, 0)
        assert [child.cost_usd for child in detail.children] == [COST, COST]
        assert {child.parent for child in detail.children} == {outcome.call.id}
        assert {child.model for child in detail.children} == {"up/m"}
        assert {(child.document, child.purpose) for child in detail.children} == {
            ("a.ipynb", "research")
        }
        page = await mesh.calls(ADA)
        assert sum(call.cost_usd or 0 for call in page.calls) == 2 * COST
        (status,) = await mesh.budgets(ADA)
        assert (status.spent_usd, status.held_usd) == (2 * COST, 0)
        assert (await mesh.costs(ADA, "a.ipynb")).today.cost_usd == 2 * COST


@pytest.mark.parametrize(
    "price", [{"input": 0}, {"input": 1, "output": 10}], ids=["free", "priced"]
)
async def test_one_slot_and_a_budget_for_one_answer_are_enough(
    tmp_path: Path, upstream: FakeOpenAI, price: dict[str, int]
) -> None:
    upstream.default = USAGE
    connections = {"up": connection(upstream), "rag": nesting("up/m", price=price)}
    limits = [{"parallel": 1, "wait_seconds": 0}]
    whole = Decimal("0.00101")  # 1,000 tokens for the answer and ten for the question
    budgets = [{"limit_usd": str(whole * 10), "window": "total", "reserve_output_tokens": 1000}]
    async with nested_mesh(tmp_path, connections, limits=limits, budgets=budgets) as mesh:
        outcome = await ask(mesh, chat(model="rag/x", max_tokens=1000))
        assert outcome.error is None
        assert outcome.text == USAGE.text
        (status,) = await mesh.budgets(ADA)
        assert (status.spent_usd, status.held_usd) == (COST, 0)


async def test_what_one_nested_call_leaves_of_the_reservation_the_next_one_uses(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.default = USAGE
    dear = {"input": 1, "output": 10}
    connections = {"up": connection(upstream), "rag": nesting("up/m", "up/m", price=dear)}
    limit = Decimal("0.0101") + COST  # the dearest answer, and what the first will have cost
    budgets = [{"limit_usd": str(limit), "window": "total"}]
    cache = {"exact": {"enabled": False}}
    async with nested_mesh(tmp_path, connections, budgets=budgets, cache=cache) as mesh:
        outcome = await ask(mesh, chat(model="rag/x", max_tokens=1000))
        assert outcome.error is None
        (status,) = await mesh.budgets(ADA)
        assert (status.spent_usd, status.held_usd) == (2 * COST, 0)


@pytest.mark.parametrize("price", [{"input": 0}, {"input": 1, "output": 1}], ids=["free", "cheap"])
@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_parent_did_not_reserve_the_nested_call_must(
    tmp_path: Path, upstream: FakeOpenAI, price: dict[str, int], stream: bool
) -> None:
    """A hard budget holds for a dear model behind a cheap one too."""
    connections = {"up": connection(upstream), "rag": nesting("up/m", price=price)}
    budgets = [{"limit_usd": "0.005", "window": "total"}]
    async with nested_mesh(tmp_path, connections, budgets=budgets) as mesh:
        outcome = await ask(mesh, chat(model="rag/x", max_tokens=1000, stream=stream))
        assert isinstance(outcome.error, BudgetExceeded)
        assert upstream.requests == []
        (status,) = await mesh.budgets(ADA)
        assert (status.spent_usd, status.held_usd) == (0, 0)


async def test_many_at_once_behind_one_parent_never_spend_more_than_the_budget(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour.model_validate(
        {
            "usage": {"prompt_tokens": 10, "completion_tokens": 1000, "total_tokens": 1010},
            "delay": 0.02,
        }
    )
    connections = {"up": connection(upstream), "rag": nesting("up/m")}
    limit = Decimal("0.0505")  # five answers of 1,000 tokens
    budgets = [{"limit_usd": str(limit), "window": "total"}]
    cache = {"exact": {"enabled": False}}
    async with nested_mesh(tmp_path, connections, budgets=budgets, cache=cache) as mesh:
        request = chat(model="rag/x", max_tokens=1000)
        outcomes = await asyncio.gather(*(ask(mesh, request) for _ in range(20)))
        (status,) = await mesh.budgets(ADA)
    answered = [outcome for outcome in outcomes if outcome.error is None]
    assert len(answered) == len(upstream.requests) == 5
    assert all(isinstance(o.error, BudgetExceeded) for o in outcomes if o not in answered)
    assert status.held_usd == 0
    assert status.spent_usd == 5 * Decimal("0.01001") <= limit


async def test_calls_nest_three_deep_and_no_deeper(tmp_path: Path, upstream: FakeOpenAI) -> None:
    upstream.default = USAGE
    connections = {
        "up": connection(upstream),
        **{f"n{depth}": nesting(f"n{depth + 1}/x") for depth in range(3)},
        "n3": nesting("up/m"),
    }
    budgets = [{"limit_usd": 1, "window": "total"}]
    cache = {"exact": {"enabled": False}}
    async with nested_mesh(tmp_path, connections, budgets=budgets, cache=cache) as mesh:
        allowed = await ask(mesh, chat(model="n1/x"))
        assert allowed.text == USAGE.text
        refused = await ask(mesh, chat(model="n0/x"))
        assert isinstance(refused.error, NotPermitted)
        assert len(upstream.requests) == 1
        (status,) = await mesh.budgets(ADA)
        assert (status.spent_usd, status.held_usd) == (COST, 0)
        page = await mesh.calls(ADA)
        assert sum(call.cost_usd or 0 for call in page.calls) == COST


@pytest.mark.parametrize("purpose", ["guard", "cache"])
async def test_the_meshs_own_calls_may_use_internal_models_only(
    tmp_path: Path, upstream: FakeOpenAI, purpose: str
) -> None:
    models = {"m": {}, "judge": {"internal": True}}
    connections = {
        "up": connection(upstream, models=models),
        "open": nesting("up/m", purpose=purpose),
        "inside": nesting("up/judge", purpose=purpose),
    }
    async with nested_mesh(tmp_path, connections) as mesh:
        names = [card.id for card in (await mesh.models(ADA)).models]
        assert "up/judge" not in names
        direct = await ask(mesh, chat(model="up/judge"))
        assert isinstance(direct.error, ModelNotFound)
        leaked = await ask(mesh, chat(model="open/x"))
        assert isinstance(leaked.error, ModelNotFound)
        assert upstream.requests == []
        judged = await ask(mesh, chat(model="inside/x"))
        assert judged.error is None
        assert upstream.requests[0].json["model"] == "judge"


async def test_a_nested_call_may_use_what_its_principal_may_and_is_screened_as_any(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream), "rag": nesting("up/m")}
    groups = {"staff": {"members": ["*"], "allow": ["rag/*"]}}
    async with nested_mesh(tmp_path, connections, groups=groups) as mesh:
        refused = await ask(mesh, chat(model="rag/x"))
        assert isinstance(refused.error, ModelNotFound)
        assert upstream.requests == []
    async with nested_mesh(tmp_path, connections) as mesh:
        await ask(mesh, chat("Write to ada@example.org", model="rag/x"))
        assert b"ada@example.org" not in upstream.requests[0].body
        assert b"<EMAIL_ADDRESS_1>" in upstream.requests[0].body


async def test_leaving_the_outer_call_stops_the_inner_one_and_settles_both(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(fault="stall")
    connections = {"up": connection(upstream), "rag": nesting("up/m")}
    budgets = [{"limit_usd": 1, "window": "total"}]
    async with nested_mesh(tmp_path, connections, budgets=budgets) as mesh:
        task = asyncio.create_task(ask(mesh, chat(model="rag/x")))
        async with asyncio.timeout(20):
            while not upstream.requests:  # noqa: ASYNC110 nobody announces it
                await asyncio.sleep(0.01)
        assert (await mesh.budgets(ADA))[0].held_usd > 0
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await upstream.wait_for(upstream.requests[0])
        assert upstream.requests[0].end == "client_gone"
        (status,) = await mesh.budgets(ADA)
        assert status.held_usd == 0
        calls = (await mesh.calls(ADA)).calls
        assert [call.outcome for call in calls] == ["aborted", "aborted"]
        assert status.spent_usd == sum(call.cost_usd or 0 for call in calls)


async def test_nothing_is_nested_under_a_call_that_does_not_run(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream, models={"e": {"operations": ["embedding"]}})}
    async with mesh_of(tmp_path, connections) as mesh:
        ended = await ask(mesh, embedding(["a"]))
        for parent in (ended.call.id, "call_that_never_was"):
            with pytest.raises(NotFound):
                mesh.stream(chat(), parent=parent, purpose="rag")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_made_for_itself_ends_at_its_depth_and_waits_for_no_ancestor(
    tmp_path: Path, stream: bool
) -> None:
    connections = {"rag": nesting("rag/x", timeout=60)}
    async with nested_mesh(tmp_path, connections) as mesh, asyncio.timeout(20):
        outcome = await ask(mesh, chat(model="rag/x", stream=stream))
        assert isinstance(outcome.error, NotPermitted)
        assert "deep" in outcome.error.message


async def test_two_calls_that_ask_each_others_model_do_not_wait_for_one_another(
    tmp_path: Path,
) -> None:
    connections = {"a": nesting("b/x", timeout=60), "b": nesting("a/x", timeout=60)}
    async with nested_mesh(tmp_path, connections) as mesh, asyncio.timeout(20):
        outcomes = await asyncio.gather(
            *(ask(mesh, chat(model=name), principal=ADA) for name in ("a/x", "b/x"))
        )
        assert all(isinstance(outcome.error, NotPermitted) for outcome in outcomes)


async def test_a_repeated_nested_call_is_answered_from_the_cache(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream), "rag": nesting("up/m", "up/m")}
    async with nested_mesh(tmp_path, connections) as mesh:
        assert (await ask(mesh, chat(model="rag/x"))).error is None
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("others", [[], [{"limit_usd": 1, "window": "day"}]])
async def test_a_budget_for_the_outer_model_does_not_pay_for_what_it_asks(
    tmp_path: Path, upstream: FakeOpenAI, others: list[dict[str, object]]
) -> None:
    upstream.default = USAGE
    covers = {"scope": {"model": "rag/*"}, "limit_usd": 1, "window": "total"}
    connections = {"up": connection(upstream), "rag": nesting("up/m", price={"input": 5})}
    cache = {"exact": {"enabled": False}}
    async with nested_mesh(tmp_path, connections, budgets=[covers, *others], cache=cache) as mesh:
        assert (await ask(mesh, chat(model="rag/x"))).error is None
        own, *rest = await mesh.budgets(ADA)
        assert (own.spent_usd, own.held_usd) == (0, 0)
        assert [(one.spent_usd, one.held_usd) for one in rest] == [(COST, 0)] * len(others)
