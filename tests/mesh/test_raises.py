"""A budget that was raised admits calls at once and until its moment; who did it and why is on
record.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import BudgetExceeded, ConfigError
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.audit_proof import AuditCheck
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, BOB, ROOT, ask, chat, connection, mesh_of, put

EACH = {
    "name": "each",
    "scope": {"user": "*"},
    "limit_usd": "0.0001",
    "reserve_output_tokens": 100,
}
"""Less than what one call reserves."""


def body(seconds: float, **more: object) -> dict[str, object]:
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return {
        "budget": "each",
        "limit_usd": "5",
        "until": until.isoformat(),
        "reason": "Closing of the year",
        **more,
    }


async def admitted(mesh: Mesh, text: str, who: object = ADA) -> bool:
    outcome = await ask(mesh, chat(text, max_tokens=100), who)  # pyright: ignore[reportArgumentType]
    assert outcome.error is None or isinstance(outcome.error, BudgetExceeded)
    return outcome.error is None


async def test_it_holds_at_once_in_every_gateway_and_is_over_by_itself(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream)}
    async with (
        mesh_of(tmp_path, connections, budgets=[EACH]) as one,
        mesh_of(tmp_path, connections, budgets=[EACH]) as other,
    ):
        assert not await admitted(one, "before")
        raise_body = body(4)
        await put(one, "raises", "closing", **raise_body)
        assert await admitted(one, "now")
        await other._parts.governance.refresh()
        assert await admitted(other, "there too")
        (status,) = await one.budgets(ADA)
        assert (status.limit_usd, status.usual_limit_usd) == (Decimal(5), Decimal("0.0001"))
        assert status.raised_until == datetime.fromisoformat(str(raise_body["until"]))
        assert status.raised_until is not None
        rest = status.raised_until - datetime.now(UTC)
        version = one.snapshot.version
        await asyncio.sleep(max(0.0, rest.total_seconds()))
        assert not await admitted(one, "over")
        assert not await admitted(other, "over there")
        assert one.snapshot.version == version, "nothing had to be changed for that"
        (status,) = await one.budgets(ADA)
        assert (status.limit_usd, status.raised_until) == (Decimal("0.0001"), None)


async def test_a_share_is_raised_alone_and_a_raise_is_taken_back(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=[EACH]) as mesh:
        version = await put(mesh, "raises", "ada", **body(600, share="user=ada"))
        assert await admitted(mesh, "one")
        assert not await admitted(mesh, "two", BOB)
        await mesh.administration.remove(ROOT, "raises", "ada", version)
        assert not await admitted(mesh, "three")


async def test_who_raised_it_and_why_is_in_the_audit_chain(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=[EACH]) as mesh:
        await put(mesh, "raises", "closing", **body(600))
        (change,) = (
            await mesh.administration.changes(kind="raises", name=None, before=None, limit=10)
        ).changes
        assert (change.changed_by, change.before) == ("root", None)
        assert change.after is not None
        assert change.after["reason"] == "Closing of the year"
        verdict = await mesh.audit.verify(AuditCheck())
        assert verdict.ok
        assert verdict.entries >= 1


async def test_a_budget_that_refused_is_no_alert_any_more_once_it_is_raised(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=[EACH]) as mesh:

        async def look() -> list[str]:
            await mesh._parts.alerts.flush()
            await mesh._parts.conditions.look()
            await mesh._parts.alerts.flush()
            page = await mesh.alerts.page(state="open", kind="budget_reached")
            return [alert.subject for alert in page.alerts]

        assert not await admitted(mesh, "one")
        assert len(await look()) == 1
        await put(mesh, "raises", "bob", **body(600, share="user=bob"))
        assert len(await look()) == 1
        await put(mesh, "raises", "ada", **body(600, share="user=ada"))
        assert await look() == []


async def test_of_a_budget_that_is_not_there_nothing_is_raised(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, {"echo": {"provider": "echo"}}, budgets=[EACH]) as mesh:
        with pytest.raises(ConfigError, match="did you mean 'each'"):
            await put(mesh, "raises", "closing", **body(600, budget="eachh"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"until": "2026-11-01"}, "over already"),
        ({"share": "group=team"}, "has no share 'group=team'"),
        ({"share": "user=ada&application=app"}, "has no share"),
        ({"budget": "eech"}, "did you mean 'each'?"),
    ],
)
async def test_a_raise_that_could_never_apply_is_refused(
    tmp_path: Path, upstream: FakeOpenAI, wrong: dict[str, object], said: str
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=[EACH]) as mesh:
        with pytest.raises(ConfigError) as refused:
            await put(mesh, "raises", "wrong", **body(600, **wrong))
        assert said in refused.value.message


async def test_with_its_budget_a_raise_ends_and_another_stays(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        rule = {"scope": {"user": "*"}, "limit_usd": "1"}
        gone = await put(mesh, "budgets", "gone", **rule)
        await put(mesh, "budgets", "stays", **rule)
        await put(mesh, "raises", "one", **body(600, budget="gone"))
        await put(mesh, "raises", "two", **body(600, budget="stays"))
        await mesh.administration.remove(ROOT, "budgets", "gone", gone)
        config = mesh._parts.governance.config
        assert ([rule.name for rule in config.budgets], list(config.raises)) == (["stays"], ["two"])
        (ended,) = await mesh._parts.governance.changes(
            kind="raises", name="one", before=None, limit=1
        )
        assert (ended.after, ended.changed_by) == (None, "root")
