"""`jupyter mesh …` as a person and a program use it."""

from __future__ import annotations

import argparse
import base64
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from jupyter_mesh import __version__, config
from jupyter_mesh.cli import parser
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.postgres import ScratchPostgres

from .conftest import Run

Mesh = Callable[..., Run]


def leaves(words: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every command that does something."""
    groups = [a for a in words._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield words
    for group in groups:
        for command in group.choices.values():
            yield from leaves(command)


def test_every_command_takes_json_and_names_a_function_that_exists() -> None:
    from importlib import import_module

    found = list(leaves(parser()))
    assert len(found) >= 17
    for command in found:
        assert "--json" in command._option_string_actions, command.prog
        module, _, name = command.get_default("function").partition(":")
        assert callable(getattr(import_module(f"jupyter_mesh.cli.{module}"), name))


def test_the_words_load_nothing_heavy() -> None:
    code = "import sys, jupyter_mesh.cli as c; c.parser(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"pydantic", "aiohttp", "sqlalchemy", "torch"}.isdisjoint(run.stdout.split())


def test_help_shows_commands_environment_and_exit_codes(mesh: Mesh) -> None:
    shown = mesh("--help")
    assert shown.code == 0
    for word in ("serve", "check", "ask", "JUPYTER_MESH_URL", "exit codes"):
        assert word in shown.out


@pytest.mark.parametrize(
    "words", [(), ("nope",), ("ask", "m"), ("keys",), ("serve", "--port", "x")]
)
def test_a_wrong_command_line_is_2(mesh: Mesh, words: tuple[str, ...]) -> None:
    shown = mesh(*words)
    assert shown.code == 2
    assert "usage:" in shown.err


def test_the_version_is_printed(mesh: Mesh) -> None:
    assert mesh("--version") == Run(0, f"{__version__}\n", "")


# ── keys ────────────────────────────────────────────────────────────────────


def test_a_key_is_shown_once_with_what_to_declare(mesh: Mesh) -> None:
    shown = mesh("keys", "create", "reports", "--group", "analysts", "--expires", "2030-01-31")
    assert shown.code == 0
    key = shown.out.strip()
    declared = yaml.safe_load(shown.err.partition("mesh.yaml:\n")[2])
    (rule,) = config.Config.model_validate({"keys": declared}).keys
    assert rule.hash == config.key_hash(key)
    assert (rule.user, rule.application, rule.groups) == ("reports", "reports", ("analysts",))
    assert rule.expires is not None
    assert key not in shown.err


def test_a_key_as_json(mesh: Mesh) -> None:
    made = mesh("keys", "create", "r", "--user", "ada", "--admin", "--json").json
    assert made["declare"]["hash"] == config.key_hash(made["key"])
    assert (made["declare"]["user"], made["declare"]["admin"]) == ("ada", True)


def test_a_date_that_is_none_is_refused(mesh: Mesh) -> None:
    assert mesh("keys", "create", "r", "--expires", "soon").code == 2


# ── mesh.yaml ───────────────────────────────────────────────────────────────

GOOD = """
connections:
  demo: {provider: echo}
aliases:
  fast: {models: [demo/echo]}
"""


def test_the_schema_knows_the_settings_of_every_provider(mesh: Mesh) -> None:
    validator = Draft202012Validator(mesh("config", "schema").json)
    assert not list(validator.iter_errors(yaml.safe_load(GOOD)))
    wrong = {"connections": {"o": {"provider": "openai", "base_url": 5}}}
    assert list(validator.iter_errors(wrong))
    assert list(validator.iter_errors({"connexions": {}}))


def test_the_schema_says_what_each_setting_of_a_provider_is(mesh: Mesh) -> None:
    cases = mesh("config", "schema").json["$defs"]["ConnectionRule"]["allOf"]
    by_name = {one["if"]["properties"]["provider"]["const"]: one["then"] for one in cases}
    assert by_name["vertex"]["description"].startswith("Settings of a connection to Google")
    described = by_name["vertex"]["properties"]["location"]["description"]
    assert "europe-west4" in described
    assert "Attributes" not in str(by_name)
    for name in ("anthropic", "bedrock", "snowflake"):
        assert by_name[name]["properties"]["base_url"]["description"]


def test_a_good_file_is_said_to_be_good(mesh: Mesh, home: Path) -> None:
    (home / "mesh.yaml").write_text(GOOD)
    assert mesh("config", "validate").code == 0
    assert mesh("config", "validate", "--json").json["valid"] is True


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("connexions: {}", "connections"),
        ("connections: {a: {provider: ecko}}", "echo"),
        ("connections: {a: {provider: openai, bse_url: x}}", "base_url"),
        ("connections: [", "YAML"),
        ("connections: {a: {provider: google, project: p}}", "did you mean 'vertex'?"),
        ("connections: {a: {provider: AWS}}", "did you mean 'bedrock'?"),
        ("connections: {a: {provider: nim}}", "did you mean 'nvidia_nim'?"),
        ("connections: {a: {provider: mosaicml}}", "did you mean 'databricks'?"),
        ("connections: {a: {provider: ollama}}", "'openai_compatible' with its `base_url`"),
        ("connections: {a: {provider: openai, price_provider: opnai}}", "did you mean 'openai'?"),
        ("connections: {a: {provider: anthropic}}", "`api_key`"),
        ("connections: {a: {provider: echo, delay_ms: x}}", "delay_ms: write a number"),
        ("connections: {a: {models: {}}}", "connections.a.provider: is missing"),
        ("connections: {a: 5}", "connections.a: write names with their values"),
        (
            "connections: {a: {provider: echo, models: {m: {price: {input: x, output: 1}}}}}",
            "input: write a number",
        ),
        ("connections: {a: {provider: vertex, project: p, location: A B}}", "such as europe-west4"),
        ("connections: {a: {provider: snowflake, account: my-org}}", "`private_key`"),
        ("screening: [{entities: {EMAIL: block}}]", "did you mean 'EMAIL_ADDRESS'?"),
        (
            "{guards: {w: {guard: word_list}}, moderation: [{guard: w, categories: {hatte: 1}}]}",
            "did you mean 'hate'?",
        ),
    ],
)
def test_a_wrong_file_is_5_with_a_hint(mesh: Mesh, tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "wrong.yaml").write_text(text)
    shown = mesh("config", "validate", str(tmp_path / "wrong.yaml"))
    assert shown.code == 5
    assert hint in shown.err


def test_check_finds_what_validate_finds(mesh: Mesh, home: Path) -> None:
    (home / "mesh.yaml").write_text("connections: {a: {provider: openai, price_provider: opnai}}")
    checked = mesh("check", "--json")
    assert checked.code == 1
    faults = [one["about"] for one in checked.json["findings"] if one["what"] == "configuration"]
    assert any("opnai" in fault for fault in faults)


def test_no_file_is_5(mesh: Mesh) -> None:
    assert mesh("config", "validate").code == 5


def test_the_api_is_described(mesh: Mesh) -> None:
    assert mesh("openapi").json["openapi"].startswith("3.1")


def test_the_database_is_made_and_left_alone_when_it_is_new(mesh: Mesh, tmp_path: Path) -> None:
    for _ in range(2):
        made = mesh("db", "upgrade", "--json")
        assert made.code == 0
        assert made.json["revision"]
    assert (tmp_path / "data" / "mesh" / "mesh.db").is_file()


@pytest.mark.needs("postgresql")
def test_a_database_in_postgresql_is_made_and_its_password_never_shown(
    mesh: Mesh, home: Path, postgres: ScratchPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.create_database()
    monkeypatch.setenv("DATABASE_URL", url.replace(f":{postgres.password}", ""))
    monkeypatch.setenv(KEY_VARIABLE, base64.b64encode(bytes(32)).decode())
    (home / "password").write_text(postgres.password)
    (home / "mesh.yaml").write_text(
        "store: {url: 'env:DATABASE_URL', password: 'file:password'}\n"
        "connections: {echo: {provider: echo}}"
    )
    for _ in range(2):
        made = mesh("db", "upgrade")
        assert (made.code, "is at revision" in made.out) == (0, True), made.err
        assert postgres.password not in made.out + made.err
    assert mesh("ask", "echo/echo", "Hi").code == 0
    (home / "password").write_text("another-secret")
    for words in (("db", "upgrade"), ("models",), ("usage",)):
        refused = mesh(*words)
        assert "another-secret" not in refused.out + refused.err
    assert "password authentication failed" in mesh("db", "upgrade").err
    postgres.drop_database(url)


# ── asking one's own mesh ───────────────────────────────────────────────────


def test_models_are_listed_with_what_they_are(mesh: Mesh) -> None:
    shown = mesh("models")
    assert shown.code == 0
    assert "echo/echo" in shown.out
    assert "not a language model" in shown.out
    listed = mesh("models", "--json").json
    assert [card["id"] for card in listed["models"]] == ["echo/echo", "echo/shout"]


def test_an_answer_goes_to_standard_output_and_its_cost_to_the_other(mesh: Mesh) -> None:
    shown = mesh("ask", "echo/echo", "What is a mesh?")
    assert shown.code == 0
    assert "What is a mesh?" in shown.out
    assert "echo/echo" in shown.err
    assert "tokens" in shown.err
    assert "$0.00" in shown.err


def test_an_answer_as_json_says_what_it_took(mesh: Mesh) -> None:
    answer = mesh("ask", "echo/echo", "hello", "--json").json
    assert (answer["state"], answer["model"], answer["cost_usd"]) == ("done", "echo/echo", "0")
    assert answer["usage"]["output"] > 0


def test_the_prompt_may_come_from_standard_input(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("piped words"))
    assert "piped words" in mesh("ask", "echo/echo", "-").out


def test_usage_counts_what_was_asked(mesh: Mesh) -> None:
    for prompt in ("one", "two"):
        assert mesh("ask", "echo/echo", prompt).code == 0
    found = mesh("usage", "--by", "model,application", "--json").json
    assert found["total"]["calls"] == 2
    assert Decimal(found["total"]["cost_usd"]) == 0
    (row,) = found["rows"]
    assert row["key"] == {"model": "echo/echo", "application": "command line"}
    assert mesh("ask", "nosuch", "three").code != 0
    shown = mesh("usage")
    assert shown.out.splitlines()[0].split()[:2] == ["model", "calls"]
    assert shown.out.splitlines()[-1].split()[:2] == ["total", "3"]
    (refused,) = (line for line in shown.out.splitlines() if line.startswith("no model "))
    assert refused.split() == ["no", "model", "(refused)", "1", "0", "0", "0", "$0.00", "0"]


def test_what_calls_of_an_unknown_price_cost_is_not_said_to_be_nothing(
    mesh: Mesh, home: Path
) -> None:
    with FakeOpenAI() as upstream:
        up = {"provider": "openai_compatible", "base_url": upstream.base_url}
        up["residency"] = "external"  # what is local has a price: nothing
        models = {"secret-of-nobody": {}, "known": {"price": {"input": 1000, "output": 1000}}}
        written = {"connections": {"up": {**up, "models": models}}}
        (home / "mesh.yaml").write_text(yaml.safe_dump(written))
        assert mesh("ask", "up/secret-of-nobody", "Hi").code == 0
        (line,) = mesh("usage").out.splitlines()[2:3]
        assert "unknown" in line.split()
        assert mesh("ask", "up/known", "Hi").code == 0
    assert "or more" in mesh("usage").out.splitlines()[-1]


@pytest.mark.parametrize("command", ["check", "models"])
def test_a_store_in_a_missing_folder_is_5_and_names_it_once(
    mesh: Mesh, home: Path, command: str
) -> None:
    folder = home / "not" / "there"
    (home / "mesh.yaml").write_text(f"store:\n  url: sqlite:///{folder}/mesh.db\n", "utf8")
    shown = mesh(command, "--config", str(home / "mesh.yaml"))
    assert shown.code == 5
    assert shown.err.count(str(folder)) == 1
    assert "there is no folder" in shown.err
    assert len(shown.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("ask", "echo/nope", "x"), 3, "model_not_found"),
        (("usage", "--by", "nope"), 3, "invalid_request"),
        (("ask", "echo/echo", "x", "--max-tokens", "0"), 3, "invalid_request"),
    ],
)
def test_a_refusal_is_3_and_one_line(
    mesh: Mesh, words: tuple[str, ...], code: int, name: str
) -> None:
    shown = mesh(*words)
    assert shown.code == code
    assert f"[{name}]" in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert mesh(*words, "--json").json["error"]["code"] == name


def test_a_gateway_that_does_not_answer_is_4(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_MESH_URL", "http://127.0.0.1:9/mesh/")
    monkeypatch.setenv("JUPYTER_MESH_TOKEN", "x")
    assert mesh("ask", "echo/echo", "x").code == 4


def test_a_wrong_configuration_is_5_for_every_command_that_needs_it(mesh: Mesh, home: Path) -> None:
    (home / "mesh.yaml").write_text("connexions: {}")
    for words in (("models",), ("ask", "a", "b"), ("serve",), ("check",), ("db", "upgrade")):
        assert mesh(*words).code == 5, words


# ── check ───────────────────────────────────────────────────────────────────


def test_check_finds_nothing_wrong_with_the_built_in_configuration(mesh: Mesh) -> None:
    checked = mesh("check", "--json")
    assert checked.code == 0
    found = {one["what"]: one for one in checked.json["findings"]}
    assert found["connection echo"]["state"] == "ok"
    assert "echo/echo" in found["models"]["about"]


def test_check_says_without_a_file_that_what_admins_have_set_holds(mesh: Mesh) -> None:
    line = mesh("check").out.splitlines()[0]
    assert line == "– configuration: no mesh.yaml; what admins have set holds, and the defaults"


def test_check_names_a_connection_that_does_not_answer(mesh: Mesh, home: Path) -> None:
    dead = "{provider: openai_compatible, base_url: 'http://127.0.0.1:9/v1'}"
    (home / "mesh.yaml").write_text(f"connections: {{echo: {{provider: echo}}, dead: {dead}}}")
    checked = mesh("check")
    assert checked.code == 1
    (line,) = [line for line in checked.out.splitlines() if "connection dead" in line]
    assert line.startswith("✗")
    assert line.endswith("Check that it is running, and the host and port of its base URL.")


def test_check_names_a_gateway_that_does_not_answer(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_MESH_URL", "http://127.0.0.1:9/mesh/")
    monkeypatch.setenv("JUPYTER_MESH_TOKEN", "x")
    checked = mesh("check", "--json")
    assert checked.code == 1
    (finding,) = [f for f in checked.json["findings"] if f["what"] == "gateway"]
    assert finding["state"] == "fault"


def test_usage_is_written_as_a_file_and_never_over_one(mesh: Mesh, tmp_path: Path) -> None:
    mesh("ask", "echo/echo", "hello")
    shown = mesh("usage", "--by", "model,operation", "--model", "echo/echo", "--format", "csv")
    assert shown.out.startswith("model,operation,cost_usd,")
    assert "echo/echo,chat,0," in shown.out
    focus = mesh("usage", "--model", "echo/echo", "--format", "focus")
    assert focus.out.startswith("BilledCost,BillingAccountId,")
    assert ",echo/echo,echo/echo,Model,AI and Machine Learning," in focus.out
    grouped = mesh("usage", "--by", "model", "--format", "focus")
    assert "leave `by` out" in grouped.err
    file = tmp_path / "usage.parquet"
    words = ("usage", "--view", "own", "--format", "parquet", "--out", str(file))
    assert mesh(*words).code == 0
    assert file.read_bytes()[:4] == b"PAR1"
    assert mesh(*words).code == 3
