"""What only the Jupyter host does: addresses for kernels, notebooks of kernels, a clean end."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jupyter_core.utils import ensure_async
from jupyter_mesh_server.app import ENV_TOKEN, ENV_URL, MeshServerApp, mesh_url
from jupyter_mesh_server.documents import KernelDocuments

from .calls import chat_body
from .conftest import Host

CHAT = "/v1/chat/completions"


def server(**settings: object) -> Any:
    ip = settings.get("ip", "localhost")
    standard = {"ip": ip, "port": 8889, "base_url": "/", "sock": "", "certfile": ""}
    standard["connection_url"] = f"http://{ip}:8889/"
    return SimpleNamespace(**(standard | settings))


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "http://localhost:8889/mesh/"),
        ({"ip": "10.0.0.7"}, "http://10.0.0.7:8889/mesh/"),
        ({"ip": "0.0.0.0"}, "http://127.0.0.1:8889/mesh/"),
        ({"ip": ""}, "http://127.0.0.1:8889/mesh/"),
        ({"ip": "::"}, "http://[::1]:8889/mesh/"),
        ({"ip": "*", "base_url": "/user/ada/"}, "http://127.0.0.1:8889/user/ada/mesh/"),
        ({"ip": "*", "certfile": "c.pem"}, "https://127.0.0.1:8889/mesh/"),
        (
            {"sock": "/run/j.sock", "connection_url": "http+unix://%2Frun%2Fj.sock/"},
            "http+unix://%2Frun%2Fj.sock/mesh/",
        ),
    ],
)
def test_kernels_get_an_address_that_they_can_reach(settings: dict[str, str], url: str) -> None:
    assert mesh_url(server(**settings)) == url


async def test_kernels_inherit_address_and_token_until_the_server_stops(jupyter: Host) -> None:
    assert os.environ[ENV_TOKEN] == jupyter.kernel_token
    assert len(jupyter.kernel_token) >= 32
    assert os.environ[ENV_URL].endswith("/a%40b/mesh/")
    assert jupyter.app is not None
    (app,) = jupyter.app.extension_manager.extension_apps["jupyter_mesh_server"]
    await app.stop_extension()
    assert ENV_URL not in os.environ
    assert ENV_TOKEN not in os.environ


async def test_a_kernels_call_is_attributed_to_its_notebook_also_after_a_rename(
    jupyter: Host, jp_root_dir: Path
) -> None:
    assert jupyter.app is not None
    sessions = jupyter.app.session_manager
    (jp_root_dir / "old.ipynb").write_text("{}")
    session = cast(dict[str, Any], await sessions.create_session(path="old.ipynb", type="notebook"))
    headers = {**jupyter.user, "X-Mesh-Kernel": session["kernel"]["id"]}
    try:
        await jupyter.ask("POST", CHAT, headers=headers, json=chat_body())
        await sessions.update_session(session["id"], path="deep/new.ipynb")
        await jupyter.ask("POST", CHAT, headers=headers, json=chat_body())
        declared = {**headers, "X-Mesh-Document": "declared.ipynb"}
        await jupyter.ask("POST", CHAT, headers=declared, json=chat_body())
        stranger = {**headers, "X-Mesh-Kernel": "nobody"}
        await jupyter.ask("POST", CHAT, headers=stranger, json=chat_body())
    finally:
        await ensure_async(sessions.delete_session(session["id"]))
    assert [call.document for call in jupyter.mesh.calls_made] == [
        "old.ipynb",
        "deep/new.ipynb",
        "declared.ipynb",
        None,
    ]


class CountingSessions:
    """A session manager that counts how often it is asked."""

    def __init__(self, connection: object) -> None:
        self.asked = 0
        self.connection = connection

    async def list_sessions(self) -> list[dict[str, Any]]:
        self.asked += 1
        return [
            {"path": "a.ipynb", "kernel": {"id": "k"}},
            {"path": "dead.ipynb", "kernel": None},
        ]


async def test_sessions_are_read_again_only_when_one_has_changed() -> None:
    connection = SimpleNamespace(total_changes=1)
    sessions = CountingSessions(connection)
    documents = KernelDocuments(cast(Any, sessions))
    for _ in range(5):
        assert await documents("k") == "a.ipynb"
    assert sessions.asked == 1
    connection.total_changes = 2
    assert await documents("other") is None
    assert sessions.asked == 2


async def test_a_session_manager_of_another_make_is_asked_every_time() -> None:
    sessions = CountingSessions(None)
    documents = KernelDocuments(cast(Any, sessions))
    assert [await documents("k") for _ in range(3)] == ["a.ipynb"] * 3
    assert sessions.asked == 3


def test_the_usual_files_are_found_and_the_environment_overrides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("JUPYTER_MESH_STATE", raising=False)
    assert MeshServerApp().config_file == ""
    (tmp_path / "mesh.yaml").write_text("")
    assert MeshServerApp().config_file == str(tmp_path / "mesh.yaml")
    assert MeshServerApp().state_dir == str(tmp_path / "data" / "mesh")
    monkeypatch.setenv("JUPYTER_MESH_CONFIG", "/etc/other.yaml")
    monkeypatch.setenv("JUPYTER_MESH_STATE", "/var/mesh")
    assert (MeshServerApp().config_file, MeshServerApp().state_dir) == (
        "/etc/other.yaml",
        "/var/mesh",
    )


async def test_a_preflight_gets_our_headers_allowed_but_no_foreign_origin(jupyter: Host) -> None:
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, x-mesh-document",
    }
    reply = await jupyter.ask("OPTIONS", CHAT, headers=headers)
    assert reply.status == 204
    assert "x-mesh-document" in reply.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_a_request_that_brings_the_servers_token_is_handed_no_login(jupyter: Host) -> None:
    reply = await jupyter.ask("GET", "/api/me", headers=jupyter.admin)
    assert reply.status == 200
    assert "Set-Cookie" not in reply.headers


class TestTrustedOrigin:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["ServerApp"]["allow_origin"] = "https://lab.example"
        return jp_server_config

    async def test_an_origin_that_jupyter_trusts_may_ask(self, jupyter: Host) -> None:
        headers = {"Origin": "https://lab.example", **jupyter.admin}
        reply = await jupyter.ask("GET", "/api/me", headers=headers)
        assert reply.status == 200
        assert reply.headers["Access-Control-Allow-Origin"] == "https://lab.example"
