"""Where a service says that something stands, in the units in which it counts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["code_points", "utf16", "bytes"]
"""`utf16`: code units, as JavaScript, Java and .NET count; `bytes`: of UTF-8."""

_BLOCK = 512
_CODECS = {"utf16": ("utf-16-le", 2), "bytes": ("utf-8", 1)}
"""With the bytes that one unit has."""


def places(text: str, unit: Unit) -> Callable[[int], int]:
    """What turns an offset in `text` into one in characters (code points), as Python counts.

    Raises:
        ValueError: From what is returned: the offset lies outside the text or within a character.
    """
    if unit == "code_points" or text.isascii():
        return lambda offset: _within(offset, len(text))
    codec, width = _CODECS[unit]
    # Of each block of characters only the size is kept, so that a long text takes little time.
    blocks = [text[at : at + _BLOCK].encode(codec) for at in range(0, len(text), _BLOCK)]
    starts = list(accumulate((len(block) for block in blocks), initial=0))

    def place(offset: int) -> int:
        at = _within(offset * width, starts[-1])
        number = min(bisect_right(starts, at), len(blocks)) - 1
        try:
            before = blocks[number][: at - starts[number]].decode(codec)
        except UnicodeDecodeError:  # it quotes the text
            raise ValueError("sent a place within a character") from None
        return number * _BLOCK + len(before)

    return place


def _within(offset: int, length: int) -> int:
    if not 0 <= offset <= length:
        raise ValueError("sent a place outside of the text")
    return offset
