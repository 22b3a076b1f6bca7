"""What the Python tests share: pytest-jupyter's server and event loop, and a clean environment."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture(autouse=True)
def no_gateway_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the gateway of the notebook that the tests may have been started from."""
    for name in ("JUPYTER_MESH_URL", "JUPYTER_MESH_TOKEN", "JUPYTER_MESH_CONFIG"):
        # Set first, so that what a server under test exports is taken back afterwards too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
