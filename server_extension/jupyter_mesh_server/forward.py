"""On a JupyterHub: what the single-user server does with requests to the mesh. It passes them on.

The user may edit this server, so it holds no key and no rule: only its own Hub token, which is the
user's anyway. Kernels do without it and call the service themselves.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from jupyter_mesh.errors import InvalidRequest, NotFound, NotPermitted, Unavailable

from .exchange import EVENT_STREAM, SECURITY_HEADERS, HttpRequest, JsonReply, Reply, StreamReply
from .identity import Browser
from .problems import refusal

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_SENT = frozenset(
    {"accept", "content-type", "idempotency-key", "last-event-id", "traceparent", "tracestate"}
)
"""Headers that go on to the service besides `X-Mesh-…`: no cookie, no other credential."""
_RETURNED = frozenset({"content-disposition", "retry-after"})
"""Headers that come back besides `X-Mesh-…`."""
_OURS = "x-mesh-"
_NOT_OURS = frozenset({"x-mesh-xsrf"})
"""Of a session of the service's own site, which nobody here has."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_CONNECT_SECONDS = 5.0
_SILENCE_SECONDS = 600.0
"""Longest silence while a model thinks; the service's own deadline is shorter."""
_SMALL = 256 * 1024
"""Replies up to this many bytes are passed on whole."""

log = logging.getLogger("jupyter_mesh.http")


class Forwarder:
    """Answers every request below `/mesh` by what the service answers; never raises but for
    cancellation.

    Args:
        url: Of the service, with a slash at its end.
        token: Of this server at the Hub.
        browser: Jupyter's own check of who is calling.
    """

    def __init__(self, url: str, token: str, browser: Browser) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._browser = browser
        self._session: ClientSession | None = None

    async def __call__(self, request: HttpRequest) -> Reply:
        try:
            reply = await self._pass_on(request)
        except Exception as error:  # noqa: BLE001 the edge: nothing may escape to the transport
            reply = refusal(error, request)
        reply.headers = {**SECURITY_HEADERS, **reply.headers}
        return reply

    async def aclose(self) -> None:
        """Close the connections to the service."""
        if self._session is not None:
            await self._session.close()

    async def _pass_on(self, request: HttpRequest) -> Reply:
        from aiohttp import ClientError
        from yarl import URL

        await self._browser(request)
        if request.method not in _METHODS:
            raise InvalidRequest("The mesh does not take this method.")
        if not _is_plain(request.path):
            raise NotFound("There is nothing here.")
        query = f"?{request.query}" if request.query else ""
        body = None if request.method in ("GET", "HEAD") else await request.read()
        try:
            response = await self._open().request(
                request.method,
                URL(f"{self._url}{request.path}{query}", encoded=True),
                data=body,
                headers={**_sent(request), "Authorization": f"Bearer {self._token}"},
                allow_redirects=False,
            )
        except (ClientError, TimeoutError, OSError) as error:
            log.warning("The mesh service does not answer: %s", type(error).__name__)
            raise _gone() from None
        return await _reply(response)

    def _open(self) -> ClientSession:
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=0),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
                ),
                headers={"Accept-Encoding": "identity", "User-Agent": "jupyter-mesh"},
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


class Pieces:
    """A reply of the service as it comes; when it breaks off, so does the client's.

    Attributes:
        hang_up: Closes the client's connection; the host sets it.
    """

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self.hang_up: Callable[[], None] | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        from aiohttp import ClientError

        try:
            async for piece in self._response.content.iter_any():
                yield piece
        except (ClientError, TimeoutError, OSError) as error:
            log.warning("A reply of the mesh service broke off: %s", type(error).__name__)
            if self.hang_up is not None:
                self.hang_up()

    async def aclose(self) -> None:
        """Let go of the service: it stops what it does for this request."""
        self._response.close()


async def _reply(response: ClientResponse) -> Reply:
    from aiohttp import ClientError

    try:
        if response.status == 401:
            raise NotPermitted(
                "JupyterHub no longer knows this server: stop it and start it again "
                "(File → Hub Control Panel)."
            )
        if 300 <= response.status < 400:
            raise Unavailable("What answers for the mesh service sends elsewhere: tell your admin.")
    except BaseException:
        response.close()
        raise
    headers = _returned(response.headers)
    kind = response.headers.get("Content-Type", "application/octet-stream")
    size = response.content_length
    if kind.startswith(EVENT_STREAM) or size is None or size > _SMALL:
        return StreamReply(Pieces(response), headers, response.status, kind)
    try:
        body = await response.read()
    except (ClientError, TimeoutError, OSError):
        raise _gone() from None
    finally:
        response.release()
    return JsonReply(body, response.status, headers, kind)


def _sent(request: HttpRequest) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in request.headers:
        low = name.lower()
        value = request.headers.get(name)
        is_ours = low.startswith(_OURS) and low not in _NOT_OURS
        if value is not None and (low in _SENT or is_ours):
            found[name] = value
    return found


def _returned(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.lower() in _RETURNED or name.lower().startswith(_OURS)
    }


def _is_plain(path: str) -> bool:
    """Whether a path stays below the service, whoever decodes it on the way."""
    low = path.lower().replace("%2e", ".").replace("%5c", "\\").replace("\\", "/")
    return path.startswith("/") and not any(
        part in (".", "..") for part in low.replace("%2f", "/").split("/")
    )


def _gone() -> Unavailable:
    return Unavailable(
        "The mesh service of this JupyterHub does not answer: try again in a moment, then tell "
        "your admin.",
        retry_after=5,
    )
