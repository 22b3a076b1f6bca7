"""Limits over several gateways: exact, and closed while Redis is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_mesh.errors import ConfigError, LimitExceeded, LimitsUnavailable
from jupyter_mesh.schemas.policy import LimitRule
from jupyter_mesh.spi.limits import Grant, Limits, Share
from jupyter_mesh.storage.memory_limits import MemoryLimits
from jupyter_mesh.storage.redis_limits import RedisLimits
from jupyter_mesh.storage.shared import Shared
from jupyter_mesh.testing.redis_server import RedisServer

pytestmark = pytest.mark.needs("redis")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@asynccontextmanager
async def gateways(
    redis: RedisServer, count: int, *, lease: float = 15.0, deadline: float = 5.0
) -> AsyncIterator[list[RedisLimits]]:
    """So many gateways' limits over one Redis."""
    shared = [Shared(redis.url, None, "tests", deadline) for _ in range(count)]
    limits = [RedisLimits(one, lease) for one in shared]
    try:
        yield limits
    finally:
        for one in limits:
            await one.aclose()
        for one in shared:
            await one.aclose()


def share(name: str = "s", *, slot: bool = True, **numbers: float) -> Share:
    return Share(name, LimitRule.model_validate({"wait_seconds": 0, **numbers}), slot)


async def admitted(limits: Limits, shares: list[Share], tokens: int = 1) -> Grant | None:
    """What the call was granted; None: it was refused."""
    try:
        return await limits.take(shares, tokens)
    except LimitExceeded:
        return None


@pytest.mark.parametrize(
    ("numbers", "admits"),
    [
        ({"requests_per_minute": 10}, 10),
        ({"parallel": 10}, 10),
        ({"tokens_per_minute": 1000}, 10),
        ({"requests_per_minute": 40, "parallel": 12, "tokens_per_minute": 1000}, 10),
        ({"requests_per_minute": 7, "parallel": 12}, 7),
    ],
)
async def test_a_hundred_calls_at_once_over_four_gateways_get_exactly_what_there_is(
    redis: RedisServer, numbers: dict[str, float], admits: int
) -> None:
    async with gateways(redis, 4) as limits:
        calls = [admitted(limits[n % 4], [share(**numbers)], 100) for n in range(100)]
        granted = [grant for grant in await asyncio.gather(*calls) if grant is not None]
        assert len(granted) == admits


async def test_of_several_shares_all_are_taken_or_none(redis: RedisServer) -> None:
    wide, narrow = share("wide", requests_per_minute=5), share("narrow", requests_per_minute=1)
    async with gateways(redis, 1) as (limits,):
        assert await admitted(limits, [wide, narrow])
        for _ in range(9):
            assert await admitted(limits, [wide, narrow]) is None
        grants = [await admitted(limits, [wide]) for _ in range(5)]
        assert [grant is not None for grant in grants] == [True] * 4 + [False]


@pytest.mark.parametrize("make", ["memory", "redis"])
async def test_both_say_the_same_to_who_has_reached_a_limit(redis: RedisServer, make: str) -> None:
    async with gateways(redis, 1) as (shared,):
        limits: Limits = MemoryLimits() if make == "memory" else shared
        said: list[str] = []
        for name, numbers in (
            ("requests", {"requests_per_minute": 3}),
            ("tokens", {"tokens_per_minute": 30}),
            ("slots", {"parallel": 3}),
        ):
            for _ in range(3):
                grant = await limits.take([share(name, **numbers)], 10)
            with pytest.raises(LimitExceeded) as refused:
                await limits.take([share(name, **numbers)], 10)
            assert grant.left[0].requests == pytest.approx(0, abs=0.1) or name != "requests"
            assert refused.value.retry_after is not None
            said.append(f"{refused.value.message} {refused.value.retry_after:.0f}")
    assert said == [
        "Too many requests per minute for your share of this limit; try again in 20 s. 20",
        "Too many tokens per minute for your share of this limit; try again in 20 s. 20",
        "3 calls of yours are running already; wait for one to end. 1",
    ]


@pytest.mark.parametrize("make", ["memory", "redis"])
@pytest.mark.parametrize(("used", "again"), [(10, True), (100, False), (150, False)])
async def test_in_the_end_the_tokens_that_were_used_count(
    redis: RedisServer, make: str, used: int, again: bool
) -> None:
    async with gateways(redis, 2) as (one, other):
        first, second = (one, other) if make == "redis" else (MemoryLimits(),) * 2
        ours = share(tokens_per_minute=100)
        (await first.take([ours], 100)).end(used)
        await one.aclose()
        assert (await admitted(second, [ours], 80) is not None) == again


async def test_a_slot_comes_free_for_another_gateway_when_the_call_ends(
    redis: RedisServer,
) -> None:
    async with gateways(redis, 2) as (one, other):
        ours = share(parallel=1, wait_seconds=20)
        grant = await one.take([ours], 1)
        waiting = asyncio.create_task(other.take([ours], 1))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        grant.end(1)
        await waiting


