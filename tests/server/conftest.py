"""The two hosts, each on a real socket, over a scripted mesh."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import orjson
import pytest
from aiohttp import web
from jupyter_mesh_server.aiohttp_host import Server
from jupyter_mesh_server.app import ENV_TOKEN, MeshServerApp
from jupyter_mesh_server.dispatch import Dispatcher
from jupyter_mesh_server.documents import KernelDocuments
from jupyter_mesh_server.gateway import Gateway
from jupyter_mesh_server.identity import KeyIdentity, PersonalIdentity
from jupyter_mesh_server.startup import Running
from jupyter_mesh_server.tornado_host import browser_login
from jupyter_server.serverapp import ServerApp
from yarl import URL

from jupyter_mesh.errors import MeshError
from jupyter_mesh.schemas.json import JsonObject

from .scripted_mesh import ADMIN_KEY, APP_KEY, ScriptedMesh


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        error = self.json["error"]
        # Anthropic's errors have no room for it but among the details.
        return cast(str, error["details"]["error_code"] if "details" in error else error["code"])


@dataclass
class Host:
    """A host under test, and a client that brings no cookie and follows no redirect.

    Attributes:
        url: Ends with `/mesh`.
        user: Headers of somebody who may ask models.
        admin: Headers of somebody who may do everything.
    """

    name: str
    url: str
    mesh: ScriptedMesh
    user: dict[str, str]
    admin: dict[str, str]
    session: aiohttp.ClientSession
    kernel_token: str = ""
    app: ServerApp | None = None

    def target(self, path: str) -> URL:
        """The address of `path`, taken as it is written."""
        return URL(f"{self.url}{path}", encoded=True)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        json: JsonObject | None = None,
        data: bytes | None = None,
    ) -> Reply:
        async with self.session.request(
            method,
            self.target(path),
            headers=self.user if headers is None else headers,
            json=json,
            data=data,
            allow_redirects=False,
        ) as response:
            return Reply(response.status, response.headers, await response.read())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nobody announces."""
    while not condition():  # noqa: ASYNC110 see above
        await asyncio.sleep(0.01)


def new_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def mesh() -> ScriptedMesh:
    return ScriptedMesh()


@pytest.fixture
def mesh_error() -> MeshError | None:
    """Overridden where the mesh could not be started."""
    return None


@pytest.fixture
def standalone(
    jp_asyncio_loop: asyncio.AbstractEventLoop, mesh: ScriptedMesh, mesh_error: MeshError | None
) -> Iterator[Host]:
    async def start() -> tuple[Host, web.ServerRunner]:
        gateway = Gateway(cast(Any, mesh_error or mesh))
        dispatcher = Dispatcher(gateway, KeyIdentity(mesh.key_principal))
        runner = web.ServerRunner(Server(dispatcher), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/mesh"
        user, admin = bearer(APP_KEY), bearer(ADMIN_KEY)
        return Host("standalone", url, mesh, user, admin, new_session()), runner

    host, runner = jp_asyncio_loop.run_until_complete(start())
    yield host

    async def stop() -> None:
        await host.session.close()
        await runner.cleanup()

    jp_asyncio_loop.run_until_complete(stop())


@dataclass
class ScriptedRunning:
    """A scripted mesh where the extension expects the personal one."""

    dispatcher: Dispatcher
    works: bool = True

    def outdated(self) -> bool:
        return False

    async def aclose(self) -> None:
        return None


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_mesh_server": True, "jupyter_server_terminals": False},
            "allow_unauthenticated_access": False,
            "reraise_server_extension_failures": True,
        }
    }


@pytest.fixture
def scripted_app(
    monkeypatch: pytest.MonkeyPatch, mesh: ScriptedMesh, mesh_error: MeshError | None
) -> None:
    async def build(self: MeshServerApp) -> Running:
        token = self._kernel_token  # pyright: ignore[reportPrivateUsage]
        identity = PersonalIdentity("ada", token, mesh.key_principal, browser_login)
        documents = KernelDocuments(cast(ServerApp, self.serverapp).session_manager)
        gateway = Gateway(cast(Any, mesh_error or mesh), documents)
        return ScriptedRunning(Dispatcher(gateway, identity))

    monkeypatch.setattr(MeshServerApp, "_build", build)


@pytest.fixture
def jupyter(
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    scripted_app: None,
    jp_serverapp: ServerApp,
    http_server: object,
    jp_http_port: int,
    jp_base_url: str,
    mesh: ScriptedMesh,
) -> Iterator[Host]:
    async def make() -> Host:
        kernel_token = os.environ[ENV_TOKEN]
        return Host(
            "jupyter",
            f"http://127.0.0.1:{jp_http_port}{jp_base_url}mesh",
            mesh,
            bearer(kernel_token),
            {"Authorization": f"token {jp_serverapp.identity_provider.token}"},
            new_session(),
            kernel_token,
            jp_serverapp,
        )

    host = jp_asyncio_loop.run_until_complete(make())
    yield host
    jp_asyncio_loop.run_until_complete(host.session.close())


@pytest.fixture(params=["standalone", "jupyter"])
def host(request: pytest.FixtureRequest) -> Host:
    """Each host in turn."""
    return cast(Host, request.getfixturevalue(request.param))
