"""`jupyter mesh serve`."""

from __future__ import annotations

import logging
import sys
from argparse import Namespace
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .configuration import faults_in
from .outcome import Output
from .places import Chosen, chosen

if TYPE_CHECKING:
    from jupyter_mesh_server.service import Service

_HOST, _PORT = "127.0.0.1", 8765


def serve_forever(arguments: Namespace, output: Output) -> int:
    """Run a gateway until it is told to stop; log to standard error."""
    from jupyter_mesh_server.hub.environment import is_service
    from jupyter_mesh_server.service import Service, run_until_stopped

    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )

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

    def start() -> Awaitable[Service]:
        if arguments.hub or is_service():
            return _for_hub(arguments, mine)
        return Service.start(
            mine.config,
            mine.state_dir,
            arguments.host or _HOST,
            _PORT if arguments.port is None else arguments.port,
            config_file=mine.config_file,
        )

    run_until_stopped(start, announce)
    return 0


def _for_hub(arguments: Namespace, mine: Chosen) -> Awaitable[Service]:
    """Where the Hub says it should listen, unless the command line says otherwise."""
    from jupyter_mesh_server.hub.environment import HubEnvironment
    from jupyter_mesh_server.hub.service import start_for_hub

    environment = HubEnvironment.read()
    host, port = environment.listen or (_HOST, _PORT)
    return start_for_hub(
        mine.config,
        mine.state_dir,
        arguments.host or host,
        port if arguments.port is None else arguments.port,
        environment=environment,
        config_file=mine.config_file,
    )
