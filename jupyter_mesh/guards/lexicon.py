"""Words and phrases by category, and how sure a text is of one because it holds some."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from itertools import product
from typing import ClassVar

from ..schemas.json import Json, JsonObject, as_list, as_object
from ..spi.workers import ScannedSpan, Scanner
from .plain_words import is_masked, plain, words

_MILD = 0.4
"""How sure one word is that is also said harmlessly; two of them are 0.64."""
_LEAST_STEM = 3
_MOST_WORDS = 8
_SECTION = re.compile(r"\[([a-z/-]+)\]")


class Lexicon:
    """Finds its words whatever they are dressed up as.

    A word may end with `*` (any ending) and begin with `~` (mild: one alone is not enough).

    Args:
        categories: Words and phrases by category.
    """

    def __init__(self, categories: Mapping[str, Iterable[str]]) -> None:
        self._words: dict[str, dict[str, float]] = {}
        self._stems: dict[str, dict[str, float]] = {}
        self._phrases: dict[tuple[str, str], list[tuple[tuple[str, ...], str, float]]] = {}
        self._by_length: dict[tuple[str, int], list[str]] = {}
        self._longest_stem = 0
        for category, terms in categories.items():
            for term in terms:
                self._add(category, term)

    def _add(self, category: str, term: str) -> None:
        weight = _MILD if term.startswith("~") else 1.0
        parts = plain(term.removeprefix("~")).split()
        if len(parts) > 1:
            second = "*" if parts[1].endswith("*") else parts[1]
            known = self._phrases.setdefault((parts[0], second), [])
            known.append((tuple(parts), category, weight))
        elif parts and parts[0].endswith("*") and len(parts[0]) > _LEAST_STEM:
            self._stems.setdefault(parts[0][:-1], {})[category] = weight
            self._longest_stem = max(self._longest_stem, len(parts[0]) - 1)
        elif parts:
            word = parts[0]
            self._words.setdefault(word, {})[category] = weight
            self._by_length.setdefault((word[0], len(word)), []).append(word)

    def scores(self, text: str) -> dict[str, float]:
        """How sure the text is of each category it has a word of."""
        found: dict[str, dict[str, float]] = {}
        tokens = list(words(plain(text)))
        for at, ways in enumerate(tokens):
            after = (*tokens[at + 1], "*") if at + 1 < len(tokens) else ()
            for way in ways:
                for category, weight in self._named(way):
                    found.setdefault(category, {})[way] = weight
                for pair in product((way,), after):
                    for phrase, category, weight in self._phrases.get(pair, ()):
                        if _follows(tokens, at, phrase):
                            found.setdefault(category, {})[" ".join(phrase)] = weight
        return {category: _together(weights.values()) for category, weights in found.items()}

    def _named(self, word: str) -> Iterable[tuple[str, float]]:
        if is_masked(word):
            for one in self._by_length.get((word[0], len(word)), ()):
                if all(a in ("*", b) for a, b in zip(word, one, strict=True)):
                    yield from self._words[one].items()
            return
        yield from self._words.get(word, {}).items()
        for end in range(_LEAST_STEM, min(len(word), self._longest_stem) + 1):
            yield from self._stems.get(word[:end], {}).items()


def _follows(tokens: Sequence[tuple[str, ...]], at: int, phrase: Sequence[str]) -> bool:
    if len(phrase) > min(_MOST_WORDS, len(tokens) - at):
        return False
    return all(
        any(way == part or (part[-1] == "*" and way.startswith(part[:-1])) for way in ways)
        for part, ways in zip(phrase[1:], tokens[at + 1 : at + len(phrase)], strict=True)
    )


def _together(weights: Iterable[float]) -> float:
    """Several signs are surer than one: the chance that not all of them are wrong."""
    wrong = 1.0
    for weight in weights:
        wrong *= 1.0 - weight
    return 1.0 - wrong


def built_in() -> dict[str, list[str]]:
    """The English list that comes with the mesh, by category."""
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in (
        (resources.files("jupyter_mesh.guards") / "words.txt").read_text("utf-8").splitlines()
    ):
        if head := _SECTION.fullmatch(line):
            section = found.setdefault(head[1], [])
        elif line and not line.startswith("#"):
            section += [word.strip() for word in line.split(",") if word.strip()]
    return found


class LexiconScanner(Scanner):
    """`Lexicon` in a worker: a span over the whole text for each category."""

    before: ClassVar[int] = 0  # a span begins where its slice does
    after: ClassVar[int] = 512

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        said = as_object(settings.get("categories")) or {}
        self._lexicon = Lexicon({name: _texts(terms) for name, terms in said.items()})

    def scan(self, text: str) -> Sequence[ScannedSpan]:
        return [
            ScannedSpan(0, len(text), category, score)
            for category, score in self._lexicon.scores(text).items()
        ]


def _texts(value: Json) -> list[str]:
    return [one for one in as_list(value) or () if isinstance(one, str)]
