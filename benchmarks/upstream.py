"""An upstream that costs almost nothing: it speaks just enough HTTP/1.1 to answer OpenAI requests.

    python -m benchmarks.upstream PORT_FILE

`GET /count` says how many requests it has answered, as a number.

A request with `"stream":true` gets `x-chunks` chunks, `x-gap-ms` apart (both named in the prompt as
`chunks=100 gap=10`, since gateways do not pass headers on); `gap=0` sends them in one write.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import cast

TEXT = "The median is the middle value of a sorted list. " * 18
"""About 900 bytes, so that an answer is about 1 kB."""
USAGE = b'{"prompt_tokens":230,"completion_tokens":200,"total_tokens":430}'
_BODY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"' + TEXT.encode() + b'"},"finish_reason":"stop"}],'
    b'"usage":' + USAGE + b"}"
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_CHUNK = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":%s,"finish_reason":%s}]}\n\n'
)
_LAST = (
    _CHUNK
    % (b"{}", b'"stop"')
    + b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[],"usage":' + USAGE + b"}\n\ndata: [DONE]\n\n"
)
_PLAN = re.compile(rb"chunks=(\d+) gap=(\d+)")


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Upstream(asyncio.Protocol):
    """One connection; requests one after the other."""

    asked = 0
    """Of all connections."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._streaming: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._streaming is not None:
            self._streaming.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        length = int(found.group(1)) if found else 0
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        body = rest[:length]
        assert self._transport is not None
        if head.startswith(b"GET /count "):
            count = b"%d" % Upstream.asked
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(count), count)
            )
            return
        Upstream.asked += 1
        if b'"stream":true' in body or b'"stream": true' in body:
            plan = _PLAN.search(body)
            chunks, gap = (int(plan.group(1)), int(plan.group(2))) if plan else (100, 10)
            self._streaming = asyncio.ensure_future(self._stream(chunks, gap / 1000))
        else:
            self._transport.write(_ANSWER)

    async def _stream(self, chunks: int, gap: float) -> None:
        assert self._transport is not None
        piece = _framed(_CHUNK % (b'{"content":"word "}', b"null"))
        loop = asyncio.get_running_loop()
        self._transport.write(_STREAM_HEAD)
        if gap == 0:
            self._transport.write(piece * chunks)
        else:
            due = loop.time()
            for _ in range(chunks):
                self._transport.write(piece)
                due += gap
                await asyncio.sleep(max(0.0, due - loop.time()))
        self._transport.write(_framed(_LAST) + b"0\r\n\r\n")


async def main(port_file: Path) -> None:
    """Serve on a free loopback port until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(Path(sys.argv[1])))
