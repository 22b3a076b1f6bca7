"""The fake as a process of its own.

    python -m jupyter_mesh.testing.fake_openai --port-file F --log F

It prints its address and writes its port to the file once it listens; SIGTERM or SIGINT ends it.
Tell it what to do with `POST /_script`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from .server import FakeOpenAI


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="fake_openai", description=__doc__)
    parser.add_argument("--port-file", type=Path, help="where to write the port")
    parser.add_argument("--log", type=Path, help="a file to append every request to")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--api-key", help="ask for this bearer token")
    options = parser.parse_args()
    fake = FakeOpenAI(log=options.log, port=options.port, api_key=options.api_key)
    asyncio.run(_serve(fake, options.port_file))


async def _serve(fake: FakeOpenAI, port_file: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with fake:
        if port_file is not None:
            # Renamed into place, so that whoever waits for it never reads half of it.
            draft = port_file.with_name(f"{port_file.name}.{os.getpid()}")
            draft.write_text(str(fake.port))
            draft.replace(port_file)
        sys.stdout.write(f"OpenAI's protocol, offline, at {fake.base_url} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
