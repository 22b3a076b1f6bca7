"""The description is that of the routes, and so is the committed copy."""

from __future__ import annotations

from typing import Any

import orjson
from jupyter_mesh_server import openapi
from jupyter_mesh_server.routes import ROUTES

from .conftest import Host


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set[str]()
        return found.union(*map(references, value.values()))
    return set[str]().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_route_is_described_with_its_scope() -> None:
    paths = openapi.document()["paths"]
    for route in ROUTES:
        operation = paths[route.path.replace(":path", "")][route.method.lower()]
        assert operation.get("x-scope") == route.scope
        assert ("requestBody" in operation) == (route.request is not None)
        assert {p["name"] for p in operation["parameters"] if p["in"] == "query"} == {*route.query}
    assert sum(len(methods) for methods in paths.values()) == len(ROUTES)


def test_operations_have_names_of_their_own() -> None:
    names = [
        operation["operationId"]
        for methods in openapi.document()["paths"].values()
        for operation in methods.values()
    ]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere() -> None:
    document = openapi.document()
    found = references(document)
    assert len(found) > 20
    for reference in found:
        name = reference.removeprefix("#/components/schemas/")
        assert name in document["components"]["schemas"]


def test_money_is_described_as_a_string() -> None:
    spend = openapi.document()["components"]["schemas"]["Spend"]
    assert spend["properties"]["cost_usd"]["type"] == "string"


def test_the_committed_copy_is_up_to_date() -> None:
    assert openapi.main(["--check"]) == 0


async def test_it_is_served_to_anybody(host: Host) -> None:
    reply = await host.ask("GET", "/api/openapi.json", headers={})
    assert reply.status == 200
    assert reply.json == orjson.loads(openapi.COMMITTED.read_bytes())
