"""What a text says to who reads it otherwise than letter by letter: escapes undone, look-alikes of
digits and signs made plain, what nobody sees left out, base64 decoded; and the way back.
"""

from __future__ import annotations

import json
import re
import unicodedata
from array import array
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from itertools import islice
from urllib.parse import unquote

import orjson

from ..errors import Blocked

MOST_CODES = 2_000_000
"""In all readings of a call: some hundred MiB and some seconds of a thread."""
_DEPTH = 3
"""So many codes inside one another are undone."""
_WINDOW = 32_768
_MOST_NEEDED = 64
"""Characters that tell whether an escape begins somewhere."""
_IN_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_OUTLINE = bytes(ord("x") if one in _IN_BASE64 else ord(" ") for one in range(256))
_SHORTEST = b"x" * 16
"""Of base64, in its outline: fewer characters hold too little to be told from a word."""
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_LINES = range(40, 129)
_WRAPPED = r"(?:[A-Za-z0-9+/]{%d}\r?\n[ \t]{0,32})+[A-Za-z0-9+/]{0,%d}={0,2}"
_STANDARD = str.maketrans({"-": "+", "_": "/", **dict.fromkeys("\r\n\t ")})
_BORDER = re.compile(r"[/_-]")
_BORDERS, _PREFIX = 8, 128
"""After so many marks of base64, within so many characters, the code may begin: a path or a name
may stand before it.
"""
_CONTROLS = bytes([*range(9), *range(14, 32), 127])
_VISIBLE = bytes([9, 10, 13, *range(32, 127)])
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    r"|\\[\"\\/bfnrt]"
    r"|\\(?:x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}|u\{[0-9a-fA-F]{1,6}\}|[0-3][0-7]{2})"
    r"|(?:%[0-9A-Fa-f]{2})+"
    r"|\"\s{0,9}\+\s{0,9}\"|'\s{0,9}\+\s{0,9}'"
    r"|&(?:#[0-9]{1,10};?|#[xX][0-9a-fA-F]{1,8};?|[a-zA-Z]{2,8};)"
)
_ODD = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\u00a0\u00ad\u00b2\u00b3\u00b9\u0300-\u036f"
    "\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u2015\u2028-\u202f"
    "\u205f-\u206f\u2070-\u208e\u20d0-\u20f0"
    "\u2212\u2460-\u24ff\u2776-\u2793\u3000\u3164\ufe00-\ufe0f\ufe50-\ufe6b\ufeff"
    "\uff01-\uff5e\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U0001d400-\U0001d7ff\U000e0000-\U000e0fff]|(?![0-9])\\d"
)
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0]"
)
_SPACED_OUTLINE = bytes(one if one in b" " else ord("x") for one in range(256))
_SPACED_START = b"x x x x"
_SPACED = re.compile(r"(?<!\S)\S(?: {1,3}\S){6,}(?!\S)")
"""Characters with a space between each two."""
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")


class TooMuch(Blocked):
    """A call holds more than is looked through."""


class Room:
    """How much more may be read otherwise in one call."""

    def __init__(self) -> None:
        self._left = MOST_CODES

    def take(self) -> None:
        """Raises TooMuch where there is none left."""
        self._left -= 1
        if self._left < 0:
            raise TooMuch(
                "The request holds more escapes and codes than are looked through. Nothing was "
                "sent; send it in smaller parts, or as plain text."
            )


class _Pieces:
    """Of each piece of a reading where it begins, where it stood, and whether letter by letter:
    thirteen bytes for each, since a long text may have millions.
    """

    __slots__ = ("_from", "_plain", "_starts", "_until", "length")

    def __init__(self) -> None:
        self.length = 0
        self._starts = array("I")
        self._from = array("I")
        self._until = array("I")
        self._plain = bytearray()

    def add(self, size: int, start: int, end: int, *, plain: bool) -> None:
        """Add a piece of `size` characters, which stands at `start` to `end`."""
        self._starts.append(self.length)
        self._from.append(start)
        self._until.append(end)
        self._plain.append(plain)
        self.length += size

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where what is read at `start` to `end` stood."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        begin, until = self._from[first], self._until[last]
        if self._plain[first]:
            begin += start - self._starts[first]
        if self._plain[last]:
            until = self._from[last] + end - self._starts[last]
        return begin, until


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a text. A finding in `text` stands at `span` of what was sent.

    Attributes:
        text: What it says.
        escaped: The text is JSON: everybody reads it so, and its letters need not be looked at.
    """

    text: str
    _pieces: _Pieces
    _under: Reading | None = None
    escaped: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]`, not empty, stood in the original."""
        begin, until = self._pieces.span(start, end)
        return (begin, until) if self._under is None else self._under.span(begin, until)


def readings(text: str, room: Room | None = None) -> list[Reading]:
    """The other ways to read `text`; none for ordinary text.

    Raises:
        TooMuch: There is more to read than there is room for.
    """
    plain = not _is_odd(text) and not _is_coded(text) and not _is_spaced(text)
    if plain and _SHORTEST not in _outline(text):
        return []
    return list(_readings(text, None, 0, room or Room()))


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


