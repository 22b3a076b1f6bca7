"""A real, authenticated JupyterLab, a fake upstream with prices, and Debian's Chromium.

Each request that a page sends elsewhere is written down and refused: nothing here needs one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect, sync_playwright

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from tests.hub.hub_world import ACCOUNTS, HubWorld, running_world

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
KERNEL_READY = "Python 3 (ipykernel) | Idle"
FAILED = pytest.StashKey[bool]()
PICTURES = Path(__file__).parent.parent / ".make" / "pictures"

SETTINGS: dict[str, dict[str, object]] = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # A cell out of sight stays on the page, so that one look at the page sees all of it.
    "notebook-extension/tracker": {"windowingMode": "none", "maxNumberOutputs": 1000},
}


@dataclass
class Lab:
    """A running JupyterLab with configuration, data and files of its own."""

    url: str
    token: str
    root: Path
    settings: Path

    def write_notebook(self, name: str, sources: list[str], outputs: Any = ()) -> Path:
        """Write a notebook of code cells; `outputs[i]` are those of the i-th."""
        cells = [v4.new_code_cell(source) for source in sources]
        for cell, saved in zip(cells, outputs, strict=False):
            cell.outputs = saved
        notebook = v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {
            "name": "python3",
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
        }
        path = self.root / name
        nbformat.write(notebook, path)
        return path

    def ask_gateway(self, path: str) -> Any:
        """What the gateway answers to a GET of `/mesh/api/PATH`."""
        request = urllib.request.Request(
            f"{self.url}/mesh/api/{path}", headers={"Authorization": f"token {self.token}"}
        )
        return json.load(urllib.request.urlopen(request, timeout=30))

    def set(self, plugin: str, values: dict[str, object]) -> None:
        """Write a user setting of JupyterLab, as for `apputils-extension/themes`."""
        folder, name = plugin.split("/")
        path = self.settings / "@jupyterlab" / folder / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), "utf8")


@dataclass
class LabPage:
    """One browser page that shows JupyterLab."""

    page: Page
    lab: Lab
    #: Addresses outside of the server that the page asked for.
    foreign: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.context.on("request", self._note)
        self.page.context.route("**/*", self._refuse_foreign)

    def open_notebook(self, name: str, *, await_kernel: bool = True) -> Locator:
        """Open a notebook in a fresh workspace, by default once its kernel can run cells."""
        self.page.goto(f"{self.lab.url}/lab/tree/{name}?token={self.lab.token}&reset")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.notebook.wait_for(timeout=60_000)
        if await_kernel:
            # The notebook's own toolbar says "idle" before there is a kernel; the status bar not.
            status = self.page.locator("#jp-bottom-panel")
            expect(status).to_contain_text(KERNEL_READY, timeout=60_000)
        return self.notebook

    @property
    def notebook(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    @property
    def answers(self) -> Locator:
        return self.notebook.locator(".jp-mesh-Answer")

    def cell(self, index: int) -> Locator:
        return self.notebook.locator(".jp-Notebook-cell").nth(index)

    def run(self, index: int = 0, *, wait: bool = True) -> None:
        """Run one cell, by keyboard, as a person does."""
        self.cell(index).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")
        if wait:
            prompt = self.cell(index).locator(".jp-InputPrompt")
            expect(prompt).not_to_have_text("[*]:", timeout=60_000)
            expect(prompt).not_to_have_text("[ ]:", timeout=60_000)

    def open_sidebar(self) -> Locator:
        sidebar = self.page.get_by_role("region", name="LLM Mesh")
        if not sidebar.is_visible():  # a click on an open one closes it
            self.page.get_by_role("tab", name="LLM Mesh").click()
        sidebar.wait_for()
        return sidebar

    def restart_kernel(self) -> None:
        self.page.keyboard.press("Escape")
        self.notebook.get_by_role("button", name="Restart the kernel", exact=True).click()
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
        expect(self.page.locator("#jp-bottom-panel")).to_contain_text(KERNEL_READY, timeout=60_000)

    def save(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
        self.page.wait_for_timeout(500)

    def picture(self, name: str) -> Path:
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def _is_foreign(self, url: str) -> bool:
        return not url.startswith((self.lab.url, self.lab.url.replace("http", "ws"), "about:"))

    def _note(self, request: Request) -> None:
        own_picture = request.url.startswith(("data:", "blob:"))
        if self._is_foreign(request.url) and not own_picture:
            self.foreign.append(request.url)

    def _refuse_foreign(self, route: Route) -> None:
        if self._is_foreign(route.request.url):
            route.abort()
        else:
            route.continue_()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_server(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf8")
        try:
            urllib.request.urlopen(f"{url}/api", timeout=2).read()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"JupyterLab did not answer:\n{log.read_text('utf8')}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """Remember a failure, for a picture of the page as it was."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def running_upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as upstream:
        yield upstream


