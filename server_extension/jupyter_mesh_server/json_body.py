"""From bytes to JSON within bounds: what is too large, too deep or ambiguous is refused."""

from __future__ import annotations

import base64
import json
import re
from typing import cast

import orjson

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.json import Json

from .exchange import MAX_BODY, too_large

MAX_DEPTH = 100
MAX_CONTAINERS = 1_000_000
"""Objects and arrays; an empty one takes 60 bytes of memory for its 3 bytes of text."""
_MAX_NUMBER = 2.0**64
"""orjson turns an integer beyond 64 bits into a float: its digits are lost, so it is refused."""

_KEY_END = re.compile(rb'"\s*:')
"""Matches at every key, and in some texts; so equal counts mean that no key was written twice."""


def parse_json(body: bytes) -> Json:
    """The JSON value in `body`.

    Raises:
        RequestTooLarge: More than `MAX_BODY`.
        InvalidRequest: Not JSON, not UTF-8, too deep, too many parts, a key given twice, or a
            number out of range.
    """
    if len(body) > MAX_BODY:
        raise too_large()
    may_hold_many = len(body) > MAX_CONTAINERS
    if may_hold_many and body.count(b"[") + body.count(b"{") > MAX_CONTAINERS:
        raise InvalidRequest(f"The body holds more than {MAX_CONTAINERS} objects and arrays.")
    try:
        value = cast(Json, orjson.loads(body))
    except orjson.JSONDecodeError as error:
        where = f"{error.msg} at character {error.pos}"
        raise InvalidRequest(f"The body is not valid JSON: {where}.") from None
    if _survey(value) != len(_KEY_END.findall(body)):
        _refuse_duplicate_keys(body)
    return value


def sealed(value: Json) -> str:
    """What a caller is to keep and send back as it is: JSON in base64, as `parse_sealed` reads."""
    return base64.b64encode(orjson.dumps(value)).decode()


def parse_sealed(sealed: str) -> Json:
    """The JSON value in base64 that this gateway gave out and a caller sends back; None: no JSON.

    Raises:
        InvalidRequest: Too deep, or a number out of range.
    """
    try:
        value = cast(Json, orjson.loads(base64.b64decode(sealed, validate=True)))
    except ValueError:  # no ASCII, no base64, no JSON
        return None
    _survey(value)
    return value


def _survey(root: Json) -> int:
    """How many keys `root` holds; refuses what is too deep and numbers whose digits were lost."""
    keys, depth = 0, 0
    level: list[Json] = [root]
    while level:
        if depth == MAX_DEPTH and any(isinstance(value, dict | list) for value in level):
            raise InvalidRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")
        below: list[Json] = []
        for value in level:
            if isinstance(value, str):
                continue
            if isinstance(value, dict):
                keys += len(value)
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, float) and not -_MAX_NUMBER < value < _MAX_NUMBER:
                raise InvalidRequest("The body holds a number beyond 64 bits.")
        level, depth = below, depth + 1
    return keys


def _refuse_duplicate_keys(body: bytes) -> None:
    """The exact look, where the counts differ."""

    def unique(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                short = name[:40]
                raise InvalidRequest(f"The key {short!r} stands twice in one object.", param=short)
            seen.add(name)

    json.loads(body, object_pairs_hook=unique)
