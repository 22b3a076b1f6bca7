from __future__ import annotations

import re

import pytest

from jupyter_mesh.providers.pattern_example import UnreadablePattern, pattern_example

READABLE = [
    "",
    "abc",
    r"^[A-Z]{3}-\d{4}$",
    r"^(foo|bar)+\.txt$",
    r"\w+@\w+\.[a-z]{2,}",
    "^[^abc]$",
    r"[^\w]",
    r"[^\s\d]",
    "a?b*c{0,3}d",
    "^(?:x|y){2,5}z$",
    r"(?P<year>\d{4})-(?P<month>\d\d)",
    "a+?b",
    r"[\w.-]+",
    "^#[0-9a-f]{6}$",
    r"\+?\d+",
    r"[a\]b]",
    "[a-]",
    "(a+)+$",
    "a|",
    r"\\d",
    r"^\$\d+\.\d{2}$",
    r"\bword\b",
    "a++b",
]


@pytest.mark.parametrize("stretch", [0, 1, 4])
@pytest.mark.parametrize("pattern", READABLE)
def test_the_pattern_matches_its_example(pattern: str, stretch: int) -> None:
    assert re.fullmatch(pattern, pattern_example(pattern, stretch))


def test_stretching_makes_a_longer_text() -> None:
    assert pattern_example("^[a-z]+$", 5) == "aaaaa"
    assert pattern_example("^[a-z]{2,4}$", 9) == "aaaa"
    assert pattern_example("^ab?$", 9) == "ab"


UNREADABLE = [
    "(?=a)b",
    "(?<!a)b",
    "(?i)a",
    r"(a)\1",
    r"\p{L}",
    "(",
    ")",
    "[",
    "[a",
    "a{2",
    "a{x}",
    "*",
    "\\",
    "(?P<bad name>a)",
    "a" * 2_000,
    "(" * 500 + ")" * 500,
    "(a{999}){999}",
    "[^\u0000-\uffff]",
]


@pytest.mark.parametrize("pattern", UNREADABLE, ids=lambda pattern: pattern[:20])
def test_what_goes_beyond_is_refused(pattern: str) -> None:
    with pytest.raises(UnreadablePattern):
        pattern_example(pattern)
