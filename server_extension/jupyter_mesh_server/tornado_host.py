"""The routes inside Jupyter Server. Loaded when Jupyter starts, so its imports are few."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.utils import HTTP_METHOD_TO_AUTH_ACTION
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError

from jupyter_mesh.errors import NotPermitted

from .credentials import unauthenticated
from .exchange import (
    JSON,
    MAX_BODY,
    SECURITY_HEADERS,
    Answers,
    HttpRequest,
    JsonReply,
    StreamReply,
    too_large,
)

_ERROR = (
    '{"error":{"message":"%s","type":"server_error","param":null,"code":"%s","request_id":null}}'
)
_OUR_HEADERS = (
    "x-mesh-purpose, x-mesh-document, x-mesh-kernel, x-mesh-tags, x-mesh-cache, x-mesh-details, "
    "idempotency-key"
)


class Startup(Protocol):
    """The mesh, there or on its way."""

    dispatcher: Answers | None

    async def wait(self) -> Answers | None:
        """The dispatcher; None when it takes too long."""
        ...


class TornadoHeaders:
    """Tornado's headers as the routes want them."""

    __slots__ = ("_headers",)

    def __init__(self, headers: HTTPHeaders) -> None:
        self._headers = headers

    def get(self, name: str, /) -> str | None:
        return self._headers.get(name)

    def getall(self, name: str, default: Sequence[str], /) -> Sequence[str]:
        return self._headers.get_list(name) or default

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)


@web.stream_request_body
class MeshHandler(JupyterHandler):
    """Every request below `/mesh/`. Who is calling is decided by `PersonalIdentity`, not here."""

    def initialize(self, startup: Startup, prefix: int) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take what the application gives; `prefix` is the length of the path up to `/mesh`."""
        self._startup = startup
        self._prefix = prefix
        self._received: list[bytes] = []
        self._size = 0
        self._left = False
        self._serving: asyncio.Task[Any] | None = None

    def set_default_headers(self) -> None:
        """None by default: the dispatcher says which headers a reply has."""

    def prepare(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Leave Jupyter's login to `browser_login`: a kernel's request need not pay for it."""
        self._transforms = []  # no compression: it would cost CPU on every piece of a stream

    def data_received(self, chunk: bytes) -> None:
        """Keep a body within the limit; of a longer one only its size."""
        self._size += len(chunk)
        if self._size <= MAX_BODY:
            self._received.append(chunk)
        else:
            self._received.clear()

    async def _read(self) -> bytes:
        if self._size > MAX_BODY:
            raise too_large()
        return b"".join(self._received)

    def on_connection_close(self) -> None:
        """The client has gone: stop what it asked for at once."""
        super().on_connection_close()
        self._left = True
        if self._serving is not None:
            self._serving.cancel()

    async def _serve(self) -> None:
        serving = self._serving = asyncio.current_task()
        try:
            dispatcher = self._startup.dispatcher or await self._startup.wait()
            if dispatcher is None:
                self.send_error(503)
            else:
                await self._answer(dispatcher)
        except StreamClosedError:
            self._left = True
        except asyncio.CancelledError:
            if not self._left:
                raise
            if serving is not None:
                serving.uncancel()
        finally:
            self._serving = None

    async def _answer(self, dispatcher: Answers) -> None:
        reply = await dispatcher(
            HttpRequest(
                method=self.request.method or "",
                path=self.request.path[self._prefix :],
                query=self.request.query,
                headers=TornadoHeaders(self.request.headers),
                read=self._read,
                origin=self,
            )
        )
        self.set_status(reply.status)
        for name, value in self.settings.get("headers", {}).items():
            self.set_header(name, value)
        self.set_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.set_header(name, value)
        if isinstance(reply, JsonReply):
            for cookie in reply.cookies:
                self.add_header("Set-Cookie", cookie)
            await self.finish(reply.body)
        else:
            await self._stream(reply)

    async def _stream(self, reply: StreamReply) -> None:
        """Write what is ready as one piece and wait until the client has taken it."""
        try:
            self.set_header("X-Accel-Buffering", "no")
            if isinstance(self.request.connection, HTTP1Connection):
                reply.stream.hang_up = self.request.connection.close
            async for piece in reply.stream:
                self.write(piece)
                await self.flush()
        finally:
            await reply.stream.aclose()
        await self.finish()

    @allow_unauthenticated
    async def get(self) -> None:
        await self._serve()

    @allow_unauthenticated
    async def head(self) -> None:
        await self._serve()

    @allow_unauthenticated
    async def post(self) -> None:
        await self._serve()

    @allow_unauthenticated
    async def put(self) -> None:
        await self._serve()

    @allow_unauthenticated
    async def patch(self) -> None:
        await self._serve()

    @allow_unauthenticated
    async def delete(self) -> None:
        await self._serve()

    @allow_unauthenticated
    async def options(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Answer a preflight as Jupyter's own API does, for the origins it is told to trust."""
        await JupyterHandler.prepare(self, _redirect_to_login=False)
        APIHandler.options(cast(APIHandler, self))
        known = self._headers.get("Access-Control-Allow-Headers", "")
        self.set_header("Access-Control-Allow-Headers", f"{known}, {_OUR_HEADERS}")
        self.set_status(204)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What the dispatcher did not see, such as a malformed path; repeats nothing of it."""
        if status_code == 503:
            message, code = "The mesh is still starting; ask again in a moment.", "unavailable"
        elif status_code < 500:
            message, code = "The request is malformed.", "invalid_request"
        else:
            message, code = "The gateway failed; its log tells why.", "internal_error"
        for name, value in {**SECURITY_HEADERS, "Content-Type": JSON}.items():
            self.set_header(name, value)
        self.finish(_ERROR % (message, code))

    def set_signed_cookie(self, *_: object, **__: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Set none: Jupyter would hand a new login to each request that brings its token. Pages
        get theirs from Jupyter's own addresses, and programs send the token every time.
        """

    set_secure_cookie = set_signed_cookie

    def compute_etag(self) -> str | None:
        """None: replies are not to be kept."""
        return None

    def _log(self) -> None:
        """Say nothing: the dispatcher logs refusals, and the mesh records every call."""


async def browser_login(request: HttpRequest) -> None:
    """Let pass what Jupyter's own login stands behind: its cookie with XSRF token, or its token.

    The authorizer is asked here and not by its decorator, which remembers the first resource that
    it was used for.

    Raises:
        Unauthenticated: Jupyter knows no user.
        NotPermitted: Another site may have made the request, or the authorizer says no.
    """
    handler = cast(MeshHandler, request.origin)
    try:
        await JupyterHandler.prepare(handler, _redirect_to_login=False)
        trusted = handler.check_origin()
    except web.HTTPError:
        trusted = False
    user = handler.current_user
    if user is None:
        raise unauthenticated()
    if not trusted:
        raise NotPermitted("Another site may have sent this: its XSRF token or origin is wrong.")
    action = HTTP_METHOD_TO_AUTH_ACTION[request.method]
    if not await ensure_async(handler.authorizer.is_authorized(handler, user, action, "mesh")):
        raise NotPermitted(f"Your Jupyter server does not let you {action} `mesh`.")
