"""`jupyter mesh budgets …`: a raise is made, listed with who and why, and taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run

Mesh = Callable[..., Run]

CONFIG = """\
connections: {echo: {provider: echo, models: {echo: {price: {input: 1, output: 1}}}}}
budgets: [{name: Nothing, scope: {user: '*'}, limit_usd: 0}]
"""
RAISE = ("budgets", "raise", "Nothing", "--to", "5", "--reason", "Closing of the year")


def test_a_raise_lets_calls_pass_is_listed_and_taken_back(mesh: Mesh, home: Path) -> None:
    (home / "mesh.yaml").write_text(CONFIG)
    assert mesh("ask", "echo/echo", "one").code != 0
    done = mesh(*RAISE, "--until", "3d")
    assert (done.code, "raised to 5 USD" in done.out) == (0, True)
    assert mesh("ask", "echo/echo", "one").code == 0
    (raised,) = mesh("budgets", "list", "--json").json["raises"]
    assert raised["body"]["reason"] == "Closing of the year"
    told = mesh("budgets", "list").out
    assert all(word in told for word in ("Nothing", "month", "Closing of the year", "each"))
    assert raised["changed_by"] in told
    assert mesh("budgets", "end", raised["name"]).code == 0
    assert mesh("ask", "echo/echo", "two").code != 0
    assert mesh("budgets", "list", "--json").json["raises"] == []


def test_what_is_over_does_nothing_and_says_so(mesh: Mesh, home: Path) -> None:
    raised = "{budget: Nothing, limit_usd: 5, until: 2020-01-01T00:00:00Z, reason: x}"
    (home / "mesh.yaml").write_text(f"{CONFIG}raises: {{old: {raised}}}\n")
    assert mesh("ask", "echo/echo", "one").code != 0
    assert "(over)" in mesh("budgets", "list").out


def test_what_cannot_be_raised_is_refused(
    mesh: Mesh, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "mesh.yaml").write_text(CONFIG)
    unknown = mesh("budgets", "raise", "Nothin", "--to", "5", "--until", "1d", "--reason", "x")
    assert unknown.code != 0
    assert "did you mean 'Nothing'" in unknown.err
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert mesh(*RAISE, "--until", "someday").code == 2
    assert "over already" in mesh(*RAISE, "--until", "2020-01-01").err
    assert mesh("budgets", "end", "none").code != 0
