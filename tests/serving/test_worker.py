"""The worker process on the wire, before it has any model: quick, for no ML library is loaded."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from jupyter_mesh.serving import protocol as wire
from jupyter_mesh.serving.listener import Listener
from jupyter_mesh.spi.engine import ModelSpec, Task
from jupyter_mesh.spi.jobs import EncodeJob


class Worker:
    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.process, self.reader, self.writer = process, reader, writer

    def send(self, frame: wire.ToWorker) -> None:
        self.writer.write(wire.encode(frame))

    async def receive(self) -> wire.FromWorker | None:
        return await wire.read_from_worker(self.reader)

    async def status(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def worker(folder: Path, parent: int | None = None) -> AsyncIterator[Worker]:
    async with Listener(folder) as listener:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "jupyter_mesh.serving.worker"),
            f"--socket={listener.address}",
            f"--parent={parent or os.getpid()}",
            stdin=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(f"{listener.token}\n".encode())
        process.stdin.close()
        reader, writer = await listener.worker()
        try:
            yield Worker(process, reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            if process.returncode is None:
                process.kill()
                await process.wait()


def test_it_ends_when_the_connection_does(tmp_path: Path) -> None:
    async def scenario() -> int:
        async with worker(tmp_path) as one:
            one.writer.close()
            return await one.status()

    assert asyncio.run(scenario()) == 0


def test_it_answers_while_it_has_no_model(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with worker(tmp_path) as one:
            one.send(wire.Ping(id=9))
            pong = await one.receive()
            assert isinstance(pong, wire.Pong)
            assert (pong.id, pong.running, pong.waiting, pong.produced) == (9, 0, 0, 0)
            assert pong.memory > 2**20
            one.send(wire.Submit(id=10, job=EncodeJob(texts=("x",))))
            failed = await one.receive()
            assert isinstance(failed, wire.Failed)
            assert (failed.id, failed.code) == (10, "provider_unavailable")

    asyncio.run(scenario())


def test_it_says_why_a_model_cannot_be_loaded_and_ends(tmp_path: Path) -> None:
    async def scenario() -> int:
        async with worker(tmp_path) as one:
            nowhere = str(tmp_path / "nowhere")
            one.send(wire.Load(model=ModelSpec(name="local/x", task=Task.CHAT, path=nowhere)))
            failed = await one.receive()
            assert isinstance(failed, wire.Failed)
            assert (failed.id, failed.code) == (None, "config_error")
            assert "not on this machine" in failed.message
            assert await one.receive() is None
            return await one.status()

    assert asyncio.run(scenario()) == 1


def test_it_ends_when_what_it_hears_is_not_the_protocol(tmp_path: Path) -> None:
    async def scenario() -> int:
        async with worker(tmp_path) as one:
            one.writer.write(b"GET / HTTP/1.1\r\n\r\n")
            return await one.status()

    assert asyncio.run(scenario()) != 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_it_does_not_even_connect_when_its_gateway_is_gone_already(tmp_path: Path) -> None:
    async def scenario() -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "jupyter_mesh.serving.worker"),
            f"--socket=unix:{tmp_path / 'none'}",
            "--parent=1",
        )
        return await asyncio.wait_for(process.wait(), 20)

    assert asyncio.run(scenario()) == 1
