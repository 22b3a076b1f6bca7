"""Budgets, limits and the record hold on every route of the table, by construction: a route that is
added later and reaches a provider is held to them, or fails here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_mesh_server.route import Route
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .governed import ROOT, World, world
from .route_rules import label, rule_of

OPERATIONS = ["chat", "completion", "embedding", "rerank", "classify"]


@pytest.fixture
def one(tmp_path: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[World]:
    with FakeOpenAI() as upstream:
        model = {"price": {"input": 1, "output": 10}, "operations": OPERATIONS}
        up = {
            "provider": "openai_compatible",
            "base_url": upstream.base_url,
            "retries": 0,
            "models": {"m": model, "hers-alone": model},
        }
        cache = {"exact": {"enabled": False}}
        opened = world(tmp_path, upstream, connections={"up": up}, cache=cache)
        yield jp_asyncio_loop.run_until_complete(opened.__aenter__())
        jp_asyncio_loop.run_until_complete(opened.__aexit__(None, None, None))


def sent(one: World) -> int:
    """Requests that brought the upstream something to work on."""
    return sum(1 for request in one.upstream.requests if request.method == "POST")


async def recorded(one: World) -> int:
    return len((await one.mesh.calls(ROOT, limit=200)).calls)


async def govern(one: World, kind: str, body: JsonObject) -> None:
    reply = await one.ask(ROOT, "PUT", f"/api/settings/{kind}/tight", {"body": body})
    assert reply.status == 200, reply.body


async def reaching(one: World) -> list[Route]:
    """The routes that reach the upstream, found by asking each; each such request is on record."""
    found: list[Route] = []
    for route in ROUTES:
        before, calls = sent(one), await recorded(one)
        await one.ask_route(route, ROOT)
        reached = sent(one) - before
        assert await recorded(one) - calls >= reached, label(route)
        if reached:
            assert rule_of(route).calls, f"{label(route)} reaches a provider: say so in its rule"
            found.append(route)
    return found


async def test_whatever_reaches_a_provider_is_recorded_and_a_full_budget_stops_it(
    one: World,
) -> None:
    routes = await reaching(one)
    operations = {label(route).rpartition("/")[2] for route in routes}
    assert operations == {
        "completions",
        "responses",
        "messages",
        "embeddings",
        "rerank",
        "classify",
    }
    await govern(one, "budgets", {"limit_usd": "0"})
    before = sent(one)
    for route in routes:
        reply = await one.ask_route(route, ROOT)
        assert (reply.status, "budget_exceeded" in reply.body) == (402, True), label(route)
    for route in ROUTES:
        await one.ask_route(route, ROOT)
    assert sent(one) == before


async def test_a_limit_counts_the_calls_of_every_route_together(one: World) -> None:
    routes = await reaching(one)
    await govern(one, "limits", {"requests_per_minute": len(routes), "wait_seconds": 0})
    before = sent(one)
    for route in routes:
        assert (await one.ask_route(route, ROOT)).status != 429, label(route)
    for route in routes:
        reply = await one.ask_route(route, ROOT)
        assert reply.status == 429, label(route)
        assert int(reply.headers["Retry-After"]) > 0
    assert sent(one) - before == len(routes)


async def test_the_calls_of_every_route_count_in_usage_and_budget(one: World) -> None:
    await govern(one, "budgets", {"limit_usd": "100"})
    for route in await reaching(one):
        (before,) = await one.mesh.budgets(ROOT)
        reply = await one.ask_route(route, ROOT)
        if reply.status == 200:
            (after,) = await one.mesh.budgets(ROOT)
            assert after.spent_usd > before.spent_usd, label(route)
            assert after.held_usd == 0
