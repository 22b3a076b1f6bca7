"""Questions that were answered: compared in memory, and the same in every gateway over Redis."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.spi.similar import Question, SimilarQuestions
from jupyter_mesh.storage.cache_seal import CacheSeal
from jupyter_mesh.storage.memory_similar import MemorySimilar
from jupyter_mesh.storage.redis_similar import RedisSimilar
from jupyter_mesh.storage.shared import Shared
from jupyter_mesh.testing.redis_server import RedisServer

KEY, OTHER_KEY = "11" * 32, "22" * 32
REDIS = pytest.mark.needs("redis")


def at(degrees: float) -> array[float]:
    """A vector in this direction."""
    return array("f", [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


def question(id: str, degrees: float = 0.0, **fields: object) -> Question:
    whole = Question(
        id=id,
        partition="p",
        vector=at(degrees),
        traits="",
        text="a secret question",
        model="a/m",
        owner="ada",
        expires=time.time() + 60,
    )
    return replace(whole, **fields)  # type: ignore[arg-type]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@asynccontextmanager
async def gateways(
    redis: RedisServer, *keys: str, most: int = 1000
) -> AsyncIterator[list[RedisSimilar]]:
    shared = [Shared(redis.url, None, "tests", 5.0) for _ in keys]
    seals = [CacheSeal(lambda key=key: key) for key in keys]
    try:
        yield [RedisSimilar(one, seal, most) for one, seal in zip(shared, seals, strict=True)]
    finally:
        for one in shared:
            await one.aclose()


async def found(
    similar: SimilarQuestions, degrees: float = 0.0, threshold: float = 0.95, traits: str = ""
) -> str | None:
    """The id of the nearest."""
    nearest = await similar.nearest(["p", "q"], at(degrees), traits, threshold)
    return nearest and nearest[0].id


@pytest.mark.parametrize(
    ("degrees", "nearest"), [(0, "a"), (9, "a"), (12, "b"), (20, "b"), (38, "b"), (39, None)]
)
@pytest.mark.parametrize("others", [0, 100])
async def test_the_nearest_is_found_if_it_is_near_enough(
    degrees: float, nearest: str | None, others: int
) -> None:
    similar = MemorySimilar(1000)
    for number in range(others):
        await similar.put(question(f"far {number}", 180 + number / 10))
    await similar.put(question("a", 0))
    await similar.put(question("b", 20))
    assert await found(similar, degrees) == nearest


async def test_other_traits_partitions_dimensions_and_what_is_too_old_are_not_compared() -> None:
    similar = MemorySimilar(1000)
    await similar.put(question("other traits", traits="2025"))
    await similar.put(question("elsewhere", partition="r"))
    await similar.put(question("too old", expires=time.time() - 1))
    await similar.put(question("another model's", vector=array("f", [1.0])))
    assert await found(similar) is None
    assert await found(similar, traits="2025") == "other traits"


async def test_it_is_bounded_and_purged() -> None:
    similar = MemorySimilar(3)
    for number, owner in enumerate(("ada", "ada", "bob", "adam", "bob")):
        await similar.put(question(f"{number}", number * 30, owner=owner))
    assert [await found(similar, n * 30) for n in range(5)] == [None, None, "2", "3", "4"]
    assert await similar.purge(owner="ada") == 0
    assert await similar.purge(owner="bob", model="a/n") == 0
    assert await similar.purge(owner="bob") == 2
    assert await similar.purge() == 1
    assert await found(similar, 90) is None


@REDIS
async def test_what_one_gateway_was_asked_the_others_find_and_a_late_one_too(
    redis: RedisServer,
) -> None:
    async with gateways(redis, KEY, KEY, KEY) as (one, other, late):
        for number in range(250):
            await one.put(question(f"{number}", number))
        assert await found(other, 200) == "200"
        await other.put(question("last", 300))
        assert [await found(each, 300) for each in (one, other, late)] == ["last"] * 3
        assert await found(late, 10) == "10"


@REDIS
async def test_purging_holds_in_every_gateway_and_leaves_nothing_in_redis(
    redis: RedisServer,
) -> None:
    async with gateways(redis, KEY, KEY, KEY) as (one, other, late):
        await one.put(question("a", 0))
        await one.put(question("b", 90, owner="bob"))
        assert await found(other) == "a"
        assert await other.purge(owner="ada") == 1
        assert await other.purge(owner="ada") == 0
        assert [await found(each) for each in (one, other, late)] == [None] * 3
        assert [await found(each, 90) for each in (one, other, late)] == ["b"] * 3
        assert await one.purge() == 1
        shared = Shared(redis.url, None, "tests")
        held = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]",
            await shared.command("XRANGE", shared.key("similar"), "-", "+"),
        )
        opened = [
            CacheSeal(lambda: KEY).open_bytes(shared.key("similar"), one[b"sealed"])
            for _, one in held
        ]
        await shared.aclose()
        assert opened
        assert all(b"forget" in (plain or b"") for plain in opened)


@REDIS
async def test_redis_holds_no_text_and_nothing_for_another_key(redis: RedisServer) -> None:
    async with gateways(redis, KEY, OTHER_KEY) as (one, stranger):
        await one.put(question("a"))
        assert await found(stranger) is None
        shared = Shared(redis.url, None, "tests")
        dump = cast(bytes, await shared.command("DUMP", shared.key("similar")))
        await shared.aclose()
        assert b"secret" not in dump
        assert b"ada" not in dump


@REDIS
async def test_an_empty_redis_after_a_restart_is_filled_again(redis: RedisServer) -> None:
    async with gateways(redis, KEY, KEY) as (one, other):
        await one.put(question("a", 0))
        assert await found(other) == "a"
        redis.stop()
        redis.start()
        await one.put(question("b", 90))
        assert await found(other, 90) == "b"
