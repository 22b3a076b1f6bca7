"""The server extension. Imported when Jupyter starts; what is heavy waits until the server runs."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode, default

from .documents import KernelDocuments
from .hub.discovery import SingleUser
from .identity import owner
from .startup import Running, Startup
from .tornado_host import MeshHandler, browser_login
from .withheld import Withheld

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

ENV_URL = "JUPYTER_MESH_URL"
ENV_TOKEN = "JUPYTER_MESH_TOKEN"
ENV_DOCUMENTS = "JUPYTER_MESH_DOCUMENTS"
"""The folder that paths of notebooks begin in: kernels on a Hub name their own to the service."""
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*")


class MeshServerApp(ExtensionApp):
    """Puts the gateway at `/mesh/` and tells kernels where it is."""

    name = "jupyter_mesh_server"
    extension_url = "/mesh"
    load_other_extensions = True
    description = "One gateway between notebooks and language models."

    config_file = Unicode(
        help="The mesh.yaml to use. Default: JUPYTER_MESH_CONFIG, else mesh.yaml in Jupyter's "
        "configuration folder.",
    ).tag(config=True)
    state_dir = Unicode(
        help="Where the mesh keeps its database. Default: JUPYTER_MESH_STATE, else the folder mesh "
        "in Jupyter's data folder.",
    ).tag(config=True)

    @default("config_file")
    def _config_file_default(self) -> str:
        if named := os.environ.get("JUPYTER_MESH_CONFIG"):
            return named
        usual = Path(jupyter_config_dir(), "mesh.yaml")
        return str(usual) if usual.is_file() else ""

    @default("state_dir")
    def _state_dir_default(self) -> str:
        return os.environ.get("JUPYTER_MESH_STATE") or str(Path(jupyter_data_dir(), "mesh"))

    def initialize_settings(self) -> None:
        """Mint the kernel token. Kernels inherit it and the gateway's address from this process,
        and no key that the mesh has taken over.
        """
        self._hub = SingleUser.read(os.environ)
        self._environ = Withheld(os.environ, Path(self.state_dir))
        self._kernel_token = secrets.token_urlsafe(32)
        self._startup = Startup(self._build)
        self._export()

    def initialize_handlers(self) -> None:
        """One handler for every path; the route table knows the rest."""
        prefix = len(self._server.base_url.rstrip("/")) + len("/mesh")
        settings = {"startup": self._startup, "prefix": prefix}
        cast("list[Any]", self.handlers).append((r"/mesh/.*", MeshHandler, settings))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """The server listens now: its port is final, and there is time to build the mesh."""
        logging.getLogger("jupyter_mesh").parent = self.log
        if self._startup.dispatcher is None:
            self._export()
        self._startup.soon()

    async def stop_extension(self) -> None:
        """Let running calls end; later kernels must not find an address that answers no more."""
        for name in (ENV_URL, ENV_TOKEN, ENV_DOCUMENTS):
            os.environ.pop(name, None)
        await self._startup.aclose()

    @property
    def _server(self) -> ServerApp:
        return cast("ServerApp", self.serverapp)

    def _export(self) -> None:
        """Tell kernels where the mesh is: on a Hub its service, which takes the server's token."""
        if self._hub is None:
            self._tell_kernels(mesh_url(self._server), self._kernel_token)
        elif self._hub.service is not None:
            self._tell_kernels_of_service(self._hub.service, self._hub)
        else:  # until it is known; their own server passes on what they ask
            self._tell_kernels(mesh_url(self._server), self._hub.token)

    def _tell_kernels_of_service(self, url: str, hub: SingleUser) -> None:
        self._tell_kernels(url, hub.token)
        os.environ[ENV_DOCUMENTS] = str(getattr(self._server, "root_dir", ""))

    def _tell_kernels(self, url: str, token: str) -> None:
        os.environ[ENV_URL] = url
        os.environ[ENV_TOKEN] = token

    async def _build(self) -> Running:
        if self._hub is not None:
            return await self._of_hub(self._hub)
        return await self._personal()

    async def _of_hub(self, hub: SingleUser) -> Running:
        """The Hub's service; without one a mesh of one's own, if one has written a `mesh.yaml`."""
        name = f"{__package__}.hub.single_user"
        single_user = await asyncio.to_thread(importlib.import_module, name)
        if (url := await hub.find()) is not None:
            self._tell_kernels_of_service(url, hub)
            return single_user.forwarded(url, hub, browser_login)
        if self.config_file:
            self._tell_kernels(mesh_url(self._server), self._kernel_token)
            return await self._personal()
        return single_user.missing(owner(), self._kernel_token, browser_login)

    async def _personal(self) -> Running:
        personal = await asyncio.to_thread(importlib.import_module, f"{__package__}.personal")
        settings = personal.Settings(
            config_file=Path(self.config_file) if self.config_file else None,
            state_dir=Path(self.state_dir),
            kernel_token=self._kernel_token,
            environ=self._environ,
        )
        documents = KernelDocuments(self._server.session_manager)
        return await personal.start(settings, browser_login, documents)


def mesh_url(server: ServerApp) -> str:
    """The gateway's address for kernels on this machine: loopback if it listens everywhere."""
    if server.sock or server.ip not in _ANY_ADDRESS:
        return f"{server.connection_url}mesh/"
    scheme = "https" if server.certfile else "http"
    host = "[::1]" if server.ip == "::" else "127.0.0.1"
    return f"{scheme}://{host}:{server.port}{server.base_url}mesh/"
