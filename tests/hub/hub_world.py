"""A real JupyterHub with four accounts, the mesh beside it, and secrets that nobody may find."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from jupyter_mesh.schemas.json import Json
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.hub import HubProcess
from jupyter_mesh.testing.hub_browser import HubBrowser
from jupyter_mesh.testing.unix_users import shared_folder, uids_of

from .hub_kernel import HubKernel

CACHE = 2.0
"""Seconds for which the mesh may use an answer of the Hub, here."""
ACCOUNTS = {"analyst": ("analysts",), "student": ("students",), "guest": (), "admin": ("platform",)}
CONTACT = "olga@example.org"
RULES = {
    "admin_contact": CONTACT,
    "groups": {
        "analysts": {"members": ["hub:analysts"], "allow": ["campus/*"]},
        "platform": {"members": ["hub:platform"], "allow": ["*"]},
    },
}
STUDENTS: Json = {"members": ["hub:students"], "allow": ["campus/small"]}
"""A group of the mesh's that its admins change on its pages; the others are the file's."""
CURL = """
import json, os, subprocess
def curl(method, path, body=None, *more):
    words = ["curl", "-s", "-o", "-", "-w", "\\n%{http_code}", "-X", method,
             "-H", "Authorization: Bearer " + os.environ["JUPYTERHUB_API_TOKEN"],
             "-H", "Content-Type: application/json", os.environ["JUPYTER_MESH_URL"] + path, *more]
    words += [] if body is None else ["-d", json.dumps(body)]
    text, _, status = subprocess.run(words, capture_output=True, text=True).stdout.rpartition("\\n")
    return int(status), text
"""
"""Defines `curl` in a kernel: it asks as whoever owns the kernel."""


@dataclass
class HubWorld:
    """All that runs.

    Attributes:
        secrets: What nobody but Hub and mesh may have, by name.
    """

    hub: HubProcess
    upstream: FakeOpenAI
    secrets: dict[str, str]
    kernels: dict[str, HubKernel] = field(default_factory=dict[str, HubKernel])

    def kernel(self, user: str) -> HubKernel:
        """The user's kernel, started when it is first asked for."""
        if user not in self.kernels:
            self.kernels[user] = HubKernel(self.hub.start_kernel(user, "work.ipynb"))
        return self.kernels[user]

    def curl(self, user: str, method: str, path: str, body: object = None) -> tuple[int, str]:
        """What the user's kernel is answered."""
        asked = f"print(json.dumps(curl({method!r}, {path!r}, {body!r})))"
        status, text = self.kernel(user).json(f"{CURL}\n{asked}")
        return status, text

    def offered(self, user: str) -> list[str]:
        """The models that the user's kernel is offered."""
        listed = json.loads(self.curl(user, "GET", "v1/models")[1])
        return sorted(one["id"] for one in listed["data"])

    def site(self, user: str) -> HubBrowser:
        """The user's browser on the mesh's own site, as far as cookies and headers go."""
        browser = self.hub.log_in(user)
        browser.open_mesh()
        assert browser.xsrf
        return browser


@contextmanager
def running_world(*servers: str) -> Iterator[HubWorld]:
    """A Hub with a mesh that is open to its groups; `servers` are started at once.

    Each account's server is a process of a Unix user of its own where this one is root.
    """
    folder = shared_folder()
    hub = HubProcess(folder, ACCOUNTS, cache_seconds=CACHE, uids=uids_of(ACCOUNTS))
    provider_key = f"sk-{secrets.token_hex(24)}"
    master_key = base64.b64encode(secrets.token_bytes(32)).decode()
    hidden = {
        "provider's key": provider_key,
        "master key": master_key,
        "the service's token": hub.service_token,
        "the Hub's admin token": hub.admin_token,
        "the proxy's token": hub.proxy_token,
    }
    with FakeOpenAI(models=("small", "large"), api_key=provider_key) as upstream:
        campus = {
            "provider": "openai_compatible",
            "base_url": upstream.base_url,
            "api_key": "env:CAMPUS_KEY",
            "models": {"small": {"price": {"input": 1, "output": 2}}, "large": {}},
        }
        hub.configure(
            {"connections": {"campus": campus, "echo": {"provider": "echo"}}, **RULES},
            groups={"platform": "admin"},
            environment={"CAMPUS_KEY": provider_key, KEY_VARIABLE: master_key},
        )
        try:
            with hub:
                for user in servers:
                    hub.begin_server(user)
                world = HubWorld(hub, upstream, hidden)
                body: Json = {"body": STUDENTS, "version": None}
                saved = world.site("admin").ask("PUT", "api/settings/groups/students", body)
                assert saved.status == 200, saved.text
                yield world
                for kernel in world.kernels.values():
                    kernel.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether it comes to hold in time."""
    end = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < end:
        time.sleep(0.2)
    return held
