"""The stand-alone service: starts, answers, drains, stops."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from jupyter_mesh.config import Config
from jupyter_mesh.errors import ConfigError
from jupyter_mesh.mesh import Mesh

from .aiohttp_host import BASE, Server
from .dispatch import Dispatcher
from .gateway import Gateway
from .identity import Identity, OwnerIdentity, owner
from .personal import make_state_dir
from .route import Route
from .routes import ROUTES
from .sessions import Sessions, SiteIdentity
from .site import Site

DRAIN = 30.0
"""Seconds for which calls that are running at the end may go on."""

log = logging.getLogger("jupyter_mesh")


class Service:
    """One process that serves a configuration on one address."""

    def __init__(self, mesh: Mesh, identity: Identity, routes: tuple[Route, ...] = ROUTES) -> None:
        self.mesh = mesh
        self._dispatcher = Dispatcher(Gateway(mesh), identity, routes)
        self._runner: web.ServerRunner | None = None
        self.url = ""

    @classmethod
    async def start(
        cls,
        config: Config,
        state_dir: Path,
        host: str,
        port: int,
        *,
        config_file: Path | None = None,
        owner_token: str | None = None,
    ) -> Service:
        """Open the mesh and listen; port 0 takes a free one.

        Args:
            config: What to serve.
            state_dir: Where the database is.
            host: The address to listen on.
            port: The port to listen on.
            config_file: Where the configuration was read: relative paths in it start there, and
                it is read again when it was edited.
            owner_token: Opens a personal mesh to whoever brings it, instead of API keys.

        Raises:
            ConfigError: The configuration cannot be used, or the address is taken.
        """
        make_state_dir(state_dir)
        if owner_token is None and not config.keys:
            log.warning("No `keys:`, so nobody can call: `jupyter mesh keys create` makes one.")
        mesh = await Mesh.start(
            config,
            state_dir=state_dir,
            host="standalone" if owner_token is None else "personal",
            config_file=config_file,
        )
        if owner_token is None:
            sessions = Sessions(mesh.signed_in)
            site = Site(sessions)
            identity = SiteIdentity(sessions, mesh.key_principal)
            service = cls(mesh, identity, ROUTES + site.routes())
            if not site.is_built:
                log.warning("The site's pages are not built here; `make build` makes them.")
        else:
            service = cls(mesh, OwnerIdentity(owner(), owner_token))
        try:
            await service._listen(host, port)
        except OSError as error:
            await service.aclose()
            raise ConfigError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
        return service

    async def _listen(self, host: str, port: int) -> None:
        self._runner = web.ServerRunner(Server(self._dispatcher), shutdown_timeout=DRAIN)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        name, bound = self._runner.addresses[0][:2]
        self.url = f"http://{f'[{name}]' if ':' in name else name}:{bound}{BASE}/"

    async def aclose(self) -> None:
        """Take no more connections, let running calls end, then close the mesh."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self.mesh.aclose()


def run_until_stopped(
    start: Callable[[], Awaitable[Service]], announce: Callable[[str], None]
) -> None:
    """Run a service until SIGINT or SIGTERM; on uvloop where it is installed.

    Raises:
        ConfigError: As for `Service.start`.
    """

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        service = await start()
        try:
            announce(service.url)
            await stop.wait()
            log.info("Stopping: running calls may take up to %.0f s more.", DRAIN)
        finally:
            await service.aclose()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(run())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
