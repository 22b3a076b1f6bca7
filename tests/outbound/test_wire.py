from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientTimeout, TCPConnector
from yarl import URL

from jupyter_mesh.outbound.wire import Target

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def target(serve: Serve) -> AsyncGenerator[tuple[Target, list[bytes]]]:
    """A server that runs `serve` for each request; with it the heads it has read, connections
    apart by an empty one.
    """
    heads: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(b"")
        try:
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x?y=1")
    async with TCPConnector() as pool:
        yield Target("POST", url, None, pool, ClientTimeout()), heads
    server.close()


async def answered(one: Target, body: bytes = b"ask") -> bytes:
    response = await one.send(body, {"Content-Type": "text/plain"})
    return await response.content.read()


async def test_requests_follow_one_another_on_one_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(3) == b"ask"
        writer.write(ANSWER)

    async with target(serve) as (one, heads):
        assert [await answered(one), await answered(one)] == [b"ok", b"ok"]
        assert heads.count(b"") == 1
        assert heads[1].startswith(b"POST /v1/x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:")
        assert b"\r\nContent-Length: 3\r\n" in heads[1]
        assert heads[1] == heads[2]


async def test_hints_that_come_before_the_answer_are_passed_over() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ANSWER)

    async with target(serve) as (one, _):
        assert await answered(one) == b"ok"


async def test_a_connection_on_which_a_request_was_left_unread_does_not_serve_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWER)
        await asyncio.sleep(0.2)
        await reader.readexactly(1)

    async with target(serve) as (one, heads):
        long = bytes(64 * 1024 * 1024)  # more than the sockets take
        assert await answered(one, long) == b"ok"
        assert await answered(one, long) == b"ok"
        assert heads.count(b"") == 2


async def test_a_header_that_holds_a_line_break_is_not_sent() -> None:
    async def serve(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        raise AssertionError("nothing may come")

    async with target(serve) as (one, heads):
        with pytest.raises(ValueError, match="line break"):
            await one.send(b"", {"X-A": "b\r\nX-C: d"})
        assert [head for head in heads if head] == []


async def test_a_request_that_is_given_up_is_not_sent_on() -> None:
    """What nobody waits for any more is neither held in memory nor answered, and charged."""
    size = 64 * 1024 * 1024  # more than the sockets take
    given_up, ended = asyncio.Event(), asyncio.Event()
    read: list[int] = []

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await given_up.wait()
        try:
            while piece := await reader.read(1024 * 1024):
                read.append(len(piece))
        finally:
            ended.set()
        raise ConnectionError

    async with target(serve) as (one, _):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await one.send(bytes(size), {})
        given_up.set()
        async with asyncio.timeout(10):
            await ended.wait()
        assert sum(read) < size


async def test_an_answer_nobody_asked_for_is_not_taken_for_that_to_the_next_request() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readexactly(3)
        writer.write(ANSWER.replace(b"ok", asked[:2]))
        await asyncio.sleep(0.05)
        writer.write(ANSWER.replace(b"ok", b"no"))

    async with target(serve) as (one, heads):
        assert await answered(one, b"abc") == b"ab"
        await asyncio.sleep(0.15)
        assert await answered(one, b"def") == b"de"
        assert heads.count(b"") == 2


async def test_an_answer_with_another_right_behind_it_is_the_last_on_its_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readexactly(3)
        writer.write(ANSWER.replace(b"ok", asked[:2]) + ANSWER.replace(b"ok", b"no"))

    async with target(serve) as (one, heads):
        assert await answered(one, b"abc") == b"ab"
        assert await answered(one, b"def") == b"de"
        assert heads.count(b"") == 2


@pytest.mark.parametrize("chunked", [True, False])
async def test_whoever_leaves_at_whatever_step_others_get_their_own_answers(chunked: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readexactly(4)
        head = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 4"
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n%b\r\n\r\n" % head)
        for half in (asked[:2], asked[2:]):
            await asyncio.sleep(0)
            writer.write(b"2\r\n%b\r\n" % half if chunked else half)
        writer.write(b"0\r\n\r\n" if chunked else b"")

    async def ask(one: Target, body: bytes) -> bool:
        response = await one.send(body, {})
        try:
            return await response.content.read() == body
        finally:
            response.close()

    async with target(serve) as (one, _):
        for number in range(60):
            bodies = [b"%04d" % (number * 3 + caller) for caller in range(3)]
            leaves, *others = [asyncio.create_task(ask(one, body)) for body in bodies]
            for _ in range(number % 20):
                await asyncio.sleep(0)
            leaves.cancel()
            async with asyncio.timeout(10):
                assert await asyncio.gather(*others) == [True, True]
                await asyncio.gather(leaves, return_exceptions=True)
