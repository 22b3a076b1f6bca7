"""A file as it is made: written piece by piece, never held as a whole."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from jupyter_mesh.errors import MeshError
from jupyter_mesh.schemas.files import CONTENT_TYPES, FileFormat

from .exchange import StreamReply

log = logging.getLogger("jupyter_mesh.http")


class FileStream:
    """The pieces of a file. A fault after the first one closes the client's connection, so that
    nobody takes a part of the file for the whole.

    Attributes:
        hang_up: Closes the client's connection; the host sets it.
    """

    def __init__(self, pieces: AsyncIterator[bytes], first: bytes) -> None:
        self._pieces = pieces
        self._first = first
        self.hang_up: Callable[[], None] | None = None

    def __aiter__(self) -> FileStream:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        try:
            return await anext(self._pieces)
        except MeshError as error:
            log.error("A file broke off: %s", error.message)
            if self.hang_up is not None:
                self.hang_up()
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Stop making it."""
        close = getattr(self._pieces, "aclose", None)
        if close is not None:
            await close()


async def file_reply(pieces: AsyncIterator[bytes], format: FileFormat, name: str) -> StreamReply:
    """The reply that hands out a file; what fails before its first piece is still a refusal."""
    stream = FileStream(pieces, await anext(pieces, b""))
    today = datetime.now(UTC).strftime("%Y%m%d")
    headers = {"Content-Disposition": f'attachment; filename="{name}-{today}.{format}"'}
    return StreamReply(stream, headers, content_type=CONTENT_TYPES[format])
