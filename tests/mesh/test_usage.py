"""Usage and charge-back of a real mesh: what adds up, who may see it, and as which file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from jupyter_mesh.errors import InvalidRequest, NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.mesh.sums import NOTHING, total
from jupyter_mesh.mesh.usage_files import to_csv, to_parquet
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.schemas.usage import FIELDS, GROUPINGS, PERIODS, Spend, Usage, UsageRow
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, BOB, ROOT, ask, chat, connection, mesh_of

pytestmark = pytest.mark.usefixtures("both_stores")

GROUPS: dict[str, object] = {
    "physics": {"members": ["ada"], "allow": ["up/*"]},
    "analysts": {"members": ["ada", "bob"], "allow": ["*"]},
}
HALF_AN_HOUR = timedelta(minutes=30)
MANAGER = Principal(
    user="eve", groups=frozenset({"physics"}), scopes=frozenset({Scope.USE, Scope.READ_USAGE})
)


@asynccontextmanager
async def three_calls(folder: Path, upstream: FakeOpenAI) -> AsyncIterator[Mesh]:
    """Two of Ada's, of which `physics` pays one, and one of Bob's."""
    connections = {"up": connection(upstream), "echo": {"provider": "echo"}}
    async with mesh_of(folder, connections, groups=GROUPS) as mesh:
        for principal, model in ((ADA, "up/m"), (ADA, "echo/echo"), (BOB, "up/m")):
            outcome = await ask(mesh, chat(model=model), principal)
            assert outcome.error is None
        yield mesh


async def lately(mesh: Mesh, principal: Principal, *by: str, **narrowed: Any) -> Usage:
    now = datetime.now(UTC)
    return await mesh.usage_reports.usage(
        principal, since=now - timedelta(hours=2), until=now, by=by, **narrowed
    )


def calls_by(usage: Usage) -> dict[tuple[str, ...], int]:
    return {tuple(row.key.values()): row.spend.calls for row in usage.rows}


async def test_a_call_is_charged_to_one_group_the_first_that_opens_the_model(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with three_calls(tmp_path, upstream) as mesh:
        usage = await lately(mesh, ROOT, "group", "user")
        assert calls_by(usage) == {
            ("analysts", "ada"): 1,
            ("analysts", "bob"): 1,
            ("physics", "ada"): 1,
        }
        assert usage.total.calls == 3
        model = await lately(mesh, ROOT, "model", where={"group": "physics"})
        assert calls_by(model) == {("up/m",): 1}


@pytest.mark.parametrize("by", [(), *((name,) for name in GROUPINGS), FIELDS, ("day", "group")])
async def test_however_it_is_grouped_the_total_is_that_of_the_calls(
    tmp_path: Path, upstream: FakeOpenAI, by: tuple[str, ...]
) -> None:
    async with three_calls(tmp_path, upstream) as mesh:
        usage = await lately(mesh, ROOT, *by)
        page = await mesh.calls(ROOT)
        assert usage.total.calls == len(page.calls) == 3
        assert usage.total.cost_usd == sum(one.cost_usd or 0 for one in page.calls) > 0
        assert usage.total.input_tokens == sum(one.tokens.input for one in page.calls)
        assert all(tuple(row.key) == by for row in usage.rows)


async def test_everybody_sees_their_own_a_team_its_groups_and_admins_all(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with three_calls(tmp_path, upstream) as mesh:
        for principal, view, seen in (
            (ADA, None, ("own", 2)),
            (ROOT, None, ("all", 3)),
            (ROOT, "own", ("own", 0)),
            (MANAGER, "own", ("own", 0)),
            (MANAGER, "team", ("team", 1)),
        ):
            usage = await lately(mesh, principal, view=view)
            assert (usage.view, usage.total.calls) == seen
        plain = Principal(user="bob", scopes=frozenset({Scope.USE}))
        for principal, view in ((plain, "team"), (plain, "all"), (MANAGER, "all")):
            with pytest.raises(NotPermitted):
                await lately(mesh, principal, view=view)
            with pytest.raises(NotPermitted):
                await mesh.usage_reports.forecast(principal, view=view)


async def test_narrowing_to_somebody_else_shows_no_more_than_one_may_see(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with three_calls(tmp_path, upstream) as mesh:
        assert (await lately(mesh, BOB, where={"user": "ada"})).total.calls == 0
        assert (await lately(mesh, MANAGER, view="team", where={"user": "bob"})).total.calls == 0
        assert (await lately(mesh, ROOT, where={"user": "ada"})).total.calls == 2


async def test_what_is_no_field_is_refused_and_so_are_too_many_rows(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with three_calls(tmp_path, upstream) as mesh:
        with pytest.raises(InvalidRequest, match="day"):
            await lately(mesh, ROOT, where={"day": "2026-01-01"})
        with pytest.raises(InvalidRequest, match="more than 1 rows"):
            await lately(mesh, ROOT, "user", most=1)


def row(key: dict[str, str], **figures: object) -> UsageRow:
    return UsageRow(key=key, spend=Spend.model_validate({**NOTHING.model_dump(), **figures}))


def usage_of(*rows: UsageRow) -> Usage:
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    by = list(rows[0].key)
    return Usage(since=moment, until=moment, by=by, rows=list(rows), total=total(rows))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\r=1", "\n=1"])
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    written = to_csv(usage_of(row({"document": text}, cost_usd=Decimal("1E-12"))))
    (names, cells) = csv.reader(io.StringIO(written.decode(), newline=""))
    assert cells[0] == f"'{text}"
    assert cells[names.index("cost_usd")] == "0.000000000001"
    assert names == ["document", *Spend.model_fields]


@pytest.mark.parametrize("text", ["a=b", "5-1", "reports/q3.ipynb", 'say "hi", you'])
def test_a_harmless_cell_stays_as_it_is(text: str) -> None:
    written = to_csv(usage_of(row({"document": text})))
    assert list(csv.reader(io.StringIO(written.decode(), newline="")))[1][0] == text


def test_parquet_has_exact_amounts_and_moments() -> None:
    labels = {
        "hour": ("2026-02-11T13:00:00Z", datetime(2026, 2, 11, 13, tzinfo=UTC)),
        "day": ("2026-02-11", datetime(2026, 2, 11, tzinfo=UTC)),
        "week": ("2026-W07", datetime(2026, 2, 9, tzinfo=UTC)),
        "month": ("2026-02", datetime(2026, 2, 1, tzinfo=UTC)),
        "quarter": ("2026-Q4", datetime(2026, 10, 1, tzinfo=UTC)),
    }
    assert tuple(labels) == PERIODS
    key = {name: label for name, (label, _) in labels.items()} | {"model": "up/m"}
    cost = Decimal("123456789.000000000001")
    table = parquet.read_table(io.BytesIO(to_parquet(usage_of(row(key, cost_usd=cost, calls=7)))))
    assert str(table.schema.field("cost_usd").type) == "decimal128(38, 12)"
    ((found),) = table.to_pylist()
    assert (found["cost_usd"], found["calls"], found["model"]) == (cost, 7, "up/m")
    assert {name: found[name] for name in labels} == {n: at for n, (_, at) in labels.items()}


async def test_the_forecast_starts_from_what_was_spent_and_saved(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with three_calls(tmp_path, upstream) as mesh:
        await ask(mesh, chat(), BOB)  # the same as before: from the cache
        usage = (await lately(mesh, ROOT, where={"model": "up/m"})).total
        said = await mesh.usage_reports.forecast(
            ROOT, window="quarter", timezone="Asia/Kolkata", where={"model": "up/m"}
        )
        assert (said.spent_usd, said.saved_usd) == (usage.cost_usd, usage.saved_usd)
        assert usage.saved_usd > 0
        assert said.calls == 3
        assert said.window_start < datetime.now(UTC) < said.window_end
        assert sum(day.cost_usd for day in said.days) == said.spent_usd


async def test_what_a_connection_costs_by_the_hour_is_spread_over_its_calls_to_the_last_digit(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    began = datetime.now(UTC) - timedelta(hours=1)
    hourly = {"usd": "7", "since": began.isoformat()}
    connections = {
        "up": connection(upstream, hourly_cost=hourly),
        "idle": connection(upstream, hourly_cost={**hourly, "until": began + HALF_AN_HOUR}),
        "echo": {"provider": "echo"},
    }
    async with mesh_of(tmp_path, connections) as mesh:
        for principal, model in ((ADA, "up/m"), (ADA, "echo/echo"), (BOB, "up/m")):
            await ask(mesh, chat(f"{principal.user} asks", model=model), principal)
        by_user = await lately(mesh, ROOT, "user", "model")
        shares = {tuple(row.key.values()): row.spend.fixed_usd for row in by_user.rows}
        assert shares["ada", "echo/echo"] == 0
        assert shares["ada", "up/m"] > 3
        assert shares["bob", "up/m"] > 3
        assert sum(shares.values()) == by_user.total.fixed_usd
        assert abs(by_user.total.fixed_usd - 7) < Decimal("0.1")
        assert abs(by_user.idle_usd - Decimal("3.5")) < Decimal("1E-9")
        own = await lately(mesh, BOB, "user")
        assert abs(own.total.fixed_usd - shares["bob", "up/m"]) < Decimal("0.1")
        assert own.idle_usd == 0
        elsewhere = await lately(mesh, ROOT, where={"connection": "echo"})
        assert (elsewhere.total.fixed_usd, elsewhere.idle_usd) == (0, 0)
