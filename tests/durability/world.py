"""A gateway and an upstream in processes of their own, so that either can be killed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from jupyter_mesh.testing.fake_openai import Behaviour, Received, read_log
from jupyter_mesh.testing.gateway_process import GatewayProcess


@dataclass
class World:
    """One folder with an upstream, a gateway that may be started many times, and their records."""

    folder: Path
    gateway: GatewayProcess
    store: Path | str
    upstream: subprocess.Popen[bytes] | None = None
    upstream_port: int = 0

    def configure(self, **sections: object) -> None:
        """Write `mesh.yaml`: one connection at $1 / $10 per million tokens, one key, one budget."""
        connection = {
            "provider": "openai_compatible",
            "base_url": f"http://127.0.0.1:{self.upstream_port}/v1",
            "models": {"m": {"price": {"input": 1, "output": 10}}},
            "retries": 0,
        }
        self.gateway.configure(
            {
                "connections": {"up": connection},
                "budgets": [{"limit_usd": 1000}],
                "cache": {"exact": {"enabled": False}},
                "store": {"url": url_of(self.store)},
                **sections,
            }
        )

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

    def stop(self) -> None:
        """End everything that was started here."""
        self.gateway.stop()
        if self.upstream is not None:
            self.upstream.terminate()
            self.upstream.wait(10)

    def script(self, *behaviours: Behaviour) -> None:
        """Tell the upstream what to answer next, instead of what it has not used yet."""
        order = {"clear": True, "behaviours": [one.model_dump(mode="json") for one in behaviours]}
        body = json.dumps(order).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.upstream_port}/_script", body, method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer) == {"waiting": len(behaviours)}

    def ask(
        self,
        text: str = "Hi",
        *,
        stream: bool = False,
        timeout: float = 30,
        of: GatewayProcess | None = None,
    ) -> int:
        """One chat; the HTTP status, or 0 when the connection broke before the answer's end."""
        gateway = of or self.gateway
        body = {"model": "up/m", "messages": [{"role": "user", "content": text}], "stream": stream}
        request = urllib.request.Request(
            f"{gateway.url}v1/chat/completions",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"},
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

    def bytes_sent(self) -> int:
        """What the upstream has written so far, all answers together."""
        url = f"http://127.0.0.1:{self.upstream_port}/_requests"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return sum(request["sent_bytes"] for request in json.load(answer)["requests"])

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of the store, read from outside."""
        if isinstance(self.store, str):
            with psycopg.connect(self.store, row_factory=dict_row) as connection:
                return connection.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query)]

    def wait_until_settled(self) -> None:
        """Until no call is open: those of a gateway that died are settled within a minute."""
        deadline = time.monotonic() + 90
        while self.rows("SELECT 1 FROM calls WHERE outcome = 'pending'"):
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def world(folder: Path, store: Path | str | None = None, **sections: object) -> Iterator[World]:
    """An upstream that runs and a gateway that is configured; its store, unless another is named,
    is the usual one.
    """
    gateway = GatewayProcess(folder)
    one = World(folder, gateway, store or gateway.store)
    try:
        one.start_upstream()
        one.configure(**sections)
        yield one
    finally:
        one.stop()


def url_of(store: Path | str) -> str:
    """As `store.url` names it."""
    return store if isinstance(store, str) else f"sqlite:///{store}"


def _wait_for(file: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text()):
            return text
        time.sleep(0.01)
    raise TimeoutError(f"{file} did not come")
