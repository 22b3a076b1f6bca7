"""Load, closed and open loop, over raw sockets: bounded, loopback only, it stops by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send requests: `POST path` with `headers` and `body` on a loopback port."""

    port: int
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def request(self) -> bytes:
        """The bytes of one request."""
        lines = [f"POST {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body


@dataclass(slots=True)
class Timings:
    """Seconds. `first` is the time to the first content, for streams."""

    total: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    failed: int = 0


class Connection:
    """A keep-alive connection that reads one whole response at a time."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._bytes = target.request()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def is_open(self) -> bool:
        """Whether it was opened and neither side has closed it since."""
        return (
            self._writer is not None
            and self._reader is not None
            and not (self._writer.is_closing() or self._reader.at_eof())
        )

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._target.port)

    def close(self) -> None:
        """Disconnect."""
        if self._writer is not None:
            self._writer.close()

    async def ask(self, timings: Timings) -> int:
        """Send one request and read the answer to its end; its status, 0 for a stream that ended
        without saying so.
        """
        assert self._reader is not None
        assert self._writer is not None
        started = time.perf_counter()
        self._writer.write(self._bytes)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lowered = head.lower()
        if b"transfer-encoding: chunked" in lowered:
            if not await self._read_chunked(timings, started):
                status = 0
        else:
            start = lowered.index(b"content-length:") + 15
            length = int(lowered[start : lowered.index(b"\r\n", start)])
            await self._reader.readexactly(length)
        if status == 200:
            timings.total.append(time.perf_counter() - started)
        else:
            timings.failed += 1
        return status

    async def _read_chunked(self, timings: Timings, started: float) -> bool:
        """Whether the stream says that it is whole."""
        assert self._reader is not None
        first, whole = True, False
        while True:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            data = await self._reader.readexactly(size + 2)
            if first and b'"content"' in data:
                timings.first.append(time.perf_counter() - started)
                first = False
            if size == 0:
                return whole
            whole = data.endswith(b"data: [DONE]\n\n\r\n")


async def closed_loop(target: Target, *, connections: int, calls: int) -> Timings:
    """Each connection sends its next request when the last one is answered; `calls` in all."""
    timings = Timings()
    remaining = iter(range(calls))

    async def work() -> None:
        connection = Connection(target)
        await connection.open()
        for _ in remaining:
            await connection.ask(timings)
        connection.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return timings


async def open_loop(target: Target, *, rate: float, seconds: float) -> Timings:
    """Requests start on a fixed schedule, whatever became of the earlier ones (no coordinated
    omission: a late start counts as waiting).
    """
    timings = Timings()
    idle: list[Connection] = []
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.05

    async def one(due: float) -> None:
        connection = idle.pop() if idle else None
        if connection is None:
            connection = Connection(target)
            await connection.open()
        late = max(0.0, loop.time() - due)
        mine = Timings()
        await connection.ask(mine)
        timings.total += [value + late for value in mine.total]
        timings.first += [value + late for value in mine.first]
        timings.failed += mine.failed
        idle.append(connection)

    tasks: list[asyncio.Task[None]] = []
    for number in range(int(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    for connection in idle:
        connection.close()
    return timings


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lies, in milliseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0
