"""The example's files are what a Hub and the mesh can read."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from traitlets.config import Config

from jupyter_mesh import config

EXAMPLE = Path("examples/hub")


def test_the_examples_hub_can_be_configured() -> None:
    c = Config()
    file = EXAMPLE / "jupyterhub_config.py"
    exec(file.read_text("utf-8"), {"get_config": lambda: c, "__file__": str(file)})
    assert [one["name"] for one in c.JupyterHub.services] == ["mesh"]
    asked = {rule["name"] for rule in c.JupyterHub.load_roles}
    assert asked == {"mesh-admin", "mesh-service", "user"}


def test_the_examples_mesh_opens_models_to_the_hubs_groups() -> None:
    chosen = config.load(EXAMPLE / "mesh.yaml")
    assert {one for rule in chosen.groups.values() for one in rule.members} == {
        *("hub:analysts", "hub:students", "hub:platform")
    }


def test_the_guides_mesh_is_one_that_the_mesh_reads() -> None:
    guide = Path("docs/hub-guide.md").read_text("utf-8")
    (said,) = re.findall(r"```yaml\n(.*?)```", guide, re.S)
    chosen = config.Config.model_validate(yaml.safe_load(said))
    assert set(chosen.groups) == {"analysts", "students"}
