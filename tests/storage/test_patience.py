"""An answer that has come is not given up because one was late to read it."""

from __future__ import annotations

import asyncio
import time

import pytest

from jupyter_mesh.storage.patience import patience


async def answer(after: float, steps: int = 10) -> asyncio.Future[str]:
    """One that comes by itself, and is read in some steps of the event loop."""
    loop = asyncio.get_running_loop()
    coming: asyncio.Future[str] = loop.create_future()

    def read(left: int) -> None:
        if left:
            loop.call_soon(read, left - 1)
        elif not coming.done():
            coming.set_result("here")

    loop.call_later(after, read, steps)
    return coming


async def test_what_comes_while_this_process_is_held_up_is_read() -> None:
    coming = await answer(after=0.01)
    asyncio.get_running_loop().call_soon(time.sleep, 0.4)  # nothing else runs meanwhile
    async with patience(0.2):
        assert await coming == "here"


@pytest.mark.parametrize("held_up", [0.0, 0.4])
async def test_what_does_not_come_is_given_up(held_up: float) -> None:
    coming = await answer(after=3600)
    asyncio.get_running_loop().call_soon(time.sleep, held_up)
    with pytest.raises(TimeoutError):
        async with patience(0.2):
            await coming


async def test_a_process_that_is_always_late_does_not_wait_for_ever() -> None:
    coming = await answer(after=3600)

    async def work() -> None:
        while True:
            time.sleep(0.1)  # noqa: ASYNC251 as a loop that has too much to do
            await asyncio.sleep(0)

    busy = asyncio.create_task(work())
    with pytest.raises(TimeoutError):
        async with patience(0.1):
            await coming
    busy.cancel()


async def test_whoever_is_cancelled_meanwhile_is_cancelled() -> None:
    async def wait() -> None:
        async with patience(60):
            await asyncio.sleep(3600)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
