"""The words around a finding, by which Presidio tells an account number from any other number.

Presidio reads them from a language model. Without one they are taken as they are written, which is
the same in every language that puts spaces between words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Protocol

BOOST, LEAST, WORDS_BEFORE = 0.35, 0.4, 5
"""What a word of its context adds to a finding, what it has at least then, and how far that word
may be before it: Presidio's own figures.
"""

_WORD = re.compile(r"\w+")
_NEAR = 400
"""Characters in which so many words are looked for first."""


class Surroundings(Protocol):
    """What stands before a place in a text."""

    def support(self, start: int, context: Sequence[str]) -> bool:
        """Whether one of `context`, in lower case, is part of a word shortly before `start`, or of
        the one there.
        """
        ...


class WrittenWords:
    """Words as they are written.

    Args:
        text: Looked at only near the places that are asked for.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def support(self, start: int, context: Sequence[str]) -> bool:
        """As `Surroundings` says."""
        words = self._before(start, max(0, start - _NEAR))
        if len(words) <= WORDS_BEFORE + 1 and start > _NEAR:
            words = self._before(start, 0)
        near = words[-WORDS_BEFORE - 1 :]
        return any(one in word for word in near for one in context)

    def _before(self, start: int, first: int) -> list[str]:
        at = _WORD.match(self._text, start)
        end = at.end() if at else start
        words = _WORD.findall(self._text[first:end])
        return [word.lower() for word in words if any(map(str.isalnum, word))]


class ReadWords:
    """Words as a language model of Presidio's reads them: found by bisection, where Presidio walks
    from the beginning of the text for each finding again.

    Args:
        artifacts: Presidio's `NlpArtifacts`.
    """

    def __init__(self, artifacts: Any) -> None:
        pairs = zip(artifacts.tokens_indices, artifacts.tokens, strict=True)
        self._ends: list[int] = [at + len(token) for at, token in pairs]
        self._lemmas: list[str] = [lemma.lower() for lemma in artifacts.lemmas]
        self._keywords: frozenset[str] = frozenset(artifacts.keywords)

    def support(self, start: int, context: Sequence[str]) -> bool:
        """As `Surroundings` says."""
        words: list[str] = []
        at = min(bisect_right(self._ends, start), len(self._lemmas) - 1)
        while at >= 0 and len(words) <= WORDS_BEFORE:
            if self._lemmas[at] in self._keywords:
                words.append(self._lemmas[at])
            at -= 1
        return any(one in word for word in words for one in context)
