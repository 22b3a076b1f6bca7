"""Records as syslog messages: RFC 5424 over UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425)."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from asyncio import StreamWriter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import orjson
from pydantic import Field

from ..schemas.json import JsonObject, as_str, dig
from ..spi.sink import AuditSink, SinkConfig
from .egress import NotDelivered

_INFORMATIONAL = 6
_MOST_UDP = 65_000
"""Bytes; a longer record cannot be sent in one packet."""


class SyslogSinkConfig(SinkConfig):
    """Settings of the collector.

    Attributes:
        transport: `udp` tells of no loss; `tcp` and `tls` count octets.
        port: 514 for `udp`, 601 for `tcp`, 6514 for `tls`, unless it is given.
        facility: 13 is "log audit".
        ca_file: Certificates to trust instead of the system's.
    """

    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65_535)
    transport: Literal["udp", "tcp", "tls"] = "tls"
    facility: int = Field(default=13, ge=0, le=23)
    ca_file: str | None = None


_PORTS = {"udp": 514, "tcp": 601, "tls": 6514}


class SyslogSink(AuditSink):
    """One message for each record, with the record as JSON."""

    Config: type[SinkConfig] = SyslogSinkConfig
    name = "syslog"
    _writer: StreamWriter | None = None

    async def write(self, records: Sequence[JsonObject]) -> None:
        config = self.config
        assert isinstance(config, SyslogSinkConfig)
        messages = [message(record, config.facility) for record in records]
        port = config.port or _PORTS[config.transport]
        try:
            if config.transport == "udp":
                await asyncio.to_thread(_send_packets, config.host, port, messages)
            else:
                await self._send(config, port, messages)
        except OSError as error:
            await self.aclose()
            reason = error.strerror or type(error).__name__
            raise NotDelivered(f"The collector cannot be reached: {reason}.") from None

    async def aclose(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    async def _send(self, config: SyslogSinkConfig, port: int, messages: Sequence[bytes]) -> None:
        """A collector says nothing back: what it had not read when it went comes again only if the
        connection is known to be broken, so each batch has one of its own, closed in order.
        """
        trusted = (
            ssl.create_default_context(cafile=config.ca_file) if config.transport == "tls" else None
        )
        reader, self._writer = await asyncio.open_connection(config.host, port, ssl=trusted)
        self._writer.writelines(b"%d %s" % (len(one), one) for one in messages)
        await self._writer.drain()
        if self._writer.can_write_eof():
            self._writer.write_eof()
            await reader.read()  # until it has closed: it has read to the end
        await self.aclose()


def message(record: JsonObject, facility: int) -> bytes:
    """A record as RFC 5424 writes it."""
    ended = as_str(dig(record, "call", "summary", "started_at"))
    at = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = "".join(c for c in socket.gethostname() if "!" <= c <= "~")[:255] or "-"
    head = f"<{facility * 8 + _INFORMATIONAL}>1 {stamp} {host} jupyter-mesh {os.getpid()} call - "
    return head.encode() + orjson.dumps(record)


def _send_packets(host: str, port: int, messages: Sequence[bytes]) -> None:
    address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(address[0], socket.SOCK_DGRAM) as packets:
        for one in messages:
            packets.sendto(one[:_MOST_UDP], address[4])
