"""A settings model as the schema of a form: what its docstring says of each field stands beside
it.
"""

from __future__ import annotations

import inspect
import re
from typing import cast

from pydantic import BaseModel

from ..schemas.json import Json, JsonObject

_ENTRY = re.compile(r"    (\w+): (.*)")


def form_of(model: type[BaseModel]) -> JsonObject:
    """The JSON schema of `model`. A property without a `description` takes the one from the
    `Attributes:` of the docstring, its own or of a class it comes from; the schema's own
    description is the docstring's first paragraph.
    """
    schema = cast(JsonObject, model.model_json_schema())
    docstring = inspect.cleandoc(model.__doc__ or "")
    schema["description"] = " ".join(docstring.partition("\n\n")[0].split())
    words: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            words |= _attributes(inspect.cleandoc(kind.__doc__ or ""))
    properties = cast("dict[str, JsonObject]", schema.get("properties") or {})
    described: dict[str, Json] = {
        name: {"description": words[name], **field} if name in words else field
        for name, field in properties.items()
    }
    return {**schema, "properties": described}


def _attributes(docstring: str) -> dict[str, str]:
    """What stands under `Attributes:`, by name; lines that go on are joined."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in docstring.partition("Attributes:\n")[2].splitlines():
        if not line.startswith("    "):
            break
        entry = _ENTRY.match(line)
        if entry:
            name = entry[1]
            found[name] = [entry[2]]
        elif name:
            found[name].append(line.strip())
    return {one: " ".join(words) for one, words in found.items()}