def _readings(text: str, under: Reading | None, depth: int, room: Room) -> Iterator[Reading]:
    reading = under
    if _is_coded(text) and (one := _read(text, _ESCAPE, _without_escape, reading, room)):
        is_object = under is None and "\\" in text and is_json(text)
        reading = replace(one, escaped=is_object)
        text = reading.text
    if _is_odd(text) and (one := _read(text, _ODD, _plain, reading, room)):
        reading, text = one, one.text
    if _is_spaced(text) and (one := _read(text, _SPACED, _without_blanks, reading, room)):
        reading, text = one, one.text
    if reading is not under and reading is not None:
        yield reading
        if depth < _DEPTH and any(True for _ in _matches(_ESCAPE, text)):
            yield from _readings(text, reading, depth + 1, room)
    if depth < _DEPTH:
        for start, end in _codes(text):
            if (found := _code_in(text[start:end])) is not None:
                said, skipped = found
                room.take()
                pieces = _Pieces()
                pieces.add(len(said), start + skipped, end, plain=False)
                inner = Reading(said, pieces, reading)
                yield inner
                yield from _readings(said, inner, depth + 1, room)


def _read(
    text: str,
    pattern: re.Pattern[str],
    instead: Callable[[str], str],
    under: Reading | None,
    room: Room,
) -> Reading | None:
    """`text` with everything that matches read otherwise; None where nothing does."""
    pieces, said = _Pieces(), list[str]()
    at = 0
    for match in _matches(pattern, text):
        start, end = match.span()
        if start > at:
            pieces.add(start - at, at, start, plain=True)
            said.append(text[at:start])
        if new := instead(match[0]):
            pieces.add(len(new), start, end, plain=False)
            said.append(new)
        room.take()
        at = end
    if not at:
        return None
    if at < len(text):
        pieces.add(len(text) - at, at, len(text), plain=True)
        said.append(text[at:])
    escaped = under is not None and under.escaped
    return Reading("".join(said), pieces, under, escaped)


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """As `pattern.finditer`, window by window: one search keeps all other threads waiting."""
    at = 0
    for end in range(_WINDOW, len(text) + _WINDOW, _WINDOW):
        last = min(end + _MOST_NEEDED, len(text))
        for match in pattern.finditer(text, at, last):
            if match.start() >= end:
                break
            if match.end() == last < len(text):  # it may go on, or be none
                match = pattern.match(text, match.start())
                if match is None:
                    continue
            yield match
            at = match.end()
        at = max(at, end)


def _is_odd(text: str) -> bool:
    return not text.isascii() or len(text.encode().translate(None, _CONTROLS)) < len(text)


def _is_coded(text: str) -> bool:
    return any(one in text for one in ("\\", "%", "&")) or (
        "+" in text and any(one in text for one in ('"+', '" ', '"\n', "'+", "' ", "'\n"))
    )


def _is_spaced(text: str) -> bool:
    return _SPACED_START in text.encode("latin-1", "replace").translate(_SPACED_OUTLINE)


def _without_blanks(written: str) -> str:
    return "".join(written.split())


def _without_escape(written: str) -> str:
    return _unescaped(written) if len(written) <= _MOST_NEEDED else unquote(written)


@lru_cache(maxsize=4_096)
def _unescaped(written: str) -> str:
    match written[0]:
        case "\\" if written[1] in "xU01234" or written[2:3] == "{":
            return _char(written)
        case "\\":
            said: str = json.loads(f'"{written}"')
            return said
        case "%":
            return unquote(written)
        case "&":
            return unescape(written)
        case _:  # two strings, put together
            return ""


def _char(written: str) -> str:
    """What an escape of a programming language stands for."""
    digits = written[1:].strip("xUu{}")
    number = int(digits, 8 if written[1].isdigit() else 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else written


@lru_cache(maxsize=4_096)
def _plain(char: str) -> str:
    if char in _DASHES:
        return "-"
    if (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    if unicodedata.category(char) in ("Cc", "Cf", "Me", "Mn") or _INVISIBLE.match(char):
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
        yield start, at
        if (
            at - start in _LINES
            and (wrapped := _wrapped(at - start).match(text, start)) is not None
        ):
            at = wrapped.end()
            yield start, at


@lru_cache(maxsize=len(_LINES))
def _wrapped(width: int) -> re.Pattern[str]:
    """Base64 in lines that are so long, indented or not."""
    return re.compile(_WRAPPED % (width, width))


def _outline(text: str) -> bytes:
    """`x` for each character that base64 is written with."""
    return text.encode("latin-1", "replace").translate(_OUTLINE)


def _code_in(text: str) -> tuple[str, int] | None:
    """What the code in `text` says and where it begins there: with it, or after a mark in it."""
    if (said := _decoded(text)) is not None:
        return said, 0
    if text.islower():  # a name: base64 has capitals
        return None
    for mark in islice(_BORDER.finditer(text, 0, _PREFIX), _BORDERS):
        rest = text[mark.end() :]
        if len(rest) >= len(_SHORTEST) and (said := _decoded(rest)) is not None:
            return said, mark.end()
    return None


def _decoded(code: str) -> str | None:
    """The text in base64, written for URLs or not, or in hexadecimal; None where there is none."""
    digits = code.removeprefix("0x")
    if _HEX.fullmatch(digits) and (said := _printable(bytes.fromhex(digits))) is not None:
        return said
    plain = code.translate(_STANDARD).rstrip("=")
    if len(plain) % 4 == 1:
        return None
    try:
        return _printable(b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except ValueError:
        return None


def _printable(data: bytes) -> str | None:
    """The text in `data`: in UTF-8, or mostly ASCII in UTF-16, Latin-1 or with what nobody sees."""
    try:
        said = data.decode()
    except UnicodeDecodeError:
        said = None
    if said is not None and "".join(said.split()).isprintable():
        return said
    seen = data.replace(b"\0", b"") if b"\0" in data else data
    if len(seen.translate(None, _VISIBLE)) * 8 > len(seen) or len(seen) * 3 < len(data):
        return None
    return seen.translate(None, _CONTROLS).decode("latin-1")
