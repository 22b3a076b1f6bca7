"""HTTP to one gateway: JSON calls and streams, over TCP or a unix socket; never a retry."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..schemas.json import JsonObject, as_object
from .endpoint import Endpoint
from .errors import MeshClientError, from_problem
from .sse import DONE, EventParser, parse_chunk

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

CONNECT_SECONDS = 2.5
"""A gateway that does not even accept a connection within this time is not there."""
IDLE_SECONDS = 600.0
"""Longest silence while a model thinks; the gateway's own deadline is shorter."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    body: JsonObject
    headers: Mapping[str, str]


class Transport:
    """Connections to one gateway, pooled; aiohttp is imported with the first call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._session: ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = 30.0,
    ) -> Reply:
        """One request and its JSON answer.

        Args:
            method: The HTTP method.
            path: Below `/mesh/`, such as `api/models`.
            body: Sent as JSON.
            params: Query parameters.
            headers: Added to the token's.
            seconds: How long the whole may take; None waits as long as a model may think.

        Raises:
            MeshClientError: No gateway, or it refused.
        """
        async with self._request(
            method, path, body=body, params=params, headers=headers, seconds=seconds
        ) as response:
            return Reply(_json_object(await response.read()), response.headers)

    async def download(
        self, path: str, *, params: Mapping[str, str], seconds: float | None = None
    ) -> bytes:
        """A file, as it comes. Raises as `call`."""
        async with self._request("GET", path, params=params, seconds=seconds) as response:
            return await response.read()

    async def stream(
        self, path: str, *, body: JsonObject, headers: Mapping[str, str]
    ) -> AsyncGenerator[JsonObject, None]:
        """The JSON chunks of a streamed answer; closing the generator closes the connection.

        Raises:
            MeshClientError: No gateway, it refused, or it failed in mid-stream.
        """
        parser = EventParser()
        async with self._request("POST", path, body=body, headers=headers) as response:
            if response.content_type != "text/event-stream":
                yield _json_object(await response.read())
                return
            async for piece in response.content.iter_any():
                for payload in parser.feed(piece):
                    if payload == DONE:
                        return
                    chunk = parse_chunk(payload)
                    if "error" in chunk:
                        raise from_problem(chunk["error"], status=0, headers=response.headers)
                    yield chunk
        raise MeshClientError(
            "The gateway closed the stream before the answer was complete: run the cell again.",
            code="stream_cut",
        )

    async def pieces(
        self, path: str, *, params: Mapping[str, str] | None = None
    ) -> AsyncGenerator[bytes, None]:
        """A file, piece by piece; closing the generator closes the connection.

        Raises:
            MeshClientError: No gateway, it refused, or the file broke off.
        """
        async with self._request("GET", path, params=params) as response:
            async for piece in response.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        """Close what is open; the transport can be used again."""
        session, self._session = self._session, None
        if session is not None and self._loop is asyncio.get_running_loop():
            await session.close()

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> AsyncGenerator[ClientResponse]:
        import aiohttp

        timeout = aiohttp.ClientTimeout(
            total=seconds, connect=CONNECT_SECONDS, sock_read=IDLE_SECONDS
        )
        try:
            async with self._open_session().request(
                method,
                self.endpoint.url + path,
                json=body,
                params=params,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,  # the token goes to this address and to no other
            ) as response:
                if response.status >= 300:
                    raise await _refusal(response)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            raise self._unreachable(failure) from failure

    def _open_session(self) -> ClientSession:
        import aiohttp

        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            socket = self.endpoint.socket
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(socket, limit=0)
                if socket
                else aiohttp.TCPConnector(limit=0),
                headers={"Authorization": f"Bearer {self.endpoint.token}"},
                cookie_jar=aiohttp.DummyCookieJar(),
                json_serialize=json.dumps,
            )
            self._loop = loop
            # A client that is dropped takes its connections with it.
            weakref.finalize(self, _close_later, self._session, loop).atexit = False
        return self._session

    def _unreachable(self, failure: Exception) -> MeshClientError:
        import aiohttp

        if isinstance(failure, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
            code, what = "gateway_unreachable", "cannot be reached"
            step = "check that JupyterLab is running and restart this kernel"
        elif isinstance(failure, TimeoutError):
            code, what, step = "gateway_timeout", "did not answer in time", "try again"
        elif isinstance(failure, aiohttp.InvalidURL):
            code, what, step = "gateway_not_found", "is not a valid address", "set JUPYTER_MESH_URL"
        else:
            code, what = "connection_lost", "closed the connection"
            step = "check that JupyterLab is still running and try again"
        return MeshClientError(
            f"The LLM gateway at {self.endpoint.shown} {what}: {step}.", code=code
        )


def _close_later(session: ClientSession, loop: asyncio.AbstractEventLoop) -> None:
    if not session.closed and loop.is_running():
        asyncio.run_coroutine_threadsafe(session.close(), loop)


async def _refusal(response: ClientResponse) -> MeshClientError:
    try:
        body = as_object(json.loads(await response.read()))
    except ValueError:
        body = None
    problem = body.get("error") if body else None
    return from_problem(problem, status=response.status, headers=response.headers)


def _json_object(raw: bytes) -> JsonObject:
    try:
        body = as_object(json.loads(raw))
    except ValueError:
        body = None
    if body is None:
        raise MeshClientError(
            "The gateway's answer is not a JSON object: check that JUPYTER_MESH_URL names a mesh "
            "gateway.",
            code="protocol_error",
        )
    return body
