"""The least a Python reverse proxy can do, for comparison.

    python -m benchmarks.floors KIND PORT_FILE UPSTREAM_PORT

KIND: `tornado` (server and pooled keep-alive connections to the upstream), `tornado-uvloop`,
`aiohttp` (server and client, uvloop), `jupyter` (the tornado pool behind a Jupyter Server handler
with its authentication).
"""

from __future__ import annotations

import asyncio
import collections
import sys
from pathlib import Path
from typing import Any

from tornado import httputil, web
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.tcpclient import TCPClient


class Pool:
    """Keep-alive connections to the upstream, made of tornado's own HTTP/1 connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: collections.deque[HTTP1Connection] = collections.deque()
        self._client = TCPClient()
        self._parameters = HTTP1ConnectionParameters(no_keep_alive=False, decompress=False)

    async def post(self, path: str, body: bytes, delegate: httputil.HTTPMessageDelegate) -> None:
        """One request; the answer goes to `delegate` as it comes."""
        connection = await self._take()
        headers = httputil.HTTPHeaders(
            {
                "Host": f"127.0.0.1:{self._port}",
                "Content-Type": "application/json",
                "Authorization": "Bearer upstream-key",
                "Content-Length": str(len(body)),
            }
        )
        line = httputil.RequestStartLine("POST", path, "HTTP/1.1")
        connection.write_headers(line, headers, body)
        connection.finish()
        await connection.read_response(delegate)
        stream = connection.detach()
        self._idle.append(HTTP1Connection(stream, True, self._parameters))

    async def _take(self) -> HTTP1Connection:
        while self._idle:
            connection = self._idle.pop()
            stream = connection.stream
            if stream is not None and not stream.closed():
                return connection
        stream = await self._client.connect("127.0.0.1", self._port)
        stream.set_nodelay(True)
        return HTTP1Connection(stream, True, self._parameters)


class Relay(httputil.HTTPMessageDelegate):
    """Writes an upstream's answer to a tornado handler, chunk by chunk."""

    def __init__(self, handler: web.RequestHandler) -> None:
        self._handler = handler
        self._flushes = False

    def headers_received(self, start_line: object, headers: httputil.HTTPHeaders) -> None:
        kind = headers.get("Content-Type", "application/json")
        self._handler.set_header("Content-Type", kind)
        self._flushes = kind.startswith("text/event-stream")

    def data_received(self, chunk: bytes) -> None:
        self._handler.write(chunk)
        if self._flushes:
            self._handler.flush()

    def finish(self) -> None:
        """The caller finishes the handler."""


class TornadoFloor(web.RequestHandler):
    """Reads a body, asks the upstream, relays."""

    pool: Pool

    async def post(self) -> None:
        await self.pool.post("/v1/chat/completions", self.request.body, Relay(self))
        await self.finish()


async def serve_tornado(port_file: Path, upstream: int) -> None:
    """Serve until killed."""
    TornadoFloor.pool = Pool(upstream)
    application = web.Application([(r"/.*", TornadoFloor)], log_function=lambda _: None)
    server = application.listen(0, "127.0.0.1")
    (socket,) = server._sockets.values()
    port_file.write_text(str(socket.getsockname()[1]))
    await asyncio.Event().wait()


async def serve_aiohttp(port_file: Path, upstream: int) -> None:
    """Serve until killed."""
    from aiohttp import ClientSession, DummyCookieJar, TCPConnector
    from aiohttp import web as aioweb

    connector = TCPConnector(limit=256)
    session = ClientSession(connector=connector, auto_decompress=False, cookie_jar=DummyCookieJar())
    url = f"http://127.0.0.1:{upstream}/v1/chat/completions"
    headers = {"Content-Type": "application/json", "Authorization": "Bearer upstream-key"}

    async def relay(request: aioweb.BaseRequest) -> aioweb.StreamResponse:
        body = await request.read()
        async with session.post(url, data=body, headers=headers) as answer:
            if answer.content_type != "text/event-stream":
                data = await answer.read()
                return aioweb.Response(body=data, content_type="application/json")
            response = aioweb.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    runner = aioweb.ServerRunner(aioweb.Server(relay))
    await runner.setup()
    site = aioweb.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port_file.write_text(str(runner.addresses[0][1]))
    await asyncio.Event().wait()


def serve_jupyter(port_file: Path, upstream: int) -> None:
    """A Jupyter Server with one authenticated handler more."""
    from jupyter_server.base.handlers import APIHandler
    from jupyter_server.serverapp import ServerApp

    pool = Pool(upstream)

    class JupyterFloor(APIHandler):
        @web.authenticated
        async def post(self) -> None:
            relay = Relay(self)
            await pool.post("/v1/chat/completions", self.request.body, relay)
            await self.finish()

        def finish(self, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
            kind = self._headers.get("Content-Type")
            return super().finish(*args, set_content_type=kind, **kwargs)

    server = ServerApp()
    server.initialize(
        [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            "--IdentityProvider.token=bench",
            "--ServerApp.disable_check_xsrf=True",
            "--ServerApp.jpserver_extensions={}",
            "--ServerApp.log_level=ERROR",
        ]
    )
    server.web_app.add_handlers(".*$", [(r"/floor", JupyterFloor)])
    server.io_loop.call_later(0.5, lambda: port_file.write_text(str(server.port)))
    server.start()


def main(kind: str, port_file: Path, upstream: int) -> None:
    """Serve one kind of floor."""
    if kind == "jupyter":
        serve_jupyter(port_file, upstream)
        return
    if kind == "aiohttp":
        import uvloop

        uvloop.run(serve_aiohttp(port_file, upstream))
    elif kind == "tornado-uvloop":
        import uvloop

        uvloop.run(serve_tornado(port_file, upstream))
    else:
        asyncio.run(serve_tornado(port_file, upstream))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
