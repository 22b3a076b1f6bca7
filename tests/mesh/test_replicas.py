"""Several gateways over one store and one Redis act as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.config import Config, parse
from jupyter_mesh.errors import ConfigError, LimitExceeded, LimitsUnavailable
from jupyter_mesh.mesh import Mesh, assembly
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.redis_server import RedisServer

from .world import (
    ADA,
    BOB,
    PRICED,
    ROOT,
    Outcome,
    ask,
    chat,
    connection,
    mesh_of,
    put,
    until,
)

pytestmark = pytest.mark.needs("redis")
NO_CACHE: dict[str, object] = {"exact": {"enabled": False}}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as server:
        yield server


@asynccontextmanager
async def replicas(
    folder: Path, redis: RedisServer, upstream: FakeOpenAI, count: int = 2, **sections: object
) -> AsyncIterator[list[Mesh]]:
    """Gateways with the same `mesh.yaml`."""
    models = {**PRICED, "e": {"price": {"input": 1}, "operations": ["embedding"]}}
    connections = {"up": connection(upstream, models=models)}
    shared = {"url": redis.url}
    async with AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(
                mesh_of(folder, connections, **{"shared": shared, **sections})
            )
            for _ in range(count)
        ]


def codes(outcomes: list[Outcome]) -> list[str | None]:
    return [getattr(outcome.error, "code", None) for outcome in outcomes]


@pytest.mark.parametrize(
    "scope",
    [
        {"user": "ada"},
        {"group": "team"},
        {"application": "*"},
        {"connection": "up"},
        {"model": "*"},
    ],
)
async def test_a_limit_holds_over_all_gateways(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI, scope: dict[str, str]
) -> None:
    limits = [{"scope": scope, "requests_per_minute": 5, "wait_seconds": 0}]
    groups = {"team": {"members": ["*"]}}
    async with replicas(
        tmp_path, redis, upstream, 4, limits=limits, groups=groups, cache=NO_CACHE
    ) as meshes:
        outcomes = await asyncio.gather(*(ask(meshes[n % 4], chat(f"{n}")) for n in range(20)))
    assert len(upstream.requests) == 5
    assert codes(outcomes).count(None) == 5
    assert {type(one.error) for one in outcomes if one.error} == {LimitExceeded}


async def test_what_is_left_is_told_by_every_gateway_alike(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    limits = [{"requests_per_minute": 5}]
    async with replicas(tmp_path, redis, upstream, limits=limits, cache=NO_CACHE) as meshes:
        told = [(await ask(mesh, chat())).call.report.limits for mesh in meshes]
        assert [one["X-RateLimit-Remaining-Requests"] for one in told] == ["4", "3"]
        assert {one["X-RateLimit-Limit-Requests"] for one in told} == {"5"}
        others = (await ask(meshes[0], chat(), BOB)).call.report.limits
        assert others["X-RateLimit-Remaining-Requests"] == "4"


async def test_parallel_calls_of_one_user_never_exceed_the_limit_over_gateways(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(delay=0.1)
    limits = [{"parallel": 2, "wait_seconds": 30}]
    running: list[int] = []

    async def watch() -> None:
        while True:
            running.append(sum(one.end is None for one in upstream.requests))
            await asyncio.sleep(0.005)

    async with replicas(tmp_path, redis, upstream, limits=limits, cache=NO_CACHE) as meshes:
        watching = asyncio.create_task(watch())
        outcomes = await asyncio.gather(*(ask(meshes[n % 2], chat(f"{n}")) for n in range(10)))
        watching.cancel()
    assert codes(outcomes) == [None] * 10
    assert max(running) == 2


async def test_redis_gone_under_load_refuses_turns_readiness_red_and_recovers(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    limits = [{"parallel": 50, "requests_per_minute": 100_000}]
    budgets = [{"limit_usd": 100, "window": "total"}]
    async with replicas(tmp_path, redis, upstream, limits=limits, budgets=budgets) as meshes:
        outcomes: list[Outcome] = []
        stop = asyncio.Event()

        async def load(number: int) -> None:
            n = 0
            while not stop.is_set():
                n += 1
                outcomes.append(await ask(meshes[number % 2], chat(f"{number} {n}")))
                await asyncio.sleep(0.01)

        loading = [asyncio.create_task(load(number)) for number in range(6)]

        async def answered() -> bool:
            return codes(outcomes[-6:]) == [None] * 6

        async def red() -> bool:
            return all(mesh.health().status == "unavailable" for mesh in meshes)

        async def green() -> bool:
            return all(mesh.health().status == "ok" for mesh in meshes)

        await until(answered)
        redis.stop()
        await until(red)
        assert "reached" in meshes[0].health().checks["shared"]
        refused = await ask(meshes[0], chat("now"))
        assert isinstance(refused.error, LimitsUnavailable)
        assert refused.error.retry_after
        redis.start()
        await until(green)
        outcomes.clear()
        await until(answered)
        stop.set()
        await asyncio.gather(*loading)
        assert set(codes(outcomes)) <= {None, "limits_unavailable"}
        (status,) = await meshes[0].budgets(ADA)
        page = await meshes[0].calls(ADA, limit=200)
    assert status.held_usd == 0
    assert {call.outcome for call in page.calls} <= {"answered", "refused"}


async def test_without_limits_a_dead_redis_stops_no_call(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    async with replicas(tmp_path, redis, upstream, 1) as (mesh,):
        redis.stop()
        for number in range(5):
            assert (await ask(mesh, chat(f"{number}"))).error is None
        assert mesh.health().status == "ok"


async def test_a_gateway_starts_without_redis_and_is_ready_once_it_is_there(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    redis.stop()
    limits = [{"parallel": 5}]
    async with replicas(tmp_path, redis, upstream, 1, limits=limits) as (mesh,):
        assert mesh.health().status == "unavailable"
        assert isinstance((await ask(mesh, chat())).error, LimitsUnavailable)
        redis.start()

        async def green() -> bool:
            return mesh.health().status == "ok"

        await until(green)
        assert (await ask(mesh, chat())).error is None


async def test_a_change_reaches_the_others_at_once_and_without_redis_a_little_later(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    every = assembly.every

    def rarely(
        seconds: float, work: Callable[[], Awaitable[object]], *, at_once: bool = False
    ) -> asyncio.Task[None]:
        looks.append(seconds)
        return every(3600 if seconds == 1.0 else seconds, work, at_once=at_once)

    monkeypatch.setattr(assembly, "every", rarely)
    async with replicas(tmp_path, redis, upstream, 3) as (one, *others):
        assert looks.count(1.0) == 3, "each looks by itself as well"

        async def listening() -> bool:
            heard = one._parts.state.shared
            assert heard is not None
            counted = await heard.command("PUBSUB", "NUMSUB", heard.key("changes"))
            return cast("list[int]", counted)[1] == 3

        await until(listening)
        version = await put(one, "aliases", "fast", models=["up/m"])

        async def followed() -> bool:
            return all("fast" in mesh.snapshot.aliases for mesh in others)

        await until(followed, within=2)
        assert len({mesh.snapshot.policy for mesh in (one, *others)}) == 1
        redis.stop()
        redis.start()
        await until(listening)
        await one.administration.remove(ROOT, "aliases", "fast", version)

        async def gone() -> bool:
            return not any("fast" in mesh.snapshot.aliases for mesh in others)

        await until(gone)
        redis.stop()
        await put(one, "aliases", "slow", models=["up/m"])  # is saved, whoever hears of it


async def test_address_and_password_may_be_references(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RedisServer(tmp_path, password="hunter2") as redis:
        monkeypatch.setenv("WHERE", redis.url)
        (tmp_path / "word").write_text("hunter2\n")
        shared = {"url": "env:WHERE", "password": "file:word"}
        async with mesh_of(tmp_path, {"up": connection(upstream)}, shared=shared) as mesh:
            assert mesh.health().checks["shared"] == "ok"


@pytest.mark.parametrize(
    "shared",
    [
        "{url: 'redis://:hunter2@h:1/0'}",
        "{url: 'redis://ada:hunter2@h/0'}",
        "{url: 'redis://h', password: hunter2}",
        "{url: 'hunter2'}",
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(shared: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(f"shared: {shared}")
    assert "hunter2" not in refused.value.message
    assert "env:" in refused.value.message


def test_an_address_without_a_password_is_taken() -> None:
    parsed = Config.model_validate({"shared": {"url": "rediss://cache.example.com:6380/2"}})
    assert parsed.shared.prefix == "jupyter-mesh"
