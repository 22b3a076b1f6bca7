"""Calls that ask more than there is room for take turns."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_mesh.guards.call_turns import CallTurns


async def _ask(turns: CallTurns, call: str, order: list[str]) -> None:
    async with turns.turn(call, asyncio.get_running_loop().time() + 5):
        order.append(call)
        await asyncio.sleep(0)


async def test_each_call_in_turn_asks_once() -> None:
    turns, order = CallTurns(1), list[str]()
    asked = ["a", "a", "a", "a", "b", "b", "c"]
    await asyncio.gather(*(_ask(turns, call, order) for call in asked))
    assert order == ["a", "a", "b", "c", "a", "b", "a"]


async def test_whoever_has_left_takes_no_turn_and_gives_back_one_just_given() -> None:
    turns, order = CallTurns(1), list[str]()
    async with turns.turn("a", asyncio.get_running_loop().time() + 5):
        left, given, last = (asyncio.ensure_future(_ask(turns, n, order)) for n in "bcd")
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait([left])
    given.cancel()  # after it was handed the room, before it could use it
    await asyncio.wait_for(last, 5)
    assert order == ["d"]
    await asyncio.wait_for(_ask(turns, "e", order), 5)
    assert given.cancelled()


async def test_nobody_waits_for_longer_than_said() -> None:
    turns = CallTurns(1)
    now = asyncio.get_running_loop().time
    async with turns.turn("a", now() + 5):
        with pytest.raises(TimeoutError):
            async with turns.turn("b", now() + 0.01):
                raise AssertionError("there is no room")
    async with turns.turn("c", now() + 5):
        pass
