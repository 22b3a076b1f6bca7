"""Prices of connections, as calls are charged by them and as their record says."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, ROOT, ask, chat, connection, mesh_of

D = Decimal
OWN = {"m": {"price": {"input": 1, "output": 10}}}


@pytest.mark.parametrize(
    ("settings", "rates", "source"),
    [
        ({"models": OWN}, (1, 10), "admin"),
        ({"models": OWN, "price": {"input": 3, "output": 3}}, (1, 10), "admin"),
        ({"models": ["m"], "price": {"input": 3, "output": 4}}, (3, 4), "admin"),
        ({"models": OWN, "discount": "0.15"}, (1, 10), "admin"),
        ({"models": ["gpt-4o"], "price_provider": "openai", "discount": "0.2"}, (2, 8), "20%"),
    ],
)
async def test_the_nearest_price_counts_and_a_discount_only_on_what_is_not_the_admins(
    tmp_path: Path,
    upstream: FakeOpenAI,
    settings: dict[str, object],
    rates: tuple[int, int],
    source: str,
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream, **settings)}) as mesh:
        (facts,) = (one.facts for one in mesh.snapshot.models.values())
        assert facts.price is not None
        assert (facts.price.input, facts.price.output) == rates
        assert facts.price.source.endswith(source)
        assert facts.price.taken_at is not None


async def test_the_record_of_a_call_says_what_it_cost_by_class_by_which_price_and_who_pays(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    before = datetime.now(UTC)
    groups = {"team": {"members": ["ada"]}}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, groups=groups) as mesh:
        outcome = await ask(mesh, chat())
        detail = await mesh.call_detail(ROOT, outcome.call.id)
        tokens = detail.summary.tokens
        assert detail.cost_by_class_usd == {
            "input": D(tokens.input) / 1_000_000,
            "output": D(tokens.output * 10) / 1_000_000,
        }
        assert sum(detail.cost_by_class_usd.values()) == detail.summary.cost_usd
        assert detail.price_source == "admin"
        assert detail.priced_at is not None
        assert before <= detail.priced_at <= detail.summary.started_at
        assert detail.charged_group == "team"
        again = await ask(mesh, chat(), ADA)
        cached = await mesh.call_detail(ROOT, again.call.id)
        assert (cached.summary.cost_usd, cached.cost_by_class_usd) == (0, {})
        assert cached.saved_usd == detail.summary.cost_usd


async def test_what_an_aborted_stream_is_charged_is_told_by_class_too(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        call = mesh.call(ADA, chat(stream=True))
        events = mesh.run(call)
        async for _ in events:
            break
        await events.aclose()
        detail = await mesh.call_detail(ROOT, call.id)
        assert detail.summary.outcome == "aborted"
        assert detail.summary.tokens.estimated
        assert sum(detail.cost_by_class_usd.values()) == detail.summary.cost_usd > 0
