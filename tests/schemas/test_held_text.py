"""Text in files is seen however it is written; what is none stays a file."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from jupyter_mesh.schemas.held_text import is_unreadable, text_in, with_text

SAID = "Grüße an bob@corp.com?~ÿ\n"
PLAIN = base64.b64encode(SAID.encode()).decode()
FOR_URLS = base64.urlsafe_b64encode(SAID.encode()).decode()
UTF_16 = base64.b64encode(SAID.encode("utf-16-le")).decode()
LATIN = base64.b64encode(SAID.encode("latin-1")).decode()

TEXTS = [
    PLAIN,
    *(f"data:{kind};base64,{PLAIN}" for kind in ("text/plain", "text/csv", "TEXT/Markdown")),
    *(
        f"data:application/{kind};base64,{PLAIN}"
        for kind in ("json", "xml", "yaml", "x-yaml", "ld+json", "octet-stream", "pdf", "rtf")
    ),
    *(f"data:{kind};base64,{PLAIN}" for kind in ("image/svg+xml", "image/png", "video/mp4")),
    f"data:audio/wav;base64,{PLAIN}",
    f"data:;base64,{PLAIN}",
    f"data:text/plain;charset=UTF-8;base64,{PLAIN}",
    f" DATA:text/plain;BASE64,{PLAIN}",
    f"data:text/plain;base64,{PLAIN[:8]}\r\n {PLAIN[8:]}",
    f"data:text/plain;base64,{PLAIN.rstrip('=')}",
    f"data:text/plain;base64,{FOR_URLS}",
]

KNOWN = [
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"\xff\xd8\xff\xe0\0\x10JFIF",
    b"GIF89a\x01\0\x01\0\x80",
    b"RIFF\x24\0\0\0WEBPVP8 ",
    b"RIFF\x24\0\0\0WAVEfmt ",
    b"\xff\xfb\x90\x44",
    b"ID3\x04\0\0",
    b"\0\0\0\x20ftypheic",
    b"OggS\0",
    b"%PDF-1.7\n1 0 obj",
    b"PK\x03\x04\x14\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
]

OTHERS = [
    "data:text/plain,",
    *(
        f"data:{kind};base64,{base64.b64encode(begin).decode()}"
        for begin in KNOWN
        for kind in ("image/png", "application/octet-stream", "application/pdf")
    ),
    f"data:text/plain,{SAID}",
    "a word",
    "word" * 15,
    "https://x.example/a,b",
]

UNREADABLE = [
    *(
        f"data:{kind};base64,{held}"
        for kind in ("application/vnd.ms-excel", "application/octet-stream", "application/pdf")
        for held in (UTF_16, LATIN, base64.b64encode(SAID.encode() + b"\0").decode())
    ),
    f"data:image/png;base64,{LATIN}",
    f"data:audio/wav;base64,{UTF_16}",
    f"data:application/vnd.ms-excel;charset=iso-8859-1;base64,{PLAIN}",
    f"data:application/octet-stream;base64,{LATIN}!",
    "data:image/png;base64,bob@corp.com",
    base64.b64encode(SAID.encode("utf-16") * 2).decode(),
    base64.b64encode(SAID.encode() * 2 + b"\0").decode(),
    f"data:text/plain;base64,{UTF_16}",
    f"data:text/plain;charset=utf-7;base64,{PLAIN}",
    f"data:text/plain;base64,{LATIN}",
    f"data:text/plain;base64,{PLAIN}!",
    "data:text/plain;base64,é",
    f"data:application/json;base64,{LATIN}",
    f"data:;base64,{LATIN}",
    f"data:text/plain,{quote(SAID)}",
]


@pytest.mark.parametrize("value", TEXTS)
def test_text_is_read_however_it_is_written(value: str) -> None:
    assert text_in(value) == SAID
    changed = with_text(value, "nothing, and more")
    assert text_in(changed) == "nothing, and more"
    assert changed.partition(",")[0] == value.partition(",")[0] or value == PLAIN


def test_a_long_text_is_read_to_its_end_whatever_letter_lies_at_the_edge() -> None:
    for begin in range(8):
        text = "x" * begin + "é€😀" * 50
        assert text_in(base64.b64encode(text.encode()).decode()) == text
        assert text_in("data:text/plain;base64," + base64.b64encode(text.encode()).decode()) == text
    late = b"x" * 500 + b"\xff"
    assert text_in(base64.b64encode(late).decode()) is None


@pytest.mark.parametrize("value", OTHERS)
def test_what_holds_no_text_is_left_alone(value: str) -> None:
    assert text_in(value) is None
    assert not is_unreadable(value)


@pytest.mark.parametrize("value", UNREADABLE)
def test_what_nobody_can_read_is_known_whatever_it_claims_to_be(value: str) -> None:
    assert text_in(value) is None
    assert is_unreadable(value)
