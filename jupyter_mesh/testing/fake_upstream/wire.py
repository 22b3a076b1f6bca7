"""Putting an answer on the wire, and breaking it on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib

import orjson
from aiohttp import web

from ...schemas.json import Json, JsonObject
from .behaviour import Behaviour
from .dialect import Dialect, Streamed
from .record import Received

_FOREVER = 3_600.0
_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class Broken(Exception):
    """The answer was broken off on purpose."""


class Wire:
    """One answer under way."""

    def __init__(
        self, request: web.Request, received: Received, behaviour: Behaviour, dialect: Dialect
    ) -> None:
        self._request = request
        self._dialect = dialect
        self._received = received
        self._behaviour = behaviour
        self._response: web.StreamResponse | None = None

    async def whole(self, answer: JsonObject | list[Json]) -> web.StreamResponse:
        """Send `answer` as one body."""
        body = orjson.dumps(answer)
        match self._behaviour.fault:
            case "invalid_json":
                body = body[:-2]
            case "wrong_type":
                return await self.page(200)
            case "huge":
                filler = "a" * self._behaviour.huge_bytes
                more: Json = [filler] if isinstance(answer, list) else {"filler": filler}
                body = body[:-1] + b"," + orjson.dumps(more)[1:]
            case "gzip_bomb":
                return await self._send(self._bomb(), "application/json", encoding="gzip")
            case "cut" | "reset_after" | "stall_middle":
                await self._begin(200, "application/json", {"Content-Length": str(len(body))})
                await self._write(body[: len(body) // 2])
                await self._break()
            case _:
                pass
        headers = self._dialect.answer_headers(self._received)
        return await self._send(body, "application/json", headers=headers)

    async def stream(self, streamed: Streamed) -> web.StreamResponse:
        """Send the events one after the other."""
        kind = self._dialect.stream_type
        if self._behaviour.fault == "wrong_type":
            return await self.page(200)
        if self._behaviour.fault == "gzip_bomb":
            return await self._send(self._bomb(), kind, encoding="gzip")
        await self._begin(200, kind, {})
        if self._behaviour.fault == "only_comments":
            for _ in range(int(_FOREVER / 0.05)):
                await self._write(self._dialect.comment)
                await asyncio.sleep(0.05)
        events = self._events(streamed)
        if self._behaviour.burst:
            events = [b"".join(events)]
        middle = len(events) // 2
        for position, event in enumerate(events):
            if position == middle and self._behaviour.fault in (
                "cut",
                "reset_after",
                "stall_middle",
            ):
                await self._break()
            await asyncio.sleep(self._behaviour.piece_delay)
            await self._write(event)
        return await self._end()

    async def error(
        self, status: int, error: JsonObject, headers: dict[str, str] | None = None
    ) -> web.StreamResponse:
        """Send the body of an error."""
        body = orjson.dumps(error)
        headers = {**self._dialect.error_headers(status, error), **(headers or {})}
        return await self._send(body, "application/json", status=status, headers=headers)

    async def page(self, status: int) -> web.StreamResponse:
        """Send a page of HTML, as a proxy in front of a dead server does."""
        return await self._send(_PAGE, "text/html", status=status)

    async def reset(self) -> None:
        """Reset the connection (RST): what was not read yet is lost on the other side too."""
        transport = self._request.transport
        assert transport is not None
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        raise Broken

    async def stall(self) -> None:
        """Send nothing until the client leaves."""
        await asyncio.sleep(_FOREVER)

    def _events(self, streamed: Streamed) -> list[bytes]:
        fault, dialect = self._behaviour.fault, self._dialect
        whole = len(streamed.events) - streamed.end
        events, end = streamed.events[:whole], streamed.events[whole:]
        middle = len(events) // 2
        if fault == "duplicate":
            events = [event for event in events for _ in range(2)]
        elif fault == "comments":
            events = [part for event in events for part in (dialect.comment, event)]
        elif fault == "invalid_json":
            events[middle] = dialect.broken_event
        elif fault == "error_event":
            return [*events[:middle], dialect.error_event("The model crashed.")]
        elif fault == "huge":
            events[middle] = dialect.text_event("a" * self._behaviour.huge_bytes)
        return events if fault == "no_done" else [*events, *end]

    async def _break(self) -> None:
        transport = self._request.transport
        assert transport is not None
        if self._behaviour.fault == "reset_after":
            await asyncio.sleep(0.05)  # let what was written arrive before the reset overtakes it
            await self.reset()
        if self._behaviour.fault == "stall_middle":
            await self.stall()
        transport.close()
        raise Broken

    def _bomb(self) -> bytes:
        squeeze = zlib.compressobj(9, wbits=31)
        block = bytes(1024 * 1024)
        parts = [squeeze.compress(block) for _ in range(self._behaviour.huge_bytes // len(block))]
        return b"".join([*parts, squeeze.flush()])

    async def _send(
        self,
        body: bytes,
        kind: str,
        *,
        status: int = 200,
        encoding: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> web.StreamResponse:
        more = {"Content-Encoding": encoding} if encoding else {}
        length = {"Content-Length": str(len(body))}
        await self._begin(status, kind, {**length, **more, **(headers or {})})
        await self._write(body)
        return await self._end()

    async def _begin(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self._response = web.StreamResponse(
            status=status, headers={"Content-Type": kind, **headers}
        )
        await self._response.prepare(self._request)

    async def _write(self, data: bytes) -> None:
        assert self._response is not None
        size = self._behaviour.write_bytes or len(data) or 1
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            await self._response.write(piece)
            self._received.sent_bytes += len(piece)

    async def _end(self) -> web.StreamResponse:
        assert self._response is not None
        await self._response.write_eof()
        return self._response
