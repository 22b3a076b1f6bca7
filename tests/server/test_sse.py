"""How events leave: in one write what is ready together, bounded, alive, closed at once."""

from __future__ import annotations

import asyncio

import pytest
from jupyter_mesh_server import sse
from jupyter_mesh_server.sse import KEEP_ALIVE, EventStream

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.schemas.events import Event, Events, Notice


class Codes:
    """Sends the code of each notice."""

    def feed(self, event: Event) -> bytes:
        assert isinstance(event, Notice)
        return event.code.encode()

    def finish(self) -> bytes:
        return b"."

    def fail(self, error: BaseException) -> bytes:
        return b"!" + type(error).__name__.encode()


async def say(*codes: str) -> Events:
    for code in codes:
        yield Notice(code, "")


async def read(stream: EventStream) -> list[bytes]:
    await stream.first()
    try:
        return [piece async for piece in stream]
    finally:
        await stream.aclose()


async def test_what_is_ready_together_leaves_in_one_piece() -> None:
    async def bursts() -> Events:
        for burst in ("ab", "cd", "ef"):
            for letter in burst:
                yield Notice(letter, "")
            await asyncio.sleep(0.02)

    assert await read(EventStream(bursts(), Codes())) == [b"ab", b"cd", b"ef", b"."]


async def test_a_failure_before_the_first_byte_is_raised() -> None:
    async def refused() -> Events:
        await asyncio.sleep(0)
        raise BudgetExceeded("No.")
        yield Notice("never", "")

    stream = EventStream(refused(), Codes())
    with pytest.raises(BudgetExceeded):
        await stream.first()
    await stream.aclose()


async def test_events_without_bytes_do_not_commit_the_status() -> None:
    async def noticed_then_refused() -> Events:
        yield Notice("", "")
        await asyncio.sleep(0)
        raise BudgetExceeded("No.")

    stream = EventStream(noticed_then_refused(), Codes())
    with pytest.raises(BudgetExceeded):
        await stream.first()
    await stream.aclose()


async def test_a_failure_after_the_first_byte_ends_the_stream_with_an_error() -> None:
    async def breaks() -> Events:
        yield Notice("a", "")
        await asyncio.sleep(0.01)
        raise ZeroDivisionError

    assert await read(EventStream(breaks(), Codes())) == [b"a", b"!ZeroDivisionError"]


async def test_a_silent_line_gets_comments_until_there_is_something_to_say() -> None:
    heard_twice = asyncio.Event()

    async def slow() -> Events:
        yield Notice("a", "")
        await heard_twice.wait()
        yield Notice("b", "")

    stream = EventStream(slow(), Codes(), beat=0.02)
    pieces = [await anext(stream) for _ in range(3)]
    heard_twice.set()
    pieces += [piece async for piece in stream if piece != KEEP_ALIVE]
    assert pieces == [b"a", KEEP_ALIVE, KEEP_ALIVE, b"b."]
    await stream.aclose()


async def test_a_line_that_speaks_at_every_beat_gets_no_comment() -> None:
    async def chatty() -> Events:
        for _ in range(20):
            yield Notice("a", "")
            await asyncio.sleep(0.01)

    pieces = await read(EventStream(chatty(), Codes(), beat=1.0))
    assert KEEP_ALIVE not in pieces


async def test_no_comment_is_sent_before_the_first_byte() -> None:
    async def late() -> Events:
        await asyncio.sleep(0.2)
        raise BudgetExceeded("No.")
        yield Notice("never", "")

    stream = EventStream(late(), Codes(), beat=0.02)
    with pytest.raises(BudgetExceeded):
        await stream.first()
    await stream.aclose()


async def test_a_client_that_takes_nothing_holds_the_pipeline_back() -> None:
    made = 0

    async def flood() -> Events:
        nonlocal made
        for _ in range(1000):
            made += 1
            yield Notice("x" * 1000, "")

    stream = EventStream(flood(), Codes(), max_waiting=10_000)
    await stream.first()
    for _ in range(20):
        await asyncio.sleep(0)
    assert made <= 11
    assert sum([len(piece) async for piece in stream]) == 1_000_001
    assert made == 1000
    await stream.aclose()


async def test_a_client_that_takes_nothing_for_long_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "PATIENCE", 3)
    hung_up = asyncio.Event()
    closed = asyncio.Event()

    async def endless() -> Events:
        try:
            while True:
                yield Notice("x" * 100, "")
        finally:
            closed.set()

    stream = EventStream(endless(), Codes(), beat=0.01, max_waiting=1000)
    stream.hang_up = hung_up.set
    await stream.first()
    await anext(stream)
    async with asyncio.timeout(5):
        await hung_up.wait()
        await closed.wait()
    await stream.aclose()


@pytest.mark.parametrize("pieces_read", [0, 1])
async def test_closing_closes_the_pipeline_and_waits_for_its_end(pieces_read: int) -> None:
    steps: list[str] = []

    async def call() -> Events:
        try:
            yield Notice("a", "")
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            steps.append("recorded")

    stream = EventStream(call(), Codes())
    await stream.first()
    for _ in range(pieces_read):
        await anext(stream)
    await stream.aclose()
    assert steps == ["recorded"]


async def test_a_stream_that_is_closed_twice_or_after_its_end_is_no_harm() -> None:
    stream = EventStream(say("a"), Codes())
    assert [piece async for piece in stream] == [b"a."]
    await stream.aclose()
    await stream.aclose()
