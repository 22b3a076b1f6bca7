"""`jupyter mesh serve`."""

from __future__ import annotations

import logging
import sys
from argparse import Namespace

from .outcome import Output
from .places import load, state_dir


def serve_forever(arguments: Namespace, output: Output) -> int:
    """Run a gateway until it is told to stop; log to standard error."""
    from jupyter_mesh_server.service import serve

    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )

    def announce(url: str) -> None:
        if output.as_json:
            output.piece(f'{{"url": "{url}"}}\n')
        else:
            output.piece(f"The mesh answers at {url} (OpenAI clients: {url}v1).\n")

    folder = state_dir(arguments.state)
    serve(load(arguments), folder, arguments.host, arguments.port, announce)
    return 0
