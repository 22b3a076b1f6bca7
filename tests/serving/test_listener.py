from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from jupyter_mesh.errors import ProviderUnavailable
from jupyter_mesh.serving import protocol as wire
from jupyter_mesh.serving.listener import Listener, Streams


async def connect(address: str) -> Streams:
    kind, _, place = address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(place)
    host, _, port = place.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def hang_up(*streams: Streams) -> None:
    for _, writer in streams:
        writer.close()
        await writer.wait_closed()


async def say(address: str, *parts: bytes) -> Streams:
    reader, writer = await connect(address)
    for part in parts:
        writer.write(part)
    await writer.drain()
    return reader, writer


def hello(token: str, protocol: int = wire.PROTOCOL) -> bytes:
    return wire.encode(wire.Hello(protocol=protocol, token=token, pid=1))


@pytest.mark.parametrize("unix", [True, False])
def test_only_who_knows_the_token_is_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unix: bool
) -> None:
    monkeypatch.setattr("jupyter_mesh.serving.listener.HAS_UNIX_SOCKETS", unix)

    async def scenario() -> None:
        async with Listener(tmp_path) as listener:
            assert listener.address.startswith("unix:" if unix else "tcp:127.0.0.1:")
            for words in (hello("guess"), hello(""), b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\2{}"):
                stranger = await say(listener.address, words)
                assert await stranger[0].read() == b"", "hung up on, without a word"
                await hang_up(stranger)
            first = await say(listener.address, hello(listener.token))
            gateways_end = await listener.worker()
            second = await say(listener.address, hello(listener.token))
            assert await second[0].read() == b"", "one worker is enough"
            await hang_up(second, first, gateways_end)

    asyncio.run(scenario())


def test_a_worker_of_another_release_is_named(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Listener(tmp_path) as listener:
            other = await say(listener.address, hello(listener.token, protocol=2))
            with pytest.raises(ProviderUnavailable, match=r"protocol 2.*restart the server"):
                await listener.worker()
            await hang_up(other)

    asyncio.run(scenario())


def test_only_this_user_can_reach_the_socket_and_nothing_of_it_stays(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Listener(tmp_path) as listener:
            folder = Path(listener.address.removeprefix("unix:")).parent
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert not folder.exists()

    asyncio.run(scenario())


def test_a_deep_state_folder_is_no_hindrance(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Listener(tmp_path / ("deep" * 30)) as listener:
            worker = await say(listener.address, hello(listener.token))
            await hang_up(worker, await listener.worker())

    asyncio.run(scenario())
