"""Whether what a regular expression matches always lies within one word, between two white spaces:
then it need not look at words that lack what it needs.
"""

from __future__ import annotations

from typing import Any

_LONGEST_RANGE = 4_096


def is_one_word(parts: Any) -> bool:
    """Whether no match of a parsed expression holds white space, or depends on what follows it.

    What stands in front may matter: it can be seen from the middle of a text, its end cannot.
    """
    return all(_part(str(name), value) for name, value in parts)


def _part(name: str, value: Any) -> bool:
    match name:
        case "LITERAL":
            return not chr(value).isspace()
        case "IN":
            return _set(value)
        case "AT":
            return str(value) in ("AT_BOUNDARY", "AT_NON_BOUNDARY")
        case "ASSERT" | "ASSERT_NOT":
            return bool(value[0] < 0)
        case "SUBPATTERN":
            return is_one_word(value[-1])
        case "ATOMIC_GROUP":
            return is_one_word(value)
        case "BRANCH":
            return all(map(is_one_word, value[1]))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return is_one_word(value[2])
        case _:
            return name == "GROUPREF"


def _set(members: Any) -> bool:
    named = [(str(name), value) for name, value in members]
    if named[0][0] == "NEGATE":
        return any(name == "CATEGORY" and str(value) == "CATEGORY_SPACE" for name, value in named)
    return all(_member(name, value) for name, value in named)


def _member(name: str, value: Any) -> bool:
    match name:
        case "LITERAL":
            return not chr(value).isspace()
        case "RANGE":
            first, last = value
            few = last - first <= _LONGEST_RANGE
            return few and not any(chr(one).isspace() for one in range(first, last + 1))
        case "CATEGORY":
            return str(value) in ("CATEGORY_DIGIT", "CATEGORY_WORD", "CATEGORY_NOT_SPACE")
        case _:
            return False
