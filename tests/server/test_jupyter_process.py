"""A Jupyter server as a process: on a unix socket, and told to stop in the middle of a stream."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from jupyter_mesh.client import AsyncMesh
from jupyter_mesh.client.endpoint import find_endpoint

SLOW = "connections: {echo: {provider: echo, delay_ms: 30}}"
SHOW_ENVIRONMENT = (
    "import os, pathlib; pathlib.Path(os.environ['SHOWN']).write_text("
    "os.environ['JUPYTER_MESH_URL'] + ' ' + os.environ['JUPYTER_MESH_TOKEN'])"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: that of a socket may have 107 bytes."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def server(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    (folder / "mesh.yaml").write_text(SLOW)
    environ = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "run"),
        "SHOWN": str(folder / "shown"),
    }
    options = [
        f"--ServerApp.sock={folder / 'j.sock'}",
        "--ServerApp.base_url=/user/ada/",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.open_browser=False",
        "--ServerApp.jpserver_extensions={'jupyterlab': False, 'jupyter_mesh_server': True}",
        "--IdentityProvider.token=t",
        "--allow-root",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *options],
        env=environ,
        stderr=subprocess.DEVNULL,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


async def environment_of_kernels(folder: Path) -> list[str]:
    """What a kernel of the server finds in its environment, asked through the server's own API."""
    import aiohttp

    connector = aiohttp.UnixConnector(str(folder / "j.sock"))
    headers = {"Authorization": "token t"}
    base = "http://localhost/user/ada/api/kernels"
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        for _ in range(600):
            try:
                async with session.post(base, json={"name": "python3"}) as reply:
                    kernel = (await reply.json())["id"]
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
        else:
            raise AssertionError("the server did not come up")
        async with session.ws_connect(f"{base}/{kernel}/channels") as channel:
            content = {"code": SHOW_ENVIRONMENT, "silent": False}
            head = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "s"}
            message = {"header": head | {"version": "5.3"}, "parent_header": {}, "metadata": {}}
            await channel.send_str(json.dumps(message | {"content": content, "channel": "shell"}))
            for _ in range(600):
                if (folder / "shown").is_file() and (text := (folder / "shown").read_text()):
                    return text.split()
                await asyncio.sleep(0.1)
    raise AssertionError("the kernel did not answer")


async def test_a_kernel_asks_over_a_unix_socket_and_a_stop_lets_its_stream_end(
    server: subprocess.Popen[bytes], folder: Path
) -> None:
    url, token = await environment_of_kernels(folder)
    assert url == f"http+unix://{quote(str(folder / 'j.sock'), safe='')}/user/ada/mesh/"
    async with AsyncMesh(find_endpoint(url, token)) as mesh:
        stream = await mesh.stream("tick " * 20, model="echo/echo")
        text = ""
        async for piece in stream:
            if not text:
                server.send_signal(signal.SIGTERM)
            text += piece
    assert text.count("tick") == 20
    assert stream.answer.finish_reason == "stop"
    assert server.wait(timeout=60) == 0
