"""`jupyter mesh serve`."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .configuration import faults_in
from .outcome import Output
from .places import Chosen, chosen

if TYPE_CHECKING:
    from jupyter_mesh_server.hub.environment import HubEnvironment
    from jupyter_mesh_server.service import Service

_HOST, _PORT = "127.0.0.1", 8765


def serve_forever(arguments: Namespace, output: Output) -> int:
    """Run a gateway until it is told to stop; log to standard error."""
    from jupyter_mesh_server.service import Service, run_until_stopped

    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )

    logging.getLogger("alembic").setLevel(logging.WARNING)  # a new store is no news

    def announce(url: str) -> None:
        if output.as_json:
            output.piece(f'{{"url": "{url}"}}\n')
        else:
            output.piece(
                f"The mesh answers at {url}: its pages for browsers, {url}v1 for OpenAI clients.\n"
            )

    mine = chosen(arguments)
    if faults := faults_in(mine.config):
        raise ConfigError("; ".join(faults))
    place = _place(arguments)
    if arguments.processes < 1:
        raise ConfigError(f"--processes {arguments.processes}: one at least.")
    if arguments.processes > 1:
        _several(arguments, mine, place, announce)
        return 0
    inherited, parent = _inherited(arguments.inherited)

    def start() -> Awaitable[Service]:
        if place.hub is not None:
            from jupyter_mesh_server.hub.service import start_for_hub

            return start_for_hub(
                mine.config,
                mine.state_dir,
                place.host,
                place.port,
                environment=place.hub,
                config_file=mine.config_file,
                inherited=inherited,
            )
        return Service.start(
            mine.config,
            mine.state_dir,
            place.host,
            place.port,
            config_file=mine.config_file,
            inherited=inherited,
        )

    run_until_stopped(start, announce, parent)
    return 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and whose service to be; None: stand-alone."""

    host: str
    port: int
    hub: HubEnvironment | None


def _place(arguments: Namespace) -> Place:
    """As the command line says, else as the Hub does, else the usual one."""
    from jupyter_mesh_server.hub.environment import HubEnvironment, is_service

    hub = HubEnvironment.read() if arguments.hub or is_service() else None
    host, port = (hub.listen if hub is not None else None) or (_HOST, _PORT)
    return Place(arguments.host or host, port if arguments.port is None else arguments.port, hub)


def _several(
    arguments: Namespace, mine: Chosen, place: Place, announce: Callable[[str], None]
) -> None:
    """Run so many processes that share the address, and what they count."""
    from jupyter_mesh_server.processes import Processes, listening_at

    if mine.config.shared.url is None:
        raise ConfigError(
            "Several processes count limits together in Redis: set `shared: {url: redis://…}`, "
            "or leave out --processes."
        )
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve"]
    command += ["--hub"] if arguments.hub else []
    for option in ("config", "state"):
        if (value := getattr(arguments, option)) is not None:
            command += [f"--{option}", value]
    with listening_at(place.host, place.port) as listening:
        asyncio.run(Processes(command, listening, arguments.processes).run(announce))


def _inherited(numbers: str | None) -> tuple[socket.socket | None, int | None]:
    """The socket and the pipe that a parent has opened; no process of ours inherits them."""
    if numbers is None:
        return None, None
    listening, parent = map(int, numbers.split(","))
    for number in (listening, parent):
        os.set_inheritable(number, False)
    return socket.socket(fileno=listening), parent
