"""How long a group that somebody has lost at the Hub is still theirs at a mesh that nobody has
configured otherwise: 30 s, however often it is used, and in views that only wait.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_mesh.schemas.json import Json
from jupyter_mesh.testing.hub import HubProcess, ask, dig, find_proxy
from jupyter_mesh.testing.hub_browser import Refused

pytestmark = [
    pytest.mark.timeout(200),
    pytest.mark.skipif(
        find_proxy() is None and not os.environ.get("MESH_REQUIRE_ALL"),
        reason="not run: `make` installs the Hub's proxy",
    ),
]
PROMISED = 30.0
ACCOUNTS = {"busy": ("students",), "looking": ("students",)}
MESH = {
    "connections": {"echo": {"provider": "echo"}},
    "groups": {"students": {"members": ["hub:students"], "allow": ["echo/*"]}},
    "cache": {"exact": {"enabled": False}},
}
HELLO: Json = {"model": "echo/echo", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path, ACCOUNTS)
    hub.configure(MESH, groups={})
    with hub:
        yield hub


class Caller:
    """Somebody with a token of their own."""

    def __init__(self, hub: HubProcess, user: str) -> None:
        self.user = user
        self._url = hub.mesh_url
        token = hub.token(user, "custom:mesh:use")
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Json:
        return ask("GET", f"{self._url}{path}", self._headers)

    def may_ask(self) -> bool:
        try:
            ask("POST", f"{self._url}v1/chat/completions", self._headers, HELLO)
        except Refused as refusal:
            if refusal.status != 404:  # any other is not about the model
                raise
            return False
        return True

    def asks_on(self) -> float:
        """Ask all the while, until it is refused; when the last call began that was not."""
        last, end = 0.0, time.monotonic() + 2 * PROMISED
        while (began := time.monotonic()) < end:
            if not self.may_ask():
                return last
            last = began
            time.sleep(0.3)
        return last

    def looks_on(self) -> float:
        """As an open view that nobody touches; when it was told of something else."""
        first = told = dig(self.get("api/revision"), "revision")
        while told == first:
            told = dig(self.get(f"api/revision?after={told}"), "revision")
        return time.monotonic()


def test_a_group_that_was_lost_at_the_hub_is_nobodys_after_thirty_seconds(
    hub: HubProcess, record_property: Callable[[str, object], None]
) -> None:
    busy, looking = (Caller(hub, user) for user in ACCOUNTS)
    assert busy.may_ask()
    assert looking.may_ask()
    with ThreadPoolExecutor(2) as pool:
        asking, waiting = pool.submit(busy.asks_on), pool.submit(looking.looks_on)
        time.sleep(3)  # both are known by an answer that is younger than its age
        for user in ACCOUNTS:
            hub.leave(user, "students")
        lost = time.monotonic()
        used_for, told_after = asking.result() - lost, waiting.result() - lost
    record_property("seconds for which calls went on", used_for)
    record_property("seconds until a view that waits was told", told_after)
    assert used_for <= PROMISED
    assert told_after <= PROMISED
    assert not looking.may_ask()
