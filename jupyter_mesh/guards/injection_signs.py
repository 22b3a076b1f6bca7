"""Phrases by which somebody tries to turn a model against its instructions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from typing import ClassVar

from ..schemas.json import JsonObject
from ..spi.workers import ScannedSpan, Scanner
from .decoded import hidden_texts
from .plain_words import plain, without_figures

_DEFINITION = re.compile(r"([a-z]+) = (.+)")
_SIGN = re.compile(r"([a-z_]+) (0\.[0-9]+) (.+)")


def _signs() -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    """The phrases that come with the mesh."""
    parts: dict[str, str] = {}
    found: list[tuple[str, float, re.Pattern[str]]] = []
    text = (resources.files("jupyter_mesh.guards") / "injection.txt").read_text("utf-8")
    for line in text.splitlines():
        if said := _DEFINITION.fullmatch(line):
            parts[f"{{{said[1]}}}"] = said[2]
        elif said := _SIGN.fullmatch(line):
            pattern = said[3]
            for name, part in parts.items():
                pattern = pattern.replace(name, part)
            found.append((said[1], float(said[2]), re.compile(pattern)))
    return tuple(found)


_HIDDEN_WEIGHT = 0.3
"""Added where the signs were hidden, which nobody does by accident."""
_PATTERNS = _signs()
CATEGORIES = frozenset(category for category, *_ in _PATTERNS)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
"""One space or line break instead of many: two `\\s*` in a phrase could share them in many ways."""


def signs(text: str) -> dict[str, float]:
    """How sure it is, by category, that `text` tries something, also in what it hides."""
    found = _in_plain(plain(text))
    for hidden in hidden_texts(text):
        for category, score in _in_plain(plain(hidden)).items():
            surer = min(1.0, score + _HIDDEN_WEIGHT)
            found[category] = max(surer, found.get(category, 0.0))
    return found


def _in_plain(text: str) -> dict[str, float]:
    text = _LINES.sub("\n", _SPACES.sub(" ", text))
    variants = dict.fromkeys((text, without_figures(text)))
    wrong: dict[str, float] = {}
    for category, weight, pattern in _PATTERNS:
        if any(pattern.search(one) for one in variants):
            wrong[category] = wrong.get(category, 1.0) * (1.0 - weight)
    return {category: 1.0 - left for category, left in wrong.items()}


class InjectionScanner(Scanner):
    """`signs` in a worker: a span over the whole text for each category."""

    before: ClassVar[int] = 0  # a span begins where its slice does
    after: ClassVar[int] = 512

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)

    def scan(self, text: str) -> Sequence[ScannedSpan]:
        return [ScannedSpan(0, len(text), name, score) for name, score in signs(text).items()]
