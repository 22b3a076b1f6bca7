"""The cache of several gateways: shared, sealed, bounded, and never a lie."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.errors import StoreUnavailable
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.cache import Cache, CacheEntry
from jupyter_mesh.storage.cache_seal import CacheSeal, key_in
from jupyter_mesh.storage.redis_cache import RedisCache
from jupyter_mesh.storage.secrets import Secrets
from jupyter_mesh.storage.shared import Shared
from jupyter_mesh.testing.redis_server import RedisServer

pytestmark = pytest.mark.needs("redis")
KEY, OTHER_KEY = "11" * 32, "22" * 32


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@asynccontextmanager
async def caches(
    redis: RedisServer, *keys: str, entries: int = 100, size: int = 100_000
) -> AsyncIterator[list[RedisCache]]:
    """A gateway's cache for each sealing key."""
    shared = [Shared(redis.url, None, "tests", 5.0) for _ in keys]
    seals = [CacheSeal(lambda key=key: key) for key in keys]
    try:
        yield [
            RedisCache(one, seal, entries, size) for one, seal in zip(shared, seals, strict=True)
        ]
    finally:
        for one in shared:
            await one.aclose()


def entry(text: str = "hello") -> CacheEntry:
    usage = Usage(input=1, output=2, reasoning=1, estimated=True)
    return CacheEntry(
        body={"text": text, "n": [1.5, None]},
        model="a/m",
        usage=usage,
        cost=Decimal("0.000000000001"),
        created=7.0,
        owner="ada",
    )


async def alive(cache: Cache, keys: str) -> str:
    return "".join(sorted(await cache.get([*keys])))


async def test_what_one_gateway_keeps_every_gateway_has_whole(redis: RedisServer) -> None:
    async with caches(redis, KEY, KEY) as (one, other):
        unknown = replace(entry("unpriced"), cost=None)
        await one.put({"k": entry(), "l": unknown}, 60)
        assert await other.get(["k", "absent", "l"]) == {"k": entry(), "l": unknown}


async def test_redis_holds_no_text_no_name_and_nothing_for_another_key(redis: RedisServer) -> None:
    async with caches(redis, KEY, OTHER_KEY) as (one, stranger):
        await one.put({"the key": entry("a secret answer")}, 60)
        assert await stranger.get(["the key"]) == {}
        shared = Shared(redis.url, None, "tests")
        held: list[object] = []
        for name in cast("list[bytes]", await shared.command("KEYS", "*")):
            held += [name, await shared.command("DUMP", name)]
        await shared.aclose()
    assert len(held) >= 12
    for word in (b"secret answer", b"the key", b"ada", b"a/m"):
        assert all(word not in cast(bytes, one) for one in held), word


async def test_an_entry_put_under_another_name_is_not_taken_for_it(redis: RedisServer) -> None:
    """Who can write to Redis cannot pass one answer off as another."""
    async with caches(redis, KEY) as (cache,):
        seal = CacheSeal(lambda: KEY)
        await cache.put({"mine": entry("mine"), "yours": entry("yours")}, 60)
        shared = Shared(redis.url, None, "tests")
        mine, yours = (shared.key("cache", "value", seal.name(name)) for name in ("mine", "yours"))
        await shared.command("COPY", yours, mine, "REPLACE")
        assert [*await cache.get(["mine", "yours"])] == ["yours"]
        await shared.command("SET", yours, b"x")
        assert await cache.get(["mine", "yours"]) == {}
        await shared.aclose()


async def test_an_entry_lives_as_long_as_it_was_put_for(redis: RedisServer) -> None:
    async with caches(redis, KEY) as (cache,):
        await cache.put({"a": entry()}, 0.2)
        await cache.put({"b": entry()}, 60)
        await cache.put({"c": entry()}, 0)
        await asyncio.sleep(0.3)
        assert await alive(cache, "abc") == "b"
        await cache.put({"d": entry()}, 60)  # clears up after what is too old
        shared = Shared(redis.url, None, "tests")
        assert await shared.command("ZCARD", shared.key("cache", "recent")) == 2
        await shared.aclose()


async def test_the_least_recently_used_goes_first_whoever_used_it(redis: RedisServer) -> None:
    async with caches(redis, KEY, KEY, entries=3) as (one, other):
        for key in "abc":
            await one.put({key: entry()}, 60)
        await other.get(["a"])
        await other.put({"d": entry()}, 60)
        assert await alive(one, "abcd") == "acd"


async def test_bytes_are_bounded_and_given_back(redis: RedisServer) -> None:
    async with caches(redis, KEY, size=2400) as (cache,):
        for key in "abcdefgh":
            await cache.put({key: entry("x" * 300)}, 60)
        assert await alive(cache, "abcdefgh") == "fgh"
        await cache.put({"f": entry("x")}, 60)  # in place of the long one: there is room again
        await cache.put({"i": entry("x" * 300)}, 60)
        assert await alive(cache, "abcdefghi") == "fghi"
        await cache.put({"large": entry("x" * 3000)}, 60)
        assert await alive(cache, "fghi") == "fghi"
        shared = Shared(redis.url, None, "tests")
        assert await cache.purge() == 4
        assert await shared.command("GET", shared.key("cache", "bytes")) == b"0"
        await shared.aclose()


async def test_a_smaller_bound_holds_from_the_next_answer_on(redis: RedisServer) -> None:
    async with caches(redis, KEY) as (cache,):
        for key in "abcd":
            await cache.put({key: entry()}, 60)
        cache.resize(2, 100_000)
        await cache.put({"e": entry()}, 60)
        assert await alive(cache, "abcde") == "de"


async def test_what_one_model_answered_or_one_user_asked_is_purged(redis: RedisServer) -> None:
    async with caches(redis, KEY, KEY, entries=5000, size=10**7) as (one, other):
        answers = {
            f"{model} {owner} {n}": replace(entry(), model=model, owner=owner)
            for model in ("a/m", "a/n")
            for owner in ("ada", "adam")
            for n in range(300)
        }
        await one.put(answers, 60)
        assert await other.purge(model="a/m", owner="ada") == 300
        assert await other.purge(owner="ada") == 300
        assert len(await one.get([*answers])) == 600
        assert await one.purge(model="a/n") == 300
        assert await one.purge(model="a/n") == 0
        assert await other.purge() == 300


async def test_a_redis_that_is_gone_is_said(redis: RedisServer) -> None:
    async with caches(redis, KEY) as (cache,):
        redis.stop()
        with pytest.raises(StoreUnavailable):
            await cache.get(["k"])
        with pytest.raises(StoreUnavailable):
            await cache.put({"k": entry()}, 60)


def test_every_gateway_over_one_store_has_the_same_key(tmp_path: Path) -> None:
    one, other = (Secrets(tmp_path / "mesh.db") for _ in range(2))
    assert key_in(one)() == key_in(other)()
