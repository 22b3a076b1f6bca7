"""What Prometheus reads, read by its own parser."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .world import ask, chat, connection, mesh_of

parser = pytest.importorskip("prometheus_client.parser")


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
        found = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in parser.text_string_to_metric_families(mesh.metrics())
            for sample in family.samples
        }
    model = ("model", "other/m")
    assert found["jupyter_mesh_calls_total", model, ("outcome", "answered")] == 5
    assert found["jupyter_mesh_call_seconds_count", model] >= 5
    assert found["jupyter_mesh_first_token_seconds_count", model] >= 5
    assert found["jupyter_mesh_failed_tries_total", model] == 5
    assert found[("jupyter_mesh_cached_calls_total",)] == 1
    assert found["jupyter_mesh_cost_usd_total", model] > 0
    assert found["jupyter_mesh_circuit_open", ("model", "up/m")] == 1
    assert found["jupyter_mesh_circuit_open", model] == 0
    assert found[("jupyter_mesh_alerts_lost",)] == 0
