"""Long texts are cut so that nothing that is short enough is cut everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.guards.remote_slices import OVERLAP, most_characters, slices


@given(st.integers(0, 20_000), st.integers(2 * OVERLAP, 5_000), st.data())
def test_whatever_is_shorter_than_the_overlap_stands_whole_in_a_slice(
    length: int, most: int, data: st.DataObject
) -> None:
    text = "".join(chr(33 + n % 90) for n in range(length))
    parts = list(slices([text], lambda _: most))
    assert all(len(one.text) <= most for one in parts)
    assert all(text[one.start : one.start + len(one.text)] == one.text for one in parts)
    if not text:
        return
    start = data.draw(st.integers(0, length - 1))
    end = min(length, start + data.draw(st.integers(1, OVERLAP)))
    assert any(one.start <= start and end <= one.start + len(one.text) for one in parts)


def test_blank_texts_are_shown_to_nobody_and_others_keep_their_number() -> None:
    parts = list(slices(["", " \n", "a", "\t", "b"], lambda _: 1_000))
    assert [(one.number, one.text) for one in parts] == [(2, "a"), (4, "b")]


@pytest.mark.parametrize("character", ["a", "é", "€", "😀"])
def test_a_slice_is_never_larger_than_so_many_bytes(character: str) -> None:
    text = character * 10_000
    most = most_characters(text, 4_000)
    assert len(text[:most].encode()) <= 4_000
    assert most >= 1_000
