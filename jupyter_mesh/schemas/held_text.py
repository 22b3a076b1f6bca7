"""Text inside of files: in `data:` URLs (RFC 2397) and in bare base64, where an API takes files.

Servers differ in how strictly they read base64, so blanks in it, the alphabet for URLs and missing
padding are read here too: what some server can read, guards see. The type that a file is said to
have decides nothing: text is what is UTF-8, a picture what begins like one.
"""

from __future__ import annotations

import base64
import codecs
import re

_HEAD = re.compile(r"\s*data:\s*([^,;]*)([^,]*),", re.IGNORECASE)
_TEXT = re.compile(
    r"|text/.*|.+\+(?:json|xml|yaml)"
    r"|application/(?:x-)?(?:csv|ecmascript|javascript|json|jsonl|json-lines|latex|markdown|ndjson"
    r"|python|rtf|sh|sql|tex|toml|xhtml|xml|yaml|yml)"
)
"""Media types that are text; nothing said means plain text."""
_CHARSET = re.compile(r";\s*charset=\s*\"?(?!utf-?8\b|us-ascii\b|ascii\b)", re.IGNORECASE)
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B)])
_TO_STANDARD = str.maketrans({"-": "+", "_": "/", **dict.fromkeys(" \t\r\n\f\v")})
_SNIFFED = 64
"""Characters of base64 that tell most binary files from text."""
_BARE = re.compile(r"[A-Za-z0-9+/_-]{64}")
"""How base64 begins that stands for itself; what is shorter may be a word."""
_KNOWN = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|BM.{4}\0{4}|II\*\0|MM\0\*|\0\0[\x01\x02]\0"
    rb"|RIFF.{4}(?:WAVE|WEBP|AVI )|\0...(?:ftyp|moov|mdat|wide|free|skip)|\x1a\x45\xdf\xa3|OggS"
    rb"|fLaC|ID3[\x02-\x04]|\xff[\xf0-\xf3\xf8-\xfb\xe2\xe3]|FORM.{4}AIF[FC]|#!AMR"
    rb"|\0\0\x01[\xb3\xba]|FLV\x01|\x30\x26\xb2\x75\x8e\x66\xcf\x11"
    rb"|%PDF-|PK(?:\x03\x04|\x05\x06)|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    re.DOTALL,
)
"""How pictures, sound, film and documents begin that models take and that are no text."""


def text_in(value: str) -> str | None:
    """The text that `value` holds in base64; None where it holds none, or none in UTF-8."""
    head = _HEAD.match(value)
    if head and (not _in_base64(head) or _CHARSET.search(head[2])):
        return None
    encoded = value[head.end() :] if head else value
    if not encoded or _decoded(encoded[:_SNIFFED], final=len(encoded) <= _SNIFFED) is None:
        return None
    text = _decoded(encoded, final=True)
    return None if text is None or text.startswith("%PDF-") else text


def with_text(value: str, text: str) -> str:
    """`value`, which holds text, with another one."""
    head = _HEAD.match(value)
    start = value[: head.end()] if head else ""
    return start + base64.b64encode(text.encode()).decode()


def is_unreadable(value: str) -> bool:
    """Whether `value`, in which no text was found, is a file of which nobody can tell what it is:
    in another encoding than UTF-8, written with `%`, or of a kind unknown by how it begins.
    """
    head = _HEAD.match(value)
    said_text = head is not None and _TEXT.fullmatch(_type(head)) is not None
    if head and not _in_base64(head):
        return said_text and "%" in value
    encoded = value[head.end() :] if head else value
    if said_text or (head is None and not _BARE.match(encoded)):
        return said_text
    try:
        begin = _bytes(encoded[:_SNIFFED], final=len(encoded) <= _SNIFFED)
    except ValueError:  # some server may read the base64 in it nevertheless
        return head is not None
    return _KNOWN.match(begin) is None


def _type(head: re.Match[str]) -> str:
    return head[1].strip().lower()


def _in_base64(head: re.Match[str]) -> bool:
    return head[2].rstrip().lower().endswith("base64")


def _decoded(encoded: str, *, final: bool) -> str | None:
    """The text in base64; unless `final` the beginning of one, which may end within a letter."""
    try:
        data = _bytes(encoded, final)
        text = codecs.getincrementaldecoder("utf-8")().decode(data, final)
    except ValueError:  # no base64, no ASCII, no UTF-8
        return None
    return text if len(data.translate(None, _CONTROL)) == len(data) else None


def _bytes(encoded: str, final: bool) -> bytes:
    if len(encoded) % 4 == 0:
        try:
            return base64.b64decode(encoded, validate=True)
        except ValueError:  # or it is written in another way
            pass
    plain = encoded.translate(_TO_STANDARD).rstrip("=")
    if not final:
        plain = plain[: len(plain) // 4 * 4]
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
