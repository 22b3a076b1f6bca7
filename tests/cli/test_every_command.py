"""Every command there is can be asked for its help: two options that collide cannot land."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest

from jupyter_mesh.cli import parser

from .conftest import Run


def commands(
    of: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Words and parser of each command, those of its commands too."""
    yield words, of
    for action in of._actions:  # pyright: ignore[reportPrivateUsage]
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            for name, inner in action.choices.items():
                yield from commands(inner, (*words, name))


COMMANDS = dict(commands(parser()))


def test_they_are_found_at_every_depth() -> None:
    assert {("serve",), ("alerts", "test"), ("audit", "verify"), ("db", "upgrade")} <= {*COMMANDS}
    assert len(COMMANDS) > 25


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_its_help_says_how_it_is_called(mesh: Callable[..., Run], words: tuple[str, ...]) -> None:
    told = mesh(*words, "--help")
    assert (told.code, told.err) == (0, "")
    assert " ".join(("usage: jupyter mesh", *words)) in told.out


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_it_runs_is_there(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    function: object = command.get_default("function")
    if function is None:  # it only has commands of its own
        assert any(other[: len(words)] == words for other in COMMANDS if other != words)
        return
    module, _, name = str(function).partition(":")
    assert callable(getattr(import_module(f"jupyter_mesh.cli.{module}"), name))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_two_options_fill_the_same_place(words: tuple[str, ...]) -> None:
    """`--state open` once took the place of `--state FOLDER`."""
    actions = COMMANDS[words]._actions  # pyright: ignore[reportPrivateUsage]
    places = [one.dest for one in actions if one.dest != argparse.SUPPRESS]
    assert len(places) == len(set(places))
