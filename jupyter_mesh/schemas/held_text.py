"""Text inside of files: in `data:` URLs (RFC 2397) and in bare base64, where an API takes files.

Servers differ in how strictly they read base64, so blanks in it, the alphabet for URLs and missing
padding are read here too: what some server can read, guards see.
"""

from __future__ import annotations

import base64
import codecs
import re

_HEAD = re.compile(r"\s*data:\s*([^,;]*)([^,]*),", re.IGNORECASE)
_MEDIA = re.compile(r"(?:audio|font|image|video)/(?![^;]*\+xml)")
"""What vendors only look at or listen to; a drawing in SVG is text."""
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


def text_in(value: str) -> str | None:
    """The text that `value` holds in base64; None where it holds none, or none in UTF-8."""
    head = _HEAD.match(value)
    if head and (not _in_base64(head) or _MEDIA.match(_type(head)) or _CHARSET.search(head[2])):
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


def claims_text(value: str) -> bool:
    """Whether `value` is a `data:` URL of text that is written in code: base64, or with `%`."""
    head = _HEAD.match(value)
    if head is None or _TEXT.fullmatch(_type(head)) is None:
        return False
    return _in_base64(head) or "%" in value


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
