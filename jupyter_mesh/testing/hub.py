"""A real JupyterHub on loopback with the mesh as its service, for tests from outside.

    hub = HubProcess(folder, accounts={"ada": ("analysts",), "olga": ("platform",)})
    hub.configure({"connections": {...}, "groups": {...}}, groups={"platform": "admin"})
    with hub:
        server = hub.start_server("ada")      # her own notebook server
        browser = hub.log_in("ada")           # her browser, as far as cookies and redirects go

Every account has one password. Servers are local processes of the user who runs the tests, or, with
`uids`, of Unix users of their own. The mesh is a process of its own beside the Hub, or the Hub
starts it (`managed=True`).
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from ..schemas.json import Json, as_list, dig
from .hub_browser import HubBrowser, Refused, ask

PASSWORD = "password-of-the-tests"
_START_SECONDS = 180.0
_STOP_SECONDS = 60.0
_CONFIG = """\
import json, os, sys
from pathlib import Path
from jupyter_mesh_server.hub.configure import add_mesh

c = get_config()
here = Path(__file__).parent
said = json.loads((here / "hub.json").read_text())
c.JupyterHub.bind_url = said["url"]
c.JupyterHub.hub_bind_url = said["hub_url"]
c.ConfigurableHTTPProxy.api_url = said["proxy_url"]
c.ConfigurableHTTPProxy.command = [said["proxy"]]
c.ConfigurableHTTPProxy.pid_file = str(here / "proxy.pid")
c.ConfigurableHTTPProxy.auth_token = said["proxy_token"]
c.JupyterHub.db_url = "sqlite:///" + str(here / "hub.sqlite")
c.JupyterHub.cookie_secret_file = str(here / "cookie_secret")
c.JupyterHub.cleanup_servers = True
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = said["password"]
c.SharedPasswordAuthenticator.admin_password = said["password"] + "-of-admins" * 3
c.Authenticator.allowed_users = set(said["users"])
c.JupyterHub.load_groups = {name: {"users": users} for name, users in said["members"].items()}
c.JupyterHub.spawner_class = "jupyter_mesh.testing.unix_users.UnixUserSpawner"
c.UnixUserSpawner.uids = said["uids"]
c.SimpleLocalProcessSpawner.home_dir_template = str(here / "homes" / "{username}")
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.env_keep.append("JUPYTER_PATH")
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
c.Spawner.environment = {"JUPYTERHUB_SINGLEUSER_APP": said["app"]}
c.JupyterHub.services = [{"name": "tests", "api_token": said["admin_token"]}]
c.JupyterHub.load_roles = [{
    "name": "tests",
    "services": ["tests"],
    "scopes": ["admin:users", "admin:groups", "admin:servers", "access:servers", "tokens"],
}]
add_mesh(c, **said["mesh"])
"""


def free_port() -> int:
    """A port of loopback that nobody listens at now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def find_proxy() -> str | None:
    """The Hub's proxy: that of this checkout, else the one on the path."""
    mine = Path(__file__).parents[2] / "node_modules/.bin/configurable-http-proxy"
    return str(mine) if mine.exists() else shutil.which("configurable-http-proxy")


