"""`make hub` starts a hub that one can log in to and ask, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jupyter_mesh.schemas.json import as_list, dig
from jupyter_mesh.testing.hub import find_proxy
from jupyter_mesh.testing.hub_browser import HubBrowser, Refused

PASSWORD = "try-the-mesh-out"
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        find_proxy() is None and not os.environ.get("MESH_REQUIRE_ALL"),
        reason="not run: `make` installs the Hub's proxy",
    ),
]


class Started:
    """The script as `make hub` runs it, on free ports."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "scripts.hub", "--port", "0", "--folder", str(folder)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"The hub is ready: +(http://127\.0\.0\.1:\d+)\n", self.said)
        assert found, self.said
        self.url = found[1]

    def browser(self, user: str) -> HubBrowser:
        browser = HubBrowser(self.url, f"{self.url}/services/mesh/")
        browser.log_in(user, PASSWORD)
        browser.open_mesh()
        return browser

    def end(self) -> str:
        """Ctrl-C; what it says then."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=120)[0]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    hub = Started(tmp_path_factory.mktemp("hub"))
    try:
        yield hub
    finally:
        if hub.process.poll() is None:
            hub.end()


def models(browser: HubBrowser) -> list[str]:
    listed = as_list(dig(browser.ask("GET", "v1/models").json, "data")) or []
    return sorted(str(dig(one, "id")) for one in listed)


def test_it_says_where_to_log_in_and_as_whom(started: Started) -> None:
    for user in ("analyst", "student", "guest", "admin"):
        assert re.search(rf"{user} +{PASSWORD} ", started.said)
    assert f"{started.url}/services/mesh/" in started.said
    with pytest.raises(Refused):
        HubBrowser(started.url, f"{started.url}/services/mesh/").log_in("analyst", "another one")


@pytest.mark.needs("postgresql")
@pytest.mark.needs("redis")
def test_it_keeps_its_records_in_postgresql_and_redis(started: Started) -> None:
    assert re.search(r"Kept in: +PostgreSQL; Redis\n", started.said)


def test_everybody_has_the_models_of_their_groups_and_is_answered(started: Started) -> None:
    analyst = started.browser("analyst")
    assert {"echo/echo", "echo/shout"} <= set(models(analyst))
    assert models(started.browser("student")) == ["echo/echo"]
    assert models(started.browser("guest")) == []
    said = {"model": "echo/shout", "messages": [{"role": "user", "content": "which region?"}]}
    answer = analyst.ask("POST", "v1/chat/completions", {**said})
    assert (answer.status, "WHICH REGION?" in answer.text) == (200, True), answer.text
    refused = started.browser("student").ask("POST", "v1/chat/completions", {**said})
    assert refused.status in (403, 404), refused.text


def test_the_admin_administers_and_nobody_else(started: Started) -> None:
    asked = {user: started.browser(user) for user in ("admin", "analyst")}
    status = {
        user: one.ask("GET", "api/settings/connections").status for user, one in asked.items()
    }
    assert status == {"admin": 200, "analyst": 403}


def test_ctrl_c_leaves_nothing_running(started: Started) -> None:
    running = psutil.Process(started.process.pid).children(recursive=True)
    assert len(running) >= 3  # hub, proxy, mesh
    assert "Everything is stopped." in started.end()
    assert started.process.returncode == 0
    end = time.monotonic() + 10
    while (left := [one for one in running if one.is_running()]) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left


def test_a_hub_that_crashes_leaves_nothing_running_either(tmp_path: Path) -> None:
    hub = Started(tmp_path)
    try:
        browser = hub.browser("analyst")
        server = f"{hub.url}/user/analyst/"
        browser.open(f"{hub.url}/hub/spawn/analyst")
        end = time.monotonic() + 120
        while not of_users(tmp_path) and time.monotonic() < end:
            time.sleep(0.5)
        running = of_the_hub(tmp_path)
        assert of_users(tmp_path), browser.open(server).text
        (crashing,) = [one for one in running if "jupyterhub" in one.cmdline()]
        crashing.kill()
        said = hub.process.communicate(timeout=120)[0]
    finally:
        if hub.process.poll() is None:
            hub.end()
    assert "The hub has ended by itself" in said
    _, left = psutil.wait_procs(running, timeout=10)
    assert not left
    assert not of_the_hub(tmp_path)


def of_the_hub(folder: Path) -> list[psutil.Process]:
    """All that runs in a folder: hub, proxy, mesh, users' servers and kernels."""
    found: list[psutil.Process] = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if one.environ().get("MESH_MAKE_HUB") == str(folder):
                found.append(one)
    return found


def of_users(folder: Path) -> list[psutil.Process]:
    """Users' servers."""
    return [one for one in of_the_hub(folder) if "JUPYTERHUB_USER" in one.environ()]
