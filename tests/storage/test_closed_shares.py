"""What a gateway knows of limits without asking: it never refuses where there is room."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as client

from jupyter_mesh.errors import LimitExceeded
from jupyter_mesh.spi.limits import Grant, Limits
from jupyter_mesh.storage.closed_shares import ClosedShares
from jupyter_mesh.storage.limit_words import MOST_WAITING
from jupyter_mesh.testing.redis_server import RedisServer

from .test_limit_floods import KINDS, ended, flooded, limits_of
from .test_redis_limits import admitted, gateways, share

ROUNDED = 0.01
"""Seconds by which `retry_after` may be more than what it is rounded from."""


@pytest.fixture
def redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer | None]:
    if "kind" in request.fixturenames and request.getfixturevalue("kind") == "memory":
        yield None
        return
    with RedisServer(tmp_path) as server:
        yield server


async def refusal(limits: Limits, **numbers: float) -> LimitExceeded:
    with pytest.raises(LimitExceeded) as refused:
        await limits.take([share(**numbers)], 1)
    return refused.value


@pytest.mark.parametrize("kind", KINDS)
async def test_a_share_whose_rate_is_used_up_is_closed_and_says_what_a_call_would_be_told(
    redis: RedisServer | None, kind: str
) -> None:
    used_up = {"requests_per_minute": 2}
    async with limits_of(redis) as limits:
        assert limits.closed([share(**used_up)]) is None
        for _ in range(2):
            await limits.take([share(**used_up)], 1)
        asked = await refusal(limits, **used_up)
        known = limits.closed([share("other", requests_per_minute=1), share(**used_up)])
        assert known is not None
        assert (known.code, known.message) == (asked.code, asked.message)
        assert 29 < (known.retry_after or 0) <= (asked.retry_after or 0) <= 30
        assert limits.closed([share("other", **used_up)]) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["requests_per_minute", "tokens_per_minute"])
async def test_a_rule_that_was_raised_has_room_at_once_and_one_that_was_lowered_none(
    redis: RedisServer | None, kind: str, what: str
) -> None:
    async with limits_of(redis) as limits:
        assert await admitted(limits, [share(**{what: 3})])
        assert await admitted(limits, [share(**{what: 1})])
        await refusal(limits, **{what: 1})
        assert (limits.closed([share(**{what: 1})]) is None) == (what == "tokens_per_minute")
        assert limits.closed([share(**{what: 2})]) is None
        assert await admitted(limits, [share(**{what: 2})])
        await refusal(limits, **{what: 2})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("numbers", "tokens"),
    [
        ({"tokens_per_minute": 10}, 10),  # a smaller call may have room
        ({"parallel": 1}, 1),  # it may end at any moment
        ({"requests_per_minute": 60, "tokens_per_minute": 10, "wait_seconds": 1}, 10),
    ],
)
async def test_what_another_call_or_the_next_moment_may_get_is_not_closed(
    redis: RedisServer | None, kind: str, numbers: dict[str, float], tokens: int
) -> None:
    async with limits_of(redis) as limits:
        await limits.take([share(**numbers)], tokens)
        with pytest.raises(LimitExceeded):
            await limits.take([share(**numbers)], tokens)
        assert limits.closed([share(**numbers)]) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_full_queue_is_closed_until_one_leaves_it(
    redis: RedisServer | None, kind: str
) -> None:
    patient = {"parallel": 1, "wait_seconds": 60}
    async with limits_of(redis) as limits:
        waiting = await flooded(limits, MOST_WAITING, parallel=1)
        assert len(waiting) == MOST_WAITING
        told = await refusal(limits, **patient)
        known = limits.closed([share(**patient)])
        assert known is not None
        assert (known.message, known.retry_after) == (told.message, told.retry_after)
        await ended(waiting[:1])
        assert limits.closed([share(**patient)]) is None
        await ended(waiting[1:])


@pytest.mark.needs("redis")
async def test_one_that_gives_up_waiting_for_a_rate_leaves_its_turn_to_the_next(
    redis: RedisServer,
) -> None:
    patient = {"requests_per_minute": 60, "wait_seconds": 1.5}
    async with gateways(redis, 1) as (limits,):
        await asyncio.gather(*(limits.take([share(**patient)], 1) for _ in range(60)))
        first = asyncio.create_task(limits.take([share(**patient)], 1))
        while limits.closed([share(**patient)]) is None:
            assert not first.done()
            assert await admitted_at_once(limits, **patient) is None
        await ended([first])
        assert limits.closed([share(**patient)]) is None


async def admitted_at_once(limits: Limits, **numbers: float) -> Grant | None:
    """None where it is refused, or has to wait."""
    call = asyncio.create_task(limits.take([share(**numbers)], 1))
    await asyncio.wait([call], timeout=0.05)
    if call.done() and call.exception() is None:
        return call.result()
    await ended([call])
    return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "numbers",
    [
        {"requests_per_minute": 600},
        {"requests_per_minute": 600, "wait_seconds": 0.15},
        {"requests_per_minute": 300, "parallel": 2, "wait_seconds": 0.3},
    ],
)
async def test_nobody_is_turned_away_whom_the_limit_would_let_in(
    redis: RedisServer | None, kind: str, numbers: dict[str, float]
) -> None:
    """Each time a share is said to be closed, a call tries all the same: it may be let in only if
    meanwhile the moment came for which it was told to wait, or in place of one that waits.
    """
    loop, chance = asyncio.get_running_loop(), random.Random(4)
    turned = waiting = 0

    async def caller(limits: Limits) -> None:
        nonlocal turned, waiting
        end = loop.time() + 3
        while loop.time() < end:
            await asyncio.sleep(chance.expovariate(60))
            asked, ahead = loop.time(), waiting
            told = limits.closed([share(**numbers)])
            waiting += 1
            grant = await admitted(limits, [share(**numbers)])
            waiting -= 1
            if told is not None:
                turned += 1
                early = (told.retry_after or 0) - numbers.get("wait_seconds", 0)
                assert early > 0  # else it might have waited
                assert grant is None or ahead or loop.time() - asked >= early - ROUNDED
            if grant is not None:
                await asyncio.sleep(chance.random() / 10)
                grant.end(1)

    async with limits_of(redis) as limits:
        impatient = {**numbers, "wait_seconds": 0}
        while grant := await admitted(limits, [share(**impatient)]):
            grant.end(1)
        await asyncio.gather(*(caller(limits) for _ in range(8)))
    assert turned > 20


def test_nothing_is_remembered_for_longer_than_a_moment() -> None:
    closed, one = ClosedShares(), share(requests_per_minute=1)
    closed.rate_is_used_up(one, 60, now=100)
    assert closed.refusal([one], 100.9) is not None
    assert closed.refusal([one], 101.1) is None  # Redis may have been started anew
    closed.rate_is_used_up(one, 0.5, now=200)
    assert closed.refusal([one], 200.4) is not None
    assert closed.refusal([one], 200.6) is None


@pytest.mark.needs("redis")
async def test_of_many_that_wait_for_a_slot_only_one_asks_again_and_again(
    redis: RedisServer,
) -> None:
    patient = {"parallel": 1, "wait_seconds": 60}
    async with gateways(redis, 1) as (limits,):
        held = await limits.take([share(**patient)], 1)
        waiting = [
            asyncio.create_task(limits.take([share(**patient)], 1)) for _ in range(MOST_WAITING)
        ]
        await asyncio.sleep(1)
        with client.Redis.from_url(redis.url) as connection:
            before = connection.info("commandstats")["cmdstat_evalsha"]["calls"]
            await asyncio.sleep(2)
            after = connection.info("commandstats")["cmdstat_evalsha"]["calls"]
        assert after - before <= 2 / 0.2 + 2  # 32 of them would ask 320 times
        held.end(1)
        for call in asyncio.as_completed(waiting):
            (await call).end(1)
