"""Views that are open wait for what is configured to be another, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from jupyter_mesh_server import revision_routes
from jupyter_mesh_server.service import Service

from jupyter_mesh.config import Config, new_key
from jupyter_mesh.mesh.revisions import MOST_OF_ONE_USER
from jupyter_mesh.schemas.json import JsonObject

from .conftest import Host, Reply, bearer, new_session, until
from .scripted_mesh import ADMIN_KEY, ScriptedMesh

PATH = "/api/revision"
KEY, HASH = new_key()
FOR_EVER = 3600.0
SOON = 15.0
"""Seconds that prove nothing but that it was not the end of `FOR_EVER`."""


@pytest.fixture(autouse=True)
def nobody_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision_routes, "HOLD", FOR_EVER)


async def now(host: Host, **headers: str) -> str:
    reply = await host.ask("GET", PATH, headers=headers or None)
    assert reply.status == 200
    return reply.json["revision"]


def waiting(host: Host, after: str) -> asyncio.Task[Reply]:
    return asyncio.create_task(host.ask("GET", f"{PATH}?after={after}"))


async def test_who_waits_is_told_as_soon_as_something_else_is_in_force(host: Host) -> None:
    host.mesh.revisions.reach(4)
    before = await now(host)
    asked = waiting(host, before)
    await until(lambda: host.mesh.revisions.waiting == 1)
    host.mesh.revisions.reach(4)  # the same again, as when a file was touched
    host.mesh.revisions.reach(3)  # nor what was in force before, as a gateway says that lags behind
    await asyncio.sleep(0.2)
    assert not asked.done()
    host.mesh.revisions.reach(5)
    after = (await asyncio.wait_for(asked, SOON)).json["revision"]
    assert after == await now(host) != before
    assert host.mesh.revisions.waiting == 0


async def test_who_has_an_older_one_or_had_other_rights_is_told_at_once(host: Host) -> None:
    host.mesh.revisions.reach(4)
    before = await now(host)
    host.mesh.revisions.reach(5)
    assert (await asyncio.wait_for(waiting(host, before), SOON)).status == 200
    with_more = await now(host, **bearer(ADMIN_KEY))
    without = await now(host)
    assert with_more != without
    told = await asyncio.wait_for(waiting(host, with_more), SOON)
    assert told.json["revision"] == without


async def test_when_nothing_changes_the_same_is_told_after_a_while(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision_routes, "HOLD", 0.2)
    host.mesh.revisions.reach(4)
    before = await now(host)
    later = before.replace("4.", "9.")  # of a store that is no more
    for after in (before, later):
        assert (await waiting(host, after)).json["revision"] == before


@pytest.mark.parametrize("after", ["4", "4.zz", "-2.0000000000000000", "x" * 400])
async def test_what_was_never_told_is_refused(host: Host, after: str) -> None:
    reply = await host.ask("GET", f"{PATH}?after={after}")
    assert (reply.status, reply.code) == (400, "invalid_request")
    assert reply.json["error"]["param"] == "after"


async def test_a_user_has_so_many_waiting_and_who_leaves_makes_room(host: Host) -> None:
    host.mesh.revisions.reach(4)
    before = await now(host)
    asked = [waiting(host, before) for _ in range(MOST_OF_ONE_USER)]
    await until(lambda: host.mesh.revisions.waiting == MOST_OF_ONE_USER)
    refused = await host.ask("GET", f"{PATH}?after={before}")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
    asked[0].cancel()
    await until(lambda: host.mesh.revisions.waiting == MOST_OF_ONE_USER - 1)
    another = waiting(host, before)
    await until(lambda: host.mesh.revisions.waiting == MOST_OF_ONE_USER)
    host.mesh.revisions.reach(5)
    replies = await asyncio.wait_for(asyncio.gather(another, *asked[1:]), SOON)
    assert {reply.status for reply in replies} == {200}


async def test_nobody_waits_where_it_is_about_to_stop(host: Host) -> None:
    host.mesh.revisions.reach(4)
    before = await now(host)
    asked = waiting(host, before)
    await until(lambda: host.mesh.revisions.waiting == 1)
    host.mesh.revisions.end()
    late = waiting(host, before)
    replies = await asyncio.wait_for(asyncio.gather(asked, late), SOON)
    assert [(one.status, one.json["revision"]) for one in replies] == [(200, before)] * 2


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[tuple[Service, Host]]:
    keys = [{"name": "k", "hash": HASH, "user": "olga", "application": "tests", "admin": True}]
    config = Config.model_validate({"connections": {"echo": {"provider": "echo"}}, "keys": keys})
    service = await Service.start(config, folder / "state", "127.0.0.1", 0)
    session = new_session()
    try:
        headers = bearer(KEY)
        url = service.url.rstrip("/")
        yield service, Host("", url, ScriptedMesh(), headers, headers, session)
    finally:
        await session.close()
        await service.aclose()


async def test_a_change_at_one_gateway_is_told_to_who_waits_at_another_of_the_same_store(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        _, here = await stack.enter_async_context(gateway(tmp_path))
        service, there = await stack.enter_async_context(gateway(tmp_path))
        before = await now(there)
        assert before == await now(here)
        asked = waiting(there, before)
        await until(lambda: service.mesh.revisions.waiting == 1)
        body: JsonObject = {"body": {"models": ["echo/echo"]}}
        saved = await here.ask("PUT", "/api/settings/aliases/fast", json=body)
        assert saved.status == 200
        told = await asyncio.wait_for(asked, SOON)
        assert told.json["revision"] == await now(here) != before
        listed = await there.ask("GET", "/api/models")
        assert "fast" in {one["id"] for one in listed.json["models"]}


async def test_a_gateway_that_stops_answers_who_waits_and_is_held_up_by_nobody(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path) as (service, host):
        asked = waiting(host, await now(host))
        await until(lambda: service.mesh.revisions.waiting == 1)
        await asyncio.wait_for(service.aclose(), SOON)
        reply = await asked
        assert (reply.status, reply.headers["Connection"]) == (200, "close")
