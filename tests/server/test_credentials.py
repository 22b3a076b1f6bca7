"""S6: one parser, one credential, one constant refusal that repeats nothing."""

from __future__ import annotations

import pytest
from jupyter_mesh_server.credentials import credential, unauthenticated

from jupyter_mesh.errors import Unauthenticated

from .headers import FewHeaders

Pairs = tuple[tuple[str, str], ...]

GOOD: list[tuple[str, Pairs, str | None]] = [
    ("none at all", (), None),
    ("a bearer", (("Authorization", "Bearer sk-1"),), "sk-1"),
    ("in any case", (("authorization", "bEaReR sk-1"),), "sk-1"),
    ("Jupyter's word for it", (("Authorization", "token sk-1"),), "sk-1"),
    ("two spaces", (("Authorization", "Bearer  sk-1"),), "sk-1"),
    ("Anthropic's header", (("x-api-key", "sk-1"),), "sk-1"),
    ("Azure's header", (("Api-Key", "sk-1"),), "sk-1"),
    ("the same twice", (("Authorization", "Bearer sk-1"), ("x-api-key", "sk-1")), "sk-1"),
]

BAD: list[tuple[str, Pairs]] = [
    ("an empty one", (("Authorization", ""),)),
    ("no token", (("Authorization", "Bearer"),)),
    ("only spaces", (("Authorization", "Bearer   "),)),
    ("no scheme", (("Authorization", "sk-1"),)),
    ("another scheme", (("Authorization", "Basic c2stMTo="),)),
    ("two headers", (("Authorization", "Bearer a"), ("Authorization", "Bearer a"))),
    ("two joined into one", (("Authorization", "Bearer a, Bearer b"),)),
    ("two different ones", (("Authorization", "Bearer a"), ("x-api-key", "b"))),
    ("two different keys", (("x-api-key", "a"), ("api-key", "b"))),
    ("an empty key beside a good one", (("Authorization", "Bearer a"), ("x-api-key", ""))),
    ("a megabyte", (("Authorization", "Bearer " + "a" * 1_000_000),)),
    ("a NUL", (("Authorization", "Bearer a\0b"),)),
    ("a line break", (("Authorization", "Bearer a\r\nX-Evil: 1"),)),
    ("not ASCII", (("Authorization", "Bearer \udcff\udcfe"),)),
    ("a quote from SQL", (("Authorization", "Bearer ' OR 1=1 --"),)),
]

QUERIES = [
    "token=sk-1",
    "a=1&token=sk-1",
    "TOKEN=sk-1",
    "api_key=sk-1",
    "api-key=sk-1",
    "access_token=sk-1",
    "token=",
    "token",
    "%74oken=sk-1",
    "%74%6F%6b%65%6E=sk-1",
    "a=1&t%6fken=sk-1",
    "a=1;token=sk-1",
    "%20token=sk-1",
    "+token=sk-1",
    "api%5Fkey=sk-1",
    "api%2dkey=sk-1",
    "%41ccess_token=sk-1",
]


@pytest.mark.parametrize(
    ("pairs", "expected"), [pytest.param(pairs, want, id=name) for name, pairs, want in GOOD]
)
def test_a_credential_is_read_from_the_usual_headers(pairs: Pairs, expected: str | None) -> None:
    assert credential(FewHeaders(*pairs), "") == expected


@pytest.mark.parametrize("pairs", [pytest.param(pairs, id=name) for name, pairs in BAD])
def test_an_odd_credential_gets_the_constant_refusal(pairs: Pairs) -> None:
    with pytest.raises(Unauthenticated) as caught:
        credential(FewHeaders(*pairs), "")
    assert caught.value.message == unauthenticated().message


@pytest.mark.parametrize("query", QUERIES)
def test_a_credential_in_the_url_is_refused_even_beside_a_good_one(query: str) -> None:
    with pytest.raises(Unauthenticated):
        credential(FewHeaders(("Authorization", "Bearer sk-1")), query)


@pytest.mark.parametrize(
    "query",
    [
        "tokens=5",
        "max_token=5",
        "document=token%3Dx",
        "document=a%26token%3Dx",
        "document=%2574oken%3Dx",
        "%2574oken=x",  # decoded once it is `%74oken`, which nobody takes for a token
        "by=model",
    ],
)
def test_other_query_fields_are_no_credentials(query: str) -> None:
    assert credential(FewHeaders(), query) is None