async def test_a_call_that_needs_no_slot_gets_none(redis: RedisServer) -> None:
    async with gateways(redis, 1) as (limits,):
        await limits.take([share(parallel=1)], 1)
        assert await admitted(limits, [share(parallel=1)]) is None
        assert await admitted(limits, [share(parallel=1, slot=False)]) is not None


async def test_slots_of_a_gateway_that_died_come_free_and_those_of_a_living_one_do_not(
    redis: RedisServer,
) -> None:
    async with gateways(redis, 2, lease=0.6) as (dead, living):
        ours = share(parallel=2, wait_seconds=10)
        await dead.take([ours], 1)  # and never a sign of life again
        await living.take([ours], 1)

        async def keep() -> None:
            while True:
                await living.renew()
                await asyncio.sleep(0.1)

        keeping = asyncio.create_task(keep())
        await living.take([ours], 1)
        await asyncio.sleep(1.5)
        assert await admitted(living, [share(parallel=2)]) is None
        keeping.cancel()


@pytest.mark.parametrize("waits", [False, True])
async def test_a_call_that_is_cancelled_leaves_no_slot_taken(
    redis: RedisServer, waits: bool
) -> None:
    async with gateways(redis, 1) as (limits,):
        ours = share(parallel=1, wait_seconds=20)
        held = await limits.take([ours], 1) if waits else None
        calls = [asyncio.create_task(limits.take([ours], 1)) for _ in range(20)]
        await asyncio.sleep(0.1 if waits else 0.0005)
        for call in calls:
            call.cancel()
        granted = await asyncio.gather(*calls, return_exceptions=True)
        for grant in (held, *granted):
            if grant is not None and not isinstance(grant, BaseException):
                grant.end(0)
        async with asyncio.timeout(5):
            await limits.take([ours], 1)


async def test_a_limit_that_is_raised_keeps_what_was_used_of_it(redis: RedisServer) -> None:
    async with gateways(redis, 2) as (one, other):
        for _ in range(3):
            await one.take([share(requests_per_minute=3)], 1)
        calls = [admitted(other, [share(requests_per_minute=30)]) for _ in range(30)]
        granted = await asyncio.gather(*calls)
        assert 27 <= len(granted) - granted.count(None) < 30  # and what has refilled meanwhile


# ── Redis gone ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["stopped", "hanging"])
async def test_without_redis_calls_are_refused_at_once_until_it_is_back(
    redis: RedisServer, how: str
) -> None:
    async with gateways(redis, 1, deadline=0.3) as (limits,):
        ours = share(parallel=5)
        running = await limits.take([ours], 1)
        (redis.stop if how == "stopped" else redis.hang)()
        for _ in range(5):
            with pytest.raises(LimitsUnavailable) as refused:
                await limits.take([ours], 1)
            assert refused.value.status == 503
            assert refused.value.retry_after == 1.0
        asked = asyncio.create_task(limits.take([ours], 1))
        await asyncio.sleep(0)  # no deadline has to pass any more: it is known to be gone
        await asyncio.sleep(0.05)
        assert isinstance(asked.exception(), LimitsUnavailable)
        (redis.start if how == "stopped" else redis.go_on)()
        await granted(limits, ours)
        # The call that ran all the while has its slot again, also in an empty Redis.
        held = [await admitted(limits, [share(parallel=5)]) for _ in range(5)]
        assert None in held
        running.end(1)


async def granted(limits: Limits, ours: Share) -> None:
    """Wait until calls are let in again."""
    async with asyncio.timeout(20):
        while True:
            try:
                return (await limits.take([ours], 1)).end(1)
            except LimitsUnavailable:
                await asyncio.sleep(0.05)


async def test_a_redis_that_was_started_again_meanwhile_is_not_noticed(redis: RedisServer) -> None:
    async with gateways(redis, 1) as (limits,):
        await limits.take([share(parallel=5)], 1)
        redis.stop()
        redis.start()
        await limits.take([share(parallel=5)], 1)


async def test_a_password_is_used_and_never_shown(tmp_path: Path) -> None:
    with RedisServer(tmp_path, password="hunter2") as redis:
        right, wrong = (Shared(redis.url, word, "tests") for word in ("hunter2", "swordfish"))
        assert await right.command("PING")
        await wrong.connect()
        assert wrong.fault is not None
        assert "refuses the password" in wrong.fault
        assert "swordfish" not in f"{wrong.fault}{wrong.address}"
        await right.aclose()
        await wrong.aclose()


@pytest.mark.parametrize("url", ["redis://h:notaport/0", "http://h"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(ConfigError, match=r"shared\.url"):
        Shared(url, None, "tests")
