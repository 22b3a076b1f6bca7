"""T48: what any earlier version wrote is opened, a migration that was killed is done again."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from jupyter_mesh import storage
from jupyter_mesh.storage.location import Location
from jupyter_mesh.storage.schema import REVISIONS, upgrade

from .processes import ROOT
from .samples import completion, hold, intent, journal_at, rows

OLD = REVISIONS[:-1]
_SKIPPED = ("alembic_version", "sqlite_")


def store_of(path: Path, revision: str) -> None:
    """A store as the version of that revision made it, with a row in every table."""
    config = Config()
    folder = Path(storage.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with Location.of(path).migration(new=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        for table in tables(path):
            columns = opened.execute(f"PRAGMA table_info({table})").fetchall()
            values = [_value(name, kind) for _, name, kind, *_ in columns]
            marks = ", ".join("?" * len(values))
            opened.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)


def _value(name: str, kind: str) -> object:
    if name == "hour":  # of the call, which began one microsecond after 1970 did
        return 0
    if "BLOB" in kind:
        return b"1"
    return "1" if any(word in kind for word in ("CHAR", "TEXT")) else 1


def tables(path: Path) -> list[str]:
    names = [name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return sorted(name for name in names if not name.startswith(_SKIPPED))


def content(path: Path) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, by column."""
    found: dict[str, list[dict[str, object]]] = {}
    with closing(sqlite3.connect(path)) as opened:
        opened.row_factory = sqlite3.Row
        for table in tables(path):
            found[table] = [dict(row) for row in opened.execute(f"SELECT * FROM {table}")]
    return found


@pytest.mark.parametrize("revision", OLD)
async def test_what_an_earlier_version_wrote_is_there_and_calls_go_on(
    tmp_path: Path, revision: str
) -> None:
    path = tmp_path / "mesh.db"
    store_of(path, revision)
    before = content(path)
    assert before["calls"]
    upgrade(path)
    after = content(path)
    for table, kept in before.items():
        assert len(after[table]) == len(kept), table
        for old, new in zip(kept, after[table], strict=True):
            same = old.keys() & new.keys()
            assert same
            assert {name: new[name] for name in same} == {name: old[name] for name in same}, table
    async with journal_at(path) as journal:
        await journal.open(intent("new"), [hold()])
        await journal.close(completion("new"))
    assert rows(path, "SELECT outcome FROM calls WHERE id = 'new'") == [("answered",)]


KILLED = """
import os, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from jupyter_mesh.storage.schema import upgrade
left = int(sys.argv[2])
def count(*_):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
event.listen(Engine, "before_cursor_execute", count)
upgrade(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("statements", [1, 4, 12, 25, 45])
def test_killed_at_any_statement_the_next_start_does_it(tmp_path: Path, statements: int) -> None:
    killed, whole = tmp_path / "killed.db", tmp_path / "whole.db"
    for path in (killed, whole):
        store_of(path, OLD[0])
    upgrade(whole)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(killed), str(statements)], cwd=ROOT, check=False
    )
    assert ended.returncode == 9
    assert rows(killed, "SELECT version_num FROM alembic_version") == [(OLD[0],)]
    upgrade(killed)
    assert content(killed) == content(whole)
    made = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    assert rows(killed, made) == rows(whole, made)
