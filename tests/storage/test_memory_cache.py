"""A cache may miss; it may never lie, and never grow beyond its bounds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.cache import CacheEntry
from jupyter_mesh.storage.memory_cache import MemoryCache


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def entry(text: str = "hello", **body: object) -> CacheEntry:
    full: JsonObject = {"text": text, **body}  # type: ignore[dict-item]
    return CacheEntry(
        body=full, model="a/m", usage=Usage(input=1, output=2), cost=Decimal("0.5"), created=7.0
    )


def cache(entries: int = 10, size: int = 10_000, clock: Clock | None = None) -> MemoryCache:
    return MemoryCache(entries, size, clock or Clock())


async def one(kept: MemoryCache, key: str) -> CacheEntry | None:
    return (await kept.get([key])).get(key)


async def test_what_was_put_comes_back_whole() -> None:
    kept = cache()
    await kept.put({"k": entry()}, 60)
    assert await one(kept, "k") == entry()
    assert await one(kept, "other") is None


async def test_changing_what_was_put_or_got_changes_nothing_that_is_kept() -> None:
    kept, mine = cache(), entry(choices=[{"n": 1}])
    await kept.put({"k": mine}, 60)
    mine.body["text"] = "forged"
    got = await one(kept, "k")
    assert got is not None
    got.body["choices"] = "forged"
    assert await one(kept, "k") == entry(choices=[{"n": 1}])


@pytest.mark.parametrize(("ttl", "age", "hit"), [(60, 59.9, True), (60, 60, False), (0, 0, False)])
async def test_an_entry_lives_as_long_as_it_was_put_for(ttl: float, age: float, hit: bool) -> None:
    clock = Clock()
    kept = cache(clock=clock)
    await kept.put({"k": entry()}, ttl)
    clock.now += age
    assert (await one(kept, "k") is not None) == hit


async def test_the_least_recently_used_goes_first() -> None:
    kept = cache(entries=3)
    for key in "abc":
        await kept.put({key: entry()}, 60)
    await one(kept, "a")
    await kept.put({"d": entry()}, 60)
    assert [key for key in "abcd" if await one(kept, key)] == ["a", "c", "d"]


async def test_bytes_are_bounded_and_given_back() -> None:
    kept = cache(entries=1000, size=1000)
    for number in range(50):
        await kept.put({f"k{number}": entry("x" * 300)}, 60)
        alive = [k for k in range(50) if await one(kept, f"k{k}")]
        assert alive == list(range(max(0, number - 2), number + 1))
    await kept.put({"k49": entry("short")}, 60)  # replaces the long one: there is room again
    await kept.put({"new": entry("x" * 300)}, 60)
    assert [k for k in range(50) if await one(kept, f"k{k}")] == [47, 48, 49]


async def test_what_is_larger_than_the_whole_cache_is_not_kept_and_evicts_nothing() -> None:
    kept = cache(size=1000)
    await kept.put({"small": entry()}, 60)
    await kept.put({"large": entry("x" * 1000)}, 60)
    assert await one(kept, "large") is None
    assert await one(kept, "small") is not None


async def test_putting_what_cannot_be_kept_forgets_the_old_answer_too() -> None:
    kept = cache()
    await kept.put({"k": entry()}, 60)
    await kept.put({"k": entry(huge=2**70)}, 60)
    assert await one(kept, "k") is None


async def test_what_one_model_answered_or_one_user_asked_is_purged_and_the_rest_stays() -> None:
    kept = cache()
    for model, owner in (("a/m", "ada"), ("a/m", "bob"), ("a/n", "ada"), ("a/n", "adam")):
        answer = replace(entry(), model=model, owner=owner)
        await kept.put({f"{model} {owner}": answer}, 60)
    assert await kept.purge(model="a/m", owner="ada") == 1
    assert await kept.purge(owner="ada") == 1
    assert await one(kept, "a/n adam") is not None
    assert await kept.purge(model="a/m") == 1
    assert await kept.purge() == 1
    assert await kept.purge() == 0
