"""What a text says to who reads it otherwise than letter by letter: escapes undone, look-alikes of
digits and signs made plain, what nobody sees left out, base64 decoded; and the way back.
"""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from itertools import accumulate
from typing import TypeAlias
from urllib.parse import unquote

import orjson

_DEPTH = 3
"""So many codes inside one another are undone."""
_IN_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_OUTLINE = bytes(ord("x") if one in _IN_BASE64 else ord(" ") for one in range(256))
_SHORTEST = b"x" * 16
"""Of base64, in its outline: fewer characters hold too little to be told from a word."""
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_LINES = (64, 76)
_WRAPPED = re.compile(r"(?:[A-Za-z0-9+/]{64,76}\r?\n)+[A-Za-z0-9+/]{0,76}={0,2}")
_STANDARD = str.maketrans({"-": "+", "_": "/", "\r": None, "\n": None})
_ESCAPE = re.compile(
    r"(?P<json>(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    r"|\\[\"\\/bfnrt]))"
    r"|(?P<url>(?:%[0-9A-Fa-f]{2})+)"
    r"|(?P<plus>\" \+ \"|' \+ ')"
    r"|(?P<html>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp|commat);)"
)
_ODD = re.compile(
    "[\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u2015\u2028-\u202f"
    "\u205f-\u206f\u2070-\u208e\u2212\u2460-\u24ff\u3000\u3164\ufe00-\ufe0f\ufe50-\ufe6b\ufeff"
    "\uff01-\uff5e\uffa0\U0001d400-\U0001d7ff\U000e0000-\U000e0fff]|(?![0-9])\\d"
)
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0]"
)
_SPACED_OUTLINE = bytes(one if one in b" " else ord("x") for one in range(256))
_SPACED_START = b"x x x x"
_SPACED = re.compile(r"(?<!\S)\S(?: {1,3}\S){6,}(?!\S)")
"""Characters with a space between each two."""
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a text. A finding in `text` stands at `span` of what was sent.

    Attributes:
        text: What it says.
        escaped: The text is JSON: everybody reads it so, and its letters need not be looked at.
    """

    text: str
    _starts: tuple[int, ...]
    _pieces: tuple[tuple[int, int, bool], ...]
    """Of each piece where it stood, and whether letter by letter."""
    _under: Reading | None = None
    escaped: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, not empty, stood in the original."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        begin, _, plain = self._pieces[first]
        if plain:
            begin += start - self._starts[first]
        from_, until, plain = self._pieces[last]
        if plain:
            until = from_ + end - self._starts[last]
        return (begin, until) if self._under is None else self._under.span(begin, until)


def readings(text: str) -> list[Reading]:
    """The other ways to read `text`; none for ordinary text."""
    plain = text.isascii() and not _is_coded(text) and not _is_spaced(text)
    if plain and _SHORTEST not in _outline(text):
        return []
    return list(_readings(text, None, 0))


def said_by(written: str) -> str | None:
    """What a bit of a string in JSON says; None where it is none."""
    try:
        value: object = json.loads(f'"{written}"', strict=False)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def is_json(text: str) -> bool:
    """Whether `text` is an object or a list in JSON."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        orjson.loads(text)
    except ValueError:  # or a lone surrogate
        return False
    return True


def whole_escapes(text: str, start: int, end: int) -> tuple[int, int]:
    """`start` and `end` moved out of escapes of JSON, so that what is left stays JSON."""
    if start and text[start] in '"\\/bfnrtu' and _backslashes(text, start) % 2:
        start -= 1
    if end < len(text) and _backslashes(text, end) % 2:
        end += 1
    return start, end


def _backslashes(text: str, before: int) -> int:
    """How many stand right before a place."""
    at = before
    while at and text[at - 1] == "\\":
        at -= 1
    return before - at


