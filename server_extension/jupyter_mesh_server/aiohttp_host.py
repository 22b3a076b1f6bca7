"""The routes on aiohttp's low-level server: no router, no middleware, one look-up per request.

Why aiohttp here: docs/decisions/0001-aiohttp-host.md.
"""

from __future__ import annotations

import asyncio
import logging

import orjson
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDict

from jupyter_mesh.errors import InvalidRequest, MeshError, NotFound

from .dispatch import Dispatcher
from .exchange import (
    JSON,
    MAX_BODY,
    SECURITY_HEADERS,
    HttpRequest,
    JsonReply,
    StreamReply,
    too_large,
)
from .problems import printable, problem

BASE = "/mesh"
_LINGER = 4 * MAX_BODY
"""Bytes of a refused body that are still taken, so that the client gets to read why."""
QUIET = 2.0
"""Seconds without a request after which connections that clients keep are closed at the end."""

log = logging.getLogger("jupyter_mesh.http")


class AiohttpHost:
    """The handler of every connection.

    Args:
        dispatcher: Answers what is below `base`.
        base: Path of the gateway, without a slash at its end.

    Attributes:
        running: Requests that are being answered.
        leaves: Whether each answer tells its client to close the connection.
    """

    def __init__(self, dispatcher: Dispatcher, base: str = BASE) -> None:
        self.running = 0
        self.leaves = False
        self._dispatcher = dispatcher
        self._base = base
        self._below = f"{base}/"
        # Where people want to go; relative, since a proxy may have put a path before it.
        self._site = {"/": f"{base[1:]}/", base: f"{base.rpartition('/')[2]}/"}

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.running += 1
        try:
            response = await self._answer(request)
        finally:
            self.running -= 1
        if self.leaves and not response.prepared:  # a stream that has begun said nothing of it
            response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if path in self._site and request.method in ("GET", "HEAD"):
            site = {"Location": self._site[path]}
            return web.Response(status=307, headers={**SECURITY_HEADERS, **site})
        if not path.startswith(self._below):
            return _constant(NotFound(f"There is nothing here; the gateway is at {self._below}."))
        reply = await self._dispatcher(
            HttpRequest(
                method=request.method,
                path=path[len(self._base) :],
                query=query,
                headers=request.headers,
                read=lambda: _read(request),
            )
        )
        headers = CIMultiDict(reply.headers)
        headers["Content-Type"] = reply.content_type
        headers["Server"] = "jupyter-mesh"
        if isinstance(reply, JsonReply):
            for cookie in reply.cookies:
                headers.add("Set-Cookie", cookie)
            return web.Response(body=reply.body, status=reply.status, headers=headers)
        return await _stream(request, reply, headers, is_last=self.leaves)


async def _stream(
    request: web.BaseRequest, reply: StreamReply, headers: CIMultiDict[str], *, is_last: bool
) -> web.StreamResponse:
    """Write what is ready as one piece; waits when the client's connection is full."""
    headers["X-Accel-Buffering"] = "no"
    response = web.StreamResponse(status=reply.status, headers=headers)
    if is_last:
        response.force_close()
    try:
        await response.prepare(request)
        reply.stream.hang_up = request.transport.abort if request.transport else None
        async for piece in reply.stream:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        log.debug("A client left in the middle of a stream.")
    finally:
        await reply.stream.aclose()
    return response


async def _read(request: web.BaseRequest) -> bytes:
    """The body; of one that is too long not more than its limit is kept."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the reply itself has not begun
    if (request.content_length or 0) <= MAX_BODY:
        try:
            return await request.read()
        except web.HTTPRequestEntityTooLarge:
            pass
        except (web.RequestPayloadError, ValueError):
            raise InvalidRequest("The body broke off, or its encoding is wrong.") from None
    dropped = 0
    while dropped < _LINGER and (piece := await request.content.readany()):
        dropped += len(piece)
    raise too_large()


class Connection(web.RequestHandler):
    """Answers what is not HTTP with the one shape of error, and repeats nothing of it."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The reply to a request that could not be parsed."""
        if request.writer.output_size > 0:
            raise ConnectionError("The reply has left in part already.")
        log.info("%d %s", status, printable(str(exc), 200))
        error: MeshError = InvalidRequest("The request is malformed.")
        if status >= 500:
            error = MeshError("The gateway failed.")
        error.status = status
        response = _constant(error)
        response.force_close()
        return response


class Server(web.Server):
    """aiohttp's server with connections and bounds of ours.

    A handler is cancelled when its client leaves, so that the call upstream stops too.
    """

    def __init__(self, dispatcher: Dispatcher, base: str = BASE) -> None:
        self._host = AiohttpHost(dispatcher, base)
        super().__init__(
            self._host,
            request_factory=self._request,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,  # a body is bounded as it is sent: no bombs
            keepalive_timeout=75.0,
        )

    async def drain(self, seconds: float) -> None:
        """Answer whoever still asks on a connection that is open, and have each closed by its
        client: one that is closed from here may have a request on its way. Over once none is open,
        or none was asked on for `QUIET`, or after `seconds`.
        """
        self._host.leaves = True
        end = asked = self._loop.time()
        end += seconds
        while self.connections and (now := self._loop.time()) < end:
            if self._host.running:
                asked = now
            elif now - asked > QUIET:
                return
            await asyncio.sleep(0.05)

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        return web.BaseRequest(
            message, payload, protocol, writer, task, self._loop, client_max_size=MAX_BODY
        )


def _constant(error: MeshError) -> web.Response:
    return web.Response(
        body=orjson.dumps(problem(error, "")),
        status=error.status,
        headers={**SECURITY_HEADERS, "Content-Type": JSON, "Server": "jupyter-mesh"},
    )
