"""Names of fields: Google's servers take them in both ways, `topP` and `top_p`, and its own client
sends some this way and some that.
"""

from __future__ import annotations

from ...schemas.json import Json, JsonObject

_AS_THEY_ARE = frozenset(
    {
        "args", "response", "parameters", "parametersJsonSchema", "responseSchema",
        "responseJsonSchema", "labels", "instances",
    }
)  # fmt: skip
"""What is in them is not Google's."""


def in_camel_case(fields: JsonObject) -> JsonObject:
    """The same with every name of Google's as its documents write it."""
    named: JsonObject = {}
    for name, value in fields.items():
        first, *others = name.split("_")
        camel = first + "".join(one.capitalize() for one in others)
        named[camel] = value if camel in _AS_THEY_ARE else _inside(value)
    return named


def _inside(value: Json) -> Json:
    if isinstance(value, list):
        return [_inside(one) for one in value]
    return in_camel_case(value) if isinstance(value, dict) else value