def _readings(text: str, under: Reading | None, depth: int) -> Iterator[Reading]:
    reading = under
    if _is_coded(text) and (pieces := _pieces(text, _ESCAPE, _without_escape)):
        is_object = under is None and "\\" in text and is_json(text)
        reading = _read(pieces, reading, escaped=is_object)
        text = reading.text
    if not text.isascii() and (pieces := _pieces(text, _ODD, _plain)):
        reading = _read(pieces, reading, escaped=reading is not None and reading.escaped)
        text = reading.text
    if _is_spaced(text) and (pieces := _pieces(text, _SPACED, _without_blanks)):
        reading = _read(pieces, reading, escaped=reading is not None and reading.escaped)
        text = reading.text
    if reading is not under and reading is not None:
        yield reading
        if depth < _DEPTH and _ESCAPE.search(text):
            yield from _readings(text, reading, depth + 1)
    if depth < _DEPTH:
        for start, end in _codes(text):
            if (said := _decoded(text[start:end])) is not None:
                inner = _read([(said, start, end, False)], reading)
                yield inner
                yield from _readings(said, inner, depth + 1)


_Piece: TypeAlias = tuple[str, int, int, bool]
"""What is read, where it stands, and whether letter by letter."""


def _pieces(
    text: str, pattern: re.Pattern[str], instead: Callable[[re.Match[str]], str]
) -> list[_Piece]:
    """`text` with everything that matches read otherwise; empty where nothing does."""
    pieces: list[_Piece] = []
    at = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        if start > at:
            pieces.append((text[at:start], at, start, True))
        pieces.append((instead(match), start, end, False))
        at = end
    if pieces and at < len(text):
        pieces.append((text[at:], at, len(text), True))
    return pieces


def _read(pieces: Iterable[_Piece], under: Reading | None, *, escaped: bool = False) -> Reading:
    said = [one for one in pieces if one[0]]
    starts = (0, *accumulate(len(one[0]) for one in said))[:-1]
    text = "".join([one[0] for one in said])
    return Reading(text, starts, tuple(one[1:] for one in said), under, escaped)


def _is_coded(text: str) -> bool:
    return any(one in text for one in ("\\", "%", "&", '" + "', "' + '"))


def _is_spaced(text: str) -> bool:
    return _SPACED_START in text.encode("latin-1", "replace").translate(_SPACED_OUTLINE)


def _without_blanks(match: re.Match[str]) -> str:
    return "".join(match[0].split())


def _without_escape(match: re.Match[str]) -> str:
    if match["plus"] is not None:
        return ""
    if match["json"] is not None:
        said: str = json.loads(f'"{match[0]}"')
        return said
    return unquote(match[0]) if match["url"] is not None else unescape(match[0])


def _plain(match: re.Match[str]) -> str:
    char = match[0]
    if char in _DASHES:
        return "-"
    if (digit := unicodedata.decimal(char, None)) is not None:
        return str(digit)
    if unicodedata.category(char) == "Cf" or _INVISIBLE.match(char):
        return ""
    if char.isspace():
        return " "
    return unicodedata.normalize("NFKC", char)


def _codes(text: str) -> Iterator[tuple[int, int]]:
    """Where something stands that may be base64, in one line or in several."""
    outline = _outline(text)
    at = 0
    while (start := outline.find(_SHORTEST, at)) >= 0:
        at = outline.find(b" ", start)
        at = len(text) if at < 0 else at
        if at - start in _LINES and (wrapped := _WRAPPED.match(text, start)) is not None:
            at = wrapped.end()
        yield start, at


def _outline(text: str) -> bytes:
    """`x` for each character that base64 is written with."""
    return text.encode("latin-1", "replace").translate(_OUTLINE)


def _decoded(code: str) -> str | None:
    """The text in base64, written for URLs or not, or in hexadecimal; None where there is none."""
    if _HEX.fullmatch(code) is not None and (said := _printable(bytes.fromhex(code))) is not None:
        return said
    plain = code.translate(_STANDARD).rstrip("=")
    if len(plain) % 4 == 1:
        return None
    try:
        return _printable(b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except ValueError:
        return None


def _printable(data: bytes) -> str | None:
    try:
        said = data.decode()
    except UnicodeDecodeError:
        return None
    return said if "".join(said.split()).isprintable() else None
