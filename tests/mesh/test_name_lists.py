"""Names of a company's own database and its own expressions, through a whole mesh."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError, InvalidRequest, NotFound, ScreeningUnavailable
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.guards import GuardTrial
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from tests.guards.name_world import sqlite_with

from .world import ROOT, ask, chat, connection, mesh_of, put, until

NAMES = [("Ada", "Lovelace"), ("Jürgen", "Groß")]
ORDERS = {
    "guard": "expressions",
    "patterns": [{"entity": "ORDER_NUMBER", "pattern": r"\bPO-\d{6}\b"}],
}


def staff(url: str, **settings: object) -> dict[str, object]:
    return {
        "guard": "database",
        "url": url,
        "query": "SELECT first, last FROM people",
        "columns": {"first last": "PERSON"},
        **settings,
    }


async def loaded(mesh: Mesh) -> None:
    async def can() -> bool:
        return (await ask(mesh, chat("is it there?"))).error is None

    await until(can)


@pytest.mark.parametrize("hashed", [False, True])
async def test_names_and_numbers_of_ones_own_never_leave_and_come_back(
    tmp_path: Path, upstream: FakeOpenAI, hashed: bool
) -> None:
    url = sqlite_with(tmp_path / "staff.db", NAMES, "first, last")
    guards = {"staff": staff(url, hashed=hashed), "orders": ORDERS}
    screening = [{"detectors": ["staff", "orders"]}]
    up = {"up": connection(upstream)}
    async with mesh_of(tmp_path, up, guards=guards, screening=screening) as mesh:
        await loaded(mesh)
        text = "<PERSON_1> and <PERSON_2> know <ORDER_NUMBER_1>."
        upstream.default = Behaviour(text=text)
        outcome = await ask(mesh, chat("ada  LOVELACE asks Gross, Jurgen about PO-123456."))
        assert outcome.error is None
        sent = upstream.requests[-1].body.decode()
        assert "<PERSON_1> asks <PERSON_2> about <ORDER_NUMBER_1>." in sent
        assert outcome.text == "ada  LOVELACE and Gross, Jurgen know PO-123456."
    state = [one for one in (tmp_path / "state" / "guards").rglob("*") if one.is_file()]
    assert state
    assert all(b"lovelace" not in one.read_bytes().lower() for one in state)


async def test_while_a_list_was_never_read_nothing_is_sent_and_an_alert_says_why(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    guards = {"staff": staff(f"sqlite:///{tmp_path}/none.db")}
    up = {"up": connection(upstream)}
    async with mesh_of(tmp_path, up, guards=guards, screening=[{"detectors": ["staff"]}]) as mesh:
        assert isinstance((await ask(mesh, chat("Hi"))).error, ScreeningUnavailable)
        assert upstream.requests == []

        async def told() -> bool:
            await mesh._parts.alerts.flush()
            page = await mesh.alerts.page(kind="guard")
            texts = [one.text for one in page.alerts if one.subject == "staff"]
            return any(
                "never read" in text and "on trial let theirs pass" in text for text in texts
            )

        await until(told)


async def test_the_alert_of_a_guard_ends_with_the_guard_and_no_other_does(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    up = {"up": connection(upstream)}
    async with mesh_of(tmp_path, up, personal=True) as mesh:
        lost = staff(f"sqlite:///{tmp_path}/none.db")
        versions = {name: await put(mesh, "guards", name, None, **lost) for name in ("one", "two")}

        async def open_alerts() -> set[str]:
            await mesh._parts.conditions.look()
            await mesh._parts.alerts.flush()
            page = await mesh.alerts.page(kind="guard", state="open")
            return {alert.subject for alert in page.alerts}

        async def both() -> bool:
            return await open_alerts() == {"one", "two"}

        await until(both)
        await mesh.administration.remove(ROOT, "guards", "one", versions["one"])

        async def only_the_other() -> bool:
            return await open_alerts() == {"two"}

        await until(only_the_other)


async def test_a_list_that_an_admin_changes_is_read_anew_and_the_same_one_goes_on(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    url = sqlite_with(tmp_path / "staff.db", NAMES, "first, last")
    up = {"up": connection(upstream)}
    async with mesh_of(tmp_path, up, personal=True) as mesh:
        version = await put(mesh, "guards", "staff", None, **staff(url))
        await put(mesh, "screening", "names", None, detectors=["staff"])
        await loaded(mesh)
        before = mesh._parts.guards.detectors["staff"]
        await put(mesh, "guards", "orders", None, **ORDERS)
        assert mesh._parts.guards.detectors["staff"] is before
        await put(mesh, "guards", "staff", version, **staff(url, columns={"last": "EMPLOYEE"}))
        assert mesh._parts.guards.detectors["staff"] is not before
        await loaded(mesh)
        await ask(mesh, chat("ask Lovelace"))
        assert "ask <EMPLOYEE_1>" in upstream.requests[-1].body.decode()


@pytest.mark.parametrize("hashed", [False, True])
async def test_a_list_is_read_again_when_an_admin_says_so(
    tmp_path: Path, upstream: FakeOpenAI, hashed: bool
) -> None:
    url = sqlite_with(tmp_path / "staff.db", NAMES, "first, last")
    guards = {"staff": staff(url, hashed=hashed), "orders": ORDERS}
    up = {"up": connection(upstream)}
    screening = [{"detectors": ["staff"]}]
    async with mesh_of(tmp_path, up, guards=guards, screening=screening) as mesh:
        await loaded(mesh)

        def read() -> int | None:
            [shown] = [one for one in mesh.guards.forms().in_force if one.name == "staff"]
            return None if shown.read is None else shown.read.entries

        before = read()
        assert before is not None
        sqlite_with(tmp_path / "staff.db", [*NAMES, ("Grace", "Hopper")], "first, last")
        assert mesh.guards.read_again("staff").read is not None

        async def more() -> bool:
            return (read() or 0) > before

        await until(more)
        await ask(mesh, chat("ask Grace Hopper"))
        assert "ask <PERSON_1>" in upstream.requests[-1].body.decode()
        with pytest.raises(InvalidRequest, match="reads nothing"):
            mesh.guards.read_again("orders")
        with pytest.raises(NotFound):
            mesh.guards.read_again("nobody")


@pytest.mark.parametrize(
    ("guard", "why"),
    [
        (staff("postgresql://me:pw@host/db"), "password"),
        ({**ORDERS, "patterns": [{"entity": "X", "pattern": "("}]}, "no regular expression"),
    ],
)
async def test_settings_that_cannot_work_are_refused_when_they_are_written(
    tmp_path: Path, upstream: FakeOpenAI, guard: dict[str, object], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        async with mesh_of(tmp_path, {"up": connection(upstream)}, guards={"mine": guard}):
            pass


async def test_a_rule_for_an_entity_that_no_column_or_pattern_has_is_refused(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    guards = {"staff": staff("sqlite:///x.db"), "orders": ORDERS}
    rule = {"detectors": ["staff", "orders"], "entities": {"PASSPORT": "block"}}
    with pytest.raises(ConfigError, match="PASSPORT"):
        async with mesh_of(tmp_path, {"up": connection(upstream)}, guards=guards, screening=[rule]):
            pass


async def test_a_draft_of_a_list_is_read_for_the_trial_and_raises_no_alert(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    url = sqlite_with(tmp_path / "staff.db", NAMES, "first, last")
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[]) as mesh:
        rule = {"kind": "screening", "name": "names", "body": {"detectors": ["staff"]}}
        for where, outcome in ((url, "changed"), (f"sqlite:///{tmp_path}/none.db", "unavailable")):
            draft = [{"kind": "guards", "name": "staff", "body": staff(where)}, rule]
            said = {"text": "ask Ada Lovelace", "draft": draft}
            result = await mesh.guards.try_text(ROOT, GuardTrial.model_validate(said))
            assert result.outcome == outcome
        await mesh._parts.alerts.flush()
        assert (await mesh.alerts.page(kind="guard")).alerts == []
    assert not (tmp_path / "state" / "guards" / "staff.names").exists()
