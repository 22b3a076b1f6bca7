"""What an expression needs before it can match, and that nothing is lost by asking for it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from jupyter_mesh.guards.digit_need import Need, need_of
from tests.guards.odd_texts import odd_texts

MATCHED = f"A12345B 4444 1111 1234@ 12@ 123456789ab {'abcdefgh ' * 9} 123-45-6789 11123456789 A12x"
NOTHING: frozenset[str] = frozenset()

NEEDS = [
    (r"\b\d{9}\b", Need(9, 12, NOTHING)),
    (r"\d{3}-\d{2}-\d{4}", Need(4, 12, frozenset("-"))),
    (r"\d{3}[- ]\d{2}", Need(3, 7, NOTHING)),
    (r"A\d{2}(?:\d{3})B", Need(5, 8, NOTHING)),
    (r"(?:\d{4}|A\d{2})x", Need(2, 6, NOTHING)),
    (r"(?:\d{4}@|\d{2}@)", Need(2, 6, frozenset("@"))),
    (r"(?:\d{4})?@", Need(0, 6, frozenset("@"))),
    (r"(?:\d-?){6}", Need(1, 13, NOTHING)),
    (r"[0-9]{3,5}[1-4]", Need(4, 7, NOTHING)),
    (r"[0-9a-f]{8}", Need(0, 9, NOTHING)),
    (r"[^0-9]{8}", Need(0, 9, NOTHING)),
    (r"\d{2}(?=\d{9})", Need(2, 13, NOTHING)),
    (r"\d{6}(?!\w{3})", Need(6, 11, NOTHING)),
    (r"(?<=\d{9})ab", Need(0, 3, NOTHING)),
    (r"\d{4}.*", Need(4, None, NOTHING)),
    (r"(\d)\1{3}", Need(1, 6, NOTHING)),
    (r"no \b(?i)flags here \d{4}", Need(0, None, NOTHING)),
]


@pytest.mark.parametrize(("expression", "need"), NEEDS)
def test_the_need_is_told_from_the_expression(expression: str, need: Need) -> None:
    said = need_of(expression)
    assert (said.digits, said.marks) == (need.digits, need.marks)
    # More reach would only cost time, less would lose something.
    if need.reach is None:
        assert said.reach is None
    else:
        assert said.reach is not None
        assert need.reach - 3 <= said.reach <= need.reach + 6


@pytest.mark.parametrize("expression", [one for one, _ in NEEDS if "(?i)" not in one])
def test_looking_only_where_the_need_is_met_finds_the_same(expression: str) -> None:
    pattern, need = re.compile(expression), need_of(expression)
    found = 0
    for text in (*odd_texts(80), MATCHED):
        runs = [match.span() for match in re.finditer(r"\d+", text)]
        windows = list(need.windows(runs, len(text)))
        got = [m.span() for first, last in windows for m in pattern.finditer(text, first, last)]
        assert got == [match.span() for match in pattern.finditer(text)], text
        assert all(last <= first for (_, last), (first, _) in pairwise(windows))
        found += len(got)
    assert found, "or the comparison means nothing"
