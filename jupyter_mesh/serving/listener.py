"""Where a worker that was just started calls back."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from ..errors import ProviderProtocolError, ProviderUnavailable
from . import protocol as wire

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")

_LONGEST_PATH = 100
"""A Unix socket's path has at most 107 bytes on Linux, 103 on macOS."""
_HELLO_SECONDS = 10.0


class Listener:
    """Waits for one worker that knows `token`; closes as soon as it has come.

    A Unix socket in a folder that only this user can enter, or a free port of 127.0.0.1 where there
    are no Unix sockets. Others who connect to the port do not know the token and are hung up on.
    """

    def __init__(self, state_dir: Path) -> None:
        self.token = secrets.token_hex(32)
        self.address = ""
        self._state_dir = state_dir
        self._folder: Path | None = None
        self._server: asyncio.Server | None = None
        self._arrival: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Listener:
        if HAS_UNIX_SOCKETS:
            self._folder = _private_folder(self._state_dir)
            path = self._folder / "worker.sock"
            self._server = await asyncio.start_unix_server(self._accept, path)
            self.address = f"unix:{path}"
        else:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
            host, port = self._server.sockets[0].getsockname()[:2]
            self.address = f"tcp:{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if not self._arrival.done():
            self._arrival.cancel()

    async def worker(self) -> Streams:
        """The connection of the worker, once it has shown the token.

        Raises:
            ProviderUnavailable: It speaks another version of the protocol.
        """
        return await self._arrival

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                hello = await wire.read_from_worker(reader, limit=wire.MAX_HELLO)
        except (ProviderProtocolError, TimeoutError):
            hello = None
        known = isinstance(hello, wire.Hello) and hmac.compare_digest(hello.token, self.token)
        if not isinstance(hello, wire.Hello) or not known or self._arrival.done():
            writer.close()
        elif hello.protocol != wire.PROTOCOL:
            writer.close()
            self._arrival.set_exception(
                ProviderUnavailable(
                    f"The worker speaks protocol {hello.protocol}, this server {wire.PROTOCOL}: "
                    "jupyter-mesh was updated while it ran; restart the server."
                )
            )
        else:
            self._arrival.set_result((reader, writer))


def _private_folder(state_dir: Path) -> Path:
    """A new folder for this user alone, where a socket's path is short enough."""
    state_dir.mkdir(parents=True, exist_ok=True)
    short = len(os.fsencode(state_dir)) + len("/w12345678/worker.sock") <= _LONGEST_PATH
    return Path(tempfile.mkdtemp(prefix="w", dir=state_dir if short else None))
