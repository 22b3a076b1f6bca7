"""Finds secrets in a text, also in the shapes they take inside URLs, JSON and Basic
authentication.
"""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from urllib.parse import quote, quote_plus

_SHORTEST = 6


@lru_cache(maxsize=8)
def pattern_of(values: frozenset[str]) -> re.Pattern[str] | None:
    """What matches any form of any of `values`; None where there is nothing to look for. Values
    under six characters are left: they would blank out ordinary words.
    """
    forms = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
    if not forms:
        return None
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, longest_first)))


def _forms(value: str) -> set[str]:
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    for encoded in (quote(value, safe=""), quote(value), quote_plus(value)):
        forms |= {encoded, re.sub("%..", lambda escape: escape.group().lower(), encoded)}
    raw = value.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        forms.add(encode(raw).decode().rstrip("="))
        forms |= {_inside(encode(bytes(before) + raw).decode(), before, raw) for before in range(3)}
    return {form for form in forms if len(form) >= _SHORTEST}


def _inside(encoded: str, before: int, raw: bytes) -> str:
    """The characters that depend on `raw` alone when `before` bytes precede it in its group of
    three.
    """
    return encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
