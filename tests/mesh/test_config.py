"""A wrong configuration is refused with the place of the fault and the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.config import parse
from jupyter_mesh.errors import ConfigError
from jupyter_mesh.mesh import Mesh

from .world import ADA, ask, chat, mesh_of

TWO = "connections: {a: {provider: echo, models: [one, two]}, b: {provider: echo}}"
"""A connection that says which models it has, and one that does not."""


def weighted(weights: str) -> str:
    return f"aliases: {{f: {{models: [a/one, a/two], strategy: weighted, weights: {weights}}}}}"


def key(name: str, letter: str = "a") -> str:
    return f"{{name: {name}, hash: {letter * 64}, user: u, application: a}}"


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
    ("budgets: [{limit_usd: 1, timezone: Europe/Berln}]", "budgets.0.timezone", "Europe/Berlin"),
    ("budgets: [{limit_usd: 1, timezone: ../etc/passwd}]", "budgets.0.timezone", "time zone"),
    ("budgets: [{limit_usd: 1, timezone: Europe}]", "budgets.0.timezone", ""),
    (f"{TWO}\naliases: {{f: {{models: [a/tow]}}}}", "aliases.f", "'two'"),
    (f"{TWO}\naliases: {{f: {{models: [a/three]}}}}", "aliases.f", "one, two"),
    (f"{TWO}\n{weighted('[1, -1]')}", "aliases.f.weights.1", "greater than or equal to 0"),
    (f"{TWO}\n{weighted('[1, .inf]')}", "aliases.f.weights.1", "finite"),
    (f"{TWO}\n{weighted('[0, 0]')}", "aliases.f", "all 0"),
    (
        f"{TWO}\nscreening: [{{for: {{connection: opnai}}}}]",
        "screening[0].for.connection",
        "openai",
    ),
    (f"{TWO}\noffers: false\nscreening: [{{for: {{connection: openai}}}}]", "screening[0]", "a, b"),
    (f"{TWO}\nscreening: [{{for: {{model: a/tow}}}}]", "screening[0].for.model", "a/two"),
    (f"{TWO}\nscreening: [{{for: {{model: two}}}}]", "screening[0].for.model", "a/two"),
    (
        f"{TWO}\nguards: {{p: {{guard: x}}}}\nmoderation: [{{for: {{connection: c}}, guard: p}}]",
        "moderation[0].for.connection",
        "",
    ),
    (f"{TWO}\nbudgets: [{{limit_usd: 1, scope: {{connection: x*}}}}]", "budgets[0].scope", ""),
    (
        f"{TWO}\nlimits: [{{parallel: 1, scope: {{model: c/one}}}}]",
        "limits[0].scope.model",
        "a/one",
    ),
    (f"{TWO}\ndefault_model: a/tow", "default_model", "'two'"),
    (f"{TWO}\ndefault_model: fast", "default_model", "fast"),
    (f"{TWO}\ndefault_model: c/one", "default_model", "connection 'c'"),
    (f"keys: [{key('x')}, {key('y')}]", "'x' and 'y'", "one hash"),
    (f"keys: [{key('x')}, {key('x', 'b')}]", "'x'", "a name of its own"),
    ("audit: {retain: 99999999999d}", "audit.retain", "100 years"),
    ("audit: {retain: 9999999d}", "audit.retain", "100 years"),
    ("audit: {retain: -1}", "audit.retain", "100 years"),
    ("cache: {exact: {ttl: ²d}}", "cache.exact.ttl", "30s"),
    ("cache: {exact: {ttl: .nan}}", "cache.exact.ttl", "30s"),
    (
        f"{TWO}\ngroups: {{g: {{residency: [local]}}}}",
        "groups.g",
        "require: {residency: [local, region]}",
    ),
    (
        f"{TWO}\naliases: {{f: {{models: [a/one], residency: [local]}}}}",
        "aliases.f",
        "require: {residency: [local, region]}",
    ),
    (f"{TWO}\ngroups: {{g: {{require: {{residncy: [local]}}}}}}", "groups.g", "residency"),
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


TAKEN = [
    "budgets: [{limit_usd: 1, timezone: America/Argentina/Buenos_Aires}]",
    f"{TWO}\naliases: {{f: {{models: [a/one, b/whatever]}}}}",
    f"{TWO}\n{weighted('[1, 0]')}",
    f"{TWO}\nscreening: [{{for: {{connection: '*'}}}}, {{for: {{model: '*/one'}}}}]",
    f"{TWO}\nscreening: [{{for: {{model: 'b/*'}}}}, {{for: {{model: b/later}}}}]",
    f"{TWO}\nscreening: [{{for: {{connection: openai}}}}]",  # it may be offered
    f"{TWO}\nbudgets: [{{limit_usd: 1, scope: {{model: '*mini*'}}}}]",
    f"{TWO}\ndefault_model: a/one",
    f"{TWO}\ndefault_model: openai/gpt-5-mini",
    f"{TWO}\naliases: {{f: {{models: [a/one]}}}}\ndefault_model: f",
    f"keys: [{key('x')}, {key('y', 'b')}]",
    "audit: {retain: 3650d}",
]


@pytest.mark.parametrize("text", TAKEN)
def test_names_that_stand_for_something_are_taken(text: str) -> None:
    parse(text)


DOUBTS = [
    ("{g: {allow: [fst, 'a/*']}}", ["'fst' matches nothing yet (did you mean 'fast'?)"]),
    ("{g: {allow: [a/tow]}}", ["'a/tow' matches nothing yet (did you mean 'a/two'?)"]),
    ("{g: {allow: ['c/*']}}", ["'c/*' matches nothing yet"]),
    (
        "{g: {allow: [fast, a/two]}}",
        ["'fast' is allowed, but none of the models behind"],
    ),
    ("{g: {allow: [fast, 'a/*', 'b/*', b/any, 'o*']}}", []),
    ("{g: {allow: ['*']}}", []),
]


@pytest.mark.parametrize(("groups", "doubts"), DOUBTS)
def test_what_a_group_allows_and_nothing_is_called_is_warned_of(
    groups: str, doubts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    parse(f"{TWO}\naliases: {{fast: {{models: [a/one]}}}}\ngroups: {groups}")
    assert len(caplog.messages) == len(doubts)
    for message, doubt in zip(caplog.messages, doubts, strict=True):
        assert message.startswith("mesh.yaml: groups.g.allow: ")
        assert doubt in message


@pytest.mark.parametrize(
    ("scope", "doubt"),
    [
        ("{group: team}", None),
        ("{group: '*'}", None),
        ("{user: teem}", None),
        ("{group: teem}", "no group 'teem' here (did you mean 'team'?)"),
    ],
)
def test_a_budget_of_a_group_that_is_not_written_is_warned_of(
    scope: str, doubt: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    parse(f"{TWO}\ngroups: {{team: {{}}}}\nbudgets: [{{scope: {scope}, limit_usd: 1}}]")
    said = [one.removeprefix("mesh.yaml: budgets[0].scope: ") for one in caplog.messages]
    assert said == ([] if doubt is None else [doubt])


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


def test_a_key_without_its_unit_is_answered_with_the_whole_of_it() -> None:
    with pytest.raises(ConfigError, match=r"limit: unknown key .did you mean 'limit_usd'"):
        parse("budgets: [{scope: {user: '*'}, limit: 5, window: month}]")


@pytest.mark.parametrize(
    ("connections", "name", "hint"),
    [
        ("{}", "acme", "(no connection is written here)"),
        ("{}", "opnai", "(did you mean 'openai'?)"),  # which may be offered
        ("{up: {provider: echo}}", "acme", "(there are: up)"),
        ("{acme-2: {provider: echo}}", "acme", "(did you mean 'acme-2'?)"),
    ],
)
def test_a_connection_that_is_not_there_is_told_with_those_that_are(
    connections: str, name: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as failure:
        parse(
            f"connections: {connections}\nlimits: [{{scope: {{connection: {name}}}, parallel: 1}}]"
        )
    assert failure.value.message.endswith(f"{hint}")
