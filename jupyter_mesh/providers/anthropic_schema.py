"""A JSON schema as Anthropic's structured outputs take it: a subset, in which objects are closed.

What the subset does not have becomes words of the description, so that the model still reads it.
Source: the documentation of structured outputs, and the SDK's own conversion, which does the same.
"""

from __future__ import annotations

import orjson

from ..schemas.json import Json, JsonObject, as_list, as_object, as_str

_KEPT = frozenset({"$ref", "type", "enum", "const", "title", "required"})
_FORMATS = frozenset(
    {
        *("date-time", "time", "date", "duration", "email"),
        *("hostname", "uri", "ipv4", "ipv6", "uuid"),
    }
)
_OF_SCHEMAS = frozenset({"properties", "$defs", "definitions"})
_OF_LISTS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}


def closed_schema(schema: JsonObject) -> JsonObject:
    """The same schema within the subset."""
    closed: JsonObject = {}
    rest: JsonObject = {}
    for name, value in schema.items():
        if name in _KEPT:
            closed[name] = value
        elif name in _OF_SCHEMAS:
            inner = as_object(value) or {}
            closed[name] = {key: _closed(one) for key, one in inner.items()}
        elif name in _OF_LISTS:
            closed[_OF_LISTS[name]] = [_closed(one) for one in as_list(value) or []]
        elif name == "items":
            closed[name] = _closed(value)
        elif (name == "format" and value in _FORMATS) or (name == "minItems" and value in (0, 1)):
            closed[name] = value
        elif name not in ("description", "additionalProperties", "$schema", "$id"):
            rest[name] = value
    if _is_object(schema):
        closed["additionalProperties"] = False
        closed.setdefault("properties", {})
    described = _described(as_str(schema.get("description")), rest)
    return {**closed, "description": described} if described else closed


def _closed(value: Json) -> Json:
    schema = as_object(value)
    return value if schema is None else closed_schema(schema)


def _is_object(schema: JsonObject) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _described(description: str | None, rest: JsonObject) -> str:
    words = ", ".join(f"{name}: {orjson.dumps(value).decode()}" for name, value in rest.items())
    return "\n\n".join(filter(None, (description, f"{{{words}}}" if words else "")))
