"""Where costs are named, prices that nobody has looked at for too long are named with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.call_search import View
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, BOB, ROOT, ask, chat, connection, mesh_of

TODAY = datetime.now(UTC).date()
OLD, NEW = (TODAY - timedelta(days=200)).isoformat(), TODAY.isoformat()


def models(**checked: str | None) -> dict[str, object]:
    price: dict[str, object] = {"input": 1, "output": 10}
    return {
        name: {"price": {**price, **({"checked": day} if day else {})}}
        for name, day in checked.items()
    }


async def notes(
    mesh: Mesh, who: Principal, view: View, by: str = "model", **where: str
) -> list[str]:
    now = datetime.now(UTC)
    usage = await mesh.usage_reports.usage(
        who, since=now - timedelta(days=1), until=now, by=[by], view=view, where=where
    )
    return usage.notes


async def test_usage_and_inventory_say_which_models_it_is_about(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    up = connection(upstream, models=models(a=OLD, b=NEW, c=None, d=OLD))
    groups = {
        "all": {"members": ["ada", "root"]},
        "few": {"members": ["bob"], "allow": ["up/b"]},
    }
    async with mesh_of(tmp_path, {"up": up}, groups=groups) as mesh:
        assert await notes(mesh, ROOT, "all") == []
        for model in ("up/a", "up/b", "up/c"):
            assert (await ask(mesh, chat(model=model), ADA)).error is None
        assert (await ask(mesh, chat("2", model="up/b"), BOB)).error is None
        of = f"The prices of {{}} may be out of date: the price table of up is of {OLD}."
        assert await notes(mesh, ROOT, "all") == [of.format("up/a")]
        assert await notes(mesh, ROOT, "all", by="user") == [of.format("up/a, up/d")]
        assert await notes(mesh, ROOT, "all", by="user", model="up/b") == []
        assert await notes(mesh, BOB, "own", by="user") == []
        now = datetime.now(UTC)
        report = await mesh.inventory.report(since=now - timedelta(days=1), until=now)
        (case,) = report.use_cases
        assert of.format("up/a") in case.warnings
        card = next(one for one in (await mesh.models(ADA)).models if one.id == "up/a")
        assert card.price is not None
        assert card.price.as_of is not None
        assert card.price.as_of.isoformat() == OLD


@pytest.mark.parametrize(("after", "told"), [("120d", True), ("201d", False), (None, False)])
async def test_how_old_is_too_old_is_a_setting(
    tmp_path: Path, upstream: FakeOpenAI, after: str | None, told: bool
) -> None:
    up = connection(upstream, models=models(m=OLD))
    async with mesh_of(tmp_path, {"up": up}, prices={"outdated_after": after}) as mesh:
        assert (await ask(mesh, chat())).error is None
        assert bool(await notes(mesh, ADA, "own")) is told
