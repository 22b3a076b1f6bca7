"""Start the JupyterHub of examples/hub on this machine, with all that belongs to it, until Ctrl-C.

PostgreSQL and Redis are started too where they are installed; else one file of SQLite's does. All
of it listens on loopback alone and is thrown away at the end.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

import psutil
import yaml

from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.testing.hub import find_proxy, free_port
from jupyter_mesh.testing.hub_browser import Refused, ask
from jupyter_mesh.testing.postgres import ScratchPostgres
from jupyter_mesh.testing.redis_server import RedisServer
from scripts.system_parts import PARTS

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples/hub"
START_SECONDS = 180.0
STOP_SECONDS = 60.0
HEARD = ("JUPYTERHUB_", "JUPYTER_MESH_", "JPY_")
"""Variables of a hub or a mesh around this one; they are not for it."""
MARK = "MESH_MAKE_HUB"
"""In the environment of all that belongs to the hub in this folder."""
PLACED = """\
import os
from pathlib import Path

c = get_config()
load_subconfig("jupyterhub_config.py")
here = Path(__file__).parent
c.JupyterHub.bind_url = "{url}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.db_url = "sqlite:///" + str(here / "hub.sqlite")
c.JupyterHub.cookie_secret_file = str(here / "cookie_secret")
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.ConfigurableHTTPProxy.command = ["{program}"]
c.ConfigurableHTTPProxy.pid_file = str(here / "proxy.pid")
c.SimpleLocalProcessSpawner.home_dir_template = str(here / "homes" / "{{username}}")
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.env_keep.append("JUPYTER_PATH")
c.Spawner.environment["{mark}"] = {folder!r}
c.JupyterHub.services[-1]["environment"]["{mark}"] = {folder!r}
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
c.Spawner.environment["JUPYTER_MESH_SERVICE_URL"] = "http://127.0.0.1:{mesh}/services/mesh/"
c.JupyterHub.services[-1]["url"] = "http://127.0.0.1:{mesh}"
c.JupyterHub.services[-1]["environment"]["{key}"] = "file:" + str(here / "secret_key")
"""
"""The example's file, put on free ports and into a folder of its own."""
WHERE = """
The hub is ready:  {url}

  log in as   password           who that is
  analyst     try-the-mesh-out   may use every model
  student     try-the-mesh-out   may use one model
  guest       try-the-mesh-out   in no group: is told whom to ask
  admin       try-the-mesh-out   administers the mesh

JupyterLab has the mesh in its left sidebar. The mesh's own pages, with the administration:
  {url}/services/mesh/

Kept in:  {kept}
Log:      {log}
Ctrl-C stops everything; what was kept is thrown away.
"""


class Ended(Exception):
    """Somebody has asked for the end."""


def keep(stack: ExitStack, folder: Path) -> tuple[dict[str, object], str]:
    """Start what the mesh keeps its records in: for mesh.yaml, and in words."""
    added: dict[str, object] = {}
    words: list[str] = []
    if PARTS["postgresql"].find():
        added["store"] = {"url": stack.enter_context(ScratchPostgres()).create_database()}
        words.append("PostgreSQL")
    else:
        words.append(f"SQLite, for PostgreSQL is not here ({PARTS['postgresql'].install_line})")
    if PARTS["redis"].find():
        added["shared"] = {"url": stack.enter_context(RedisServer(folder)).url}
        words.append("Redis")
    else:
        words.append(f"no Redis, which is not here ({PARTS['redis'].install_line})")
    return added, "; ".join(words)


def write(folder: Path, url: str, added: dict[str, object]) -> None:
    """Put the example into the folder, with what is particular to this machine."""
    shutil.copy(EXAMPLE / "jupyterhub_config.py", folder)
    told = yaml.safe_load((EXAMPLE / "mesh.yaml").read_text("utf8"))
    private(folder / "mesh.yaml", yaml.safe_dump({**told, **added}, sort_keys=False))
    private(folder / "secret_key", base64.b64encode(secrets.token_bytes(32)).decode())
    ports = {name: free_port() for name in ("hub", "proxy", "mesh")}
    told_of = {"url": url, "program": find_proxy(), "key": KEY_VARIABLE, "mark": MARK}
    text = PLACED.format(**told_of, folder=str(folder), **ports)
    (folder / "placed_config.py").write_text(text, "utf8")
    (folder / "homes").mkdir()


def private(file: Path, text: str) -> None:
    """Write a file that nobody else may read."""
    file.touch(mode=0o600)
    file.write_text(text, "utf8")


def start(stack: ExitStack, folder: Path, url: str) -> subprocess.Popen[bytes]:
    """Start the hub and wait until the mesh answers behind its proxy.

    Raises:
        SystemExit: It does not, with the end of the log.
    """
    environment = {name: text for name, text in os.environ.items() if not name.startswith(HEARD)}
    environment[MARK] = str(folder)
    command = [sys.executable, "-m", "jupyterhub", "-f", "placed_config.py"]
    with (folder / "hub.log").open("ab") as log:
        # A session of its own: Ctrl-C reaches this script alone, which ends the rest in order.
        hub = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    stack.callback(stop, hub, folder)
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            ask("GET", f"{url}/services/mesh/healthz", {})
            return hub
        except (Refused, OSError):
            if hub.poll() is not None or time.monotonic() > end:
                said = (folder / "hub.log").read_text("utf8", "replace")[-3000:]
                raise SystemExit(f"{said}\nThe hub did not start.") from None
            time.sleep(0.3)


def stop(hub: subprocess.Popen[bytes], folder: Path) -> None:
    """End the hub, which ends its proxy, the mesh and users' servers; then what it has left."""
    if hub.poll() is None:
        hub.terminate()
        try:
            hub.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            hub.kill()
            hub.wait()
    end_what_is_left(folder)


def end_what_is_left(folder: Path) -> None:
    """A hub that fails leaves its proxy, the mesh, users' servers and their kernels."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == str(folder) and process.pid != os.getpid():
                process.kill()


def address(port: int | None) -> str:
    """Where the hub is to be: the port asked for, else 8000 if it is free, else a free one."""
    if port is None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", 8000))
                port = 8000
            except OSError:
                port = free_port()
    return f"http://127.0.0.1:{port or free_port()}"


def end(_signal: int, _frame: FrameType | None) -> None:
    """Once: what is being stopped is not to be broken off by a second Ctrl-C."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    raise Ended


def main() -> None:
    """Run until somebody asks for the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, help="of the hub; 0 takes a free one")
    parser.add_argument("--folder", type=Path, default=ROOT / ".make/hub", help="for its files")
    chosen = parser.parse_args()
    if find_proxy() is None:
        raise SystemExit("There is no configurable-http-proxy; `make hub` installs it.")
    folder, url = chosen.folder.resolve(), address(chosen.port)
    end_what_is_left(folder)  # of a run that was itself killed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, end)
    try:
        with ExitStack() as stack:
            added, kept = keep(stack, folder)
            write(folder, url, added)
            hub = start(stack, folder, url)
            print(WHERE.format(url=url, kept=kept, log=folder / "hub.log"), flush=True)
            hub.wait()
            raise SystemExit(f"The hub has ended by itself: see {folder / 'hub.log'}.")
    except Ended:
        print("Everything is stopped.")


if __name__ == "__main__":
    main()
