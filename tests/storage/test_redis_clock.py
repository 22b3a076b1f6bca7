"""T42: Redis' clock, which limits are counted by, is set back by an hour while they run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mesh.errors import LimitExceeded
from jupyter_mesh.testing.redis_server import RedisServer
from tests.durability.preloaded import compiled

from .test_redis_limits import admitted, gateways, share

pytestmark = pytest.mark.needs("redis")
HOUR = 3600
LEASE = 15


@pytest.fixture
def set_clock(tmp_path: Path) -> Callable[[int], None]:
    """Sets Redis' clock off by so many seconds."""

    def set_clock(seconds: int) -> None:
        written = tmp_path / "off.new"
        written.write_text(str(seconds))
        written.rename(tmp_path / "off")

    return set_clock


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    shim = compiled("wall_clock", tmp_path)
    environment = {"LD_PRELOAD": str(shim), "CLOCK_OFF": str(tmp_path / "off")}
    with RedisServer(tmp_path, environment=environment) as server:
        yield server


NUMBERS = [{"requests_per_minute": 1}, {"tokens_per_minute": 1}]


@pytest.mark.parametrize("numbers", NUMBERS)
async def test_nothing_is_left_again_and_a_minute_later_it_is(
    redis: RedisServer, set_clock: Callable[[int], None], numbers: dict[str, float]
) -> None:
    async with gateways(redis, 1) as (limits,):
        ours = [share(**numbers)]
        await limits.take(ours, 1)
        for off in (-HOUR, -2 * HOUR):
            set_clock(off)
            with pytest.raises(LimitExceeded) as refused:
                await limits.take(ours, 1)
            assert refused.value.retry_after is not None
            assert refused.value.retry_after <= 60
        set_clock(-2 * HOUR + 61)
        assert await admitted(limits, ours) is not None


async def test_who_waits_while_it_is_set_back_waits_no_longer_than_for_the_next_token(
    redis: RedisServer, set_clock: Callable[[int], None]
) -> None:
    async with gateways(redis, 1) as (limits,):
        ours = [share(requests_per_minute=20, wait_seconds=30)]
        for _ in range(20):
            await limits.take(ours, 1)
        waiting = asyncio.create_task(limits.take(ours, 1))
        await asyncio.sleep(0.2)
        set_clock(-HOUR)
        async with asyncio.timeout(30):
            await waiting


async def test_slots_of_the_dead_come_free_after_a_lease_and_those_of_the_living_stay(
    redis: RedisServer, set_clock: Callable[[int], None]
) -> None:
    async with gateways(redis, 2, lease=LEASE) as (dead, living):
        ours = [share(parallel=2)]
        await dead.take(ours, 1)  # and never a sign of life again
        held = await living.take(ours, 1)
        set_clock(-HOUR)
        assert await admitted(living, ours) is None
        set_clock(-HOUR + LEASE - 5)
        await living.renew()
        assert await admitted(living, ours) is None
        set_clock(-HOUR + LEASE + 5)
        again = await admitted(living, ours)
        assert again is not None
        assert await admitted(living, ours) is None
        held.end(0)
        again.end(0)
