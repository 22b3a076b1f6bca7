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
    assert mesh("secrets", "rotate").out.startswith("Sealed under the new key: 1 (what the mesh")
    assert (home.parent / "data" / "mesh" / "mesh.key").read_text() != key
    assert mesh("audit", "verify").code == 0
    assert mesh("secrets", "delete", "openai").code == 0
    assert mesh("secrets", "delete", "openai").code == 3
    assert VALUE not in listed.out + listed.err


def test_where_nothing_uses_the_name_that_is_said_and_which_secret_is_the_connections(
    mesh: Mesh, home: Path, typed: Callable[[str], None]
) -> None:
    rule = "{provider: openai, base_url: 'http://127.0.0.1:9/v1', api_key: 'store:acme.api_key.1'"
    (home / "mesh.yaml").write_text(f"connections: {{acme: {rule}, models: [m]}}}}\n")
    typed(VALUE)
    used = mesh("secrets", "set", "acme.api_key.1", "--no-test")
    assert (used.code, used.err) == (0, "Sealed; used by connection acme.\n")
    typed(VALUE)
    unused = mesh("secrets", "set", "acme")
    assert unused.code == 0
    assert unused.err.splitlines() == [
        "Sealed. Nothing uses it yet: mesh.yaml may refer to it as store:acme.",
        "The connection acme uses the secret acme.api_key.1, which is as it was.",
    ]
    typed(VALUE)
    assert "connection" not in mesh("secrets", "set", "other").err


def test_a_value_is_never_taken_from_the_command_line(
    mesh: Mesh, typed: Callable[[str], None]
) -> None:
    assert mesh("secrets", "set", "openai", VALUE).code == 2
    typed("")
    assert mesh("secrets", "set", "openai").code == 3
    assert mesh("secrets", "list", "--json").json["secrets"] == []
