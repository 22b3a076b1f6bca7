"""S4, S24, S25: no reply, header, error, log line, metric or file holds a secret, on any route,
wherever one may stand; and nothing that was sent breaks a line of the log.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
from jupyter_mesh_server.route import PARAMETER
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.config import key_hash
from jupyter_mesh.schemas.admin import KeyRequest, SettingUpdate
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .governed import ROOT, World, world
from .route_rules import asked, label, rule_of

PLACES = (
    "env",
    "file",
    "sealed",
    "header",
    "sealed-header",
    "userinfo",
    "query",
    "typed",
    "mesh-key",
    "made-key",
    "set",
)
CANARIES = {place: f"canary+{place}/Value-0123456789==" for place in PLACES}
CANARIES["userinfo"] = "canary-userinfo-Value-0123456789"
CANARIES["query"] = "canary-query-Value-0123456789"


def shapes(value: str) -> tuple[str, ...]:
    """A value as it may be written."""
    return (
        value,
        quote(value, safe=""),
        base64.b64encode(value.encode()).decode(),
        base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
        value.encode().hex(),
        json.dumps(value)[1:-1],
    )


def found_in(text: str) -> list[str]:
    """The places whose canary stands in `text`, in whatever shape."""
    return [
        place for place, value in CANARIES.items() if any(shape in text for shape in shapes(value))
    ]


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def planted(
    tmp_path: Path,
    upstream: FakeOpenAI,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
) -> Iterator[World]:
    """A mesh with a canary in every place where a key can stand."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CANARY_ENV", CANARIES["env"])
    (tmp_path / "canary.key").write_text(CANARIES["file"])
    (tmp_path / "canary.key").chmod(0o600)
    priced = {"price": {"input": 1, "output": 10}}
    base = {"provider": "openai_compatible", "base_url": upstream.base_url, "retries": 0}
    host = upstream.base_url.removeprefix("http://")
    connections = {
        "up": {**base, "api_key": "env:CANARY_ENV", "models": {"m": priced, "hers-alone": priced}},
        "filed": {**base, "api_key": "file:canary.key", "models": ["m"]},
        "headed": {**base, "headers": {"X-Key": CANARIES["header"]}, "models": ["m"]},
        "inside": {**base, "base_url": f"http://u:{CANARIES['userinfo']}@{host}", "models": ["m"]},
        "asked": {**base, "base_url": f"{upstream.base_url}?key={CANARIES['query']}"},
    }
    hashed = key_hash(CANARIES["mesh-key"])
    keys = [{"name": "k", "hash": hashed, "user": "ops", "application": "a", "admin": True}]
    opened = world(tmp_path, upstream, connections=connections, keys=keys)
    one = jp_asyncio_loop.run_until_complete(opened.__aenter__())
    jp_asyncio_loop.run_until_complete(_seal(one, upstream))
    yield one
    jp_asyncio_loop.run_until_complete(opened.__aexit__(None, None, None))


async def _seal(one: World, upstream: FakeOpenAI) -> None:
    """What admins type while it runs."""
    body: JsonObject = {"provider": "openai_compatible", "base_url": upstream.base_url}
    typed = {"api_key": CANARIES["sealed"], "headers.X-Key": CANARIES["sealed-header"]}
    update = SettingUpdate(body=dict(body), secrets=typed)
    await one.mesh.administration.put(ROOT, "connections", "locked", update)
    one.names["canary"] = CANARIES["set"]


async def everything(one: World) -> dict[str, str]:
    """The reply of every route, and of calls that go well, are refused and break off."""
    seen: dict[str, str] = {}
    made = await one.mesh.keys.create(ROOT, KeyRequest(name="made", application="a"))
    CANARIES["made-key"] = made.secret
    for model in ("up/m", "filed/m", "headed/m", "locked/fake-model"):
        for fault in (None, "unauthorized", "rejected", "server_error", "error_in_200"):
            for stream in (False, True):
                one.upstream.script(Behaviour(fault=fault))
                body: JsonObject = {
                    "model": model,
                    "messages": [{"role": "user", "content": f"{model} {fault} {stream}"}],
                    "stream": stream,
                }
                reply = await one.ask(
                    ROOT, "POST", "/v1/chat/completions", body, headers=[("X-Mesh-Details", "1")]
                )
                seen[f"{model} {fault} {stream}"] = reply.whole
    for route in ROUTES:
        seen[label(route)] = (await one.ask_route(route, ROOT)).whole
    for kind in ("connections", "keys", "aliases", "groups", "general"):
        seen[kind] = (await one.ask(ROOT, "GET", f"/api/settings/{kind}")).whole
    return seen | await refused(one)


