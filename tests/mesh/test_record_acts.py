"""Exporting, reading what others said, and destroying it: each stands in the record itself."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jupyter_mesh.errors import InvalidRequest, NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.audit_acts import Erasure
from jupyter_mesh.schemas.audit_proof import AuditCheck
from jupyter_mesh.schemas.call_search import CallSearch
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.principals import auditor
from tests.storage.samples import Store, execute

from .world import ADA, BOB, ROOT, ask, chat, connection, mesh_of

pytestmark = pytest.mark.usefixtures("both_stores")

AUDITOR = auditor("aud")
ECHO = {"echo": {"provider": "echo"}}
EVIL = '=HYPERLINK("http://evil")'


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def acts(mesh: Mesh, **wanted: Any) -> list[tuple[str, str, str]]:
    found = await mesh.acts.page(
        **{"subject": None, "act": None, "before": None, "limit": 50} | wanted
    )
    return [(one.act, one.by, one.subject) for one in found.acts]


async def said(mesh: Mesh, who: Any, call_id: str) -> tuple[object, str]:
    detail = await mesh.call_detail(who, call_id)
    return detail.request, detail.content


async def test_who_reads_what_another_said_is_recorded_and_own_reading_is_not(
    tmp_path: Path,
) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        call_id = (await ask(mesh, chat(model="echo/echo"))).call.id
        await mesh.call_detail(ADA, call_id)
        await mesh.calls(AUDITOR)
        assert await acts(mesh) == []
        for _ in range(2):
            await mesh.call_detail(AUDITOR, call_id)
        assert await acts(mesh, subject=call_id) == [("read_content", "aud", call_id)] * 2
        assert (await mesh.audit.verify(AuditCheck())).ok


async def test_an_export_holds_exactly_what_the_search_finds_in_every_format(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    async with FakeOpenAI() as upstream, mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        for number in range(5):
            await ask(mesh, chat(), ADA if number % 2 else BOB, document=EVIL)
        listed = (await mesh.calls(AUDITOR, CallSearch(user="bob"))).calls
        files = {
            format: await whole(
                await mesh.export.file(AUDITOR, CallSearch(user="bob"), format, view=None)
            )
            for format in ("jsonl", "csv", "parquet")
        }
        assert await acts(mesh) == [("export", "aud", "")] * 3
    lines = [json.loads(line) for line in files["jsonl"].splitlines()]
    cells = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    table = parquet.read_table(io.BytesIO(files["parquet"]))
    for ids in (
        [one["id"] for one in lines],
        [one["id"] for one in cells],
        table["id"].to_pylist(),
    ):
        assert ids == [call.id for call in listed]
    costs = [call.cost_usd for call in listed]
    assert len(costs) == 3
    assert None not in costs
    assert [Decimal(one["cost_usd"]) for one in lines] == costs
    assert [Decimal(one["cost_usd"]) for one in cells] == costs
    assert table["cost_usd"].to_pylist() == costs
    assert str(table.schema.field("cost_usd").type) == "decimal128(38, 12)"
    assert str(table.schema.field("started_at").type) == "timestamp[us, tz=UTC]"
    assert table["started_at"].to_pylist() == [call.started_at for call in listed]
    assert {one["document"] for one in lines} == {EVIL}
    assert {one["document"] for one in cells} == {f"'{EVIL}"}


async def test_an_export_stays_within_what_one_may_see(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        for who in (ADA, BOB):
            await ask(mesh, chat(model="echo/echo"), who)
        own = await whole(await mesh.export.file(ADA, CallSearch(), "jsonl", view=None))
        assert [json.loads(line)["user"] for line in own.splitlines()] == ["ada"]
        with pytest.raises(NotPermitted):
            await mesh.export.file(ADA, CallSearch(), "jsonl", view="all")
        with pytest.raises(InvalidRequest):
            await mesh.export.file(AUDITOR, CallSearch(), "csv", view=None, content=True)
        full = await mesh.export.file(AUDITOR, CallSearch(), "jsonl", view=None, content=True)
        spoken = [json.loads(line) for line in (await whole(full)).splitlines()]
        assert [one["request"]["messages"][0]["content"] for one in spoken] == ["Hi", "Hi"]


async def test_an_export_is_recorded_before_its_first_byte_and_made_as_it_is_read(
    tmp_path: Path,
) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        for _ in range(3):
            await ask(mesh, chat(model="echo/echo"))
        pieces = await mesh.export.file(AUDITOR, CallSearch(), "csv", view=None)
        assert await acts(mesh) == [("export", "aud", "")]
        await ask(mesh, chat(model="echo/echo"))
        text = (await whole(pieces)).decode()
        assert len(text.splitlines()) == 1 + 4  # also what was asked before it was read


async def test_the_inventory_is_a_file_too(tmp_path: Path) -> None:
    use = {"answers": {"application": "notebook", "owner": EVIL, "risk_class": "high"}}
    async with mesh_of(tmp_path, ECHO, use_cases=use, audit={"retain": "30d"}) as mesh:
        await ask(mesh, chat(model="echo/echo"), purpose="research")
        now = datetime.now(UTC)
        period = {"since": now - timedelta(days=1), "until": now}
        text = (await whole(await mesh.inventory.file(AUDITOR, "csv", **period))).decode()
        (line,) = csv.DictReader(io.StringIO(text))
        assert (line["name"], line["owner"], line["models"]) == ("answers", f"'{EVIL}", "echo/echo")
        assert "six months" in line["warnings"]
        assert await acts(mesh) == [("export", "aud", "inventory")]


ERASED = [("everybody", Erasure(everybody=True), {}), ("one", Erasure(user="ada"), {"bob"})]


@pytest.mark.parametrize(("_name", "erasure", "left"), ERASED)
async def test_erasing_destroys_what_was_said_and_the_record_still_verifies(
    tmp_path: Path, _name: str, erasure: Erasure, left: set[str]
) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        ids = {
            who.user: [(await ask(mesh, chat(model="echo/echo"), who)).call.id for _ in range(2)]
            for who in (ADA, BOB)
        }
        erased = await mesh.acts.erase(ROOT, erasure)
        assert (erased.users, erased.calls) == (2 - len(left), 4 - 2 * len(left))
        for who in (ADA, BOB):
            request, state = await said(mesh, who, ids[who.user][0])
            assert (request is None, state == "erased") == (who.user not in left,) * 2
        assert (await mesh.audit.verify(AuditCheck())).ok
        assert len((await mesh.calls(AUDITOR)).calls) == 4
        assert (await acts(mesh, act="erase"))[0][1:] == ("root", erasure.user or "")
        after = (await ask(mesh, chat(model="echo/echo"), ADA)).call.id
        assert (await said(mesh, ADA, after))[1] == "redacted"
        assert (await mesh.audit.verify(AuditCheck())).ok


@pytest.mark.parametrize(("_name", "erasure", "left"), ERASED)
async def test_erasing_forgets_the_answers_that_are_kept_as_well(
    tmp_path: Path, _name: str, erasure: Erasure, left: set[str]
) -> None:
    async with FakeOpenAI() as upstream, mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        for who in (ADA, BOB):
            await ask(mesh, chat(), who)
        await mesh.acts.erase(ROOT, erasure)
        before = len(upstream.requests)
        for who in (ADA, BOB):
            await ask(mesh, chat(), who)
        assert len(upstream.requests) - before == 2 - len(left)


async def test_nobody_erases_everything_by_leaving_a_field_out(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        for erasure in (Erasure(), Erasure(user="ada", everybody=True)):
            with pytest.raises(InvalidRequest):
                await mesh.acts.erase(ROOT, erasure)
        assert await acts(mesh) == []


@pytest.mark.parametrize(
    ("tamper", "word"),
    [
        ("UPDATE audit_acts SET username = 'eve'", "altered"),
        ("DELETE FROM audit_acts", "missing"),
        (
            "INSERT INTO audit_acts (at, username, via, act, subject) "
            "VALUES (9000000000000000, 'eve', 'x', 'erase', '')",
            "outside",
        ),
    ],
)
async def test_an_act_that_was_altered_removed_or_put_in_is_found(
    tmp_path: Path, both_stores: Store, tamper: str, word: str
) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        call_id = (await ask(mesh, chat(model="echo/echo"))).call.id
        await mesh.call_detail(AUDITOR, call_id)
        execute(both_stores, tamper)
        fault = (await mesh.audit.verify(AuditCheck())).fault
        assert fault is not None
        assert word in fault.reason
