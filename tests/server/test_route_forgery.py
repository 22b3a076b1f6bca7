"""S5, S7: the gateway decides who calls and where a call goes, on every route: no header, field of
a body or field of a query changes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_mesh_server.route import Route
from jupyter_mesh_server.routes import ROUTES
from jupyter_mesh_server.routing_headers import ROUTING_HEADERS

from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .governed import ADA, BOB, ROOT, World, person, world
from .route_rules import asked, label, rule_of

IDENTITY_HEADERS = [
    *[("X-Forwarded-User", "root"), ("X-Remote-User", "root"), ("Remote-User", "root")],
    *[("X-Forwarded-Groups", "hers"), ("X-User", "root"), ("X-Mesh-User", "root")],
    *[("X-Mesh-Groups", "hers"), ("X-Mesh-Scopes", "admin"), ("X-Authenticated-User", "root")],
    *[("X-Auth-Request-User", "root"), ("X-Original-User", "root"), ("X-JupyterHub-User", "root")],
    *[("Cookie", "user=root; jupyterhub-user=root"), ("X-Mesh-Application", "hers")],
]
ROUTING_FIELDS = (
    *("api_base", "base_url", "api_key", "api_version", "extra_headers", "extra_body"),
    *("custom_llm_provider", "organization", "deployment_id", "headers", "proxy"),
)
CALLS = [one for one in ROUTES if rule_of(one).calls]
WITH_BODY = [one for one in ROUTES if one.request is not None and one not in CALLS]


def labelled(routes: list[Route]) -> list[object]:
    return [pytest.param(route, id=label(route)) for route in routes]


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def one(
    tmp_path: Path, upstream: FakeOpenAI, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[World]:
    opened = world(tmp_path, upstream)
    yield jp_asyncio_loop.run_until_complete(opened.__aenter__())
    jp_asyncio_loop.run_until_complete(opened.__aexit__(None, None, None))


async def test_headers_that_claim_another_identity_change_no_reply(one: World) -> None:
    for route in ROUTES:
        for who in (BOB, person("mallory", frozenset())):
            request = asked(route, one.names)
            honest = await one.ask(who, request.method, request.path, request.body)
            forged = await one.ask(
                who, request.method, request.path, request.body, headers=IDENTITY_HEADERS
            )
            assert (honest.status, len(honest.body) > 0) == (forged.status, len(forged.body) > 0)
            assert "root" not in forged.body.replace(honest.body, ""), label(route)
    users = {call.user for call in (await one.mesh.calls(ROOT)).calls}
    assert "root" not in users


async def test_a_call_is_charged_to_its_caller_whatever_its_body_says(one: World) -> None:
    for route in CALLS:
        request = asked(route, {**one.names, "model": "up/m"})
        body = {**(request.body or {}), "user": "ada"}
        await one.ask(BOB, request.method, request.path, body)
    mine = (await one.mesh.calls(BOB)).calls
    assert mine
    assert {call.user for call in mine} == {"bob"}
    assert [call.id for call in (await one.mesh.calls(ADA)).calls] == [one.names["call"]]


@pytest.mark.parametrize("route", labelled(CALLS))
async def test_no_field_and_no_header_routes_a_call(one: World, route: Route) -> None:
    before = len(one.upstream.requests)
    request = asked(route, one.names)
    body = request.body or {}
    inner = body.get("body") if isinstance(body.get("body"), dict) else None
    for field in ROUTING_FIELDS:
        evil = {field: "http://127.0.0.1:9/evil"}
        asked_with = (
            {**body, "body": {**inner, **evil}} if isinstance(inner, dict) else {**body, **evil}
        )
        reply = await one.ask(ADA, route.method, request.path, asked_with)
        assert reply.status == 400, (field, reply.whole)
        reply = await one.ask(ADA, route.method, request.path, body, query=evil)
        assert reply.status == 400, (field, reply.whole)
    for header in sorted(ROUTING_HEADERS):
        reply = await one.ask(ADA, route.method, request.path, body, headers=[(header, "evil")])
        assert (reply.status, "unknown_parameter" in reply.body) == (400, True), header
    assert len(one.upstream.requests) == before


async def test_a_query_field_that_a_route_does_not_know_is_refused(one: World) -> None:
    for route in ROUTES:
        if route.scope is None or route.path.startswith(("/v1/", "/anthropic/")):
            continue  # clients of other APIs send fields of their own to /v1
        request = asked(route, one.names)
        for field in ("user_id", "api_base", "admin", "scope", "as"):
            reply = await one.ask(
                ROOT, request.method, request.path, request.body, query={field: "root"}
            )
            assert reply.status == 400, (label(route), field, reply.whole)


@pytest.mark.parametrize("route", labelled(WITH_BODY))
async def test_a_field_that_a_body_does_not_have_changes_nothing_of_ones_rights(
    one: World, route: Route
) -> None:
    """S8: such as `scopes` in a request for a key."""
    for field in ("scopes", "role", "user_role", "is_admin", "maker", "hash", "managed_by"):
        request = asked(route, {**one.names, "word": f"w-{field.replace('_', '-')}"})
        body = {**(request.body or {}), field: "admin"}
        await one.ask(BOB, request.method, request.path, body)
    me = await one.ask(BOB, "GET", "/api/me")
    assert '"admin"' not in me.body
    for key in one.mesh.keys.listed(BOB):
        assert (key.admin, key.user, key.maker) == (False, "bob", "bob")
