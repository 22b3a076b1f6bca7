"""What is shown of a value that is masked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.pipeline.masking import masked


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("4111 1111 1111 1111", "4111 **** **** 1111"),
        ("DE89 3704 0044 0532 0130 00", "DE89 **** **** **** **30 00"),
        ("ada@example.org", "a**@*******.org"),
        ("ab@localhost", "**@*********"),
        ("Ada Lovelace", "A** L*******"),
        ("078-05-1120", "***-**-**20"),
        ("1234567", "*******"),
        ("A", "*"),
        ("?!", "**"),
    ],
)
def test_little_is_shown_in_the_form_it_had(value: str, shown: str) -> None:
    assert masked(value) == shown


@given(st.text(min_size=1))
def test_something_is_always_hidden(value: str) -> None:
    assert masked(value) != value or set(value) == {"*"}
