"""A stand-alone gateway as a process of its own, to be called from outside, or killed.

    gateway = GatewayProcess(folder)
    gateway.configure({"connections": {"echo": {"provider": "echo"}}})
    with gateway:
        ...                             # talk to gateway.url with gateway.key
        gateway.kill()
        gateway.start()                 # again, over the same database

It is the product's own command, so what is tested is what people run.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import yaml

from ..config import key_hash

_SERVE = "import sys; from jupyter_mesh.cli import main; sys.exit(main(sys.argv[1:]))"
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0
"""Longer than the gateway itself waits for calls that are running."""


class GatewayProcess:
    """`jupyter mesh serve` over one folder, on a free port; may be started many times.

    Args:
        folder: Holds `mesh.yaml`, `gateway.log` and `state`, the folder of the database.
        key: An API key of user `ada` that `configure` declares.
        options: More of the command line.

    Attributes:
        url: Where it answers; ends with `/mesh/`.
        process: None before the first start.
    """

    def __init__(
        self, folder: Path, *, key: str = "mesh-key-of-the-tests", options: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        self.options = tuple(options)
        self.key = key
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> Path:
        """The gateway's database."""
        return self.folder / "state" / "mesh.db"

    @property
    def log(self) -> str:
        """What it has logged since its first start."""
        file = self.folder / "gateway.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def configure(self, config: Mapping[str, object]) -> None:
        """Write `mesh.yaml`; without `keys` it declares `key`, and nothing is looked for."""
        mine = {"name": "k", "hash": key_hash(self.key), "user": "ada", "application": "tests"}
        whole = {"keys": [mine], "offers": False, **config}
        (self.folder / "mesh.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")

    def start(self, **environment: str) -> None:
        """Start it and wait until it listens.

        Raises:
            RuntimeError: It ended, or did not listen in time; with the end of its log.
        """
        with (self.folder / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-c", _SERVE, "serve", "--json", "--port", "0"),
                    *("--config", str(self.folder / "mesh.yaml")),
                    *("--state", str(self.folder / "state")),
                    *self.options,
                ],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.url = orjson.loads(self._first_line(self.process))["url"]

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        assert self.process is not None
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        """Wait until it has ended; its exit status, negative for a signal."""
        assert self.process is not None
        status = self.process.wait(_STOP_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def stop(self) -> None:
        """SIGTERM, and wait for its end; harmless when it has ended already."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            self.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _first_line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline() if selector.select(_START_SECONDS) else b""
        if not line:
            process.kill()
            self.wait()
            raise RuntimeError(f"The gateway did not start:\n{self.log[-3000:]}")
        return line
