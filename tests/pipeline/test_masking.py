"""What is shown of a value that is masked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.pipeline.masking import masked


@pytest.mark.parametrize(
    ("value", "entity", "shown"),
    [
        ("4111 1111 1111 1111", "CREDIT_CARD", "4111 **** **** 1111"),
        ("DE89 3704 0044 0532 0130 00", "IBAN_CODE", "DE89 **** **** **** **30 00"),
        ("ada@example.org", "EMAIL_ADDRESS", "a**@*******.org"),
        ("ab@localhost", "EMAIL_ADDRESS", "**@*********"),
        ("Ada Lovelace", "PERSON", "A** L*******"),
        ("078-05-1120", "US_SSN", "***-**-**20"),
        ("1234567", "ID", "*******"),
        ("A", "PERSON", "*"),
        ("?!", "PERSON", "**"),
        ("no@host.Long-2024-name", "HANDLE", "no@ho**.****-****-name"),
    ],
)
def test_little_is_shown_in_the_form_it_had(value: str, entity: str, shown: str) -> None:
    assert masked(value, entity) == shown


@pytest.mark.parametrize(
    "entity",
    [
        "API_KEY",
        "JWT",
        "PASSWORD",
        "PRIVATE_KEY",
        "URL_CREDENTIALS",
        "AWS_SECRET_KEY",
        "AUTH_TOKEN",
    ],
)
@pytest.mark.parametrize("value", ["P@ss.w0rd-2024", "My@dog.R3x.Is-Th3-Best", "two words"])
def test_of_a_secret_nothing_is_shown(value: str, entity: str) -> None:
    assert masked(value, entity) == "*" * len(value)


@given(st.text(min_size=1), st.sampled_from(["EMAIL_ADDRESS", "PERSON", "PASSWORD"]))
def test_something_is_always_hidden(value: str, entity: str) -> None:
    assert masked(value, entity) != value or set(value) == {"*"}
