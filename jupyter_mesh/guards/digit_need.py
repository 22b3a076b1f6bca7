"""What a text must hold before a regular expression can match anything in it, told from the
expression itself.

Almost everything that identifies a person has digits. An expression that needs nine of them in a
row need not look at a text that has none, and nowhere else in one that has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from .one_word import is_one_word

_LONGEST = 400
"""Characters: an expression whose matches may be longer looks at the whole text."""

Runs = Sequence[tuple[int, int]]
"""Where digits stand together."""


class Need(NamedTuple):
    """Attributes:
    digits: A match holds a run of at least so many digits.
    reach: How far, in characters, a match and what it looks ahead at can be from such a run; None
        where there is no bound.
    marks: Characters that are no letters and stand in every match.
    one_word: Whether a match holds no white space and does not depend on what follows it.
    """

    digits: int
    reach: int | None
    marks: frozenset[str]
    one_word: bool = False

    def windows(self, runs: Runs, length: int) -> Iterator[tuple[int, int]]:
        """The parts of a text of `length` characters that can hold a match."""
        if self.reach is None or not self.digits:
            if not self.digits or any(end - start >= self.digits for start, end in runs):
                yield 0, length
            return
        first = last = -1
        for start, end in runs:
            if end - start < self.digits:
                continue
            if first < 0:
                first = max(0, start - self.reach)
            elif start - self.reach > last:
                yield first, last
                first = start - self.reach
            last = min(length, end + 2 * self.reach)
        if first >= 0:
            yield first, last


class _Shape(NamedTuple):
    """Of what a part of an expression matches: digits at its beginning, most in a row, at its end;
    whether it is nothing but digits.
    """

    before: int
    most: int
    after: int
    only: bool
    marks: frozenset[str] = frozenset()

    def then(self, other: _Shape) -> _Shape:
        return _Shape(
            self.before + other.before if self.only else self.before,
            max(self.most, other.most, self.after + other.before),
            self.after + other.after if other.only else other.after,
            self.only and other.only,
            self.marks | other.marks,
        )

    def either(self, other: _Shape) -> _Shape:
        return _Shape(
            min(self.before, other.before),
            min(self.most, other.most),
            min(self.after, other.after),
            self.only and other.only,
            self.marks & other.marks,
        )


_NOTHING = _Shape(0, 0, 0, only=True)
_UNKNOWN = _Shape(0, 0, 0, only=False)
_DIGIT = _Shape(1, 1, 1, only=True)
_ALL = Need(0, None, frozenset())


def need_of(expression: str) -> Need:
    """What `expression` needs; nothing, where that cannot be told."""
    # The only parser of regular expressions that Python has; where it is another one, or does not
    # know the expression, the whole text is looked at.
    try:
        parsed: Any = import_module("re._parser").parse(expression, re.IGNORECASE)
        shape = _of_all(parsed)
        longest = parsed.getwidth()[1] + _look_ahead(parsed)
    except (ImportError, AttributeError, re.error, RecursionError, OverflowError):
        return _ALL
    reach = longest if longest <= _LONGEST else None
    return Need(shape.most, reach, shape.marks, is_one_word(parsed))


def _of_all(parts: Any) -> _Shape:
    whole = _NOTHING
    for name, value in parts:
        whole = whole.then(_of(str(name), value))
    return whole


def _of(name: str, value: Any) -> _Shape:
    match name:
        case "LITERAL":
            char = chr(value)
            if char.isdecimal():
                return _DIGIT
            return _UNKNOWN if char.isalnum() else _UNKNOWN._replace(marks=frozenset({char}))
        case "IN":
            return _DIGIT if all(_is_digit(str(one), two) for one, two in value) else _UNKNOWN
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return _NOTHING
        case "SUBPATTERN":
            return _of_all(value[-1])
        case "ATOMIC_GROUP":
            return _of_all(value)
        case "BRANCH":
            first, *others = (_of_all(branch) for branch in value[1])
            for other in others:
                first = first.either(other)
            return first
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeated(int(value[0]), _of_all(value[2]))
        case _:
            return _UNKNOWN


def _repeated(least: int, one: _Shape) -> _Shape:
    if not least:
        return _NOTHING._replace(only=one.only)
    whole = one
    for _ in range(min(least, 32) - 1):
        whole = whole.then(one)
    return whole


def _is_digit(name: str, value: Any) -> bool:
    match name:
        case "LITERAL":
            return chr(value).isdecimal()
        case "RANGE":
            return chr(value[0]).isdecimal() and chr(value[1]).isdecimal() and value[1] < 128
        case "CATEGORY":
            return str(value) == "CATEGORY_DIGIT"
        case _:
            return False


def _look_ahead(parts: Any) -> int:
    """Characters past a match that an expression may look at."""
    longest = 0
    for name, value in parts:
        match str(name):
            case "ASSERT" | "ASSERT_NOT":
                longest = max(longest, value[1].getwidth()[1] if value[0] > 0 else 0)
            case "SUBPATTERN":
                longest = max(longest, _look_ahead(value[-1]))
            case "ATOMIC_GROUP":
                longest = max(longest, _look_ahead(value))
            case "BRANCH":
                longest = max(longest, *map(_look_ahead, value[1]))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                longest = max(longest, _look_ahead(value[2]))
            case _:
                pass
    return longest + 1
