"""Places in a text, in the units of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.guards.offsets import Unit, places

WIDTHS = {
    "code_points": len,
    "utf16": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes": lambda text: len(text.encode()),
}
UNITS: list[Unit] = ["code_points", "utf16", "bytes"]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(UNITS), st.data())
def test_every_place_is_found_again(text: str, unit: Unit, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    assert places(text, unit)(WIDTHS[unit](text[:at])) == at


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("text", ["é" * 2_000, "😀" * 1_024, "a" * 511 + "😀" + "b" * 600])
def test_every_place_is_found_again_in_longer_texts(text: str, unit: Unit) -> None:
    place, width = places(text, unit), WIDTHS[unit]
    assert [place(width(text[:at])) for at in range(len(text) + 1)] == [*range(len(text) + 1)]


@pytest.mark.parametrize(
    ("text", "unit", "offset"),
    [
        ("abc", "code_points", 4),
        ("abc", "code_points", -1),
        ("abc", "bytes", 4),
        ("a😀b", "code_points", 4),
        ("a😀b", "utf16", 2),  # between the halves of a pair
        ("a😀b", "utf16", 5),
        ("a😀b", "bytes", 3),  # within a character
        ("é", "bytes", 1),
        ("é", "bytes", -1),
    ],
)
def test_what_is_no_place_is_refused(text: str, unit: Unit, offset: int) -> None:
    with pytest.raises(ValueError, match=r"within a character|outside of the text"):
        places(text, unit)(offset)