@pytest.fixture
def upstream(running_upstream: FakeOpenAI) -> FakeOpenAI:
    """What the gateway asks, as if nobody had asked it anything yet."""
    running_upstream.default = Behaviour()
    running_upstream.requests.clear()
    return running_upstream


@contextmanager
def running_lab(base: Path, rules: str) -> Iterator[Lab]:
    """A JupyterLab under `base` whose mesh.yaml says `rules`."""
    port = free_port()
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(8), base / "root", base / "settings")
    lab.root.mkdir()
    for plugin, values in SETTINGS.items():
        lab.set(plugin, values)
    (base / "mesh.yaml").write_text(rules, "utf8")
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "IPYTHONDIR": "ipython",
    }
    env = {
        **os.environ,
        "JUPYTER_TOKEN": lab.token,
        "JUPYTER_MESH_CONFIG": str(base / "mesh.yaml"),
        **{name: str(base / folder) for name, folder in folders.items()},
    }
    log = base / "server.log"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={lab.root}",
    ]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command + options, env=env, stdout=stream, stderr=subprocess.STDOUT, cwd=base
        )
    try:
        await_server(lab.url, process, log)
        yield lab
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def start_lab() -> Callable[[Path, str], AbstractContextManager[Lab]]:
    """`running_lab`, for tests that need a JupyterLab of their own."""
    return running_lab


@contextmanager
def running_gateway(base: Path, rules: str) -> Iterator[str]:
    """A stand-alone gateway whose mesh.yaml says `rules`; the address of its site."""
    (base / "site.yaml").write_text(rules, "utf8")
    env = {
        **os.environ,
        "JUPYTER_MESH_CONFIG": str(base / "site.yaml"),
        "JUPYTER_MESH_STATE": str(base / "state"),
    }
    command = [sys.executable, "-m", "jupyter_mesh.cli", "serve", "--port", "0", "--json"]
    with (base / "site.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


@pytest.fixture(scope="session")
def start_gateway() -> Callable[[Path, str], AbstractContextManager[str]]:
    """`running_gateway`, for tests of the gateway's own site."""
    return running_gateway


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, running_upstream: FakeOpenAI) -> Iterator[Lab]:
    rules = (Path(__file__).parent / "mesh.yaml").read_text("utf8")
    rules = rules.replace("UPSTREAM", running_upstream.base_url)
    with running_lab(tmp_path_factory.mktemp("lab"), rules) as lab:
        yield lab


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(
    browser: Browser, lab: Lab, request: pytest.FixtureRequest
) -> Iterator[Callable[..., LabPage]]:
    """Open pages, each with storage of its own: ``open_page(width=1024)``."""
    contexts = []

    def open_one(width: int = 1440, height: int = 900, zoom: int = 1) -> LabPage:
        context = browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=zoom
        )
        contexts.append(context)
        page = LabPage(context.new_page(), lab)
        page.watch()
        return page

    yield open_one
    for number, context in enumerate(contexts):
        if request.node.stash.get(FAILED, False):
            PICTURES.mkdir(parents=True, exist_ok=True)
            context.pages[0].screenshot(path=PICTURES / f"failed-{request.node.name}-{number}.png")
        context.close()


@pytest.fixture
def page(open_page: Callable[..., LabPage]) -> LabPage:
    return open_page()


@pytest.fixture(scope="session")
def hub_world() -> Iterator[HubWorld]:
    """A real Hub whose four users have JupyterLab."""
    with running_world(*ACCOUNTS) as world:
        yield world
