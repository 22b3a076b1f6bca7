"""A test whose system part is missing is reported as not run, or fails where all must run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEST = """
import pytest

@pytest.mark.needs("redis")
def test_it(): pass

def test_rounds(rounds, seed): assert (rounds(2, 9), seed) == (9, 5)
"""


def run(folder: Path, **environment: str) -> str:
    """Pytest's closing lines for TEST on a machine without Redis."""
    (folder / "test_it.py").write_text(TEST, "utf8")
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-ra", "--rootdir", ".", "."]
    environment = {"PATH": str(folder), "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE, text=True
    ).stdout


@pytest.mark.parametrize(
    ("require_all", "outcome"), [("", "1 failed, 1 skipped"), ("1", "1 failed, 1 error")]
)
def test_a_missing_part_is_named_with_its_install_line(
    require_all: str, outcome: str, tmp_path: Path
) -> None:
    output = run(tmp_path, MESH_REQUIRE_ALL=require_all)
    assert "not run: redis-server is missing (sudo apt-get install redis-server)" in output
    assert outcome in output


def test_a_soak_takes_the_full_count_and_the_given_seed(tmp_path: Path) -> None:
    output = run(tmp_path, MESH_SOAK="1", MESH_SEED="5", MESH_REQUIRE_ALL="")
    assert "1 passed, 1 skipped" in output
