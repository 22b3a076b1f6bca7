"""Many requests over one connection to a loaded worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import count
from typing import TypeAlias

from ..errors import ProviderProtocolError, ProviderUnavailable
from ..spi.jobs import Done, Job, Output
from . import protocol as wire

_Frame: TypeAlias = wire.Result | wire.Failed | wire.Pong
_Frames: TypeAlias = asyncio.Queue[_Frame | None]


class WorkerEnded(ProviderUnavailable):
    """The connection ended before the answer did."""

    def __init__(self) -> None:
        super().__init__("The worker ended before the answer did; ask again to restart it.")


class Connection:
    """Sends requests and hands each its own frames; outlives none of them unanswered.

    A slow reader of one answer never holds up another: frames wait in a queue per request, whose
    length the answer's own limit of tokens bounds.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = count(1)
        self._requests: dict[int, _Frames] = {}
        self._receiver = asyncio.create_task(self._receive())

    @property
    def open(self) -> bool:
        """Whether requests can still be sent."""
        return not self._receiver.done() and not self._writer.is_closing()

    async def submit(self, job: Job) -> AsyncGenerator[Output, None]:
        """The outputs of `job`. Closing the generator early cancels it at the worker.

        Raises:
            WorkerEnded: There is no more worker.
            MeshError: What the worker answered.
        """
        id, frames = self._register()
        finished = False
        try:
            self._send(wire.Submit(id=id, job=job))
            while True:
                frame = await frames.get()
                finished = frame is None or isinstance(frame, wire.Failed)
                output = self._output(frame)
                finished = finished or isinstance(output, Done)
                yield output
                if finished:
                    return
        finally:
            del self._requests[id]
            if not finished and self.open:
                self._send(wire.Cancel(id=id))

    async def ping(self) -> wire.Pong:
        """How the worker is doing.

        Raises:
            WorkerEnded: There is no more worker.
        """
        id, frames = self._register()
        try:
            self._send(wire.Ping(id=id))
            frame = await frames.get()
        finally:
            del self._requests[id]
        if not isinstance(frame, wire.Pong):
            raise WorkerEnded
        return frame

    async def aclose(self) -> None:
        """Hang up; requests under way end with `WorkerEnded`."""
        self._writer.close()
        await self._receiver

    def _register(self) -> tuple[int, _Frames]:
        if not self.open:
            raise WorkerEnded
        id, frames = next(self._ids), _Frames()
        self._requests[id] = frames
        return id, frames

    def _send(self, frame: wire.ToWorker) -> None:
        self._writer.write(wire.encode(frame))

    @staticmethod
    def _output(frame: _Frame | None) -> Output:
        match frame:
            case wire.Result():
                return frame.output
            case wire.Failed():
                raise frame.error()
            case _:
                raise WorkerEnded

    async def _receive(self) -> None:
        try:
            while (frame := await wire.read_from_worker(self._reader)) is not None:
                if isinstance(frame, _Frame) and (queue := self._requests.get(frame.id or 0)):
                    queue.put_nowait(frame)
        except ProviderProtocolError:
            self._writer.close()  # whatever it is, it is not our worker any more
        finally:
            for queue in self._requests.values():
                queue.put_nowait(None)
