"""T41: whatever is sent, the parser answers with a value or with 400 or 413."""

from __future__ import annotations

import orjson
import pytest
from jupyter_mesh_server.exchange import MAX_BODY
from jupyter_mesh_server.json_body import MAX_DEPTH, parse_json

from jupyter_mesh.errors import InvalidRequest, RequestTooLarge

GOOD: list[tuple[str, bytes]] = [
    ("an object", b'{"model":"a","n":1}'),
    ("spaces around a colon", b'{"model" : "a", "n"\t:\n1}'),
    ("a text that looks like a key", b'{"a":"he said \\":\\" and left"}'),
    ("a text that begins with a colon", b'{"a":":)"}'),
    ("a text of JSON, as in tool arguments", b'{"arguments":"{\\"city\\": \\"Bonn\\"}"}'),
    ("a key that ends in a backslash", b'{"a\\\\":1}'),
    ("the same key in two objects", b'[{"a":1},{"a":2}]'),
    ("the largest integer of 64 bits", b'{"seed":18446744073709551615}'),
    ("a float", b'{"temperature":0.7}'),
    ("a pair of surrogates", b'"\\ud83d\\ude00"'),
    ("nothing but a null", b"null"),
    ("as deep as is allowed", b"[" * MAX_DEPTH + b"]" * MAX_DEPTH),
]

BAD: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("half an object", b'{"model":'),
    ("NaN", b'{"temperature":NaN}'),
    ("Infinity", b'{"temperature":Infinity}'),
    ("a float beyond all floats", b'{"temperature":1e999}'),
    ("an integer beyond 64 bits", b'{"seed":18446744073709551616}'),
    ("a negative integer beyond 64 bits", b'{"seed":-18446744073709551616}'),
    ("an integer of 4,000 digits", b'{"seed":' + b"9" * 4000 + b"}"),
    ("an integer of 5,000 digits in a list", b'{"seed":[' + b"9" * 5000 + b"]}"),
    ("a lone surrogate", b'{"content":"\\ud800"}'),
    ("a lone surrogate in a key", b'{"\\ud800":1}'),
    ("bytes that are not UTF-8", b'{"content":"\xff\xfe"}'),
    ("a byte order mark", b'\xef\xbb\xbf{"a":1}'),
    ("a raw control character", b'{"a":"\x00"}'),
    ("one level too deep", b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)),
    ("a thousand levels", b'{"a":' * 1000 + b"1" + b"}" * 1000),
    ("a hundred thousand levels", b"[" * 100_000),
    ("a key twice", b'{"model":"a","model":"b"}'),
    ("a key twice, once escaped", b'{"model":"a","\\u006dodel":"b"}'),
    ("a key twice, far inside", b'{"messages":[{"role":"user","content":"x","content":"y"}]}'),
    ("a key twice behind a backslash", b'{"a\\\\":1,"a\\\\":2}'),
    ("a key twice beside a text with a colon", b'{"a":":","b":1,"b":2}'),
    ("two values", b"{}{}"),
]


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in GOOD])
def test_what_is_json_comes_through_unchanged(body: bytes) -> None:
    assert parse_json(body) == orjson.loads(body)


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BAD])
def test_what_is_odd_is_refused_with_400(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_json(body)
    assert caught.value.status == 400
    assert len(caught.value.message) < 300


def test_a_body_beyond_the_limit_is_413_and_not_parsed() -> None:
    with pytest.raises(RequestTooLarge) as caught:
        parse_json(b"[" * (MAX_BODY + 1))
    assert caught.value.status == 413


def test_a_body_of_millions_of_empty_lists_is_refused_before_they_are_made() -> None:
    with pytest.raises(InvalidRequest, match="objects and arrays"):
        parse_json(b"[" + b"[]," * 1_000_001 + b"[]]")
