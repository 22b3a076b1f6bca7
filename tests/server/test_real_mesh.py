"""The hosts over the real mesh, with its offline demo as the only connection."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import orjson
import pytest
from jupyter_mesh_server.app import ENV_TOKEN
from jupyter_mesh_server.service import Service
from jupyter_server.serverapp import ServerApp

from jupyter_mesh.config import Config

from .calls import ADA
from .conftest import Host, bearer, new_session
from .scripted_mesh import ScriptedMesh

CHAT = "/v1/chat/completions"
OWNER = "token-of-the-owner"


def hello(**fields: Any) -> dict[str, Any]:
    return {"model": "echo/echo", "messages": [{"role": "user", "content": "hello"}], **fields}


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_MESH_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


@pytest.fixture
def real_jupyter(
    own_folders: Path,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    jp_serverapp: ServerApp,
    http_server: object,
    jp_http_port: int,
    jp_base_url: str,
) -> Iterator[Host]:
    async def make() -> Host:
        token = os.environ[ENV_TOKEN]
        return Host(
            "jupyter",
            f"http://127.0.0.1:{jp_http_port}{jp_base_url}mesh",
            ScriptedMesh(),
            bearer(token),
            {"Authorization": f"token {jp_serverapp.identity_provider.token}"},
            new_session(),
            token,
            jp_serverapp,
        )

    host = jp_asyncio_loop.run_until_complete(make())
    yield host
    jp_asyncio_loop.run_until_complete(host.session.close())


@pytest.fixture
def service(own_folders: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Service]:
    starting = Service.start(
        Config.default(), own_folders / "state", "127.0.0.1", 0, owner_token=OWNER
    )
    running = jp_asyncio_loop.run_until_complete(starting)
    yield running
    jp_asyncio_loop.run_until_complete(running.aclose())


async def test_a_kernels_call_is_metered_and_the_browser_sees_its_cost(real_jupyter: Host) -> None:
    headers = {**real_jupyter.user, "X-Mesh-Document": "a.ipynb", "X-Mesh-Purpose": "research"}
    reply = await real_jupyter.ask("POST", CHAT, headers=headers, json=hello())
    assert reply.status == 200
    assert reply.headers["X-Mesh-Model"] == "echo/echo"
    call_id = reply.headers["X-Mesh-Request-Id"]

    browser = real_jupyter.admin
    costs = (await real_jupyter.ask("GET", "/api/costs?document=a.ipynb", headers=browser)).json
    assert costs["notebook"]["calls"] == costs["today"]["calls"] == 1
    assert Decimal(costs["today"]["cost_usd"]) == Decimal(reply.headers["X-Mesh-Cost-USD"])
    detail = (await real_jupyter.ask("GET", f"/api/calls/{call_id}", headers=browser)).json
    assert detail["summary"]["user"] == "ada"
    assert detail["summary"]["document"] == "a.ipynb"
    assert detail["summary"]["purpose"] == "research"


async def test_a_stream_ends_with_what_it_cost(real_jupyter: Host) -> None:
    headers = {**real_jupyter.user, "X-Mesh-Details": "1"}
    reply = await real_jupyter.ask("POST", CHAT, headers=headers, json=hello(stream=True))
    *chunks, last, done = reply.body.removesuffix(b"\n\n").split(b"\n\n")
    assert done == b"data: [DONE]"
    mesh = orjson.loads(last.removeprefix(b"data: "))["mesh"]
    assert mesh["model"] == "echo/echo"
    assert Decimal(mesh["cost_usd"]) == 0
    assert mesh["usage"]["total"] == mesh["usage"]["input"] + mesh["usage"]["output"] > 0
    assert mesh["timing"]["total"] >= mesh["timing"]["first_token"] > 0
    assert len(chunks) > 3


async def test_what_the_sidebar_needs_is_there(real_jupyter: Host) -> None:
    browser = real_jupyter.admin
    me = (await real_jupyter.ask("GET", "/api/me", headers=browser)).json
    assert (me["user"], me["host"], me["default_model"]) == ("ada", "personal", "echo/echo")
    for path in ("/api/models", "/api/budgets", "/api/usage?by=day,model", "/api/calls"):
        assert (await real_jupyter.ask("GET", path, headers=browser)).status == 200, path
    chosen: dict[str, Any] = {"default_model": "echo/shout"}
    me = (await real_jupyter.ask("PUT", "/api/preferences", headers=browser, json=chosen)).json
    assert me["default_model"] == "echo/shout"
    asked: dict[str, Any] = {"operation": "chat", "body": hello()}
    dry = (await real_jupyter.ask("POST", "/api/dry-run", json=asked)).json
    assert dry["model"] == "echo/echo"
    metrics = (await real_jupyter.ask("GET", "/metrics", headers=browser)).body.decode()
    assert "# TYPE" in metrics


class TestWrongFile:
    @pytest.fixture
    def own_folders(self, own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (own_folders / "mesh.yaml").write_text("connexions: {}")
        monkeypatch.setenv("JUPYTER_MESH_CONFIG", str(own_folders / "mesh.yaml"))
        return own_folders

    async def test_jupyter_runs_and_the_mesh_says_what_is_wrong(self, real_jupyter: Host) -> None:
        reply = await real_jupyter.ask("POST", CHAT, json=hello())
        assert (reply.status, reply.code) == (503, "config_error")
        assert "connexions: unknown key (did you mean 'connections'?)" in reply.body.decode()
        assert (await real_jupyter.ask("GET", "/readyz", headers={})).status == 503

    async def test_once_the_file_is_right_the_next_request_is_answered(
        self, real_jupyter: Host, own_folders: Path
    ) -> None:
        assert (await real_jupyter.ask("POST", CHAT, json=hello())).status == 503
        (own_folders / "mesh.yaml").write_text("connections: {echo: {provider: echo}}")
        assert (await real_jupyter.ask("POST", CHAT, json=hello())).status == 200

    async def test_jupyter_itself_is_not_disturbed(self, real_jupyter: Host) -> None:
        async with real_jupyter.session.get(
            real_jupyter.target("").with_path("/a%40b/api/status", encoded=True),
            headers=real_jupyter.admin,
        ) as status:
            assert status.status == 200


class TestKernel:
    @pytest.fixture
    def jp_base_url(self) -> str:
        return "/user/ada/"

    async def test_a_kernel_finds_its_gateway_and_is_charged_to_its_notebook(
        self, real_jupyter: Host, jp_root_dir: Path
    ) -> None:
        app = real_jupyter.app
        assert app is not None
        (jp_root_dir / "deep").mkdir()
        (jp_root_dir / "deep" / "a.ipynb").write_text("{}")
        session: Any = await app.session_manager.create_session(
            path="deep/a.ipynb", type="notebook", kernel_name="python3"
        )
        client = app.kernel_manager.get_kernel(session["kernel"]["id"]).client()
        client.start_channels()
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            said.append(
                str(message["content"].get("text") or message["content"].get("evalue") or "")
            )

        try:
            await client.wait_for_ready(timeout=60)
            code = "from jupyter_mesh import connect; print(connect().ask('hi', model='echo/echo'))"
            reply = await client.execute_interactive(code, timeout=60, output_hook=hear)
        finally:
            client.stop_channels()
            await app.session_manager.delete_session(session["id"])
        assert reply["content"]["status"] == "ok", said
        assert "> hi" in "".join(said)
        page = (await real_jupyter.ask("GET", "/api/calls", headers=real_jupyter.admin)).json
        assert [call["document"] for call in page["calls"]] == ["deep/a.ipynb"]


async def test_the_openai_client_works_unchanged(service: Service) -> None:
    async with openai.AsyncOpenAI(base_url=f"{service.url}v1", api_key=OWNER) as client:
        listed = [model.id async for model in client.models.list()]
        assert listed == ["echo/echo", "echo/shout"]
        assert (await client.models.retrieve("echo/echo")).owned_by == "echo"
        whole = await client.chat.completions.create(**hello())
        assert "hello" in (whole.choices[0].message.content or "")
        assert whole.usage is not None
        stream = await client.chat.completions.create(
            **hello(stream=True, stream_options={"include_usage": True})
        )
        chunks = [chunk async for chunk in stream]
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert text == whole.choices[0].message.content
        assert chunks[-1].usage == whole.usage
        vectors = await client.embeddings.create(model="echo/echo", input=["a", "b"])
        assert len(vectors.data) == 2
        with pytest.raises(openai.NotFoundError) as missing:
            await client.chat.completions.create(**hello(model="echo/nope"))
        assert missing.value.code == "model_not_found"
        with pytest.raises(openai.BadRequestError) as routed:
            await client.chat.completions.create(**hello(), extra_body={"base_url": "http://x"})
        assert (routed.value.code, routed.value.param) == ("unknown_parameter", "base_url")
    async with openai.AsyncOpenAI(
        base_url=f"{service.url}v1", api_key="wrong", max_retries=0
    ) as stranger:
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()


async def test_a_client_of_openai_that_stops_reading_ends_the_call(service: Service) -> None:
    async with openai.AsyncOpenAI(base_url=f"{service.url}v1", api_key=OWNER) as client:
        words = [{"role": "user", "content": "word " * 500}]
        stream = await client.chat.completions.create(**hello(stream=True, messages=words))
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        await stream.close()
        async with asyncio.timeout(10):
            while True:
                call = (await service.mesh.calls(ADA)).calls[0]
                if call.outcome != "pending":
                    break
                await asyncio.sleep(0.05)
    assert call.outcome == "aborted"
    assert call.tokens.output > 0


async def test_a_setting_that_does_not_fit_is_the_callers_mistake_and_no_fault_of_the_server(
    service: Service,
) -> None:
    headers = bearer(OWNER)
    url, session = service.url.rstrip("/"), new_session()
    host = Host("service", url, ScriptedMesh(), headers, headers, session)
    reply = await host.ask("PUT", "/api/settings/budgets/team", json={"body": {"limit_usd": -1}})
    await session.close()
    assert (reply.status, reply.code) == (400, "config_error")
    assert reply.json["error"]["type"] == "invalid_request_error"
