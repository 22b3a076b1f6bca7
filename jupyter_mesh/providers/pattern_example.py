"""The shortest text that a regular expression matches, found by reading it, never by matching.

So a pattern sent by a caller costs time in proportion to its length, whatever it is.
"""

from __future__ import annotations

_LONGEST = 1_000
_ESCAPES = {
    "d": "1",
    "w": "a",
    "s": " ",
    "D": "a",
    "W": " ",
    "S": "a",
    "t": "\t",
    "n": "\n",
    "r": "\r",
}
_ANCHORS = "bBAZz"
_CATEGORIES = {
    "d": [("0", "9")],
    "w": [("a", "z"), ("A", "Z"), ("0", "9"), ("_", "_")],
    "s": [(" ", " "), ("\t", "\r")],
}


class UnreadablePattern(ValueError):
    """The pattern uses something beyond literals, classes, groups, alternatives and repetition."""


def pattern_example(pattern: str, stretch: int = 0) -> str:
    """A text that `pattern` matches from end to end, so also where it is not anchored.

    Args:
        pattern: In Python's or ECMAScript's syntax.
        stretch: Repeat what may be repeated this often, for a longer text.

    Raises:
        UnreadablePattern: It holds look-around, back references or the like, or asks for too long a
            text.
    """
    if len(pattern) > _LONGEST:
        raise UnreadablePattern("it is too long")
    reader = _Reader(pattern, stretch)
    text = reader.alternatives(0)
    if reader.rest():
        raise UnreadablePattern("a bracket is closed that was not opened")
    return text


class _Reader:
    def __init__(self, pattern: str, stretch: int) -> None:
        self._pattern = pattern
        self._stretch = stretch
        self._at = 0

    def rest(self) -> str:
        return self._pattern[self._at :]

    def alternatives(self, depth: int) -> str:
        """The first alternative; the others are read over."""
        if depth > 50:
            raise UnreadablePattern("its groups are nested too deeply")
        first = self._sequence(depth)
        while self._take("|"):
            self._sequence(depth)
        return first

    def _sequence(self, depth: int) -> str:
        made = ""
        while self.rest() and self.rest()[0] not in "|)":
            made += self._repeated(self._atom(depth))
            if len(made) > _LONGEST:
                raise UnreadablePattern("it asks for too long a text")
        return made

    def _atom(self, depth: int) -> str:
        char = self._next()
        if char in "^$":
            return ""
        if char == ".":
            return "a"
        if char == "[":
            return self._class()
        if char == "(":
            return self._group(depth)
        if char == "\\":
            return self._escape(self._next())
        if char in "*+?{":
            raise UnreadablePattern("it repeats nothing")
        return char

    def _group(self, depth: int) -> str:
        if self._take("?") and not self._take(":"):
            self._named_group()
        text = self.alternatives(depth + 1)
        if not self._take(")"):
            raise UnreadablePattern("a bracket is not closed")
        return text

    def _named_group(self) -> None:
        self._take("P")
        name, closed, _ = self.rest().removeprefix("<").partition(">")
        if not self.rest().startswith("<") or not closed or not name.isidentifier():
            raise UnreadablePattern("it holds look-around, flags or the like")
        self._at += len(name) + 2

    def _class(self) -> str:
        """A member of a class; for a negated one, a character outside it."""
        negated = self._take("^")
        members = self._members()
        while not self._take("]"):
            members += self._members()
        if not negated:
            return members[0][0]
        for code in (*range(97, 123), *range(48, 58), *range(32, 1024)):
            if not any(low <= chr(code) <= high for low, high in members):
                return chr(code)
        raise UnreadablePattern("a class leaves no character")

    def _members(self) -> list[tuple[str, str]]:
        """The ranges that one item of a class stands for."""
        low = self._next()
        if low == "\\":
            low = self._next()
            if low in _CATEGORIES:
                return _CATEGORIES[low]
            low = self._escape(low)
        if not self.rest().startswith("-") or self.rest().startswith("-]"):
            return [(low, low)]
        self._next()
        high = self._next()
        return [(low, self._escape(self._next()) if high == "\\" else high)]

    def _escape(self, char: str) -> str:
        if char in _ANCHORS:
            return ""
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char.isalnum():
            raise UnreadablePattern(f"it holds \\{char}")
        return char

    def _repeated(self, text: str) -> str:
        """`text` as often as the quantifier that follows asks."""
        if self._take("*"):
            times = self._stretch
        elif self._take("+"):
            times = max(1, self._stretch)
        elif self._take("?"):
            times = min(1, self._stretch)
        elif self._take("{"):
            times = self._counted()
        else:
            return text
        if not self._take("?"):  # lazy
            self._take("+")  # possessive
        if times * len(text) > _LONGEST:
            raise UnreadablePattern("it asks for too long a text")
        return text * times

    def _counted(self) -> int:
        bounds, closed, _ = self.rest().partition("}")
        low, comma, high = bounds.partition(",")
        if not closed or not low.isdigit() or len(bounds) > 9 or not (high or "0").isdigit():
            raise UnreadablePattern("a repetition cannot be read")
        self._at += len(bounds) + 1
        if not comma:
            return int(low)
        return max(int(low), min(self._stretch, int(high)) if high else self._stretch)

    def _take(self, char: str) -> bool:
        if self._pattern.startswith(char, self._at):
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        if self._at >= len(self._pattern):
            raise UnreadablePattern("it ends too early")
        self._at += 1
        return self._pattern[self._at - 1]
