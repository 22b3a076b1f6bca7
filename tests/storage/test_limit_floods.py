"""Whoever sends far more than they may is refused at once: few of their calls wait, and in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_mesh.errors import LimitExceeded
from jupyter_mesh.spi.limits import Grant, Limits
from jupyter_mesh.storage.limit_words import MOST_WAITING
from jupyter_mesh.storage.memory_limits import MemoryLimits
from jupyter_mesh.testing.redis_server import RedisServer

from .test_redis_limits import gateways, share

KINDS = ["memory", pytest.param("redis", marks=pytest.mark.needs("redis"))]
FLOOD = 60


@pytest.fixture
def redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer | None]:
    if request.getfixturevalue("kind") == "memory":
        yield None
        return
    with RedisServer(tmp_path) as server:
        yield server


@asynccontextmanager
async def limits_of(redis: RedisServer | None) -> AsyncIterator[Limits]:
    if redis is None:
        yield MemoryLimits()
        return
    async with gateways(redis, 1) as (shared,):
        yield shared


async def flooded(limits: Limits, most: int, **numbers: float) -> list[asyncio.Task[Grant]]:
    """Many calls at once; those that wait once the others were admitted or refused, for which Redis
    has some time.
    """
    calls = [
        asyncio.create_task(limits.take([share(wait_seconds=60, **numbers)], 10))
        for _ in range(FLOOD)
    ]
    for _ in range(100):
        if len(calls) <= most:
            break
        await asyncio.sleep(0.1)
        calls = [call for call in calls if not call.done()]
    return calls


async def ended(calls: list[asyncio.Task[Grant]]) -> None:
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("kind", KINDS)
async def test_only_so_many_wait_for_a_slot(redis: RedisServer | None, kind: str) -> None:
    async with limits_of(redis) as limits:
        waiting = await flooded(limits, MOST_WAITING, parallel=3)
        assert len(waiting) == MOST_WAITING
        await ended(waiting)
        again = await flooded(limits, MOST_WAITING, parallel=3)
        assert len(again) == MOST_WAITING  # who has left makes room
        await ended(again)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("numbers", [{"requests_per_minute": 6}, {"tokens_per_minute": 60}])
async def test_only_those_wait_for_a_rate_whose_turn_comes_in_time(
    redis: RedisServer | None, kind: str, numbers: dict[str, float]
) -> None:
    """Of six a minute six are there at first, and six more come within the minute one may wait."""
    async with limits_of(redis) as limits:
        waiting = await flooded(limits, 6, **numbers)
        assert 5 <= len(waiting) <= 6
        with pytest.raises(LimitExceeded) as refused:
            await limits.take([share(wait_seconds=5, **numbers)], 10)
        assert (refused.value.retry_after or 0) > 10
        await ended(waiting)


async def test_they_have_their_turns_in_the_order_in_which_they_came() -> None:
    limits, came = MemoryLimits(), list[int]()
    quick = share(requests_per_minute=1200, wait_seconds=60)

    async def call(number: int) -> None:
        await limits.take([quick], 0)
        came.append(number)

    for _ in range(1200):
        await limits.take([quick], 0)
    await asyncio.gather(*(call(number) for number in range(20)))
    assert came == list(range(20))
