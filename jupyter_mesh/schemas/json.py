"""JSON as a type, and safe ways to look into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]


def as_object(value: object) -> JsonObject | None:
    """`value` if it is a JSON object, else None."""
    return cast(JsonObject, value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Json] | None:
    """`value` if it is a JSON array, else None."""
    return cast("list[Json]", value) if isinstance(value, list) else None


def as_str(value: object) -> str | None:
    """`value` if it is a string, else None."""
    return value if isinstance(value, str) else None


def as_int(value: object) -> int | None:
    """`value` if it is an integer (a bool is not), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def dig(value: object, *path: str | int) -> Json:
    """The value at `path` (keys and indexes), or None where any part is missing."""
    for part in path:
        if isinstance(part, str) and isinstance(value, Mapping):
            value = cast("Mapping[str, object]", value).get(part)
        elif isinstance(part, int) and isinstance(value, list):
            items = cast("Sequence[object]", value)
            value = items[part] if -len(items) <= part < len(items) else None
        else:
            return None
    return cast(Json, value)
