"""Alerts: kept once, counted, acknowledged, resolved, reopened."""

from __future__ import annotations

import pytest

from jupyter_mesh.errors import InvalidRequest, NotFound
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.alerts import Alert, Signal
from tests.storage.samples import Store, unwritable

from .world import ROOT

pytestmark = pytest.mark.usefixtures("both_stores")


def outage(subject: str = "up/m", **fields: object) -> Signal:
    values: dict[str, object] = {
        "kind": "outage",
        "subject": subject,
        "severity": "warning",
        "title": f"{subject} is out",
        "text": "Look at its connection.",
        **fields,
    }
    return Signal(**values)  # pyright: ignore[reportArgumentType]


async def listed(mesh: Mesh, state: str = "all") -> list[Alert]:
    return (await mesh.alerts.page(state=state)).alerts  # pyright: ignore[reportArgumentType]


async def test_what_is_seen_again_is_the_same_alert(mesh: Mesh) -> None:
    for _ in range(3):
        mesh.signals.raised(outage())
        await listed(mesh)
    mesh.signals.raised(outage("up/n"))
    first, second = sorted(await listed(mesh, "open"), key=lambda one: one.subject)
    assert (first.subject, first.count, second.count) == ("up/m", 3, 1)
    assert first.last_seen > first.first_seen


async def test_one_that_is_over_is_resolved_and_opened_again_when_it_comes_back(mesh: Mesh) -> None:
    mesh.signals.raised(outage())
    (first,) = await listed(mesh)
    await mesh.alerts.acknowledge(ROOT, first.id)
    mesh.signals.raised(outage())
    (seen,) = await listed(mesh, "acknowledged")
    assert (seen.count, seen.acknowledged_by) == (2, "root")
    mesh.signals.ended("outage", "up/m")
    (over,) = await listed(mesh, "resolved")
    assert over.resolved_at is not None
    mesh.signals.raised(outage())
    (again,) = await listed(mesh, "open")
    assert (again.id, again.reopened, again.count) == (first.id, 1, 1)
    assert again.acknowledged_by is None
    assert again.first_seen > first.first_seen


async def test_one_that_gets_worse_is_opened_again_though_somebody_is_at_it(mesh: Mesh) -> None:
    mesh.signals.raised(outage())
    (first,) = await listed(mesh)
    await mesh.alerts.acknowledge(ROOT, first.id)
    mesh.signals.raised(outage(severity="critical"))
    (worse,) = await listed(mesh, "open")
    assert (worse.id, worse.severity) == (first.id, "critical")
    mesh.signals.raised(outage(severity="critical"))
    assert [one.reopened for one in await listed(mesh)] == [1]


async def test_whoever_acknowledges_first_stays(mesh: Mesh) -> None:
    mesh.signals.raised(outage())
    (alert,) = await listed(mesh)
    for _ in range(2):
        taken = await mesh.alerts.acknowledge(ROOT, alert.id)
    assert (taken.state, taken.acknowledged_by) == ("acknowledged", "root")
    summary = await mesh.alerts.summary()
    assert (summary.warning, summary.acknowledged) == (0, 1)
    with pytest.raises(NotFound, match="no alert"):
        await mesh.alerts.acknowledge(ROOT, "alert_of_nobody")


async def test_pages_follow_each_other_without_gap_or_repetition(mesh: Mesh) -> None:
    for number in range(7):
        mesh.signals.raised(outage(f"up/{number}", severity="critical" if number else "info"))
    found: list[str] = []
    before = None
    while True:
        page = await mesh.alerts.page(state="open", before=before, limit=3)
        found += [one.subject for one in page.alerts]
        if (before := page.next) is None:
            break
    assert found == [f"up/{number}" for number in reversed(range(7))]
    assert (await mesh.alerts.summary()).critical == 6
    assert (await mesh.alerts.page(state="open", kind="slo")).alerts == []
    with pytest.raises(InvalidRequest, match="`before`"):
        await mesh.alerts.page(before="x")


async def test_what_the_store_does_not_take_is_shown_from_memory_and_kept_later(
    both_stores: Store, mesh: Mesh
) -> None:
    mesh.signals.raised(outage("up/m"))
    assert len(await listed(mesh)) == 1
    with unwritable(both_stores):
        for subject in ("up/m", "up/n"):
            mesh.signals.raised(outage(subject))
        found = await listed(mesh, "open")
        assert sorted(one.subject for one in found) == ["up/m", "up/n"]
    kept = sorted(await listed(mesh, "open"), key=lambda one: one.subject)
    assert [(one.subject, one.count) for one in kept] == [("up/m", 2), ("up/n", 1)]
    assert kept[1].id.startswith("alert_")


async def test_more_conditions_than_are_bearable_are_dropped_and_counted(mesh: Mesh) -> None:
    for number in range(1010):
        mesh.signals.raised(outage(f"up/{number}"))
    assert mesh.signals.lost == 10
    page = await mesh.alerts.page(limit=200)
    assert len(page.alerts) == 200
    assert page.next is not None
