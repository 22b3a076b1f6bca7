"""What a text says to a model though not to a reader: base64, invisible tags, letters turned."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
"""Unicode's invisible copies of ASCII."""
_MOST = 50
"""Pieces of one text that are decoded."""
_URL_SAFE = str.maketrans("-_", "+/")


def hidden_texts(text: str) -> Iterator[str]:
    """What stands in `text` in base64 or in invisible characters."""
    for count, found in enumerate(_BASE64.finditer(text)):
        if count >= _MOST:
            break
        if (said := _unpacked(found[0])) is not None:
            yield said
    for count, found in enumerate(_TAGS.finditer(text)):
        if count >= _MOST:
            break
        yield "".join(chr(ord(char) - 0xE0000) for char in found[0])


def turned(text: str) -> Iterator[str]:
    """`text` backwards and in ROT13: how a model may be made to pass something on."""
    yield text[::-1]
    yield codecs.encode(text, "rot13")


def _unpacked(piece: str) -> str | None:
    piece = piece.rstrip("=").translate(_URL_SAFE)
    piece = piece[: len(piece) - (len(piece) % 4 == 1)]
    try:
        said = base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    readable = sum(char.isprintable() or char.isspace() for char in said)
    return said if readable >= 0.9 * len(said) else None
