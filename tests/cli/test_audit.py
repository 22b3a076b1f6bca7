"""`jupyter mesh audit …` and `check`, as an admin types them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from .conftest import Run

Mesh = Callable[..., Run]


def database(home: Path) -> Path:
    return home.parent / "data" / "mesh" / "mesh.db"


def test_a_record_that_was_altered_is_named_and_the_exit_code_tells(mesh: Mesh, home: Path) -> None:
    for word in ("one", "two"):
        assert mesh("ask", "echo/echo", word).code == 0
    assert mesh("audit", "verify").out.splitlines() == [
        "Nothing was altered: all 4 entries, in 2 chains, are as they were written.",
        "Whether the end was cut off is only shown by a checkpoint: --checkpoint FILE.",
    ]
    with closing(sqlite3.connect(database(home))) as connection:
        connection.execute("UPDATE calls SET purpose = 'fun' WHERE seq = 2")
        ((call,),) = connection.execute("SELECT id FROM calls WHERE seq = 2").fetchall()
        connection.commit()
    found = mesh("audit", "verify")
    assert found.code == 1
    assert f"altered at call {call}" in found.out
    assert mesh("audit", "verify", "--json").json["fault"]["call"] == call


def test_a_checkpoint_is_kept_in_a_file_and_checked_against(
    mesh: Mesh, home: Path, tmp_path: Path
) -> None:
    assert mesh("ask", "echo/echo", "one").code == 0
    file = tmp_path / "checkpoint.json"
    file.write_text(mesh("audit", "checkpoint").out)
    key = json.loads(file.read_text())["public_key"]
    intact = mesh("audit", "verify", "--checkpoint", str(file), "--public-key", key)
    assert intact.code == 0
    assert intact.out.splitlines()[1].startswith(f"They go on from where {file} says")
    assert mesh("audit", "verify", "--checkpoint", str(file), "--public-key", "00").code == 3
    with closing(sqlite3.connect(database(home))) as connection:
        connection.execute("DELETE FROM audit_chain")
        connection.execute("DELETE FROM calls")
        connection.commit()
    assert mesh("audit", "verify").code == 0
    assert mesh("audit", "verify", "--checkpoint", str(file)).code == 1
    file.write_text("{}")
    assert mesh("audit", "verify", "--checkpoint", str(file)).code == 3


def test_calls_are_exported_as_lines_with_what_was_said_on_request(
    mesh: Mesh, tmp_path: Path
) -> None:
    for word in ("one", "two", "three"):
        assert mesh("ask", "echo/echo", word).code == 0
    lines = [json.loads(line) for line in mesh("audit", "export").out.splitlines()]
    assert [line["model"] for line in lines] == ["echo/echo"] * 3
    assert lines[0]["started_at"] > lines[2]["started_at"]
    middle = lines[1]["started_at"]
    assert len(mesh("audit", "export", "--since", middle).out.splitlines()) == 2
    assert len(mesh("audit", "export", "--until", middle).out.splitlines()) == 1
    file = tmp_path / "calls.jsonl"
    written = mesh("audit", "export", "--content", "--out", str(file))
    assert "recorded" in written.err
    assert "three" in json.dumps(json.loads(file.read_text().splitlines()[0])["request"])
    assert mesh("audit", "export", "--out", str(file)).code == 3  # nothing is written over


def test_calls_and_the_inventory_are_exported_for_spreadsheets(mesh: Mesh) -> None:
    assert mesh("ask", "echo/echo", "one", "--purpose", "research").code == 0
    assert mesh("ask", "echo/echo", "two", "--purpose", "fun").code == 0
    head, *rows = mesh("audit", "export", "--format", "csv", "--purpose", "fun").out.splitlines()
    assert head.startswith("id,")
    assert [",fun," in row for row in rows] == [True]
    assert len(mesh("inventory").out.splitlines()) == 4  # two uses, with a warning each
    assert {one["purpose"] for one in mesh("inventory", "--json").json["use_cases"]} == {
        "research",
        "fun",
    }
    assert len(mesh("inventory", "--format", "jsonl").out.splitlines()) == 2


def test_what_a_user_said_is_destroyed_and_the_record_holds(mesh: Mesh, tmp_path: Path) -> None:
    assert mesh("ask", "echo/echo", "one").code == 0
    (call,) = map(json.loads, mesh("audit", "export").out.splitlines())
    assert mesh("audit", "erase").code == 2
    erased = mesh("audit", "erase", "--user", call["user"])
    assert "1 calls" in erased.out
    assert mesh("audit", "verify").code == 0
    (line,) = mesh("audit", "export", "--content").out.splitlines()
    assert json.loads(line)["request"] is None


def test_check_asks_a_connection_whose_models_are_listed_and_looks_behind_aliases(
    mesh: Mesh, home: Path
) -> None:
    dead = "{provider: openai_compatible, base_url: 'http://127.0.0.1:9/v1', models: [m]}"
    gone = "{provider: openai_compatible, base_url: 'http://127.0.0.1:9/v1'}"
    (home / "mesh.yaml").write_text(
        f"connections: {{echo: {{provider: echo}}, dead: {dead}, gone: {gone}}}\n"
        "aliases: {fast: {models: [gone/typo]}, good: {models: [echo/echo]}}\n"
    )
    found = {one["what"]: one for one in mesh("check", "--json").json["findings"]}
    assert found["connection dead"]["state"] == "fault"
    assert found["connection echo"]["state"] == "ok"
    assert found["alias fast"]["about"] == "gone/typo is not there"
    assert "alias good" not in found


def test_serve_refuses_a_file_that_validate_refuses(mesh: Mesh, home: Path) -> None:
    (home / "mesh.yaml").write_text("connections: {o: {provider: opnai}}")
    assert mesh("config", "validate").code == 5
    served = mesh("serve", "--port", "0")
    assert served.code == 5
    assert "opnai" in served.err
