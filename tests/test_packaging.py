"""What an installed wheel promises: names, entry points, versions, and light imports."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import EntryPoint, distribution, distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import jupyter_mesh

ROOT = Path(__file__).parent.parent
HEAVY = (
    *("openai", "torch", "transformers", "pandas", "genai_prices", "sqlalchemy", "numpy"),
    *("anthropic", "azure.identity", "boto3", "botocore", "cohere", "google.auth", "requests"),
)


DECLARED = tuple(distribution("jupyter-mesh").entry_points)


def test_the_public_names_are_these_and_each_exists() -> None:
    assert jupyter_mesh.__all__ == ["Answer", "MeshError", "__version__", "connect"]
    for name in jupyter_mesh.__all__:
        assert getattr(jupyter_mesh, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'conect'"):
        _ = jupyter_mesh.conect  # type: ignore[attr-defined]


@pytest.mark.parametrize("point", DECLARED, ids=lambda point: f"{point.group}:{point.name}")
def test_every_entry_point_can_be_loaded(point: EntryPoint) -> None:
    assert callable(point.load())


def test_the_wheel_declares_its_plugins_and_its_command() -> None:
    names = {(point.group, point.name) for point in DECLARED}
    assert {
        ("console_scripts", "jupyter-mesh"),
        ("jupyter_mesh.provider.v1", "echo"),
        ("jupyter_mesh.provider.v1", "openai"),
        ("jupyter_mesh.guard.v1", "patterns"),
    } <= names


@pytest.mark.parametrize("manifest", ["package.json", "labextension/package.json"])
def test_python_and_javascript_agree_on_the_version(manifest: str) -> None:
    assert json.loads((ROOT / manifest).read_text("utf8"))["version"] == jupyter_mesh.__version__
    assert distribution("jupyter-mesh").version == jupyter_mesh.__version__


PROVIDERS = sorted({point.module for point in DECLARED if "provider" in point.group})


@pytest.mark.parametrize(
    "module", ["jupyter_mesh", "jupyter_mesh_server", "jupyter_mesh.client", *PROVIDERS]
)
def test_importing_it_loads_no_sdk_and_no_ml_library(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_what_the_constraints_pin_installs_on_the_oldest_python_that_is_supported() -> None:
    pinned = set((ROOT / "constraints.txt").read_text("utf8").split())
    for package in distributions():
        needs = SpecifierSet(package.metadata.get("Requires-Python") or "")
        if f"{package.name}=={package.version}" in pinned:
            assert "3.11.0" in needs, f"{package.name} {package.version} needs Python {needs}"
