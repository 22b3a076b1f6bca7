"""A user of their own for every test, with `mesh.yaml` and database in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_mesh.cli import main


@dataclass(frozen=True)
class Run:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which `mesh.yaml` is looked for."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    for name in ("JUPYTER_MESH_STATE", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").mkdir()
    return tmp_path / "config"


@pytest.fixture
def mesh(home: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run `jupyter mesh …` in this process."""

    def run(*words: str) -> Run:
        capfd.readouterr()
        try:
            code = main(words)
        except SystemExit as stop:  # argparse ends like this
            code = int(stop.code or 0)
        return Run(code, *capfd.readouterr())

    return run
