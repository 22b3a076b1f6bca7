"""Cohere. Charged are the billed units.

Source: Cohere API reference, v2 (`Usage`), and "How does Cohere's pricing work".
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject

from . import Reported


def units(read: float, written: float, more: int = 0, **others: Json) -> JsonObject:
    """Billed units; `more` are the tokens that Cohere adds to a prompt and charges nobody."""
    billed: JsonObject = {"input_tokens": read, "output_tokens": written}
    counted: JsonObject = {"input_tokens": read + more, "output_tokens": written}
    return {"billed_units": billed, "tokens": counted, **others}


def _of(what: str, usage: JsonObject, parts: str) -> Reported:
    return Reported("cohere", what, usage, parts)


COHERE = [
    _of("documented", units(5, 418, 66), "5 read + 418 written"),
    _of("a conversation", units(26, 60, 440), "26 read + 60 written"),
    _of("nothing added", units(26, 61), "26 read + 61 written"),
    _of("a tool", units(123, 36, 900), "123 read + 36 written"),
    _of("documents", units(640, 90, 1100), "640 read + 90 written"),
    _of("as floats", units(17.0, 12.0, 198), "17 read + 12 written"),
    _of("cached", units(3000, 20, cached_tokens=2048), "952 read + 2048 hit + 20 written"),
    _of("cached, none", units(3000, 21, cached_tokens=0), "3000 read + 21 written"),
    _of("cached, all", units(1024, 21, cached_tokens=1024), "1024 hit + 21 written"),
    _of(
        "a picture",
        {"billed_units": {"input_tokens": 9, "image_tokens": 256, "output_tokens": 40}},
        "9 read + 256 seen + 40 written",
    ),
    _of(
        "classes and searches beside",
        {
            "billed_units": {
                "input_tokens": 11,
                "output_tokens": 3,
                "search_units": 1,
                "classifications": 1,
            }
        },
        "11 read + 3 written",
    ),
    _of("tokens only", {"tokens": {"input_tokens": 70, "output_tokens": 9}}, "70 read + 9 written"),
    _of(
        "nulls",
        {"billed_units": {"input_tokens": 6, "output_tokens": 2, "search_units": None}},
        "6 read + 2 written",
    ),
    _of("long", units(240_000, 4000, 512), "240000 read + 4000 written"),
]
