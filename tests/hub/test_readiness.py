"""Ready, healthy and measured while the Hub comes and goes."""

from __future__ import annotations

import asyncio
import re

from tests.server.conftest import Host
from tests.server.scripted_mesh import ADMIN_KEY

from .fake_hub import FakeHub
from .test_identity import bearer


async def seen(service: Host) -> tuple[int, int, str, str]:
    """Whether it is ready, whether it is healthy, and what is said of the Hub in words and in a
    number.
    """
    ready = await service.ask("GET", "/readyz")
    health = await service.ask("GET", "/api/health", headers=bearer(ADMIN_KEY))
    metrics = await service.ask("GET", "/metrics", headers=bearer(ADMIN_KEY))
    (answers,) = re.findall(r"^jupyter_mesh_hub_answers (\d)$", metrics.body.decode(), re.M)
    return ready.status, health.status, health.json["checks"]["hub"], answers


async def test_a_hub_that_is_gone_is_told_and_closes_nothing_that_does_without_it(
    service: Host, fake_hub: FakeHub
) -> None:
    assert await seen(service) == (200, 200, "ok", "1")
    await fake_hub.stop()
    ready, healthy, said, answers = await seen(service)
    assert (ready, healthy, answers) == (200, 200, "0")
    assert "JupyterHub does not say who you are" in said
    await fake_hub.start()
    assert await seen(service) == (200, 200, "ok", "1")


async def test_a_hub_that_answers_wrongly_or_not_in_time_is_told(
    service: Host, fake_hub: FakeHub
) -> None:
    fake_hub.status = 502
    assert (await seen(service))[2:] == ("JupyterHub answers with HTTP 502.", "0")
    fake_hub.status, fake_hub.wait = None, asyncio.Event()
    try:
        assert (await seen(service))[2:] == ("JupyterHub does not answer in time.", "0")
    finally:
        fake_hub.wait.set()
        fake_hub.wait = None
    assert (await seen(service))[2:] == ("ok", "1")


async def test_nobody_but_admins_learns_more_than_whether_calls_are_taken(service: Host) -> None:
    assert (await service.ask("GET", "/readyz")).json == {"status": "ok"}
    assert (await service.ask("GET", "/api/health")).status == 401
    assert (await service.ask("GET", "/metrics")).status == 401
