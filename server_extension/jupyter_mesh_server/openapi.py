"""The API's description in OpenAPI 3.1, made from the route table.

`python -m jupyter_mesh_server.openapi` prints it; with `--check` it fails when the committed copy
is out of date, with `--write` it renews that copy.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from jupyter_mesh import __version__
from jupyter_mesh.schemas.api import ErrorBody

from .route import PARAMETER, Route
from .routes import ROUTES

COMMITTED = Path(__file__).parent / "openapi.json"
_REF = "#/components/schemas/"

Schema = dict[str, Any]


def document(routes: tuple[Route, ...] = ROUTES) -> Schema:
    """The whole description."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    wanted[ErrorBody, "serialization"] = None
    for route in routes:
        if route.request is not None:
            wanted[route.request, "validation"] = None
        if route.response is not None:
            wanted[route.response, "serialization"] = None
    places, definitions = models_json_schema(list(wanted), ref_template=f"{_REF}{{model}}")
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path.replace(":path", ""), {})[route.method.lower()] = _operation(
            route, places
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jupyter Mesh",
            "version": __version__,
            "description": "Below `/v1` any OpenAI client works. Money is decimal strings in USD, "
            "time RFC 3339 in UTC.",
        },
        "servers": [{"url": "/mesh"}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


Places = Mapping[Any, Schema]


def _operation(route: Route, places: Places) -> Schema:
    operation: Schema = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "parameters": [
            *(_parameter(name, "path") for name, _ in PARAMETER.findall(route.path)),
            *(_parameter(name, "query") for name in route.query),
        ],
        "responses": {
            "200": _success(route, places),
            "default": _content("Refused", places[ErrorBody, "serialization"]),
        },
        "security": [] if route.scope is None else [{"bearer": []}],
    }
    if route.scope is not None:
        operation["x-scope"] = route.scope.value
    if route.request is not None:
        schema = places[route.request, "validation"]
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _parameter(name: str, place: str) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}


def _content(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _success(route: Route, places: Places) -> Schema:
    if route.response is None:
        return {"description": "OK"}
    reply = _content("OK", places[route.response, "serialization"])
    if route.streams:
        reply["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return reply


@cache
def document_bytes() -> bytes:
    """The description as it is served and committed."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def main(arguments: list[str]) -> int:
    """Print, check or write the description."""
    if "--check" in arguments:
        if COMMITTED.is_file() and COMMITTED.read_bytes() == document_bytes():
            return 0
        command = f"python -m {__package__}.openapi --write"
        sys.stderr.write(f"{COMMITTED.name} is out of date: run `{command}`.\n")
        return 1
    if "--write" in arguments:
        COMMITTED.write_bytes(document_bytes())
    else:
        sys.stdout.buffer.write(document_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
