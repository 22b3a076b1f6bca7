"""What every Python we run on understands: before 3.11.5 a group that is repeated possessively
(`(…)++`) matches wrongly, and would let a password through; `(?>(…)+)` matches the same everywhere.
"""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

import jupyter_mesh_server

import jupyter_mesh

REPEATED = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


def patterns_of(file: Path) -> list[str]:
    with file.open("rb") as source:
        return [
            token.string
            for token in tokenize.tokenize(source.readline)
            if token.type == tokenize.STRING and token.string.lstrip("bfBF")[:1] in ("r", "R")
        ]


def test_such_a_pattern_is_recognised() -> None:
    assert REPEATED.search("(?:a|b){4,8}+x")
    assert REPEATED.search("(ab?)++")
    assert not REPEATED.search(r"(?>(?:a|b){4,8})[a-z]{2}+\)+")


def test_no_pattern_repeats_a_group_possessively() -> None:
    files = [
        file
        for package in (jupyter_mesh, jupyter_mesh_server)
        for file in Path(package.__path__[0]).rglob("*.py")
    ]
    assert len(files) > 300
    found = {
        f"{file.name}: {pattern}"
        for file in files
        for pattern in patterns_of(file)
        if REPEATED.search(pattern)
    }
    assert found == set()
