from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_mesh.client import Mesh, MeshClientError, connect
from jupyter_mesh.client.endpoint import find_endpoint
from tests.client.fake_gateway import TOKEN, FakeGateway, Script

HUB = {
    "JUPYTERHUB_API_TOKEN": "hub-token",
    "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
    "JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:8888/user/ada/",
}


@pytest.mark.parametrize(
    ("environ", "url", "token", "path"),
    [
        ({"JUPYTER_MESH_URL": "http://h:1/mesh/", "JUPYTER_MESH_TOKEN": "s3cret"},
         "http://h:1/mesh/", "s3cret", None),
        ({"JUPYTER_MESH_URL": "https://h/user/a/mesh", "JUPYTER_MESH_TOKEN": "s3cret"},
         "https://h/user/a/mesh/", "s3cret", None),
        ({"JUPYTER_MESH_URL": "http+unix://%2Frun%2Fj.sock/mesh/", "JUPYTER_MESH_TOKEN": "s3cret"},
         "http://localhost/mesh/", "s3cret", "/run/j.sock"),
        ({**HUB, "JUPYTER_MESH_URL": "http://hub:81/services/mesh/"},
         "http://hub:81/services/mesh/", "hub-token", None),
        ({**HUB, "JUPYTER_MESH_URL": "http://hub:81/mesh/", "JUPYTER_MESH_TOKEN": "own-token"},
         "http://hub:81/mesh/", "own-token", None),
        (HUB, "http://127.0.0.1:8888/user/ada/mesh/", "hub-token", None),
        ({**HUB, "JUPYTERHUB_SERVICE_URL": "http://:8888/user/ada/"},
         "http://127.0.0.1:8888/user/ada/mesh/", "hub-token", None),
        ({**HUB, "JUPYTERHUB_SERVICE_URL": "http://10.0.0.7:8888"},
         "http://10.0.0.7:8888/user/ada/mesh/", "hub-token", None),
    ],
)  # fmt: skip
def test_the_gateway_is_found(
    environ: dict[str, str], url: str, token: str, path: str | None
) -> None:
    endpoint = find_endpoint(environ=environ)
    assert (endpoint.url, endpoint.token, endpoint.socket) == (url, token, path)
    assert token not in repr(endpoint)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"JUPYTER_MESH_URL": "http://h/mesh/"},
        {"JUPYTER_MESH_TOKEN": "s3cret"},
        {"JUPYTER_MESH_URL": "ftp://h/mesh/", "JUPYTER_MESH_TOKEN": "s3cret"},
        {"JUPYTER_MESH_URL": "h:8888/mesh/", "JUPYTER_MESH_TOKEN": "s3cret"},
        {"JUPYTER_MESH_URL": "http://h/mesh/", "JUPYTER_MESH_TOKEN": "a\r\nX-Evil: 1"},
        {"JUPYTERHUB_API_TOKEN": "hub-token"},
    ],
)
def test_without_a_gateway_the_error_names_the_next_step(environ: dict[str, str]) -> None:
    with pytest.raises(MeshClientError, match="JUPYTER_MESH_URL") as failure:
        find_endpoint(environ=environ)
    assert failure.value.code == "gateway_not_found"
    assert "\n" not in failure.value.message


def test_a_port_where_nothing_listens_is_one_attempt_and_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        mesh = connect(f"http://127.0.0.1:{taken.getsockname()[1]}/mesh/", "t")
        with pytest.raises(MeshClientError, match="cannot be reached: check that") as failure:
            mesh.ask("Hi", model="fast")
    assert failure.value.code == "gateway_unreachable"
    assert "\n" not in failure.value.message


def test_a_host_that_accepts_and_hangs_up_is_asked_once() -> None:
    accepted: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                accepted.append(address[0])
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        mesh = connect(f"http://127.0.0.1:{server.getsockname()[1]}/mesh/", "t")
        with pytest.raises(MeshClientError) as failure:
            mesh.ask("Hi", model="fast")
    assert failure.value.code == "connection_lost"
    assert len(accepted) == 1


def test_a_host_that_does_not_even_accept_is_given_up() -> None:
    with socket.socket() as deaf, contextlib.ExitStack() as filled:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):  # the queue is full: further connections get no answer at all
            waiting = filled.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(deaf.getsockname())
        mesh = connect(f"http://127.0.0.1:{deaf.getsockname()[1]}/mesh/", "t")
        with pytest.raises(MeshClientError, match="cannot be reached") as failure:
            mesh.ask("Hi")
    assert failure.value.code == "gateway_unreachable"


def test_a_unix_socket_is_a_gateway_too(tmp_path: Path) -> None:
    path = tmp_path / "j.sock"
    gateway = FakeGateway(path).start()
    try:
        with connect(gateway.url, TOKEN) as mesh:
            assert mesh.ask("Hi", model="fast").text == "Hello world"
            client = mesh.openai()
            reply = client.chat.completions.create(
                model="fast", messages=[{"role": "user", "content": "Hi"}]
            )
            assert reply.choices[0].message.content == "Hello world"
    finally:
        gateway.stop()


def test_a_wrong_token_says_so(gateway: FakeGateway) -> None:
    with pytest.raises(MeshClientError) as failure:
        connect(gateway.url, "wrong").models()
    assert (failure.value.code, failure.value.status) == ("invalid_api_key", 401)


def test_an_address_that_is_no_gateway_says_so(gateway: FakeGateway) -> None:
    with pytest.raises(MeshClientError, match="Nothing of the mesh answers"):
        connect(gateway.url + "elsewhere/", TOKEN).models()


_INTERRUPTED = """
import os, sys
from jupyter_mesh import connect
mesh = connect()
try:
    mesh.ask("Hi", model="fast")
except KeyboardInterrupt:
    print("interrupted")
    sys.stdout.flush()
    sys.stdin.read()  # the connection must close now, not with the process
"""


def test_an_interrupt_cancels_the_request_and_closes_its_connection(gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(hang=True)
    environ = {**os.environ, "JUPYTER_MESH_URL": gateway.url, "JUPYTER_MESH_TOKEN": TOKEN}
    with subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert gateway.streaming.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "interrupted\n"
        assert gateway.disconnected.wait(5)
        process.communicate("", timeout=10)
        assert process.returncode == 0


def test_the_client_imports_no_heavy_package() -> None:
    script = (
        "import sys, jupyter_mesh.client as c; c.connect('http://127.0.0.1:1/mesh/', 't');"
        "print([m for m in ('aiohttp', 'pydantic', 'pandas', 'openai', 'jupyter_mesh.mesh',"
        "'jupyter_mesh.config', 'jupyter_mesh.pipeline', 'jupyter_mesh.providers',"
        "'jupyter_mesh.storage') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"


def test_the_openai_client_is_pointed_at_the_mesh(mesh: Mesh, gateway: FakeGateway) -> None:
    client = mesh.openai(max_retries=0)
    stream = client.chat.completions.create(
        model="fast", messages=[{"role": "user", "content": "Hi"}], stream=True
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text == "Hello world"
    assert "X-Mesh-Details" not in gateway.chats[-1].headers


async def test_so_is_the_asynchronous_one(mesh: Mesh) -> None:
    async with mesh.async_openai(max_retries=0) as client:
        reply = await client.chat.completions.create(
            model="fast", messages=[{"role": "user", "content": "Hi"}]
        )
    assert reply.choices[0].message.content == "Hello world"