async def refused(one: World) -> dict[str, str]:
    """What an admin mistypes, with a key in it."""
    seen: dict[str, str] = {}
    place = "/api/settings/connections/typed"
    base = {"provider": "openai_compatible", "base_url": one.upstream.base_url}
    wrong: list[dict[str, object]] = [
        {"body": {**base, "api_key": CANARIES["typed"]}},
        {"body": {**base, "headers": {"X-Key": CANARIES["typed"]}}},
        {"body": {**base, "base_url": f"http://u:{CANARIES['typed']}@127.0.0.1:9/v1"}},
        {"body": {**base, "retries": CANARIES["typed"]}},
        {"body": base, "secrets": {"api_key": CANARIES["typed"]}, "version": 99},
        {"body": base, "secrets": {"no_such": CANARIES["typed"]}},
        {"body": base, "secrets": {"api_key": [CANARIES["typed"]]}},
        {"body": CANARIES["typed"]},
    ]
    for number, body in enumerate(wrong):
        reply = await one.ask(ROOT, "PUT", place, body)  # type: ignore[arg-type]
        assert reply.status in (400, 409, 500), reply.whole
        assert reply.status != 500 or "config_error" in reply.body, reply.whole
        seen[f"typed {number}"] = reply.whole
    for body in ({"value": [CANARIES["typed"]]}, {"value": CANARIES["typed"], "extra": 1}):
        reply = await one.ask(ROOT, "PUT", "/api/secrets/a", body)  # type: ignore[arg-type]
        assert reply.status == 400
        seen[f"secret {len(body)}"] = reply.whole
    trial = {"connection": base, "secrets": {"api_key": CANARIES["typed"]}}
    reply = await one.ask(ROOT, "POST", "/api/connections/typed/test", trial)  # type: ignore[arg-type]
    return seen | {"trial": reply.whole}


async def test_no_reply_log_line_metric_or_file_holds_a_secret(
    planted: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen = await everything(planted)
    assert CANARIES["env"] in {request.token for request in planted.upstream.requests}
    assert CANARIES["sealed"] in {request.token for request in planted.upstream.requests}
    for what, text in seen.items():
        assert found_in(text) == [], (what, text[:2000])
    assert found_in(caplog.text) == []
    for file in (tmp_path / "state").rglob("*"):
        if file.is_file():
            assert found_in(file.read_bytes().decode("latin-1")) == [], file


async def test_the_search_finds_what_it_looks_for() -> None:
    for place, value in CANARIES.items():
        for shape in shapes(value):
            assert found_in(f"x{shape}y") == [place]
            assert found_in(orjson.dumps(shape).decode()) == [place]


# ── S24 ─────────────────────────────────────────────────────────────────────────────────────

EVIL = "a\r\nforged: line\x1b[31m\x85\u2028z"


async def test_nothing_that_is_sent_breaks_or_paints_a_line_of_the_log(
    planted: World, caplog: pytest.LogCaptureFixture
) -> None:
    for route in ROUTES:
        names = {name: f"{value}{EVIL}" for name, value in planted.names.items()}
        one = asked(route, names)
        path = PARAMETER.sub(quote(EVIL, safe=""), route.path) if "{" in route.path else one.path
        headers = [(name, EVIL) for name in ("X-Mesh-Purpose", "X-Mesh-Document", "User-Agent")]
        evil: JsonObject | None = {EVIL: EVIL} if one.body is not None else None
        asked_for = [(path, one.body), (path, evil), (f"{route.path}{EVIL}", evil)]
        for place, body in asked_for:
            for query in ({}, {EVIL: EVIL}):
                reply = await planted.ask(
                    ROOT, route.method, place, body, headers=headers, query=query
                )
                assert not set(str(reply.headers)) & set("\r\n\x1b"), label(route)
                assert "\r" not in reply.body
        assert rule_of(route).scope is route.scope
    for record in caplog.records:
        line = record.getMessage()
        if record.exc_info is None and not line.startswith("Traceback"):
            assert not set(line) & set("\r\x1b\x85\u2028"), line
            assert "\nforged" not in line
