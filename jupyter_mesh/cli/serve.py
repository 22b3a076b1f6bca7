"""`jupyter mesh serve`."""

from __future__ import annotations

import logging
import sys
from argparse import Namespace
from collections.abc import Awaitable

from ..errors import ConfigError
from .configuration import faults_in
from .outcome import Output
from .places import chosen


def serve_forever(arguments: Namespace, output: Output) -> int:
    """Run a gateway until it is told to stop; log to standard error."""
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
        return Service.start(
            mine.config,
            mine.state_dir,
            arguments.host,
            arguments.port,
            config_file=mine.config_file,
        )

    run_until_stopped(start, announce)
    return 0
