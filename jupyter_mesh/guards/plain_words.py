"""A text as it is read aloud: look-alikes, letters set apart and figures for letters undone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .normal_form import normal_form

_ACCENTS = re.compile("[\u0300-\u036f]")
_TOKEN = re.compile(r"[\w@$!|*+']+")
_APART = re.compile(r"(?<![^\W_])(?:[^\W_][ .\-_*/]{1,2}){2,}[^\W_](?![^\W_])")
"""No character is both a letter and a gap: each text is read in one way, so in linear time."""
_GAP = re.compile(r"[^\w]|_")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_FIGURES = str.maketrans("0134578@$!|+9", "oieastbasiltg")
_ONE_AS_L = str.maketrans("01345789@$!|+", "oleastbgasilt")
_LOOK_ALIKES = str.maketrans("аеорсухіјѕӏԁԛαεορτυνκι", "aeopcyxijsldqaeoptuvki")
"""Cyrillic and Greek letters that look like Latin ones."""
_MASKED = re.compile(r"\w+[*]+\w*|\w*[*]+\w+")


def plain(text: str) -> str:
    """Lower case, without accents, invisible characters and look-alikes of Latin letters."""
    form = normal_form(text).text
    return form if form.isascii() else _ACCENTS.sub("", form).translate(_LOOK_ALIKES)


def words(text: str) -> Iterator[tuple[str, ...]]:
    """For each word of a `plain` text how it may be meant, as written first."""
    for token in _TOKEN.findall(text):
        yield readings(token)
    for apart in _APART.findall(text):
        yield readings(_GAP.sub("", apart))


def readings(token: str) -> tuple[str, ...]:
    """What one word may be meant as."""
    if token.isalpha() and not _STRETCHED.search(token):
        return (token,)
    found = dict.fromkeys((token, token.strip("!|'+*@$")))
    if any(char.isalpha() for char in token):
        found |= dict.fromkeys((token.translate(_FIGURES), token.translate(_ONE_AS_L)))
    for one in list(found):
        if _STRETCHED.search(one):
            found[_STRETCHED.sub(r"\1", one)] = None
            found[_STRETCHED.sub(r"\1\1", one)] = None
    return tuple(found)


def is_masked(token: str) -> bool:
    """Whether stars stand for some of its letters."""
    return _MASKED.fullmatch(token) is not None


def without_figures(text: str) -> str:
    """A `plain` text with figures and signs read as the letters they stand for."""
    return text.translate(_FIGURES)
