"""A value that satisfies a JSON schema, made without a model.

Covers what schemas for structured output use: types, enum, const, properties, items, references,
anyOf, oneOf, allOf, and the bounds of strings, numbers and arrays (JSON Schema 2020-12). What it
cannot satisfy it refuses by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str
from .pattern_example import UnreadablePattern, pattern_example

_MAX_NODES = 10_000
_MAX_DEPTH = 40
_SHALLOW = 4
"""Depth past which only what is required is made, so that recursive schemas end."""

_LONGEST_PATTERNED = 200
_FIXING = frozenset({"const", "enum", "format", "maxLength", "pattern", "$ref"})
"""Keywords that leave a text no room for a number behind it."""

_FORMATS = {
    "date": "2024-01-01",
    "date-time": "2024-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "person@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class Unsatisfiable(ValueError):
    """No value could be made for a schema; the message says which keyword is to blame."""


def json_instance(schema: Json, words: str = "") -> Json:
    """The same value for the same schema and words, every time.

    Args:
        schema: A JSON schema; references point into it.
        words: Text to fill strings with.

    Raises:
        Unsatisfiable: The schema asks for something this generator cannot make.
    """
    return _Maker(schema, words or "echo").make(schema, 0)


class _Maker:
    def __init__(self, root: Json, words: str) -> None:
        self._root = root
        self._words = words
        self._nodes = 0

    def make(self, schema: Json, depth: int) -> Json:
        self._nodes += 1
        if self._nodes > _MAX_NODES or depth > _MAX_DEPTH:
            raise Unsatisfiable("the schema asks for too large or too deep a value")
        if schema is True:
            return self._words
        fields = as_object(schema)
        if fields is None:
            raise Unsatisfiable("`false` allows no value")
        if (reference := as_str(fields.get("$ref"))) is not None:
            rest = {name: value for name, value in fields.items() if name != "$ref"}
            target = as_object(self._resolve(reference)) or {}
            return self.make({**target, **rest} if rest else target, depth + 1)
        if "const" in fields:
            return fields["const"]
        for name in ("enum", "examples"):
            if choices := as_list(fields.get(name)):
                return choices[0]
        if "default" in fields:
            return fields["default"]
        return self._composed(fields, depth)

    def _composed(self, fields: JsonObject, depth: int) -> Json:
        if parts := as_list(fields.get("allOf")):
            base = {name: value for name, value in fields.items() if name != "allOf"}
            return self.make(self._merged([base, *parts], depth), depth + 1)
        for name in ("anyOf", "oneOf"):
            if branches := as_list(fields.get(name)):
                base = {key: value for key, value in fields.items() if key != name}
                return self._first_possible(base, branches, depth)
        return self._typed(_type_of(fields), fields, depth)

    def _first_possible(self, base: JsonObject, branches: list[Json], depth: int) -> Json:
        ordered = sorted(branches, key=_is_null, reverse=depth > _SHALLOW)
        reason = Unsatisfiable("no branch of `anyOf` can be satisfied")
        for branch in ordered:
            try:
                return self.make(self._merged([base, branch], depth), depth + 1)
            except Unsatisfiable as error:
                reason = error
        raise reason

    def _typed(self, kind: str, fields: JsonObject, depth: int) -> Json:
        makers: Mapping[str, Callable[[], Json]] = {
            "object": lambda: self._object(fields, depth),
            "array": lambda: self._array(fields, depth),
            "string": lambda: _string(fields, self._words),
            "integer": lambda: int(_number(fields, 1)),
            "number": lambda: _number(fields, None),
            "boolean": lambda: True,
            "null": lambda: None,
        }
        if kind not in makers:
            raise Unsatisfiable(f"the type {kind!r} is unknown")
        return makers[kind]()

    def _object(self, fields: JsonObject, depth: int) -> JsonObject:
        properties = as_object(fields.get("properties")) or {}
        required = {name for name in as_list(fields.get("required")) or () if isinstance(name, str)}
        made: JsonObject = {}
        for name, schema in properties.items():
            if name in required:
                made[name] = self.make(schema, depth + 1)
            elif depth < _SHALLOW:
                try:
                    made[name] = self.make(schema, depth + 1)
                except Unsatisfiable:
                    continue  # it may be left out
        for name in sorted(required - set(properties)):
            made[name] = self.make(fields.get("additionalProperties", True), depth + 1)
        return made

    def _array(self, fields: JsonObject, depth: int) -> list[Json]:
        prefix = as_list(fields.get("prefixItems")) or []
        fewest = as_int(fields.get("minItems")) or 0
        most = as_int(fields.get("maxItems"))
        count = max(fewest, len(prefix) or (1 if depth < _SHALLOW else 0))
        count = count if most is None else min(count, most)
        if count > _MAX_NODES:
            raise Unsatisfiable("`minItems` asks for too many items")
        rest = fields.get("items", True)
        made: list[Json] = []
        for position in range(count):
            schema = prefix[position] if position < len(prefix) else rest
            made.append(self._item(schema, made, fields.get("uniqueItems") is True, depth))
        return made

    def _item(self, schema: Json, before: list[Json], unique: bool, depth: int) -> Json:
        item = self.make(schema, depth + 1)
        if not unique or item not in before:
            return item
        fields = as_object(schema) or {}
        others = as_list(fields.get("enum")) or []
        if isinstance(item, bool):
            others = [not item]
        elif isinstance(item, int | float) and "const" not in fields and not others:
            others = [self.make({**fields, "exclusiveMinimum": _largest(before)}, depth + 1)]
        elif isinstance(item, str) and not _FIXING.intersection(fields):
            others = [f"{item} {len(before)}"]
        for other in others:
            if other not in before:
                return other
        raise Unsatisfiable("`uniqueItems` asks for more values than could be made")

    def _merged(self, parts: list[Json], depth: int) -> JsonObject:
        """One schema that asks for all that `parts` ask for."""
        merged: JsonObject = {}
        for part in parts:
            fields = as_object(part)
            if fields is None:
                if part is False:
                    raise Unsatisfiable("`false` allows no value")
                continue
            if (reference := as_str(fields.get("$ref"))) is not None:
                if depth > _MAX_DEPTH:
                    raise Unsatisfiable("references form a circle")
                target = self._merged([self._resolve(reference)], depth + 1)
                fields = {**target, **{k: v for k, v in fields.items() if k != "$ref"}}
            for name, value in fields.items():
                old = merged.get(name)
                if name == "required":
                    merged[name] = [*(as_list(old) or []), *(as_list(value) or [])]
                elif name in ("properties", "$defs"):
                    merged[name] = {**(as_object(old) or {}), **(as_object(value) or {})}
                else:
                    merged[name] = value
        return merged

    def _resolve(self, reference: str) -> Json:
        """The subschema at a JSON pointer (RFC 6901) such as `#/$defs/Person`."""
        if not reference.startswith("#"):
            raise Unsatisfiable(f"the reference {reference[:80]!r} leaves the schema")
        value = self._root
        for part in reference[1:].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, list) and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            elif isinstance(value, dict) and name in value:
                value = value[name]
            else:
                raise Unsatisfiable(f"the reference {reference[:80]!r} points nowhere")
        return value


def _is_null(branch: Json) -> bool:
    return (as_object(branch) or {}).get("type") == "null"


def _type_of(fields: JsonObject) -> str:
    kind = fields.get("type")
    if isinstance(kind, list):
        named = [name for name in kind if isinstance(name, str)]
        return next((name for name in named if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    hints = {"properties": "object", "required": "object", "items": "array", "minimum": "number"}
    return next((word for name, word in hints.items() if name in fields), "string")


def _string(fields: JsonObject, words: str) -> str:
    fewest = as_int(fields.get("minLength")) or 0
    most = as_int(fields.get("maxLength"))
    if (pattern := as_str(fields.get("pattern"))) is not None:
        return _patterned(pattern, fewest, most)
    text = _FORMATS.get(as_str(fields.get("format")) or "", words)
    if fewest > _MAX_NODES:
        raise Unsatisfiable("`minLength` asks for too long a text")
    if len(text) < fewest:
        text = (f"{text} " * (fewest // (len(text) + 1) + 1))[:fewest]
    if most is not None:
        text = text[:most]
    return text


def _patterned(pattern: str, fewest: int, most: int | None) -> str:
    try:
        for stretch in range(_LONGEST_PATTERNED):
            text = pattern_example(pattern, stretch)
            if len(text) >= fewest and (most is None or len(text) <= most):
                return text
            if stretch and len(text) > fewest:
                break
    except UnreadablePattern as error:
        raise Unsatisfiable(f"no text was found for `pattern`: {error}") from None
    raise Unsatisfiable("no text was found that fits `pattern` and the bounds of length")


def _number(fields: JsonObject, step: int | None) -> int | float:
    """The allowed multiple that is nearest to zero."""
    unit = fields.get("multipleOf")
    unit = unit if isinstance(unit, int | float) and unit > 0 else step
    low, low_excluded = max(_bounds(fields, "minimum", "exclusiveMinimum", -math.inf))
    high, high_excluded = min(
        _bounds(fields, "maximum", "exclusiveMaximum", math.inf),
        key=lambda side: (side[0], -side[1]),
    )
    gap = unit if unit is not None else 0.5
    nearest = math.ceil(low / gap) if low > 0 else math.floor(high / gap) if high < 0 else 0
    for multiple in (nearest, nearest + 1, nearest - 1):
        value = multiple * gap
        if (low < value or (low == value and not low_excluded)) and (
            value < high or (value == high and not high_excluded)
        ):
            return int(value) if float(value).is_integer() else value
    if unit is None and low < high:
        return (low + high) / 2
    raise Unsatisfiable("no number lies within the bounds")


def _bounds(
    fields: JsonObject, inclusive: str, exclusive: str, default: float
) -> list[tuple[float, bool]]:
    """The limits on one side, each with whether it is itself excluded."""
    sides = [(default, False)]
    for name, excluded in ((inclusive, False), (exclusive, True)):
        value = fields.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            sides.append((float(value), excluded))
    return sides


def _largest(items: list[Json]) -> float:
    return max(float(item) for item in items if isinstance(item, int | float))
