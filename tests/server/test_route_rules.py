"""S7, S8: every route of the table, by construction: who gets in, and whose things they see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_mesh_server.route import PARAMETER, Route
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.schemas.principal import Scope
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .governed import ABSENT, ADA, BOB, HERS, ROOT, World, person, world
from .route_rules import PRIVATE, QUERY, RULES, fill, label, names_in, rule_of

BY_LABEL = [pytest.param(route, id=label(route)) for route in ROUTES]
NEEDING_A_SCOPE = [pytest.param(one, id=label(one)) for one in ROUTES if one.scope is not None]
FOR_USERS = [one for one in ROUTES if one.scope in (Scope.USE, Scope.CONFIGURE)]


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


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    assert sorted(map(label, ROUTES)) == sorted(RULES)


@pytest.mark.parametrize("route", BY_LABEL)
def test_a_rule_says_the_scope_the_body_and_every_parameter_and_field(route: Route) -> None:
    rule = rule_of(route)
    assert rule.scope is route.scope
    assert (rule.body is None) == (route.request is None)
    assert not PARAMETER.search(route.path) or rule.path, "say what the parameters stand for"
    missing = set(route.query) - set(QUERY)
    assert not missing, f"give QUERY a value of ada's for {missing}"


async def test_every_route_answers_whoever_has_the_scopes(one: World) -> None:
    for route in ROUTES:
        reply = await one.ask_route(route, ROOT)
        assert reply.status in rule_of(route).answers, (label(route), reply.whole)


async def test_every_route_refuses_every_other_scope_with_403(one: World) -> None:
    """S8, with each scope by itself and with none."""
    for route in ROUTES:
        if route.scope is None:
            continue
        others = [frozenset({scope}) for scope in Scope if scope is not route.scope]
        for scopes in (frozenset[Scope](), *others, frozenset(Scope) - {route.scope}):
            reply = await one.ask_route(route, person("mallory", scopes))
            assert reply.status == 403, (label(route), scopes)
            assert "not_permitted" in reply.body
    assert len(one.upstream.requests) >= 1
    assert "mallory" not in str(await one.mesh.calls(ROOT))


async def test_what_is_somebody_elses_is_answered_like_what_is_not_there(one: World) -> None:
    """S7, on every route whose path or body names something of ada's."""
    looked_at: set[str] = set()
    for route in FOR_USERS:
        private = [name for name in PRIVATE if name in names_in(route)]
        for name in private:
            theirs = await one.ask_route(route, BOB)
            absent = await one.ask_route(route, BOB, **{name: ABSENT[name]})
            assert theirs.status in (400, 404), label(route)
            names = [*one.names.values(), *ABSENT.values()]
            assert theirs.without(names) == absent.without(names), label(route)
            looked_at.add(name)
    assert looked_at == set(PRIVATE)
    assert (await one.ask(ADA, "GET", f"/api/calls/{one.names['call']}")).status == 200
    assert [key.name for key in one.mesh.keys.listed(ADA)] == ["her-key"]


async def test_no_list_and_no_filter_shows_somebody_elses_things(one: World) -> None:
    """S7, on every route that users may read, with every field of its query."""
    for route in FOR_USERS:
        if route.method != "GET" or set(PRIVATE) & names_in(route):
            continue
        plain = await one.ask_route(route, BOB)
        assert not [word for word in HERS if word in plain.body], label(route)
        for field in route.query:
            await _filter_tells_nothing(one, route, field)


async def _filter_tells_nothing(one: World, route: Route, field: str) -> None:
    """Asking for ada's value gets the same as asking for one that nobody has."""
    hers = fill(QUERY[field], one.names)
    replies = [
        await one.ask(BOB, route.method, route.path, query={field: value})
        for value in (hers, _nobodys(hers))
    ]
    told = [word for word in HERS if word in replies[0].body.replace(hers, "")]
    assert not told, (label(route), field)
    if hers.startswith(("her", "up/hers", "ada", "call_")):
        names = [hers, _nobodys(hers)]
        assert _timeless(replies[0].without(names)) == _timeless(replies[1].without(names)), (
            label(route),
            field,
        )


def _nobodys(value: str) -> str:
    """As long as `value`, and nobody's."""
    return value[:5] + "0" * (len(value) - 5) if value.startswith("call_") else "x" * len(value)


def _timeless(reply: tuple[int, str]) -> tuple[int, str]:
    """Without the moment of asking, which some replies end their range at."""
    status, body = reply
    return status, re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", "(time)", body)


async def test_an_auditor_reads_every_call_and_changes_nothing(one: World) -> None:
    auditor = person("audrey", frozenset({Scope.USE, Scope.READ_USAGE, Scope.AUDIT}))
    assert (await one.ask(auditor, "GET", f"/api/calls/{one.names['call']}")).status == 200
    for route in ROUTES:
        if route.scope is Scope.ADMIN:
            assert (await one.ask_route(route, auditor)).status == 403, label(route)
