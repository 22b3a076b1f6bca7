"""Expressions that are tried on single words find there what they find in the whole text."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from jupyter_mesh.guards.digit_need import need_of
from tests.guards.odd_texts import odd_texts

regex = pytest.importorskip("regex")

ONE_WORD = [
    r"[a-z0-9.\-]{1,253}[.](?:com|org)(?:/[^\s()<>]*)?",
    r"[\"'](https?://[\w.]+)[\"']",
    r"\b[^\s,]+@[^\s,]+\b",
    r"(?<=\w )\d+\.\d+",
    r"(\w)\.\1",
    r"(?i)[A-F]+:(?>[a-f]*)",
]
MORE = [
    r"a.b",
    r"a b",
    r"[^,]+@",
    r"\W@",
    r"\d+\.\d+(?= )",
    r"\.\d+$",
    r"(?:a|b c)@",
    r"[\t-z]@",
    r"(x)?@(?(1)a|b)",
    r"(?!a b)@",
]


@pytest.mark.parametrize("expression", ONE_WORD)
def test_within_a_word_it_finds_the_same(expression: str) -> None:
    need, pattern = need_of(expression), regex.compile(expression, re.IGNORECASE | re.DOTALL)
    assert need.one_word
    planted = "see a.com/x\x1cy, 'http://b.org' ada@c.org. in 1.5 x.x\u2003ab:cd\u00a0A.A\n(d.org)"
    count = 0
    for text in (planted, *odd_texts(60)):
        words = [one.span() for one in regex.finditer(r"\S+", text)]
        words = [(a, b) for a, b in words if all(mark in text[a:b] for mark in need.marks)]
        found = [one.span() for a, b in words for one in pattern.finditer(text, a, b)]
        assert found == [one.span() for one in pattern.finditer(text)], text
        count += len(found)
    assert count


@pytest.mark.parametrize("expression", MORE)
def test_what_may_go_on_over_a_space_is_tried_on_the_whole_text(expression: str) -> None:
    assert not need_of(expression).one_word
    assert import_module("re").compile(expression)
