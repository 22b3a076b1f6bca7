"""What happens to a flight that others join while it ends."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from decimal import Decimal

import pytest

from jupyter_mesh.pipeline.flight import Flight
from jupyter_mesh.schemas.events import Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.cache import CacheEntry
from jupyter_mesh.testing.scripted_provider import ScriptedProvider

from .world import candidate, chat, pipeline


async def _keep(entry: CacheEntry, whole: bool) -> None:
    raise AssertionError("there is no answer")


async def _lost() -> None:
    return None


@pytest.mark.parametrize("digest", ["", "of a call under an idempotency key"])
@pytest.mark.parametrize("later", range(6))
async def test_who_joins_a_flight_that_is_being_closed_gets_nothing_and_keeps_nothing_open(
    digest: str, later: int
) -> None:
    """Whichever step the end has come to."""
    closed = asyncio.Event()

    async def inner() -> Events:
        try:
            for _ in range(3):
                await asyncio.sleep(0.001)
                yield Chunk({"choices": [{"index": 0, "delta": {"content": "x"}}]})
        finally:
            await asyncio.sleep(0.001)
            closed.set()

    wrong: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    call = pipeline(candidate("a/m", ScriptedProvider())).call(chat(stream=True))
    flight = Flight(call, digest, inner(), _keep, _lost)
    async with aclosing(flight):
        await flight.next()
        ending = asyncio.create_task(flight.aclose())
        for _ in range(later):
            await asyncio.sleep(0)
        joining = asyncio.create_task(flight.join())
        async with asyncio.timeout(5):
            assert await asyncio.gather(ending, joining) == [None, None]
        assert closed.is_set()
    del flight, ending, joining  # a failure nobody heard of is told now
    gc.collect()
    await asyncio.sleep(0)
    assert wrong == []


async def test_a_retry_that_comes_as_the_leader_asks_for_more_gets_the_answer_all_the_same() -> (
    None
):
    asked, answer = asyncio.Event(), asyncio.Event()
    kept: list[CacheEntry] = []

    async def inner() -> Events:
        yield Chunk({"choices": [{"index": 0, "delta": {"content": "x"}}]})
        asked.set()
        await answer.wait()
        yield Chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield Metered(Usage(input=1, output=1), model="a/m", cost=Decimal(1))
        yield Finished("stop")

    async def keep(entry: CacheEntry, whole: bool) -> None:
        kept.append(entry)

    call = pipeline(candidate("a/m", ScriptedProvider())).call(chat(stream=True))
    flight = Flight(call, "of a call under an idempotency key", inner(), keep, _lost)

    async def lead() -> None:
        async with aclosing(flight):
            await flight.next()

    await flight.next()
    retry, leader = asyncio.create_task(flight.join()), asyncio.create_task(lead())
    async with asyncio.timeout(5):
        await asked.wait()
        leader.cancel()
        await asyncio.sleep(0)
        answer.set()
        assert [await retry] == kept != []
        await asyncio.gather(leader, return_exceptions=True)
