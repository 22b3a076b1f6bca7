"""Keys and tokens whose makers gave them a form of their own, and private keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .span import Span
from .vendor_keys import SHAPES

_MARKS = frozenset(shape.mark for shape in SHAPES)


def find_known_keys(text: str) -> Iterator[Span]:
    """API_KEY and JWT: tokens that show whose they are."""
    there = {mark for mark in _MARKS if mark in text}
    for mark, literals, pattern, score_of, entity in SHAPES:
        if mark in there and any(literal in text for literal in literals):
            for match in pattern.finditer(text):
                if score := score_of(match[0]):
                    yield Span(*match.span(), entity, score)


_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_BASE64_LINES = re.compile(r"(?>(?:(?>(?:\s|\\[nr]){1,4})[A-Za-z0-9+/=]{16,100}+){0,300})")
_PEM_HEADERS = re.compile(
    r"(?>(?:(?>(?:\s|\\[nr]){1,4})[A-Z][A-Za-z-]{1,30}+: (?>(?:[^\n\\]|\\(?![nr])){0,200})){0,10})"
)
_END = "-----END"
_LONGEST_KEY = 20_000


def find_private_keys(text: str) -> Iterator[Span]:
    """PRIVATE_KEY: a PEM block (RFC 7468) or what there is of one, line ends escaped or not."""
    begin = text.find("-----BEGIN")
    while begin >= 0:
        match = _BEGIN.match(text, begin)
        if match is None:
            begin = text.find("-----BEGIN", begin + 10)
            continue
        end = text.find(_END, match.end(), match.end() + _LONGEST_KEY)
        if end >= 0:
            stop = text.find("-----", end + len(_END), end + 100)
            end = stop + 5 if stop >= 0 else end + len(_END)
        else:
            headers = _PEM_HEADERS.match(text, match.end())
            body = _BASE64_LINES.match(text, headers.end() if headers else match.end())
            end = body.end() if body else match.end()
        yield Span(begin, end, "PRIVATE_KEY", 1.0)
        begin = text.find("-----BEGIN", end)
