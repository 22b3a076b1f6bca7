"""Where a service says that something stands, in the units in which it counts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["code_points", "utf16", "bytes"]
"""`utf16`: code units, as JavaScript, Java and .NET count; `bytes`: of UTF-8."""


def places(text: str, unit: Unit) -> Callable[[int], int]:
    """What turns an offset in `text` into one in characters (code points), as Python counts.

    Raises:
        ValueError: From what is returned: the offset lies outside the text or within a character.
    """
    if unit == "code_points" or text.isascii():
        return lambda offset: _within(offset, len(text))
    width = _width_in_utf16 if unit == "utf16" else _width_in_utf8
    known = {at: n for n, at in enumerate(accumulate(map(width, text), initial=0))}

    def place(offset: int) -> int:
        if offset not in known:
            raise ValueError(f"there is no character at {offset}")
        return known[offset]

    return place


def _within(offset: int, length: int) -> int:
    if not 0 <= offset <= length:
        raise ValueError(f"{offset} lies outside of the text")
    return offset


def _width_in_utf16(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _width_in_utf8(character: str) -> int:
    return len(character.encode("utf-8", "surrogatepass"))
