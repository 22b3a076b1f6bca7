"""What Prometheus reads, read by its own parser."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest
from pydantic import JsonValue

from jupyter_mesh.mesh import Mesh
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .world import ADA, BOB, ROOT, ask, chat, connection, mesh_of, outcome_of, until

parser = pytest.importorskip("prometheus_client.parser")
ADMIN_GUIDE = Path(__file__).parents[2] / "docs" / "admin-guide.md"


async def samples(mesh: Mesh) -> dict[tuple[str, ...], float]:
    """What is told, by name and labels such as `budget=team`."""
    return {
        (sample.name, *sorted(f"{name}={value}" for name, value in sample.labels.items())): (
            sample.value
        )
        for family in parser.text_string_to_metric_families(await mesh.metrics())
        for sample in family.samples
    }


async def test_prometheus_reads_latency_tokens_cost_errors_retries_cache_and_circuits(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI
) -> None:
    upstream.script(*[Behaviour(fault="server_error")] * 5)
    connections = {"up": connection(upstream), "other": connection(other)}
    aliases = {"both": {"models": ["up/m", "other/m"]}}
    async with mesh_of(tmp_path, connections, aliases=aliases) as mesh:
        for number in range(5):
            assert (await ask(mesh, chat(f"{number}", "both", stream=True))).error is None
        assert (await ask(mesh, chat("4", "both", stream=True))).error is None
        found = await samples(mesh)
    model = "model=other/m"
    assert found["jupyter_mesh_calls_total", model, "outcome=answered"] == 5
    assert found["jupyter_mesh_call_seconds_count", model] >= 5
    assert found["jupyter_mesh_first_token_seconds_count", model] >= 5
    assert found["jupyter_mesh_failed_tries_total", model] == 5
    assert found[("jupyter_mesh_cached_calls_total",)] == 1
    assert found["jupyter_mesh_cost_usd_total", model] > 0
    assert found["jupyter_mesh_circuit_open", "model=up/m"] == 1
    assert found["jupyter_mesh_circuit_open", model] == 0
    assert found[("jupyter_mesh_alerts_lost",)] == 0


USAGE: dict[str, JsonValue] = {"prompt_tokens": 1000, "completion_tokens": 300}
"""$0.004 by the price of the model."""
BUDGETS = [
    {"name": "everyone", "limit_usd": "0.1", "window": "day"},
    {
        "name": "each",
        "scope": {"user": "*"},
        "on_limit": "warn",
        "limit_usd": "0.01",
        "window": "rolling 24h",
    },
    {"scope": {"application": "nobody"}, "limit_usd": "0", "window": "total"},
]


async def test_budgets_are_told_with_their_limit_what_is_spent_and_what_is_reserved(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.script(*[Behaviour(usage=USAGE)] * 3, Behaviour(text="word " * 50, piece_delay=0.05))
    keys = [
        {"name": "k", "hash": "a" * 64, "user": "u", "application": "a", "budget_usd": "7"},
    ]
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=BUDGETS, keys=keys) as mesh:
        for text, who in (("1", ADA), ("2", ADA), ("3", BOB)):
            assert (await ask(mesh, chat(text), who)).error is None
        found = await samples(mesh)
        call = mesh.call(BOB, chat("4", stream=True))
        running = asyncio.create_task(outcome_of(mesh.run(call), call))

        async def sent() -> bool:
            return len(upstream.requests) == 4

        await until(sent)
        held = await samples(mesh)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        after = await samples(mesh)
    expected = {
        "everyone": {"limit": 0.1, "spent": 0.012, "shares": 1, "ratio": 0.12},
        "each": {"limit": 0.01, "spent": 0.012, "shares": 2, "ratio": 0.8},
        "budgets[2]": {"limit": 0, "spent": 0, "shares": 0, "ratio": 1},
        "key k": {"limit": 7, "spent": 0, "shares": 0, "ratio": 0},
    }
    for name, figures in expected.items():
        budget = f"budget={name}"
        assert {
            "limit": found["jupyter_mesh_budget_limit_usd", budget],
            "spent": found["jupyter_mesh_budget_spent_usd", budget],
            "shares": found["jupyter_mesh_budget_shares", budget],
            "ratio": found["jupyter_mesh_budget_fullest_ratio", budget],
        } == figures
        assert found["jupyter_mesh_budget_reserved_usd", budget] == 0
    reserved = ("jupyter_mesh_budget_reserved_usd", "budget=everyone")
    assert held[reserved] > 0.002
    assert held["jupyter_mesh_budget_reserved_usd", "budget=key k"] == 0
    assert after[reserved] == 0


async def test_alerts_are_told_by_kind_and_by_whether_somebody_looks_after_them(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    unpriced = connection(upstream, models={"m": {}, "n": {}})
    async with mesh_of(tmp_path, {"up": unpriced}) as mesh:
        for model in ("up/m", "up/n"):
            assert (await ask(mesh, chat(model=model))).error is None
        await mesh._parts.alerts.flush()
        alerts = (await mesh.alerts.page(kind="unpriced")).alerts
        assert len(alerts) == 2
        await mesh.alerts.acknowledge(ROOT, alerts[0].id)
        found = await samples(mesh)
    told = {name: value for (name, *labels), value in found.items() if "kind=unpriced" in labels}
    assert told == {"jupyter_mesh_alerts_open": 1, "jupyter_mesh_alerts_acknowledged": 1}
    assert found["jupyter_mesh_alerts_open", "kind=outage"] == 0


async def test_a_store_that_is_gone_is_told_and_so_is_that_no_call_is_taken(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    names = ("ready", "store_writable", "store_readable")
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=BUDGETS) as mesh:

        async def told() -> list[float]:
            found = await samples(mesh)
            return [found[f"jupyter_mesh_{name}",] for name in names]

        assert (await ask(mesh, chat())).error is None
        assert await told() == [1, 1, 1]
        os.rename(tmp_path / "state", tmp_path / "away")
        assert (await ask(mesh, chat("again"))).error is not None
        await mesh._parts.conditions.look_at_journal()
        assert await told() == [0, 0, 0]
        found = await samples(mesh)
        assert not [name for name, *_ in found if name.startswith("jupyter_mesh_budget")]
        assert found["jupyter_mesh_alerts_open", "kind=audit"] == 1
        os.rename(tmp_path / "away", tmp_path / "state")


async def test_the_admin_guide_lists_exactly_the_metrics_there_are(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=BUDGETS) as mesh:
        assert (await ask(mesh, chat(stream=True))).error is None
        text = await mesh.metrics()
    told = {
        (name.removeprefix("jupyter_mesh_"), kind)
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
    }
    labels = dict[str, set[str]]()
    for name, given in re.findall(r"^jupyter_mesh_(\w+?)(?:\{(.*?)\})? ", text, re.M):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        labels.setdefault(family, set()).update(re.findall(r'(\w+)="', given))
    section = ADMIN_GUIDE.read_text("utf-8").partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| \S", section, re.M)
    assert {(name, kind) for name, kind, _ in rows} == told
    for name, _, written in rows:
        if name in labels:
            named = set(re.findall(r"`(\w+)`", written))
            assert named == labels[name] - {"le"}, name
