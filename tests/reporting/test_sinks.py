"""The mesh's own sinks keep the contract, over real files and sockets."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from jupyter_mesh.reporting.file_sink import FileSink, FileSinkConfig
from jupyter_mesh.reporting.otel_sink import OtelSink, OtelSinkConfig
from jupyter_mesh.reporting.syslog_sink import SyslogSink, SyslogSinkConfig
from jupyter_mesh.reporting.webhook_sink import WebhookSink, WebhookSinkConfig
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi import AuditSink
from jupyter_mesh.testing.secrets import StaticSecrets
from jupyter_mesh.testing.sink_contract import AuditSinkContract, Opened, record
from tests.mesh.receivers import Receiver, certificate, web_receiver

SECRETS = StaticSecrets()
NOBODY = 9  # the port "discard": nobody listens


@pytest.fixture(autouse=True)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if request.instance is not None:
        request.instance.folder = tmp_path


def lines(path: Path) -> list[JsonObject]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


class TestFile(AuditSinkContract):
    folder: Path

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Opened]:
        path = self.folder / "audit.jsonl"
        yield Opened(FileSink(FileSinkConfig(path=path), SECRETS), lambda: lines(path))

    @asynccontextmanager
    async def open_broken(self) -> AsyncGenerator[AuditSink]:
        yield FileSink(FileSinkConfig(path=self.folder / "nowhere" / "audit.jsonl"), SECRETS)

    async def test_a_large_file_is_set_aside_and_the_oldest_goes(self) -> None:
        path = self.folder / "audit.jsonl"
        sink = FileSink(FileSinkConfig(path=path, max_bytes=10, keep=2), SECRETS)
        for number in range(5):
            await sink.write([record(number)])
        aside = sorted(self.folder.glob("audit.jsonl.*"))
        assert [lines(one)[0]["number"] for one in aside] == [2, 3]
        assert [one["number"] for one in lines(path)] == [4]
        assert path.stat().st_mode & 0o777 == 0o600

    async def test_a_line_that_was_cut_off_spoils_no_other(self) -> None:
        path = self.folder / "audit.jsonl"
        path.write_bytes(b'{"id": "cut')
        await FileSink(FileSinkConfig(path=path), SECRETS).write([record(1)])
        assert path.read_bytes().splitlines()[1] == orjson.dumps(record(1))


class TestWebhook(AuditSinkContract):
    folder: Path

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Opened]:
        async with web_receiver() as receiver:
            config = WebhookSinkConfig(url=receiver.url, private=True)
            yield Opened(WebhookSink(config, SECRETS), lambda: posted(receiver))

    @asynccontextmanager
    async def open_broken(self) -> AsyncGenerator[AuditSink]:
        config = WebhookSinkConfig(url=f"http://127.0.0.1:{NOBODY}/", private=True)
        yield WebhookSink(config, SECRETS)


def posted(receiver: Receiver) -> list[JsonObject]:
    return [one for got in receiver.received for one in got.json["records"]]  # type: ignore[attr-defined]


class TestOtel(AuditSinkContract):
    folder: Path

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Opened]:
        async with web_receiver() as receiver:
            config = OtelSinkConfig(endpoint=f"{receiver.url}v1/logs", private=True)
            yield Opened(OtelSink(config, SECRETS), lambda: logged(receiver))

    @asynccontextmanager
    async def open_broken(self) -> AsyncGenerator[AuditSink]:
        config = OtelSinkConfig(endpoint=f"http://127.0.0.1:{NOBODY}/v1/logs", private=True)
        yield OtelSink(config, SECRETS)


def logged(receiver: Receiver) -> list[JsonObject]:
    found: list[JsonObject] = []
    for one in receiver.received:
        assert one.headers["Content-Type"] == "application/x-protobuf"
        for part in ExportLogsServiceRequest.FromString(one.raw).resource_logs:
            for scope in part.scope_logs:
                found += [orjson.loads(log.body.string_value) for log in scope.log_records]
    return found


HEAD = re.compile(rb"<110>1 2026-01-31T12:00:00\.000000Z \S+ jupyter-mesh \d+ call - ")


def octet_counted(received: bytes) -> list[JsonObject]:
    """Messages as RFC 6587 frames them."""
    found: list[JsonObject] = []
    while received:
        size, _, rest = received.partition(b" ")
        message, received = rest[: int(size)], rest[int(size) :]
        head = HEAD.match(message)
        assert head
        found.append(orjson.loads(message[head.end() :]))
    return found


class TestSyslogOverTcp(AuditSinkContract):
    folder: Path
    transport: ClassVar[str] = "tcp"

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Opened]:
        taken = bytearray()

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken.extend(await reader.read())
            writer.close()

        tls: ssl.SSLContext | None = None
        more: dict[str, object] = {}
        if self.transport == "tls":
            tls, chain = certificate(self.folder)
            more["ca_file"] = str(chain)
        server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        settings = {"host": "localhost", "port": port, "transport": self.transport, **more}
        sink = SyslogSink(SyslogSinkConfig.model_validate(settings), SECRETS)
        async with server:
            yield Opened(sink, lambda: octet_counted(bytes(taken)))

    @asynccontextmanager
    async def open_broken(self) -> AsyncGenerator[AuditSink]:
        settings = {"host": "127.0.0.1", "port": NOBODY, "transport": self.transport}
        yield SyslogSink(SyslogSinkConfig.model_validate(settings), SECRETS)


class TestSyslogOverTls(TestSyslogOverTcp):
    transport = "tls"
    loses = True  # TLS has no half-closed connection to wait for

    def test_a_collector_nobody_vouches_for_is_refused(self) -> None:
        async def check() -> None:
            tls, _ = certificate(self.folder)
            server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0, ssl=tls)
            async with server:
                port = server.sockets[0].getsockname()[1]
                sink = SyslogSink(SyslogSinkConfig(host="localhost", port=port), SECRETS)
                with pytest.raises(Exception, match="cannot be reached"):
                    await sink.write([record(1)])

        asyncio.run(check())


class TestSyslogOverUdp(AuditSinkContract):
    folder: Path
    loses = True

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Opened]:
        packets: list[bytes] = []

        class Collector(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                packets.append(data)

        loop = asyncio.get_running_loop()
        way, _ = await loop.create_datagram_endpoint(Collector, local_addr=("127.0.0.1", 0))
        port = way.get_extra_info("sockname")[1]
        config = SyslogSinkConfig(host="127.0.0.1", port=port, transport="udp")

        def arrived() -> list[JsonObject]:
            heads = [(one, HEAD.match(one)) for one in packets]
            return [orjson.loads(one[head.end() :]) for one, head in heads if head]

        yield Opened(SyslogSink(config, SECRETS), arrived)
        way.close()

    @asynccontextmanager
    async def open_broken(self) -> AsyncGenerator[AuditSink]:
        yield SyslogSink(SyslogSinkConfig(host="127.0.0.1", transport="udp"), SECRETS)
