"""Run a notebook without a browser and print what each cell answered and cost.

The cells run in a kernel of a real Jupyter server with the mesh on, as they do in JupyterLab, on a
copy of the notebook's folder, so that nothing in it changes.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient

from jupyter_mesh.client.figures import count, dollars

ANSWER = "application/vnd.jupyter-mesh.answer+json"
START_SECONDS = 120
CELL_SECONDS = 600

Bundle = dict[str, Any]


@dataclass
class Server:
    """A Jupyter server of our own."""

    url: str
    token: str
    runtime_dir: Path

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Call the server's REST API."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
            return json.loads(answer.read() or b"null")


@dataclass
class Outputs:
    """What a cell shows; a later update of a display replaces what it showed before."""

    bundles: list[Bundle] = field(default_factory=list)
    failed: bool = False
    _displays: dict[str, Bundle] = field(default_factory=dict)

    def take(self, message: dict[str, Any]) -> None:
        """Follow one message of the kernel."""
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self.bundles.append({"text/plain": content["text"]})
        elif kind == "error":
            self.failed = True
            self.bundles.append({"text/plain": f"{content['ename']}: {content['evalue']}"})
        elif kind in ("display_data", "update_display_data", "execute_result"):
            self._show(content["data"], content.get("transient", {}).get("display_id"))

    def _show(self, data: Bundle, display: str | None) -> None:
        if display is not None and display in self._displays:
            shown = self._displays[display]
            shown.clear()
            shown.update(data)
            return
        self.bundles.append(data)
        if display is not None:
            self._displays[display] = data


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def jupyter_server(root: Path, work: Path) -> Generator[Server]:
    """Start a server with the mesh on and `root` as its folder; end it afterwards."""
    port, token, runtime = free_port(), secrets.token_hex(16), work / "runtime"
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
    }
    environment = {
        **os.environ,
        "JUPYTER_TOKEN": token,
        "JUPYTER_RUNTIME_DIR": str(runtime),
        # A record of its own: what the demo asks is no call of the person who runs it.
        "JUPYTER_MESH_STATE": str(work / "state"),
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    log_path = work / "server.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=work)
    server = Server(f"http://127.0.0.1:{port}", token, runtime)
    try:
        wait_until_ready(server, process, log_path)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(server: Server, process: subprocess.Popen[bytes], log_path: Path) -> None:
    """Return when the server answers.

    Raises:
        SystemExit: it ended or did not answer in time; its log is part of the message.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.request("GET", "api/status")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"the Jupyter server did not start:\n{log_path.read_text('utf8')}")


@contextmanager
def kernel_of(server: Server, notebook: str) -> Generator[BlockingKernelClient]:
    """Open a session for a notebook, as JupyterLab does, and talk to its kernel."""
    body = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
    session = server.request("POST", "api/sessions", body)
    connection_file = server.runtime_dir / f"kernel-{session['kernel']['id']}.json"
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    # A kernel that misses a beat on a busy machine is not dead; it is given as long as its start.
    client.hb_channel.time_to_dead = START_SECONDS
    client.start_channels()
    try:
        client.wait_for_ready(timeout=START_SECONDS)
        yield client
    finally:
        client.stop_channels()
        server.request("DELETE", f"api/sessions/{session['id']}")


def answers_in(bundle: Bundle) -> list[dict[str, Any]]:
    """The mesh's answers in an output: one, or several that are compared."""
    answer = bundle.get(ANSWER)
    return [] if answer is None else answer.get("compare", [answer])


def describe(answer: dict[str, Any]) -> str:
    """Model, tokens and cost of an answer in one line."""
    usage = answer.get("usage") or {}
    tokens = count(usage["total"], "token") if "total" in usage else "tokens unknown"
    cost = answer.get("cost_usd")
    shown = "cost unknown" if cost is None else dollars(Decimal(cost))
    return f"{answer.get('model')} · {tokens} · {shown}"


def show(source: str, outputs: Outputs) -> None:
    """Print a cell and what it showed."""
    print("\n" + "\n".join(f"    {line}" for line in source.rstrip().splitlines()))
    for bundle in outputs.bundles:
        text = bundle.get("text/plain", "")
        print("".join(text).rstrip())
        for answer in answers_in(bundle):
            print(f"  [{describe(answer)}]")


def summary(spend: dict[str, Any]) -> str:
    """What the gateway recorded, in one line: calls of magics, of Python and of other clients."""
    unpriced = spend["unpriced"]
    more = f" and {count(unpriced, 'call')} without a known price" if unpriced else ""
    return f"{count(spend['calls'], 'call')}, {dollars(Decimal(spend['cost_usd']))}{more}"


def run(notebook: Path) -> int:
    """Run every code cell in order; stop where one fails."""
    content: Any = nbformat.read(notebook, as_version=4)
    with tempfile.TemporaryDirectory(prefix="mesh-demo-") as folder:
        root = Path(folder, "examples")
        shutil.copytree(notebook.parent, root)
        with (
            jupyter_server(root, Path(folder)) as server,
            kernel_of(server, notebook.name) as kernel,
        ):
            for cell in content.cells:
                if cell.cell_type != "code":
                    continue
                outputs = Outputs()
                kernel.execute_interactive(
                    cell.source, allow_stdin=False, timeout=CELL_SECONDS, output_hook=outputs.take
                )
                show(cell.source, outputs)
                if outputs.failed and "raises-exception" not in cell.metadata.get("tags", []):
                    return 1
            print("\n" + summary(server.request("GET", "mesh/api/usage?by=model")["total"]))
    return 0


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
