"""What a text says when it is read otherwise, and the way back to where it stood."""

from __future__ import annotations

import json
import re
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mesh.errors import Blocked
from jupyter_mesh.pipeline.readings import (
    _ESCAPE,  # pyright: ignore[reportPrivateUsage]
    _ODD,  # pyright: ignore[reportPrivateUsage]
    _SPACED,  # pyright: ignore[reportPrivateUsage]
    Room,
    _matches,  # pyright: ignore[reportPrivateUsage]
    readings,
    said_by,
    whole_escapes,
)

ORDINARY = [
    "Nothing to see here.",
    '50% of 3 & 4 are < 5, says O\'Neil: "no"',
    "def sum_of_three(a, b, c):\n    return a + b + c",
    "C3PO and a b c d",
    "Größe: 5 €, naïve café",
    "https://example.org/a/b?c=d",
    "",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_has_no_other_reading(text: str) -> None:
    assert readings(text) == []


READ: list[tuple[str, str, str, str]] = [
    ("4111\u200d1111", "41111111", "11111", "111\u200d11"),
    ("\u200b41\u200b", "41", "41", "41"),
    ("４１ x", "41 x", "41", "４１"),
    ("٤١ x", "41 x", "41", "٤١"),
    ("12\u201134", "12-34", "2-3", "2\u20113"),
    ("ada%40x.org", "ada@x.org", "a@x", "a%40x"),
    ("ada&#64;x.org", "ada@x.org", "a@x", "a&#64;x"),
    ("a \\u0041da b", "a Ada b", "Ada", "\\u0041da"),
    ("so \\ud83d\\ude00!", "so 😀!", "😀!", "\\ud83d\\ude00!"),
    ("see 1 2 3 4 5 6 7 8 now", "see 12345678 now", "345", "1 2 3 4 5 6 7 8"),
    ('"4111" + "1111"', '"41111111"', "11111", '111" + "11'),
    ('"4111"+"1111"', '"41111111"', "11111", '111"+"11'),
    ("'4111'+\n    '1111'", "'41111111'", "11111", "111'+\n    '11"),
    ("ﬁne & &lt;b", "ﬁne & <b", "<b", "&lt;b"),
    ("ada\\x40x.org", "ada@x.org", "a@x", "a\\x40x"),
    ("ada\\u{40}x.org", "ada@x.org", "a@x", "a\\u{40}x"),
    ("ada\\U00000040x.org", "ada@x.org", "a@x", "a\\U00000040x"),
    ("ada\\100x.org", "ada@x.org", "a@x", "a\\100x"),
    ("ada&commat;x&period;org", "ada@x.org", "x.o", "x&period;o"),
    ("ada&#64 x, &#0000000064;", "ada@ x, @", "a@", "a&#64"),
    ("4\u03011\u0336", "41", "41", "4\u03011"),
    ("4\ufe0f\u20e31\ufe0f\u20e3", "41", "41", "4\ufe0f\u20e31"),
    ("⁴¹➂ x", "413 x", "41", "⁴¹"),
    ("4\x011\x7f2", "412", "412", "4\x011\x7f2"),
    ("4\x9f1\ufff92\U0001d1733", "4123", "123", "1\ufff92\U0001d1733"),
]


@pytest.mark.parametrize(("text", "read", "found", "stood"), READ)
def test_what_is_found_in_a_reading_stands_somewhere(
    text: str, read: str, found: str, stood: str
) -> None:
    (reading,) = readings(text)
    assert reading.text == read
    start = read.index(found)
    assert text[slice(*reading.span(start, start + len(found)))] == stood


def test_what_is_in_base64_takes_the_whole_code_with_it() -> None:
    code = b64encode(b"write to ada@example.org").decode()
    (reading,) = readings(f"run {code} now")
    assert reading.text == "write to ada@example.org"
    assert reading.span(3, 5) == (4, 4 + len(code))


SECRET = "Schreib an ada@example.org, jetzt: ÄÖÜ"


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("https://example.org/v1/data/", b64encode(SECRET.encode()).decode()),
        ("id_", b64encode(SECRET.encode()).decode()),
        ("", b64encode(SECRET.encode("utf-16-le")).decode()),
        ("", b64encode(SECRET.encode("utf-16-be")).decode()),
        ("", b64encode(SECRET.encode("latin-1")).decode()),
        ("", b64encode(b"an ada@example.org\0 now").decode()),
        ("", "0x" + SECRET.encode().hex()),
    ],
)
def test_a_code_is_read_behind_a_name_and_in_other_encodings(before: str, code: str) -> None:
    [reading] = [one for one in readings(f"run {before}{code}") if "ada@example.org" in one.text]
    start = 4 + len(before)
    assert reading.span(3, 5) == (start, start + len(code.rstrip("=")))


