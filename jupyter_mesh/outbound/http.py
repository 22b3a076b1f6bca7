"""One upstream over HTTP: its pool of connections, its bounds, its failures under our names.

aiohttp is imported when the first request is made.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..errors import ConfigError, MeshError
from ..schemas.frozen import frozen
from .faults import Faults
from .proxy import proxy_for
from .wire import Response, Target

if TYPE_CHECKING:
    from aiohttp import BaseConnector

_KEEP_ALIVE = 55.0
"""Seconds an idle connection is kept; a new TLS handshake costs more than a kept socket."""

_DRAIN_SECONDS = 1.0
_MAX_ERROR_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one upstream.

    Attributes:
        connect_timeout: Seconds to establish a connection.
        max_connections: Connections open at once; further requests wait for one.
        max_answer_bytes: The longest whole answer that is read.
    """

    connect_timeout: float = 10.0
    max_connections: int = 100
    max_answer_bytes: int = 64 * 1024 * 1024


@frozen
class Deadline:
    """When waiting ends: `at` on the event loop's clock; `allowed` seconds from when it began."""

    at: float
    allowed: float

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        """The deadline `seconds` from now."""
        return cls(asyncio.get_running_loop().time() + seconds, seconds)


@frozen
class Reply:
    """A whole answer, and with which headers it was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    asked: Mapping[str, str]


class Upstream:
    """Requests to one base URL. Follows no redirect, keeps no cookie, unpacks nothing.

    Proxies are taken from the environment once for each address (never for loopback), so that no
    request pays for it and no `.netrc` entry is ever sent along.
    """

    def __init__(
        self, base_url: str, limits: Limits, *, verify: bool = True, ca_file: Path | None = None
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._limits = limits
        self._verify = verify
        self._ca_file = ca_file
        self._connector: BaseConnector | None = None
        self._targets: dict[tuple[str, str], Target] = {}
        self._draining: set[asyncio.Task[None]] = set()

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        deadline: Deadline,
        faults: Faults,
    ) -> Reply:
        """Send a request and read the whole answer.

        Raises:
            ProviderError: The leaf that fits, unless a status came back: that is the caller's to
                judge.
        """
        with _Named(faults, deadline, "answer") as named:
            async with asyncio.timeout_at(deadline.at):
                response = await self._send(method, path, body, headers)
                named.faults = faults.once(response.status)
                try:
                    content = await self._read_pieces(response, named.faults)
                finally:
                    response.close()
        return Reply(response.status, response.headers, content, headers)

    async def open(
        self,
        path: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        deadline: Deadline,
        faults: Faults,
    ) -> Response:
        """Post a request and return once the answer's headers are there; the caller closes it.

        Raises:
            ProviderError: As `exchange`.
        """
        with _Named(faults, deadline, "answer"):
            async with asyncio.timeout_at(deadline.at):
                return await self._send("POST", path, body, headers)

    async def read_whole(self, response: Response, deadline: Deadline, faults: Faults) -> bytes:
        """The body of an answer; of an error, as much as a message needs.

        Raises:
            ProviderError: It cannot be read.
        """
        faults = faults.once(response.status)
        with _Named(faults, deadline, "answer"):
            async with asyncio.timeout_at(deadline.at):
                return await self._read_pieces(response, faults)

    async def read_some(self, response: Response, deadline: Deadline, faults: Faults) -> bytes:
        """What has arrived, waiting for it if need be; empty at the end of the answer.

        Raises:
            ProviderTimeout: Nothing arrived in time.
            ProviderProtocolError: The connection broke off in the middle of the answer.
        """
        with _Named(faults, deadline, "event"):
            async with asyncio.timeout_at(deadline.at):
                return await response.content.readany()

    def release(self, response: Response) -> None:
        """Give back a connection whose answer is complete but for its last bytes.

        They are awaited aside, briefly, so that the connection can serve again and nobody waits for
        it.
        """
        if response.content.at_eof():
            return
        task = asyncio.ensure_future(_drain(response))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def aclose(self) -> None:
        """Close every connection."""
        for task in [*self._draining]:
            task.cancel()
        self._targets.clear()
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()

    async def _send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Response:
        target = self._targets.get((method, path)) or self._target(method, path)
        return await target.send(body, headers)

    def _target(self, method: str, path: str) -> Target:
        from aiohttp import ClientTimeout
        from yarl import URL

        self._connector = self._connector or self._pool()
        whole = path if "://" in path else f"{self._base_url}/{path}"
        # What is percent-encoded already is sent as it stands: it may have been signed.
        url = URL(whole, encoded="%" in whole)
        proxy = proxy_for(self._base_url)
        timeout = ClientTimeout(total=None, sock_connect=self._limits.connect_timeout)
        target = Target(method, url, URL(proxy) if proxy else None, self._connector, timeout)
        if method != "GET":  # each page of a list has an address of its own
            self._targets[method, path] = target
        return target

    def _pool(self) -> BaseConnector:
        from aiohttp import TCPConnector

        context: ssl.SSLContext | bool = self._verify
        if self._verify and self._ca_file is not None:
            try:
                context = ssl.create_default_context(cafile=self._ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError(f"`ca_file` {self._ca_file} cannot be used: {error}.") from None
        return TCPConnector(
            limit=self._limits.max_connections, keepalive_timeout=_KEEP_ALIVE, ssl=context
        )

    async def _read_pieces(self, response: Response, faults: Faults) -> bytes:
        refuse_compressed(response, faults)
        ok = response.status == 200
        limit = self._limits.max_answer_bytes if ok else _MAX_ERROR_BYTES
        pieces: list[bytes] = []
        size = 0
        while piece := await response.content.readany():
            size += len(piece)
            pieces.append(piece)
            if size > limit:
                if not ok:
                    break
                raise faults.protocol(f"sent an answer of more than {limit} bytes")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def refuse_compressed(response: Response, faults: Faults) -> None:
    """A compressed answer was not asked for, and could unpack to any size.

    Raises:
        ProviderProtocolError: `Content-Encoding` is not `identity`.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        response.close()
        raise faults.protocol("sent a compressed answer although it was asked not to")


