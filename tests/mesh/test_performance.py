"""Speed and errors by model, connection and provider: what was measured, kept over restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_mesh.errors import InvalidRequest, ModelNotFound, NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.performance import Grouping, PerformanceReport, Promised, Step
from jupyter_mesh.storage.performance import Place, SqlPerformance
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.principals import admin
from tests.storage.samples import Store

from .world import ADA, ask, chat, connection, mesh_of

pytestmark = pytest.mark.usefixtures("both_stores")

ROOT = admin()


def last_day() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(days=1), now + timedelta(minutes=1)


async def report(mesh: Mesh, by: Grouping = "model") -> PerformanceReport:
    since, until = last_day()
    return await mesh.performance.report(ROOT, since=since, until=until, by=by)


async def test_times_tokens_and_errors_are_those_of_the_calls(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        upstream.script(
            *[Behaviour(text="one two three four", piece_delay=0.02)] * 3,
            Behaviour(fault="server_error"),
        )
        outcomes = [await ask(mesh, chat(f"{n}", stream=True)) for n in range(4)]
        assert [outcome.error is None for outcome in outcomes] == [True, True, True, False]
        (row,) = (await report(mesh)).rows
        assert (row.key, row.calls, row.failed, row.error_rate) == ("up/m", 4, 1, 0.25)
        totals = sorted(outcome.call.report.total_ms or 0.0 for outcome in outcomes[:3])
        assert row.total_ms.p50 == pytest.approx(totals[1], rel=0.05)
        assert row.total_ms.p99 == pytest.approx(totals[2], rel=0.05)
        firsts = sorted(outcome.call.report.first_token_ms or 0.0 for outcome in outcomes[:3])
        assert row.first_token_ms.p50 == pytest.approx(firsts[1], rel=0.05)
        assert row.tokens_per_second.p50 is not None
        assert row.overhead_ms.p95 is not None


async def test_a_cached_answer_says_nothing_of_the_model(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        for _ in range(3):
            assert (await ask(mesh, chat())).error is None
        assert len(upstream.requests) == 1
        (row,) = (await report(mesh)).rows
        assert row.calls == 1


async def test_a_try_that_failed_counts_against_the_model_that_was_tried(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream), "other": connection(other)}
    aliases = {"both": {"models": ["up/m", "other/m"]}}
    async with mesh_of(tmp_path, connections, aliases=aliases) as mesh:
        upstream.script(Behaviour(fault="server_error"))
        assert (await ask(mesh, chat(model="both"))).error is None
        rows = {row.key: row for row in (await report(mesh)).rows}
        assert (rows["up/m"].calls, rows["up/m"].retried) == (0, 1)
        assert (rows["other/m"].calls, rows["other/m"].retried) == (1, 0)


async def test_connections_and_providers_are_the_sums_of_their_models(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI
) -> None:
    two = connection(upstream, models={"m": {}, "n": {}})
    async with mesh_of(tmp_path, {"up": two, "other": connection(other)}) as mesh:
        for model in ("up/m", "up/n", "up/n", "other/m"):
            assert (await ask(mesh, chat(model, model=model))).error is None
        sums: tuple[tuple[Grouping, dict[str, int]], ...] = (
            ("model", {"up/m": 1, "up/n": 1, "other/m": 1}),
            ("connection", {"up": 2, "other": 1}),
            ("provider", {"openai": 3}),
        )
        for by, wanted in sums:
            assert {row.key: row.calls for row in (await report(mesh, by)).rows} == wanted


async def test_what_was_measured_outlives_a_restart_and_two_gateways_add_up(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream)}
    cache = {"exact": {"enabled": False}}
    async with mesh_of(tmp_path, connections, cache=cache) as mesh:
        await ask(mesh, chat("one"))
    async with (
        mesh_of(tmp_path, connections, cache=cache) as one,
        mesh_of(tmp_path, connections, cache=cache) as two,
    ):
        await ask(one, chat("two"))
        await ask(two, chat("three"))
        await report(one)
        (row,) = (await report(two)).rows
        assert row.calls == 3
        since, until = last_day()
        series = await two.performance.series(ROOT, "up/m", since=since, until=until)
        assert sum(point.calls for point in series.points) == 3


async def test_a_promise_that_was_not_held_is_named_once_there_are_enough_calls(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    slos = [{"model": "up/*", "p95_ms": 1, "error_rate": 0.5, "minimum_calls": 2}]
    cache = {"exact": {"enabled": False}}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, slos=slos, cache=cache) as mesh:
        upstream.default = Behaviour(delay=0.01)
        await ask(mesh, chat())
        (row,) = (await report(mesh)).rows
        assert row.breaches == []
        await ask(mesh, chat())
        (row,) = (await report(mesh)).rows
        (said,) = row.breaches
        assert said.startswith("p95 of the total time is ")
        assert said.endswith("promised 1 ms")


async def test_what_is_promised_is_told_as_the_tightest_limit_of_each_kind(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    slos = [
        {"model": "up/*", "p95_ms": 900, "error_rate": 0.02},
        {"model": "up/m", "p95_ms": 400},
        {"model": "up/n", "p95_ms": 1},
        {"connection": "up", "first_token_p95_ms": 50},
    ]
    async with mesh_of(tmp_path, {"up": connection(upstream)}, slos=slos) as mesh:
        await ask(mesh, chat())
        (row,) = (await report(mesh)).rows
        assert row.promised == Promised(p95_ms=400, error_rate=0.02)
        (row,) = (await report(mesh, "connection")).rows
        assert row.promised == Promised(first_token_p95_ms=50)
        (row,) = (await report(mesh, "provider")).rows
        assert row.promised == Promised()


async def test_a_model_that_is_rested_is_named_with_the_state_of_its_circuit(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    cache = {"exact": {"enabled": False}}
    two = connection(upstream, models={"m": {}, "n": {}})
    async with mesh_of(tmp_path, {"up": two}, cache=cache) as mesh:
        await ask(mesh, chat(model="up/n"))
        upstream.script(*[Behaviour(fault="server_error")] * 5)
        for number in range(5):
            assert (await ask(mesh, chat(f"{number}"))).error is not None
        rows = {row.key: row for row in (await report(mesh)).rows}
        assert (rows["up/m"].circuit, rows["up/m"].healthy) == ("open", False)
        assert (rows["up/n"].circuit, rows["up/n"].resting) == ("closed", [])
        for by in ("connection", "provider"):
            (row,) = (await report(mesh, by)).rows
            assert (row.circuit, row.healthy, row.resting) == ("open", False, ["up/m"])


async def test_over_time_each_step_holds_the_calls_of_its_hours(
    tmp_path: Path, both_stores: Store, upstream: FakeOpenAI
) -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    moments = [0, 1, 23, 24, 167, 168]  # hours after
    two = connection(upstream, models={"m": {}, "n": {}})
    async with mesh_of(tmp_path, {"up": two}) as mesh:
        store = SqlPerformance(both_stores)
        first = int(monday.timestamp()) // 3600
        for number, ahead in enumerate(moments):
            model = "up/m" if number % 2 == 0 else "up/n"
            await store.add({Place(first + ahead, "up", model, "answered", 0): 1}, f"{number}")
        await store.aclose()

        async def starts(key: str, by: Grouping, step: Step) -> dict[int, int]:
            series = await mesh.performance.series(
                ROOT, key, since=monday, until=monday + timedelta(days=14), by=by, step=step
            )
            return {int((p.start - monday) / timedelta(hours=1)): p.calls for p in series.points}

        assert await starts("up", "connection", "hour") == dict.fromkeys(moments, 1)
        assert await starts("up", "connection", "day") == {0: 3, 24: 1, 144: 1, 168: 1}
        assert await starts("openai", "provider", "week") == {0: 5, 168: 1}
        assert await starts("up/m", "model", "week") == {0: 3}
        assert await starts("nobody", "connection", "week") == {}


async def test_people_see_their_models_only_and_auditors_everything(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    groups = {"open": {"members": ["ada"], "allow": ["up/n"]}}
    two = connection(upstream, models={"m": {}, "n": {}})
    since, until = last_day()
    async with mesh_of(tmp_path, {"up": two}, groups=groups) as mesh:
        reports = mesh.performance
        await ask(mesh, chat(model="up/n"))
        mine = await reports.report(ADA, since=since, until=until, by="model")
        assert [row.key for row in mine.rows] == ["up/n"]
        with pytest.raises(NotPermitted):
            await reports.report(ADA, since=since, until=until, by="connection")
        for model in ("up/m", "nowhere/x"):
            with pytest.raises(ModelNotFound):
                await reports.series(ADA, model, since=since, until=until)
        with pytest.raises(NotPermitted):
            await reports.series(ADA, "up", since=since, until=until, by="connection")
        with pytest.raises(InvalidRequest):
            await reports.report(ROOT, since=until, until=since, by="model")
