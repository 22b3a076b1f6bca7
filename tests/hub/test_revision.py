"""Open views on a Hub: who waits for a change is known anew when the wait is over."""

from __future__ import annotations

import asyncio

import pytest
from jupyter_mesh_server import revision_routes
from jupyter_mesh_server.hub.answers import FRESH_SECONDS

from tests.server.conftest import Host, Reply, bearer, until

from .conftest import Clock
from .fake_hub import FakeHub, user
from .test_identity import Browser

PATH = "/api/revision"
OURS = bearer("t")


async def now(service: Host) -> str:
    reply = await service.ask("GET", PATH, headers=OURS)
    assert reply.status == 200
    return reply.json["revision"]


async def waited(service: Host, after: str) -> Reply:
    return await service.ask("GET", f"{PATH}?after={after}", headers=OURS)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision_routes, "HOLD", 0.2)


async def test_another_group_is_told_at_the_end_of_a_wait_though_an_older_answer_would_serve(
    service: Host, fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada", groups=("analysts",))
    before = await now(service)
    fake_hub.tokens["t"] = user("ada", groups=("students",))
    clock.now += FRESH_SECONDS
    assert (await waited(service, before)).json["revision"] == before  # it is new enough
    assert fake_hub.asked == ["t"]
    clock.now += 1
    after = (await waited(service, before)).json["revision"]
    assert after != before
    assert fake_hub.asked == ["t", "t"]
    me = await service.ask("GET", "/api/me", headers=OURS)
    assert me.json["groups"] == ["students"]  # what is asked for next is of the same rights
    assert await now(service) == after


async def test_a_right_that_the_hub_takes_away_ends_the_wait_with_a_refusal(
    service: Host, fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada")
    before = await now(service)
    clock.now += FRESH_SECONDS + 1
    fake_hub.tokens["t"] = user("ada", "custom:other")
    assert (await waited(service, before)).status == 403
    clock.now += 30
    del fake_hub.tokens["t"]
    assert (await waited(service, before)).status == 401


async def test_a_hub_that_is_down_ends_no_wait_as_long_as_its_answer_serves(
    service: Host, fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada")
    before = await now(service)
    await fake_hub.stop()
    clock.now += 29
    assert (await waited(service, before)).json["revision"] == before
    clock.now += 1
    assert (await waited(service, before)).status == 503


async def test_who_signs_out_in_one_tab_is_nobody_in_the_others_that_wait(
    service: Host, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision_routes, "HOLD", 3600.0)
    fake_hub.tokens["of-session"] = user("ada")
    browser = Browser(service, fake_hub)
    await browser.log_in("of-session")
    before = (await browser.ask("GET", PATH)).json["revision"]
    asked = asyncio.create_task(browser.ask("GET", f"{PATH}?after={before}"))
    await until(lambda: service.mesh.revisions.waiting == 1)
    tab = Browser(service, fake_hub)
    tab.jar, tab.xsrf = dict(browser.jar), browser.xsrf
    assert (await tab.ask("DELETE", "/api/session")).status == 200
    service.mesh.revisions.reach(service.mesh.revisions.current + 1)
    assert (await asked).status == 401
