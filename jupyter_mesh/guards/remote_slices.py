"""Texts that are longer than a service takes, in slices that overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..schemas.frozen import frozen

OVERLAP = 300
"""Characters that stand in two slices: whatever is shorter stands whole in one of them."""


@frozen
class Slice:
    """A part of a text.

    Attributes:
        text: The part.
        start: Where it begins in the whole.
        number: Which text it is of.
    """

    text: str
    start: int
    number: int


def slices(texts: Iterable[str], longest: Callable[[str], int]) -> Iterator[Slice]:
    """The texts in slices of at most as many characters as `longest` says for each; nothing of a
    text that is blank.
    """
    for number, text in enumerate(texts):
        if not text.strip():
            continue
        most = longest(text)
        step = most - OVERLAP
        assert step > 0
        for start in range(0, max(len(text) - OVERLAP, 1), step):
            part = text[start : start + most]
            if part.strip():
                yield Slice(part, start, number)


def most_characters(text: str, most_bytes: int) -> int:
    """How many characters of `text` are surely no more than so many bytes of UTF-8."""
    return most_bytes if text.isascii() else most_bytes // 4
