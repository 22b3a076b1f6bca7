"""A settings model as the schema of a form: what its docstring says of each field stands beside
it.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import cast

from pydantic import BaseModel

from ..schemas.json import Json, JsonObject

_ENTRY = re.compile(r"    (\w+): (.*)")


def form_of(model: type[BaseModel]) -> JsonObject:
    """The JSON schema of `model`. A property without a `description` takes the one from the
    `Attributes:` of the docstring, its own or of a class it comes from, or the string that stands
    below the field; the schema's own description is the docstring's first paragraph.
    """
    schema = cast(JsonObject, model.model_json_schema())
    schema["description"] = first_paragraph(model)
    words: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            words |= _attributes(inspect.cleandoc(kind.__doc__ or "")) | dict(_below(kind))
    properties = cast("dict[str, JsonObject]", schema.get("properties") or {})
    named = {field.alias or name: name for name, field in model.model_fields.items()}
    described: dict[str, Json] = {
        shown: {"description": words[name], **field}
        if (name := named.get(shown, shown)) in words
        else field
        for shown, field in properties.items()
    }
    return {**schema, "properties": described}


def first_paragraph(documented: type) -> str:
    """Of the docstring, in one line."""
    docstring = inspect.cleandoc(documented.__doc__ or "")
    return " ".join(docstring.partition("\n\n")[0].split())


def _below(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The strings that stand below fields; none where there is no source."""
    try:
        source = textwrap.dedent(inspect.getsource(kind))
    except (OSError, TypeError):
        return
    (declared, *_) = ast.parse(source).body
    before: ast.stmt | None = None
    for statement in declared.body if isinstance(declared, ast.ClassDef) else ():
        match before, statement:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                yield name, " ".join(words.split())
            case _:
                pass
        before = statement


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