class HubProcess:
    """A Hub, its proxy, the mesh, and users' servers; `start` and `stop` them as a whole.

    Args:
        folder: Holds all their files.
        accounts: Users and their groups in the Hub.
        managed: The Hub starts the mesh.
        cache_seconds: How long the mesh may use an answer of the Hub; None: as nobody has set it.
        app: What single-user servers run.
        uids: Unix users whose processes servers are, by account; empty: of who runs the tests.

    Attributes:
        url: Of the Hub, without a slash at its end.
        mesh_url: Of the mesh behind the proxy; ends with a slash.
        admin_token: Of a service that may administer the Hub.
        service_token: Of the mesh.
        proxy_token: Sets the proxy's routes.
    """

    def __init__(
        self,
        folder: Path,
        accounts: Mapping[str, tuple[str, ...]],
        *,
        managed: bool = False,
        cache_seconds: float | None = None,
        app: str = "jupyter_server.serverapp.ServerApp",
        uids: Mapping[str, int] | None = None,
    ) -> None:
        self.folder = folder
        self.accounts = accounts
        self._managed = managed
        self._ports = {name: free_port() for name in ("proxy", "hub", "api", "mesh")}
        self.url = f"http://127.0.0.1:{self._ports['proxy']}"
        self.mesh_url = f"{self.url}/services/mesh/"
        self.direct_url = f"http://127.0.0.1:{self._ports['mesh']}/services/mesh/"
        self.admin_token = secrets.token_hex(32)
        self.service_token = secrets.token_hex(32)
        self.proxy_token = secrets.token_hex(32)
        self._cache_seconds = cache_seconds
        self._app = app
        self.uids = dict(uids or {})
        self.hub: subprocess.Popen[bytes] | None = None
        self.mesh: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}

    @property
    def log(self) -> str:
        """What the Hub, its proxy and users' servers have logged."""
        return self._read("hub.log")

    @property
    def mesh_log(self) -> str:
        """What the mesh has logged; of one that the Hub starts, see `log`."""
        return self._read("mesh.log")

    def configure(
        self,
        mesh: Mapping[str, object],
        *,
        groups: Mapping[str, str],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Write the files of Hub and mesh.

        Args:
            mesh: Of `mesh.yaml`.
            groups: Rights by group of the Hub, as `add_mesh` takes them.
            environment: Of the mesh, such as a provider's key.
        """
        proxy = find_proxy()
        if proxy is None:
            raise RuntimeError("There is no configurable-http-proxy; `make` installs it.")
        self._environment = dict(environment or {})
        if self._cache_seconds is not None:
            self._environment["JUPYTER_MESH_HUB_CACHE_SECONDS"] = str(self._cache_seconds)
        self.folder.joinpath("mesh.yaml").touch(0o600)
        self.folder.joinpath("mesh.yaml").write_text(yaml.safe_dump(dict(mesh)), "utf-8")
        members = {
            group: [user for user, mine in self.accounts.items() if group in mine]
            for group in sorted({group for mine in self.accounts.values() for group in mine})
        }
        port = self._ports
        added: dict[str, object] = {"url": f"http://127.0.0.1:{port['mesh']}", "groups": groups}
        if self._managed:
            added |= {
                "config": str(self.folder / "mesh.yaml"),
                "state": str(self.folder / "state"),
                "environment": self._environment,
            }
        else:
            added |= {"api_token": self.service_token}
        said = {
            "url": self.url,
            "hub_url": f"http://127.0.0.1:{port['hub']}",
            "proxy_url": f"http://127.0.0.1:{port['api']}",
            "proxy": proxy,
            "proxy_token": self.proxy_token,
            "password": PASSWORD,
            "users": [*self.accounts],
            "members": members,
            "admin_token": self.admin_token,
            "app": self._app,
            "uids": self.uids,
            "mesh": added,
        }
        self.folder.joinpath("hub.json").touch(0o600)
        self.folder.joinpath("hub.json").write_text(json.dumps(said), "utf-8")
        self.folder.joinpath("jupyterhub_config.py").write_text(_CONFIG, "utf-8")
        self.folder.joinpath("homes").mkdir(exist_ok=True)

    def start(self) -> None:
        """Start everything but users' servers, and wait until the mesh answers behind the proxy.

        Raises:
            RuntimeError: It does not, with the end of the logs.
        """
        self.start_hub()
        if not self._managed:
            self.start_mesh()
        self._await(f"{self.mesh_url}healthz")

    def start_hub(self) -> None:
        """Start the Hub and its proxy, and wait until it answers; also after `kill_hub`."""
        command = [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"]
        self.hub = self._run(command, "hub.log", {}, umask=0o077)
        self._await(f"http://127.0.0.1:{self._ports['hub']}/hub/api/")

    def start_mesh(self) -> None:
        """Start the mesh as somebody would who runs it beside the Hub."""
        told = {
            "JUPYTERHUB_SERVICE_NAME": "mesh",
            "JUPYTERHUB_API_URL": f"http://127.0.0.1:{self._ports['hub']}/hub/api",
            "JUPYTERHUB_API_TOKEN": self.service_token,
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{self._ports['mesh']}",
            **self._environment,
        }
        files = ["--config", str(self.folder / "mesh.yaml"), "--state", str(self.folder / "state")]
        command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", *files]
        self.mesh = self._run(command, "mesh.log", told)
        self._await(f"{self.direct_url}healthz")

    def kill_hub(self) -> None:
        """SIGKILL the Hub; its proxy and users' servers stay."""
        assert self.hub is not None
        self.hub.kill()
        self.hub.wait(_STOP_SECONDS)

    def stop(self) -> None:
        """Stop all of it, users' servers too."""
        for process in (self.mesh, self.hub):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(_STOP_SECONDS)

    def api(self, method: str, path: str, body: Json = None) -> Json:
        """Ask the Hub's API as its admin."""
        headers = {"Authorization": f"token {self.admin_token}"}
        return ask(method, f"{self.url}/hub/api{path}", headers, body)

    def join(self, user: str, group: str) -> None:
        """Make a user a member of a group."""
        self.api("POST", f"/groups/{group}/users", {"users": [user]})

    def leave(self, user: str, group: str) -> None:
        """Make a user a member of a group no longer."""
        self.api("DELETE", f"/groups/{group}/users", {"users": [user]})

    def token(self, user: str, *scopes: str) -> str:
        """A token of a user's, as they could make one for themselves."""
        made = self.api("POST", f"/users/{user}/tokens", {"scopes": [*scopes]})
        return str(dig(made, "token"))

    def route(self, path: str, target: str) -> None:
        """Have the proxy pass on a path, as it does with a server that its user has replaced."""
        url = f"http://127.0.0.1:{self._ports['api']}/api/routes{path}"
        ask("POST", url, {"Authorization": f"token {self.proxy_token}"}, {"target": target})

    def begin_server(self, user: str) -> None:
        """Have a user's server started; `start_server` waits for it."""
        self.api("POST", f"/users/{user}/server")

    def start_server(self, user: str) -> str:
        """Start a user's server, unless it runs, and give its address, with a slash at its end."""
        try:
            self.begin_server(user)
        except Refused as refusal:
            if refusal.status != 400:  # it is running, or on its way
                raise
        end = time.monotonic() + _START_SECONDS
        while dig(self.api("GET", f"/users/{user}"), "servers", "", "ready") is not True:
            if time.monotonic() > end:
                raise RuntimeError(f"The server of {user} did not start:\n{self.log[-5000:]}")
            time.sleep(0.5)
        return f"{self.url}/user/{user}/"

    def start_kernel(self, user: str, notebook: str) -> Path:
        """Start a kernel for a notebook of the user's; its connection file."""
        server = self.start_server(user)
        headers = {"Authorization": f"token {self.admin_token}"}
        asked: Json = {"path": notebook, "name": notebook, "type": "notebook"}
        session = ask(
            "POST", f"{server}api/sessions", headers, {**asked, "kernel": {"name": "python3"}}
        )
        kernel = str(dig(session, "kernel", "id"))
        home = self.folder / "homes" / user
        return next(home.glob(f".local/share/jupyter/runtime/*{kernel}*.json"))

    def put(self, url: str, body: Json) -> None:
        """PUT something at a user's server, as the Hub's admin."""
        ask("PUT", url, {"Authorization": f"token {self.admin_token}"}, body)

    def users_of(self, group: str) -> list[str]:
        """The members of a group, as the Hub says."""
        return [
            str(one) for one in as_list(dig(self.api("GET", f"/groups/{group}"), "users")) or ()
        ]

    def log_in(self, user: str) -> HubBrowser:
        """A browser in which the user has logged in at the Hub."""
        browser = HubBrowser(self.url, self.mesh_url)
        browser.log_in(user, PASSWORD)
        return browser

    def _run(
        self, command: list[str], log: str, told: Mapping[str, str], umask: int = -1
    ) -> subprocess.Popen[bytes]:
        unheard = ("JUPYTERHUB_", "JUPYTER_MESH_", "JPY_")
        known = {name: text for name, text in os.environ.items() if not name.startswith(unheard)}
        with self.folder.joinpath(log).open("ab") as file:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env={**known, **told},
                stdout=file,
                stderr=file,
                umask=umask,
            )

    def _await(self, url: str) -> None:
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                ask("GET", url, {})
                return
            except (Refused, OSError):
                running = [one for one in (self.hub, self.mesh) if one is not None]
                if time.monotonic() > end or any(one.poll() is not None for one in running):
                    said = f"{self.log[-3000:]}\n{self.mesh_log[-3000:]}"
                    self.stop()
                    raise RuntimeError(f"{url} does not answer:\n{said}") from None
                time.sleep(0.3)

    def _read(self, name: str) -> str:
        file = self.folder / name
        return file.read_text("utf-8", "replace") if file.exists() else ""

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