@pytest.mark.parametrize("width", [60, 64, 76, 80])
@pytest.mark.parametrize("indent", ["", "    ", "\t"])
def test_a_code_in_lines_is_read_as_one(width: int, indent: str) -> None:
    code = b64encode(b"so many words " * 9 + b"ada@example.org" + b" and more" * 9).decode()
    lines = [code[at : at + width] for at in range(0, len(code), width)]
    text = "x:\n" + indent + f"\n{indent}".join(lines)
    assert any("so many words ada@example.org and more" in one.text for one in readings(text))


@pytest.mark.parametrize(
    "text",
    [
        "a_rather_long_name_of_a_variable",
        "aRatherLongName_ofSomeVariable_inJava/AndItsPath",
        "0123456789abcdef0123456789abcdef01234567",
        "sk-0000000000000000000000000000000000000000",
        b64encode(bytes(range(64))).decode(),
    ],
)
def test_what_only_looks_like_a_code_is_none(text: str) -> None:
    assert readings(text) == []


def test_codes_inside_codes_are_undone() -> None:
    inner = json.dumps({"to": "a\nada@x.org"})
    code = b64encode(json.dumps({"body": inner}).encode()).decode()
    assert any("a\nada@x.org" in one.text for one in readings(f"x {code}"))


def test_only_json_is_read_without_its_letters() -> None:
    assert [one.escaped for one in readings('{"a": "b\\nc"}')] == [True]
    assert [one.escaped for one in readings('print("b\\nc")')] == [False]
    assert [one.escaped for one in readings('{"a": "b\\nc"')] == [False]


@settings(max_examples=300, deadline=None)
@given(
    value=st.text('aZ0é"\\\n\t/😀 ü', min_size=1, max_size=12),
    before=st.text('xyn\n"\\é', max_size=6),
    ascii=st.booleans(),
)
def test_any_value_in_json_is_read_and_found_again(value: str, before: str, ascii: bool) -> None:
    text = json.dumps([7, before + value], ensure_ascii=ascii)
    ways = readings(text)
    if not ways:
        assert value in text
        return
    undone = ways[0].text
    start = undone.rindex(before + value, 0, -2) + len(before)
    begin, end = ways[0].span(start, start + len(value))
    assert said_by(text[begin:end]) == value


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet='ab\\n"u0041 ', max_size=12), at=st.integers(0, 12))
def test_what_is_cut_out_of_json_leaves_json(text: str, at: int) -> None:
    written = json.dumps([text])
    start = min(at + 2, len(written) - 2)
    begin, end = whole_escapes(written, start, len(written) - 2)
    if begin < end:
        json.loads(f"{written[:begin]}<X_1>{written[end:]}")


@settings(max_examples=300, deadline=None)
@given(
    text=st.text('a1\\n%4u0&;lt １"+', max_size=60),
    pattern=st.sampled_from([_ESCAPE, _ODD, _SPACED]),
)
def test_searching_window_by_window_finds_the_same(text: str, pattern: re.Pattern[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jupyter_mesh.pipeline.readings._WINDOW", 8)
        patch.setattr("jupyter_mesh.pipeline.readings._MOST_NEEDED", 25)
        windowed = [one.span() for one in _matches(pattern, text)]
    assert windowed == [one.span() for one in pattern.finditer(text)]


def test_what_runs_over_a_window_is_read_whole() -> None:
    for code in ("%41" * 40_000, "1 " * 40_000 + "1", "\\u0041" * 20_000):
        assert len(readings("x " + code + " x")[0].text) <= 40_005


def test_of_a_call_no_more_codes_are_read_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jupyter_mesh.pipeline.readings.MOST_CODES", 10)
    room = Room()
    assert readings("a\\nb" * 5, room)
    with pytest.raises(Blocked, match="more escapes"):
        readings("b\\nc" * 6, room)
