"""A wrong configuration is refused with the place of the fault and the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.config import parse
from jupyter_mesh.errors import ConfigError
from jupyter_mesh.mesh import Mesh

from .world import ADA, ask, chat, mesh_of

REFUSED_AT_ONCE = [
    ("connectons: {}", "connectons", "connections"),
    (
        "aliases: {fast: {models: [opnai/x]}}\nconnections: {openai: {provider: openai}}",
        "opnai",
        "",
    ),
    ("aliases: {a/b: {models: [x/y]}}", "aliases.a/b", "slash"),
    ("budgets: [{limit: 5}]", "budgets.0", "limit_usd"),
    ("budgets: [{limit_usd: -1}]", "budgets.0.limit_usd", ""),
    ("limits: [{paralel: 1}]", "limits.0", "parallel"),
    ("screening: [{detectors: [standrad]}]", "standrad", "standard"),
    ("moderation: [{guard: nobody}]", "moderation[0]", "nobody"),
    ("audit: {durability: maybe}", "audit.durability", "strict"),
    ("cache: {exact: {ttl: forever}}", "cache.exact.ttl", "30s"),
    ("connections: {a: {models: []}}", "connections.a.provider", ""),
    ("keys: [{name: k, hash: short, user: u, application: a}]", "keys.0.hash", ""),
    (
        "aliases: {w: {models: [a/b], strategy: weighted}}\nconnections: {a: {provider: echo}}",
        "w",
        "",
    ),
    ("- a list", "mapping", ""),
    ("a: [1", "not YAML", ""),
]


@pytest.mark.parametrize(("text", "place", "hint"), REFUSED_AT_ONCE)
def test_a_wrong_file_is_refused_with_place_and_hint(text: str, place: str, hint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert place in refused.value.message
    assert hint in refused.value.message
    assert refused.value.message.startswith("mesh.yaml")


CONNECTIONS_AT_FAULT = [
    ({"provider": "echo", "delay": 1}, "delay_ms"),
    ({"provider": "openai_compatible", "base_url": "ftp://x"}, "http"),
    ({"provider": "openai", "api_key": "sk-canary-0123456789abcdef"}, "env:OPENAI_API_KEY"),
    ({"provider": "openai", "headers": {"Host": "x"}}, "Host"),
    ({"provider": "huggingface", "models": {"m": {"path": "/no/such", "taks": "chat"}}}, "task"),
    ({"provider": "openai_compatible", "base_url": "http://127.0.0.1:9/v1"}, "cannot be reached"),
]


@pytest.mark.parametrize(("settings", "hint"), CONNECTIONS_AT_FAULT)
async def test_a_connection_set_up_wrongly_is_told_and_the_others_work(
    tmp_path: Path, settings: dict[str, object], hint: str
) -> None:
    connections = {"echo": {"provider": "echo", "delay_ms": 0}, "wrong": settings}
    async with mesh_of(tmp_path, connections) as mesh:
        fault = mesh.health().checks["connection wrong"]
        assert hint in fault
        assert "sk-canary" not in fault
        assert (await ask(mesh, chat(model="echo/echo"))).error is None


async def test_a_connection_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    connections = {"echo": {"provider": "echo", "enabled": False}}
    async with mesh_of(tmp_path, connections) as mesh:
        assert (await mesh.models(ADA)).models == []
        assert (await mesh.me(ADA)).default_model is None


WHAT_STOPS_THE_START = [
    ("store: {url: 'mysql://x/y'}", "mysql"),
    ("moderation: [{guard: p}]\nguards: {p: {guard: patterns}}", "screening"),
    ("guards: {p: {guard: patterns, colour: red}}", "colour"),
    ("guards: {p: {guard: patern}}", "patterns"),
]


@pytest.mark.parametrize(("text", "hint"), WHAT_STOPS_THE_START)
async def test_a_store_or_guard_that_cannot_work_stops_the_start(
    tmp_path: Path, text: str, hint: str
) -> None:
    config = parse(text)
    with pytest.raises(ConfigError, match=hint):
        await Mesh.start(config, state_dir=tmp_path, host="standalone")
