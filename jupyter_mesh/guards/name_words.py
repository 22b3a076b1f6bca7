"""Texts and names as words that compare equal however they are written.

Case, width, accents, hyphens, white space and invisible characters do not matter: `Müller-Lüdke`
and `MULLER  LUDKE` are the same words. Scripts that write no spaces count each character (in Korean
each syllable) as a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

from .normal_form import normal_form

MOST_WORDS = 6
"""Of a name that are looked up together; a longer one is every six of its words in a row."""
LONGEST = 256
"""Characters of what is looked up."""
TOGETHER = 8
"""From so many characters on it does not matter where the gaps are: `ProjectFalcon` is `Project
Falcon`. In short names it does, or `in a` would be `Ina`.
"""

BEGINNING = "\0"
"""Stands before the first `TOGETHER` characters of longer names, where that is looked up."""

Lookup: TypeAlias = Callable[[str], bytes | None]
"""The entities of a form, as places in a list of entities, from 1; nothing where it is no name."""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
_INDIC = "\u0900-\u0963\u0966-\u0dff"
"""Whose vowel signs are no letters to Unicode, and belong to the word."""
_SYLLABLE = "[\u1100-\u115f][\u1160-\u11a7]*[\u11a8-\u11ff]*"
_WORD = re.compile(
    f"{_SYLLABLE}|[{_UNSPACED}][\u3099\u309a]?|(?:[{_INDIC}]|[^\\W_{_UNSPACED}\u1100-\u11ff])+"
)
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_LOWEST_ACCENT = 10
"""Combining classes from here on are accents and points; those below make other letters."""
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_TRANSCRIBED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
    | {"Å": "Aa", "Ø": "Oe"}
)
_APOSTROPHE = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")


class Words:
    """The words of a text as they are compared, and where they stand: that is only worked out where
    it is asked for, since most texts name nobody.

    Attributes:
        forms: In order.
    """

    def __init__(self, text: str) -> None:
        self._origins: list[int] | None = None
        if text.isascii():
            self._pattern, self._text = _ASCII_WORD, text.lower()
        else:
            self._pattern = _WORD
            self._text, self._origins = _without_accents(text)
        self.forms: list[str] = self._pattern.findall(self._text)
        self._spans: list[tuple[int, int]] | None = None

    def span(self, first: int, after: int) -> tuple[int, int]:
        """Where the words from `first` to before `after` stand in the text."""
        if self._spans is None:
            self._spans = [match.span() for match in self._pattern.finditer(self._text)]
        start, end = self._spans[first][0], self._spans[after - 1][1]
        origins = self._origins
        return (start, end) if origins is None else (origins[start], origins[end - 1] + 1)


def _without_accents(text: str) -> tuple[str, list[int]]:
    form = normal_form(text)
    pieces: list[str] = []
    origins: list[int] = []
    for char, origin in zip(form.text, form.origins, strict=True):
        if char > "\x7f":
            if unicodedata.combining(char) >= _LOWEST_ACCENT:
                continue
            char = char.translate(_PLAIN)
        pieces.append(char)
        origins += [origin] * len(char)
    return "".join(pieces), origins


Match: TypeAlias = tuple[int, int, bytes]
"""The first word of a name, the word after its last, and what it is."""


def names_in(forms: Sequence[str], lookup: Lookup) -> Iterator[Match]:
    """Which of up to `MOST_WORDS` words in a row, from each word on, are names.

    Most words begin no name: of longer ones their beginning is looked up first, and once.
    """
    joined, spaced = "".join(forms), " ".join(forms)
    ends = list(accumulate(map(len, forms)))
    count, start = len(forms), 0
    for first in range(count):
        beginning = start + TOGETHER
        begins: bytes | None = None
        for last in range(first, min(first + MOST_WORDS, count)):
            end = ends[last]
            if end < beginning:
                kinds = lookup(spaced[start + first : end + last])
            else:
                if begins is None:
                    begins = lookup(BEGINNING + joined[start:beginning])
                if not begins or end - start > LONGEST:
                    break
                kinds = lookup(joined[start:end])
            if kinds:
                yield first, last + 1, kinds
        start = ends[first]


def forms_of(name: str, shortest: int) -> set[str]:
    """What stands for `name` where names are kept: one form, unless it is long or has two
    spellings; none where it has fewer than `shortest` letters and digits.
    """
    words = Words(name).forms
    if sum(map(len, words)) < shortest:
        return set()
    forms = set(_looked_up(words))
    for spelling in _other_spellings(name):
        forms.update(_looked_up(Words(spelling).forms))
    return forms


def beginning_of(form: str) -> str | None:
    """What says that a long form begins like this; None for a short one."""
    return BEGINNING + form[:TOGETHER] if len(form) >= TOGETHER else None


def _other_spellings(name: str) -> Iterator[str]:
    if "'" in name or not name.isascii():
        if (tied := _APOSTROPHE.sub("", name)) != name:
            yield tied
        if (transcribed := unicodedata.normalize("NFC", name).translate(_TRANSCRIBED)) != name:
            yield transcribed


def _looked_up(words: list[str]) -> Iterator[str]:
    for first in range(max(1, len(words) - MOST_WORDS + 1)):
        some = words[first : first + MOST_WORDS]
        joined = "".join(some)
        while len(joined) > LONGEST:
            some.pop()
            joined = "".join(some)
        if some:
            yield joined if len(joined) >= TOGETHER else " ".join(some)
