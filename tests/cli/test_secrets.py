"""`jupyter mesh secrets …`, as an admin types it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run

Mesh = Callable[..., Run]
VALUE = "sk-typed-into-the-command"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a text into standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_value_comes_from_standard_input_is_listed_by_name_and_rotated(
    mesh: Mesh, home: Path, typed: Callable[[str], None]
) -> None:
    assert mesh("secrets", "rotate").code == 5
    typed(f"{VALUE}\n")
    assert mesh("secrets", "set", "openai").code == 0
    listed = mesh("secrets", "list")
    assert "openai" in listed.out
    assert "current" in listed.out
    assert mesh("secrets", "list", "--json").json["secrets"][0]["used_by"] == []
    key = (home.parent / "data" / "mesh" / "mesh.key").read_text()
    assert mesh("secrets", "rotate").out == "1 secrets are sealed under the new key.\n"
    assert (home.parent / "data" / "mesh" / "mesh.key").read_text() != key
    assert mesh("audit", "verify").code == 0
    assert mesh("secrets", "delete", "openai").code == 0
    assert mesh("secrets", "delete", "openai").code == 3
    assert VALUE not in listed.out + listed.err


def test_a_value_is_never_taken_from_the_command_line(
    mesh: Mesh, typed: Callable[[str], None]
) -> None:
    assert mesh("secrets", "set", "openai", VALUE).code == 2
    typed("")
    assert mesh("secrets", "set", "openai").code == 3
    assert mesh("secrets", "list", "--json").json["secrets"] == []
