"""A gateway and an upstream in processes of their own, so that either can be killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from jupyter_mesh.config import key_hash
from jupyter_mesh.testing.fake_openai import Behaviour, Received, read_log

KEY = "mesh-durability"
_SERVE = """
import sys
from pathlib import Path
from jupyter_mesh.config import load
from jupyter_mesh_server.service import serve

folder = Path(sys.argv[1])
serve(load(folder / "mesh.yaml"), folder / "state", "127.0.0.1", 0,
      lambda url: (folder / "url").write_text(url))
"""


@dataclass
class World:
    """One folder with an upstream, a gateway that may be started many times, and their records."""

    folder: Path
    upstream: subprocess.Popen[bytes] | None = None
    upstream_port: int = 0
    gateway: subprocess.Popen[bytes] | None = None
    url: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """The gateway's database."""
        return self.folder / "state" / "mesh.db"

    def configure(self, **sections: object) -> None:
        """Write `mesh.yaml`: one connection at $1 / $10 per million tokens, one key, one budget."""
        config = {
            "connections": {
                "up": {
                    "provider": "openai_compatible",
                    "base_url": f"http://127.0.0.1:{self.upstream_port}/v1",
                    "models": {"m": {"price": {"input": 1, "output": 10}}},
                    "retries": 0,
                }
            },
            "budgets": [{"limit_usd": 1000}],
            "cache": {"exact": {"enabled": False}},
            "keys": [{"name": "k", "hash": key_hash(KEY), "user": "ada", "application": "tests"}],
            "offers": False,
            **sections,
        }
        (self.folder / "mesh.yaml").write_text(yaml.safe_dump(config))

    def start_upstream(self) -> None:
        """Start the fake and wait for its port."""
        port_file = self.folder / "upstream.port"
        self.upstream = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_mesh.testing.fake_openai"),
                *("--port-file", str(port_file), "--log", str(self.folder / "upstream.log")),
            ]
        )
        self.upstream_port = int(_wait_for(port_file))

    def start_gateway(self, **environment: str) -> None:
        """Start the gateway and wait until it listens."""
        url_file = self.folder / "url"
        url_file.unlink(missing_ok=True)
        log = (self.folder / "gateway.log").open("ab")
        self.gateway = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(self.folder)],
            env={**os.environ, **self.environment, **environment},
            stdout=log,
            stderr=log,
        )
        self.url = _wait_for(url_file, self.gateway)

    def kill_gateway(self) -> None:
        """SIGKILL, and wait for its end."""
        assert self.gateway is not None
        self.gateway.kill()
        self.gateway.wait(20)

    def wait_for_end(self) -> int:
        """Wait until the gateway has died by itself; its exit status."""
        assert self.gateway is not None
        return self.gateway.wait(30)

    def stop_gateway(self) -> None:
        """SIGTERM, and wait for its end."""
        if self.gateway is not None and self.gateway.poll() is None:
            self.gateway.send_signal(signal.SIGTERM)
            self.gateway.wait(40)

    def stop(self) -> None:
        """End everything that was started here."""
        self.stop_gateway()
        if self.upstream is not None:
            self.upstream.terminate()
            self.upstream.wait(10)

    def script(self, *behaviours: Behaviour) -> None:
        """Tell the upstream what to answer next."""
        body = json.dumps([one.model_dump(mode="json") for one in behaviours]).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.upstream_port}/_script", body, method="POST"
        )
        with urllib.request.urlopen(request, timeout=10):
            pass

    def ask(self, text: str = "Hi", *, stream: bool = False, timeout: float = 30) -> int:
        """One chat; the HTTP status, or 0 when the connection broke before the end of the answer."""
        body = {"model": "up/m", "messages": [{"role": "user", "content": text}], "stream": stream}
        request = urllib.request.Request(
            f"{self.url}v1/chat/completions",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                data = answer.read()
                complete = not stream or data.endswith(b"data: [DONE]\n\n")
                return answer.status if complete else 0
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ConnectionError, ValueError):
            return 0
        except Exception as error:
            if type(error).__name__ in ("IncompleteRead", "RemoteDisconnected", "BadStatusLine"):
                return 0
            raise

    def received(self) -> list[Received]:
        """What the upstream wrote down, whoever is dead by now."""
        log = self.folder / "upstream.log"
        return [r for r in read_log(log) if r.method == "POST"] if log.exists() else []

    def rows(self, query: str) -> list[sqlite3.Row]:
        """Rows of the store, read from outside."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query).fetchall()


@contextmanager
def world(folder: Path, **sections: object) -> Iterator[World]:
    """An upstream that runs and a gateway that is configured."""
    one = World(folder)
    try:
        one.start_upstream()
        one.configure(**sections)
        yield one
    finally:
        one.stop()


def _wait_for(file: Path, process: subprocess.Popen[bytes] | None = None) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text()):
            return text
        if process is not None and process.poll() is not None:
            log = file.parent / "gateway.log"
            raise RuntimeError(f"the gateway did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.01)
    raise TimeoutError(f"{file} did not come")


