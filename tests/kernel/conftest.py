from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_mesh.client.caller import Notebook, find_notebooks_with
from tests.client.fake_gateway import TOKEN, FakeGateway


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGateway]:
    gateway = FakeGateway().start()
    monkeypatch.setenv("JUPYTER_MESH_URL", gateway.url)
    monkeypatch.setenv("JUPYTER_MESH_TOKEN", TOKEN)
    yield gateway
    gateway.stop()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell without a kernel, with the magics loaded."""
    monkeypatch.delattr(sys, "last_value", raising=False)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("load_ext", "jupyter_mesh")
    yield shell
    InteractiveShell.clear_instance()
    find_notebooks_with(Notebook)


class Notebookish:
    """Makes a shell look like a kernel whose cells come from some front end."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.shell.kernel = object()
        self.shell.display_pub = CapturingDisplayPublisher()
        self.message_id = "2f1c9e02-4d1c-4b4a-9c1e-1f2e3d4c5b6a"
        self.session = "browser"
        self.shell.get_parent = lambda: {
            "header": {"msg_id": self.message_id, "session": self.session}
        }

    @property
    def published(self) -> list[dict[str, Any]]:
        return self.shell.display_pub.outputs


@pytest.fixture
def notebook(shell: InteractiveShell) -> Notebookish:
    return Notebookish(shell)
