"""The files of `examples/hub/tljh`, for The Littlest JupyterHub. No such hub is installed here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_mesh_server.service import DRAIN
from traitlets.config import Config

FOLDER = Path(__file__).parents[2] / "examples/hub/tljh"
UNIT = FOLDER / "jupyter-mesh.service"


def verified(folder: Path, text: str) -> str:
    """What systemd says about a unit; empty when nothing is wrong."""
    unit = folder / UNIT.name
    unit.write_text(text.replace("/opt/tljh/hub/bin/jupyter-mesh", sys.executable), "utf8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return "\n".join(line for line in done.stdout.splitlines() if UNIT.name in line)


@pytest.mark.needs("systemd")
def test_the_unit_is_what_systemd_takes(tmp_path: Path) -> None:
    text = UNIT.read_text("utf8")
    assert verified(tmp_path, text) == ""
    assert "RestartSecs" in verified(tmp_path, text.replace("RestartSec=", "RestartSecs="))


def test_it_is_given_the_time_its_calls_need() -> None:
    line = next(one for one in UNIT.read_text("utf8").splitlines() if "TimeoutStopSec=" in one)
    assert int(line.partition("=")[2]) > DRAIN


def test_no_secret_stands_in_the_unit() -> None:
    lines = UNIT.read_text("utf8").splitlines()
    assert not any("TOKEN" in line or "KEY=" in line for line in lines)
    assert "EnvironmentFile=/etc/jupyter-mesh/mesh.env" in lines


def test_the_hub_and_the_unit_mean_the_same_service(tmp_path: Path) -> None:
    secrets = tmp_path / "mesh.env"
    secrets.write_text("OPENAI_API_KEY=x\nJUPYTERHUB_API_TOKEN=0123\n", "utf8")
    code = (FOLDER / "mesh_config.py").read_text("utf8")
    assert "/etc/jupyter-mesh/mesh.env" in code
    hub = Config()
    exec(code.replace("/etc/jupyter-mesh/mesh.env", str(secrets)), {"get_config": lambda: hub})
    (service,) = hub.JupyterHub.services
    said = dict(
        line.removeprefix("Environment=").split("=", 1)
        for line in UNIT.read_text("utf8").splitlines()
        if line.startswith("Environment=")
    )
    assert (service["name"], service["api_token"]) == (said["JUPYTERHUB_SERVICE_NAME"], "0123")
    assert service["url"] == said["JUPYTERHUB_SERVICE_URL"]
    path = said["JUPYTERHUB_SERVICE_PREFIX"]
    assert hub.Spawner.environment["JUPYTER_MESH_SERVICE_URL"] == service["url"] + path
