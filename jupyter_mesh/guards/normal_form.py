"""A text in the form in which equal-looking texts are equal, and the way back to where they stood.

Compatibility decomposition (Unicode NFKD), case folding, invisible characters left out, white space
as one kind of space. Two texts are equal in it exactly when they are equal under NFKC and case
folding; but decomposition goes character by character, so every position keeps its origin.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point (Unicode Character Database): drawn as nothing."""


_SEGMENT = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class NormalForm:
    """The folded text; character `i` of it comes from character `origins[i]` of the original."""

    text: str
    origins: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, not empty, stood in the original."""
        return self.origins[start], self.origins[end - 1] + 1


def normal_form(text: str) -> NormalForm:
    """The form of `text` for comparing. ASCII costs next to nothing."""
    if text.isascii():
        return NormalForm(text.lower(), range(len(text)))
    pieces: list[str] = []
    origins: list[int] = []
    for segment in _SEGMENT.finditer(text):
        start, end = segment.span()
        if segment[0].isascii():
            pieces.append(segment[0].lower())
            origins += range(start, end)
        else:
            pieces.append(_fold(segment[0]))
            origins += [start] * len(pieces[-1])
    return NormalForm("".join(pieces), origins)


def _fold(char: str) -> str:
    if _INVISIBLE.match(char):
        return ""
    if char.isspace():
        return " "
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    return unicodedata.normalize("NFKD", decomposed)
