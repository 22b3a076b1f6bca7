"""The migrations build exactly the tables, a newer store is refused, and starting is light."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from jupyter_mesh import storage
from jupyter_mesh.errors import ConfigError, StoreUnavailable
from jupyter_mesh.storage import sql
from jupyter_mesh.storage.schema import REVISIONS, upgrade
from jupyter_mesh.storage.tables import metadata

from .processes import ROOT
from .samples import rows

MIGRATIONS = Path(storage.__file__).parent / "migrations"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "mesh.db"
    upgrade(path)
    return path


def test_the_migrations_build_exactly_the_tables(store: Path) -> None:
    engine = create_engine(f"sqlite:///{store}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    # What the comparison does not see: WITHOUT ROWID and the conditions of indexes.
    for table in metadata.sorted_tables:
        ((built,),) = rows(store, "SELECT sql FROM sqlite_master WHERE name = ?", table.name)
        wanted = str(CreateTable(table).compile(dialect=sqlite.dialect()))
        assert ("WITHOUT ROWID" in built) == ("WITHOUT ROWID" in wanted)
        for index in table.indexes:
            query = "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?"
            ((built,),) = rows(store, query, index.name)
            condition = index.dialect_options["sqlite"]["where"]
            assert built.partition(" WHERE ")[2] == ("" if condition is None else str(condition))


def test_the_revisions_known_are_the_scripts_shipped() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(known)) == REVISIONS
    assert not any(hasattr(script.module, "downgrade") for script in scripts.walk_revisions())


def test_every_statement_of_the_writer_fits_the_tables(store: Path) -> None:
    statements = {
        name: text
        for name, text in vars(sql).items()
        if isinstance(text, str)
        and text.split()[0] in {"INSERT", "UPDATE", "SELECT", "DELETE", "WITH"}
    }
    assert len(statements) > 20
    with closing(sqlite3.connect(store)) as connection:
        for text in statements.values():
            connection.execute(f"EXPLAIN {text}", [None] * text.count("?"))


def test_upgrading_again_changes_nothing(store: Path) -> None:
    before = store.read_bytes()
    upgrade(store)
    upgrade(f"sqlite:///{store}")
    assert store.read_bytes() == before
    assert rows(store, "PRAGMA journal_mode") == [("wal",)]
    assert [path.name for path in store.parent.iterdir()] == ["mesh.db"]


def test_only_its_owner_can_read_a_store(store: Path) -> None:
    assert store.stat().st_mode & 0o077 == 0


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store: Path) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(ConfigError, match=r"mesh\.db is of revision 0999.*Upgrade jupyter-mesh"):
        upgrade(store)
    assert rows(store, "SELECT version_num FROM alembic_version") == [("0999",)]


def test_a_folder_that_is_not_there_is_named_as_the_trouble(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"store\.url"):
        upgrade(tmp_path / "none" / "mesh.db")


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("no more")

    path = tmp_path / "mesh.db"
    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.create_index", fail)
        with pytest.raises(StoreUnavailable):
            upgrade(path)
    assert rows(path, "SELECT name FROM sqlite_master") == []
    upgrade(path)


def test_starting_over_a_current_store_loads_neither_alembic_nor_sqlalchemy(store: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.memory_cache import MemoryCache
from jupyter_mesh.storage.secrets import Secrets
async def main():
    journal, history = SqlJournal(Path({str(store)!r})), SqlHistory(Path({str(store)!r}))
    assert journal.healthy
    await history.preferences("ada")
    await history.aclose()
    await journal.aclose()
asyncio.run(main())
print({{"alembic", "sqlalchemy", "cryptography"}} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