async def _drain(response: Response) -> None:
    from aiohttp import ClientError

    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await response.content.readany()
    except (ClientError, OSError):  # TimeoutError is an OSError
        pass
    finally:
        response.close()


class _Named:
    """Turns aiohttp's exceptions into the mesh's.

    Attributes:
        faults: What they are called now.
    """

    __slots__ = ("_deadline", "_event", "faults")

    def __init__(self, faults: Faults, deadline: Deadline, event: str) -> None:
        self.faults = faults
        self._deadline = deadline
        self._event = event

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, MeshError):
            self._rename(error)

    def _rename(self, error: Exception) -> None:
        import aiohttp
        from aiohttp.http import HttpProcessingError

        faults = self.faults
        match error:
            case aiohttp.ConnectionTimeoutError():
                raise faults.unreachable("did not accept a connection in time") from None
            case TimeoutError():
                raise faults.timeout(self._deadline.allowed, self._event) from None
            case aiohttp.ClientConnectorCertificateError():
                raise faults.unreachable(
                    "has a TLS certificate that is not trusted here; an admin can set `ca_file`"
                ) from None
            case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
                raise faults.unreachable(
                    "cannot be reached through the proxy of the environment"
                ) from None
            case aiohttp.ClientConnectorError():
                reason = error.os_error.strerror or type(error.os_error).__name__
                raise faults.unreachable(f"cannot be reached ({reason})") from None
            case aiohttp.ClientPayloadError():
                raise faults.protocol("broke off in the middle of its answer") from None
            case aiohttp.ClientResponseError() | HttpProcessingError():
                raise faults.protocol("did not answer in HTTP") from None
            case aiohttp.ClientError() | OSError():
                raise faults.unreachable("closed the connection without an answer") from None
            case _:
                return
