"""The service, stand-alone or of a JupyterHub: starts, answers, drains, stops."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from jupyter_mesh.config import Config
from jupyter_mesh.errors import ConfigError, MeshError
from jupyter_mesh.mesh import Mesh

from .aiohttp_host import BASE, Server
from .dispatch import Dispatcher
from .gateway import Gateway, HubState, SiteOf
from .identity import Identity, OwnerIdentity, owner
from .pages import Pages
from .personal import make_state_dir
from .route import Route
from .routes import ROUTES
from .sessions import Sessions, SiteIdentity
from .site import Site
from .terminal import Terminal

DRAIN = 30.0
"""Seconds for which calls that are running at the end may go on."""
_LAST = 1.0
"""Seconds for those that are cut off then to end in good order."""
BACKLOG = 1024
"""Connections that may wait until they are taken."""

log = logging.getLogger("jupyter_mesh")


class Service:
    """One process that serves a configuration on one address.

    Args:
        mesh: Where calls go.
        identity: How callers are known.
        routes: The table.
        base: Path of the gateway, without a slash at its end.
        site_of: Where JupyterLab leads callers to; None: its own pages serve.
        hub_state: Of the Hub whose service this is.

    Attributes:
        url: Where it answers; ends with a slash.
        closing: What to close at the end, before the mesh.
    """

    def __init__(
        self,
        mesh: Mesh,
        identity: Identity,
        routes: tuple[Route, ...] = ROUTES,
        *,
        base: str = BASE,
        site_of: SiteOf | None = None,
        hub_state: HubState | None = None,
    ) -> None:
        self.mesh = mesh
        self.closing: list[Callable[[], Awaitable[None]]] = []
        self._dispatcher = Dispatcher(
            Gateway(mesh, site_of=site_of, hub_state=hub_state), identity, routes
        )
        self._base = base
        self._runner: web.ServerRunner | None = None
        self._server: Server | None = None
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
        inherited: socket.socket | None = None,
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
            inherited: A socket that listens already, to be used instead of `host` and `port`.

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
            sessions, pages = Sessions(mesh.signed_in, mesh.sign_outs), built_pages()
            identity = SiteIdentity(sessions, mesh.key_principal)
            service = cls(mesh, identity, ROUTES + Site(sessions, pages).routes())
        else:
            service = cls(mesh, OwnerIdentity(owner(), owner_token))
        await service.listen(host, port, inherited)
        return service

    async def listen(self, host: str, port: int, inherited: socket.socket | None = None) -> None:
        """Answer from now on, at a socket that listens already if one is given; port 0 takes a free
        one.

        Raises:
            ConfigError: The address is taken. The service is closed then.
        """
        try:
            await self._listen(host, port, inherited)
        except OSError as error:
            await self.aclose()
            raise ConfigError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error

    async def _listen(self, host: str, port: int, inherited: socket.socket | None) -> None:
        self._server = Server(self._dispatcher, self._base)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_LAST)
        await self._runner.setup()
        site: web.BaseSite
        if inherited is not None:
            site = web.SockSite(self._runner, inherited, backlog=BACKLOG)
        else:
            site = web.TCPSite(self._runner, host, port, backlog=BACKLOG)
        await site.start()
        name, bound = self._runner.addresses[0][:2]
        self.url = f"http://{f'[{name}]' if ':' in name else name}:{bound}{self._base}/"

    async def aclose(self) -> None:
        """Take no more connections, let running calls end, then close the mesh."""
        if self._runner is not None and self._server is not None:
            for site in list(self._runner.sites):
                await site.stop()
            self.mesh.revisions.end()
            await self._server.drain(DRAIN)
            await self._runner.cleanup()
        for close in self.closing:
            await close()
        await self.mesh.aclose()


def built_pages() -> Pages:
    """The site's pages, where they were built; says so where not."""
    pages = Pages()
    if not pages.are_built:
        log.warning("The site's pages are not built here; `make build` makes them.")
    return pages


def run_until_stopped(
    start: Callable[[], Awaitable[Service]],
    announce: Callable[[str], None],
    parent: int | None = None,
) -> None:
    """Run a service until SIGINT or SIGTERM, or until its terminal is closed; on uvloop where it is
    installed. At any other SIGHUP it reads `mesh.yaml` again, as it does when that was edited.

    Args:
        start: Opens it.
        announce: Is told where it answers.
        parent: A pipe whose other end somebody holds without whom it must not go on.

    Raises:
        ConfigError: As for `Service.start`.
    """

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        hung_up, terminal = asyncio.Event(), Terminal()
        loop.add_signal_handler(
            signal.SIGHUP, lambda: (stop if terminal.is_closed else hung_up).set()
        )
        loop.add_signal_handler(signal.SIGUSR2, _say_that_one_is_not_replaced)
        if parent is not None:
            _when_closed(parent, stop)
        service = await start()
        reloading = asyncio.create_task(_reload_at(hung_up, service.mesh))
        try:
            announce(service.url)
            await stop.wait()
            log.info("Stopping: running calls may take up to %.0f s more.", DRAIN)
        finally:
            reloading.cancel()
            await service.aclose()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(run())


def _say_that_one_is_not_replaced() -> None:
    log.warning("SIGUSR2 replaces the processes of `--processes`; this one goes on as it is.")


async def _reload_at(told: asyncio.Event, mesh: Mesh) -> None:
    while True:
        await told.wait()
        told.clear()
        try:
            await mesh.reload()
        except MeshError as error:
            log.error("What was in force stays so for now: %s", error)
        else:
            log.info("mesh.yaml: %s", mesh.health().checks["configuration"])


def _when_closed(pipe: int, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def closed() -> None:
        loop.remove_reader(pipe)  # it would be readable for ever
        stop.set()

    loop.add_reader(pipe, closed)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
