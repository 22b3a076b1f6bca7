"""Rankings that a vendor charges as several: held, said beforehand, charged and recorded so."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.testing.fake_bedrock import FakeBedrock
from jupyter_mesh.testing.fake_cohere import Behaviour, FakeCohere

from .vendors import SECRET, VENDORS, give_keys
from .world import ADA, ask, mesh_of

PRICE = {"price": {"input": 0, "output": 0, "per_request": "0.002"}, "operations": ["rerank"]}
MODELS = {"cohere": "rerank-v3.5", "bedrock": "cohere.rerank-v3-5:0"}
LONG = "whale " * 900


def ranking(vendor: str, documents: list[str]) -> Request:
    body = {"model": f"{vendor}/{MODELS[vendor]}", "query": "whale", "documents": documents}
    return parse_request(Operation.RERANK, {**body, "top_n": 1})


def connections(vendor: str, fake: FakeCohere | FakeBedrock) -> dict[str, object]:
    (one,) = (each for each in VENDORS if each.provider == vendor)
    return {vendor: {**one.connection(fake), "models": {MODELS[vendor]: PRICE}}}


def fake_of(vendor: str) -> FakeCohere | FakeBedrock:
    (one,) = (each for each in VENDORS if each.provider == vendor)
    fake = one.fake()
    assert isinstance(fake, FakeCohere | FakeBedrock)
    return fake


@pytest.mark.parametrize("vendor", MODELS)
@pytest.mark.parametrize(
    ("documents", "cost"),
    [(1, "0.002"), (100, "0.002"), (101, "0.004"), (200, "0.004"), (1000, "0.02")],
)
async def test_each_hundred_documents_are_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vendor: str, documents: int, cost: str
) -> None:
    give_keys(monkeypatch)
    asked = ranking(vendor, ["a fox"] * documents)
    with fake_of(vendor) as fake:
        async with mesh_of(tmp_path, connections(vendor, fake)) as mesh:
            said = await mesh.dry_run(mesh.call(ADA, asked))
            outcome = await ask(mesh, asked)
            assert outcome.error is None
            (record,) = (await mesh.calls(ADA)).calls
    assert outcome.call.report.cost == record.cost_usd == Decimal(cost)
    assert outcome.call.report.cost_classes["request"] == Decimal(cost)
    assert said.estimated_cost_usd == Decimal(cost)
    assert said.max_cost_usd >= Decimal(cost)


async def test_cohere_says_how_many_searches_it_charges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_keys(monkeypatch)
    answer = {"results": [{"index": 0, "relevance_score": 0.5}]}
    with FakeCohere(api_key=SECRET) as fake:
        fake.default = Behaviour(answer={**answer, "meta": {"billed_units": {"search_units": 3}}})
        async with mesh_of(tmp_path, connections("cohere", fake)) as mesh:
            outcome = await ask(mesh, ranking("cohere", ["a fox"]))
    assert outcome.call.report.cost == Decimal("0.006")


async def test_a_long_document_is_several_where_the_vendor_does_not_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_keys(monkeypatch)
    asked = ranking("bedrock", [LONG] * 60)
    with fake_of("bedrock") as fake:
        async with mesh_of(tmp_path, connections("bedrock", fake)) as mesh:
            outcome = await ask(mesh, asked)
    assert outcome.call.report.cost is not None
    assert outcome.call.report.cost >= Decimal("0.004")


async def test_what_a_budget_cannot_hold_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_keys(monkeypatch)
    with FakeCohere(api_key=SECRET) as fake:
        budgets = [{"limit_usd": "0.005"}]
        async with mesh_of(tmp_path, connections("cohere", fake), budgets=budgets) as mesh:
            assert (await ask(mesh, ranking("cohere", ["a fox"] * 150))).error is None
            before = len(fake.requests)
            refused = await ask(mesh, ranking("cohere", ["a hare"] * 150))
            assert isinstance(refused.error, BudgetExceeded)
            assert len(fake.requests) == before
