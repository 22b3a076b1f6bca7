"""Sinks get every record at least once, whatever stops: they, the gateway, the network."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.mesh import Mesh, sinks
from jupyter_mesh.schemas.json import JsonObject, as_object
from jupyter_mesh.spi import SINK_GROUP
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .receivers import Receiver, web_receiver
from .world import ask, chat, connection, mesh_of, put, until

pytestmark = pytest.mark.usefixtures("both_stores")

OWN = {
    "file": "jupyter_mesh.reporting.file_sink:FileSink",
    "webhook": "jupyter_mesh.reporting.webhook_sink:WebhookSink",
}
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def own_sinks(install: Callable[..., None]) -> None:
    install(SINK_GROUP, **OWN)


def file_sink(folder: Path, **fields: object) -> dict[str, object]:
    return {"sinks": {"kept": {"sink": "file", "path": str(folder / "audit.jsonl"), **fields}}}


def records(folder: Path) -> list[JsonObject]:
    path = folder / "audit.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


async def calls(mesh: Mesh, count: int) -> list[str]:
    """Ids of so many calls that have ended."""
    texts = [f"call {next(_numbers)}" for _ in range(count)]
    outcomes = [await ask(mesh, chat(text)) for text in texts]
    return [outcome.call.id for outcome in outcomes]


async def told(folder: Path, ids: list[str]) -> None:
    async def all_there() -> bool:
        return {one["id"] for one in records(folder)} >= set(ids)

    await until(all_there)


async def test_every_call_that_ended_is_told_without_its_words(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    audit = file_sink(tmp_path)
    async with mesh_of(tmp_path, {"up": connection(upstream)}, audit=audit) as mesh:
        ids = await calls(mesh, 3)
        refused = await ask(mesh, chat(model="up/nothing"))
        await told(tmp_path, [*ids, refused.call.id])
        found = records(tmp_path)
        assert sorted(str(one["id"]) for one in found) == sorted([*ids, refused.call.id])
        call = as_object(found[0]["call"]) or {}
        assert (as_object(call["summary"]) or {})["outcome"] == "answered"
        assert "request" not in call
        assert b"call " not in (tmp_path / "audit.jsonl").read_bytes()


async def test_words_go_along_where_the_sink_asks_for_them(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    audit = file_sink(tmp_path, content=True)
    async with mesh_of(tmp_path, {"up": connection(upstream)}, audit=audit) as mesh:
        ids = await calls(mesh, 1)
        await told(tmp_path, ids)
        call = as_object(records(tmp_path)[0]["call"]) or {}
        assert call["request"]


async def test_what_was_recorded_while_a_sink_or_the_gateway_was_down_is_told_later(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "_LONGEST_PAUSE", 0.1)
    up = {"up": connection(upstream)}
    async with web_receiver() as receiver:
        hook = {"sink": "webhook", "url": receiver.url, "private": True, "batch": 2}
        audit = {"sinks": {"hook": hook}}
        receiver.answers = [500]
        async with mesh_of(tmp_path, up, audit=audit) as mesh:
            early = await calls(mesh, 3)

            async def tried() -> bool:
                return bool(receiver.received)

            await until(tried)
        receiver.received.clear()
        receiver.answers = [200]
        async with mesh_of(tmp_path, up, audit=audit) as mesh:
            late = await calls(mesh, 2)

            async def all_there() -> bool:
                return set(_ids(receiver)) == {*early, *late}

            await until(all_there)
        assert max(len(_batch(one.raw)) for one in receiver.received) == 2
        assert len(_ids(receiver)) == 5


async def test_a_new_sink_begins_now_or_with_all_there_is(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    up = {"up": connection(upstream)}
    async with mesh_of(tmp_path, up) as mesh:
        before = await calls(mesh, 2)
    audit = file_sink(tmp_path)
    both = audit["sinks"] | {  # type: ignore[operator]
        "all": {"sink": "file", "path": str(tmp_path / "all.jsonl"), "backfill": True}
    }
    async with mesh_of(tmp_path, up, audit={"sinks": both}) as mesh:

        async def begun() -> bool:
            return (tmp_path / "all.jsonl").exists()

        await until(begun)
        after = await calls(mesh, 1)
        await told(tmp_path, after)
        assert [one["id"] for one in records(tmp_path)] == after

        async def everything() -> bool:
            lines = (tmp_path / "all.jsonl").read_bytes().splitlines()
            return [orjson.loads(line)["id"] for line in lines] == [*before, *after]

        await until(everything)


async def test_of_several_gateways_one_tells_a_sink_the_records_of_all(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    up, audit = {"up": connection(upstream)}, file_sink(tmp_path)
    async with (
        mesh_of(tmp_path, up, audit=audit) as first,
        mesh_of(tmp_path, up, audit=audit) as second,
    ):
        ids = [*await calls(first, 3), *await calls(second, 3)]
        await told(tmp_path, ids)
        await asyncio.sleep(1.5)
        assert sorted(str(one["id"]) for one in records(tmp_path)) == sorted(ids)


async def test_a_sink_that_is_down_for_long_is_told_of_and_holds_up_no_call(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "_PATIENCE", 0.0)
    monkeypatch.setattr(sinks, "_LONGEST_PAUSE", 0.1)
    folder = tmp_path / "later"
    audit = file_sink(folder)
    async with mesh_of(tmp_path, {"up": connection(upstream)}, audit=audit) as mesh:
        ids = await calls(mesh, 1)

        async def alerted() -> bool:
            found = (await mesh.alerts.page(kind="sink")).alerts
            return [one.subject for one in found] == ["kept"]

        await until(alerted)
        folder.mkdir()
        await told(folder, ids)

        async def over() -> bool:
            return (await mesh.alerts.page(kind="sink")).alerts == []

        await until(over)


async def test_a_sink_that_cannot_be_made_is_refused_where_it_is_written(
    mesh: Mesh, tmp_path: Path
) -> None:
    for wrong in ({"sink": "fiel"}, {"sink": "file"}, {"sink": "file", "path": "x", "siez": 1}):
        with pytest.raises(ConfigError, match=r"file|path|siez"):
            await put(mesh, "general", "audit", value={"sinks": {"kept": wrong}})
    right = file_sink(tmp_path)
    await put(mesh, "general", "audit", value=right)

    async def begun() -> bool:
        return mesh._parts.sinks.begun("kept")

    await until(begun)
    ids = await calls(mesh, 1)
    await told(tmp_path, ids)


def _batch(raw: bytes) -> list[JsonObject]:
    return orjson.loads(raw)["records"]


def _ids(receiver: Receiver) -> list[str]:
    return [str(record["id"]) for one in receiver.received for record in _batch(one.raw)]
