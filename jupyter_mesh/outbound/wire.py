"""One request over a pooled connection of aiohttp's, written in one piece.

`ClientSession.request` serves every purpose: cookies, redirects, traces, uploads with a task of
their own that writes them. A call of a gateway has a body in memory and wants none of that, which
costs more than all the steps of the pipeline. Connections, TLS, the pool and the parser are
aiohttp's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientTimeout
    from aiohttp.connector import Connection
    from aiohttp.http import RawResponseMessage
    from aiohttp.streams import StreamReader
    from yarl import URL

_OURS = ("User-Agent", "Accept-Encoding", "Content-Type")
_BROKEN_LINE = re.compile(r"[\r\n\0]")
_MOST_SPOILED = 5
"""Connections that are tried for one request, should something have come on them unasked."""


class Response:
    """An answer whose headers have come. Its connection serves again once it has been read.

    Attributes:
        status: The HTTP status.
        headers: Names are looked up without regard to case.
        content: The body as it comes, not unpacked.
    """

    def __init__(
        self, connection: Connection, message: RawResponseMessage, content: StreamReader
    ) -> None:
        self.status: int = message.code
        self.headers: Mapping[str, str] = message.headers
        self.content = content
        self._connection = connection
        content.on_eof(self._release)

    @property
    def content_type(self) -> str:
        """The media type, without its parameters, in lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def close(self) -> None:
        """Close the connection, unless the answer is complete and it has been given back."""
        _abandon(self._connection)

    def _release(self) -> None:
        transport = self._connection.transport
        if transport is not None and transport.get_write_buffer_size():
            _abandon(self._connection)  # answered before it had read what was asked
        else:
            self._connection.release()


def _abandon(connection: Connection) -> None:
    """Close it and drop what is not written yet: else that would be sent to its end, as slowly as
    the other side reads, and be worked on though nobody waits for it.
    """
    if connection.transport is not None:
        connection.transport.abort()
    connection.close()


class Target:
    """Requests of one method to one address.

    Args:
        method: Upper case.
        url: What is asked.
        proxy: Through what; None: directly.
        connector: The pool of connections.
        timeout: Bounds of connecting.
    """

    def __init__(
        self,
        method: str,
        url: URL,
        proxy: URL | None,
        connector: BaseConnector,
        timeout: ClientTimeout,
    ) -> None:
        from aiohttp import ClientRequest

        # What a connector wants to know of a request is the same of each to one address.
        self._like = ClientRequest(method, url, skip_auto_headers=_OURS, proxy=proxy)
        whole = proxy is not None and url.scheme == "http"
        self._line = f"{method} {url if whole else url.raw_path_qs} HTTP/1.1"
        self._fixed: dict[tuple[str, ...], list[str]] = {}
        self._connector = connector
        self._timeout = timeout

    async def send(self, body: bytes | None, headers: Mapping[str, str]) -> Response:
        """Send a request and return once the answer's headers are there.

        Raises:
            ValueError: A header holds a line break.
            aiohttp.ClientError: The connection cannot be made, or broke.
            aiohttp.http.HttpProcessingError: The answer is not HTTP.
        """
        connection = await self._connect()
        try:
            protocol, transport = connection.protocol, connection.transport
            assert protocol is not None
            assert transport is not None
            protocol.set_response_params(read_until_eof=True, auto_decompress=False)
            transport.write(self._written(body or b"", headers))
            message, content = await protocol.read()
            while message.code < 200:  # it goes on, or has hints
                message, content = await protocol.read()
        except BaseException:
            _abandon(connection)
            raise
        return Response(connection, message, content)

    async def _connect(self) -> Connection:
        """A connection on which nothing has come that would be taken for the answer."""
        from aiohttp import ClientConnectionError

        for _ in range(_MOST_SPOILED):
            connection = await self._any_connection()
            protocol = connection.protocol
            if connection.transport and protocol is not None and not protocol.should_close:
                return connection
            connection.close()
        raise ClientConnectionError(f"{self._like.host} sends what nobody asked for")

    async def _any_connection(self) -> Connection:
        from aiohttp import ConnectionTimeoutError

        try:
            return await self._connector.connect(self._like, traces=[], timeout=self._timeout)
        except TimeoutError as error:
            raise ConnectionTimeoutError(f"no connection to {self._like.host}") from error

    def _written(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        names = tuple(headers)
        fixed = self._fixed.get(names)
        if fixed is None:
            fixed = self._fixed[names] = self._beside(headers)
        lines = [f"{name}: {value}" for name, value in headers.items()]
        if _BROKEN_LINE.search("".join(lines)):
            raise ValueError("a header holds a line break")
        length = f"Content-Length: {len(body)}"
        return "\r\n".join((self._line, *fixed, *lines, length, "", "")).encode() + body

    def _beside(self, headers: Mapping[str, str]) -> list[str]:
        """The lines that each request has beside `headers`, whose names are few."""
        given = {"content-length", *map(str.lower, headers)}
        own = self._like.headers.items()
        return [f"{name}: {value}" for name, value in own if name.lower() not in given]
