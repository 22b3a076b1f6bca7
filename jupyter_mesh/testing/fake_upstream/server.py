"""The server: in this event loop, or in a thread of its own for tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import orjson
from aiohttp import web

from ...schemas.json import as_list, as_object, as_str, dig
from .behaviour import Behaviour
from .dialect import Dialect, Refusal, Streamed
from .record import Received, Record
from .wire import Broken, Wire

_LARGEST_BODY = 256 * 1024 * 1024


class FakeUpstream:
    """A fake upstream on a free port of loopback.

    Args:
        dialect: The format it speaks.
        log: A file to which every request is appended, before it is answered.
        port: 0 takes a free one.
        models: What it lists.
        api_key: Ask for this key; None takes any.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        log: Path | None = None,
        port: int = 0,
        models: tuple[str, ...] = ("fake-model", "fake-embedding"),
        api_key: str | None = None,
    ) -> None:
        self.default = Behaviour()
        self.dialect = dialect
        self.port = port
        self._models = models
        self._api_key = api_key
        self._record = Record(log)
        self._script: deque[Behaviour] = deque()
        self._runner: web.AppRunner | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Received]:
        """Every request so far, in order."""
        return self._record.requests

    def script(self, *behaviours: Behaviour) -> None:
        """Answer the next requests so, one after the other; then as `default` says again."""
        self._script.extend(behaviours)

    def forget(self) -> None:
        """Forget what is scripted and was not needed."""
        self._script.clear()

    async def start(self) -> None:
        """Listen; `port` is known afterwards."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_post("/_script", self._take_script)
        app.router.add_get("/_requests", self._show_requests)
        app.router.add_get("/{path:.*}", self._list_models)
        app.router.add_post("/{path:.*}", self._answer)
        # Cancelling handlers is how the fake learns at once that a client has gone.
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def wait_for(self, received: Received, within: float = 10.0) -> None:
        """Wait until `received` has ended.

        Raises:
            TimeoutError: It has not, within that many seconds.
        """
        async with asyncio.timeout(within):
            while received.end is None:  # noqa: ASYNC110  (another thread may set it)
                await asyncio.sleep(0.01)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._thread is not None
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self.start())
        except OSError as error:
            self._failure = error
            ready.set()
            return
        ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self.stop())
        self._loop.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        received = self._accept(request)
        behaviour = self._script.popleft() if self._script else self.default
        wire = Wire(request, received, behaviour, self.dialect)
        try:
            self._record.note_body(received, await request.read())
            await asyncio.sleep(behaviour.delay)
            response = await self._respond(wire, received, behaviour)
        except Broken:
            self._record.note_end(received, "faulted")
            return web.Response()
        except (asyncio.CancelledError, ConnectionError):
            self._record.note_end(received, "client_gone")
            raise
        self._record.note_end(received, "answered")
        return response

    def _accept(self, request: web.Request) -> Received:
        headers = {name.lower(): value for name, value in request.headers.items()}
        peer = request.transport.get_extra_info("peername") if request.transport else None
        port = peer[1] if peer else 0
        return self._record.accept(request.method, request.path, headers, port, request.raw_path)

    async def _respond(
        self, wire: Wire, received: Received, behaviour: Behaviour
    ) -> web.StreamResponse:
        dialect = self.dialect
        if self._api_key is not None and not dialect.authorized(received, self._api_key):
            return await self._unauthorized(wire, received)
        refused = await self._refused(wire, received, behaviour)
        if refused is not None:
            return refused
        try:
            answer = dialect.answer(received, behaviour)
        except Refusal as refusal:
            body = dialect.error(refusal.status, refusal.message, refusal.code, refusal.param)
            return await wire.error(refusal.status, body)
        if answer is None:
            message = f"Unknown request URL: POST {received.path}"
            return await wire.error(404, dialect.error(404, message, "invalid_request_error"))
        if isinstance(answer, Streamed):
            return await wire.stream(answer)
        return await wire.whole(answer)

    async def _list_models(self, request: web.Request) -> web.Response:
        received = self._accept(request)
        self._record.note_end(received, "answered")
        dialect = self.dialect
        try:
            listed = dialect.models(received, self._models)
            if listed is None:
                raise Refusal(404, f"No GET {received.path}")
            if self._api_key is not None and not dialect.authorized(received, self._api_key):
                raise Refusal(401, "Incorrect API key provided.", "invalid_api_key")
        except Refusal as refusal:
            body = dialect.error(refusal.status, refusal.message, refusal.code, refusal.param)
            headers = dialect.error_headers(refusal.status, body)
            return web.json_response(body, status=refusal.status, headers=headers)
        return web.json_response(listed)

    async def _take_script(self, request: web.Request) -> web.Response:
        """Take orders: `{"behaviours": […], "default": {…}, "clear": true}`, each optional."""
        order = as_object(orjson.loads(await request.read()))
        if order is None:
            return web.json_response({"error": "an order is an object"}, status=400)
        if order.get("clear") is True:
            self._script.clear()
            self.default = Behaviour()
        if "default" in order:
            self.default = Behaviour.model_validate(order["default"])
        listed = as_list(order.get("behaviours")) or []
        self.script(*(Behaviour.model_validate(one) for one in listed))
        return web.json_response({"waiting": len(self._script)})

    async def _show_requests(self, _: web.Request) -> web.Response:
        shown = [
            {
                "number": one.number,
                "path": one.path,
                "target": one.target,
                "headers": one.headers,
                "body": one.body.decode("utf-8", "replace"),
                "accepted_ns": one.accepted_ns,
                "sent_bytes": one.sent_bytes,
                "end": one.end,
            }
            for one in self.requests
        ]
        return web.json_response({"requests": shown})

    async def _unauthorized(self, wire: Wire, received: Received) -> web.StreamResponse:
        token = self.dialect.credential(received) or ""
        seen = quote(token, safe=""), base64.b64encode(token.encode()).decode()
        message = f"Incorrect API key provided: {token}, in a URL {seen[0]}, as base64 {seen[1]}."
        return await wire.error(401, self.dialect.error(401, message, "invalid_api_key"))

    async def _refused(
        self, wire: Wire, received: Received, behaviour: Behaviour
    ) -> web.StreamResponse | None:
        """The answer of a fault that comes before any answer; None when there is none."""
        wait = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
        error = self.dialect.error
        match behaviour.fault:
            case "rate_limited":
                body = error(429, "Rate limit reached.", "rate_limit_exceeded")
                return await wire.error(429, body, wait)
            case "server_error":
                return await wire.error(500, error(500, "The server had an error."), wait)
            case "html_error":
                return await wire.page(502)
            case "unauthorized":
                return await self._unauthorized(wire, received)
            case "too_long":
                return await wire.error(*self.dialect.too_long())
            case "rejected":
                content = dig(received.json, "messages", -1, "content")
                text = as_str(content) or as_str(dig(content, 0, "text")) or "your input"
                return await wire.error(400, error(400, f"Invalid value: {text}", None, "messages"))
            case "redirect":
                return await wire.error(307, error(307, "Moved."), {"Location": "/v1/models"})
            case "error_in_200":
                return await wire.error(200, error(503, "Upstream overloaded."))
            case "reset_before":
                await wire.reset()
            case "stall":
                await wire.stall()
            case _:
                pass
        return None
