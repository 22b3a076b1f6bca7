"""What one process does with its connections takes nothing from those of another."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from jupyter_mesh.storage.location import Location

from .samples import assert_books_balance, completion, intent, journal_at

COME_AND_GO = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM calls").fetchone()[0])
connection.close()
"""


def calls_seen_by_another(store: Path) -> str:
    """Another process opens the store and closes it, as a second gateway does when it starts."""
    asked = [sys.executable, "-c", COME_AND_GO, str(store)]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


async def test_a_second_connection_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """Else whoever closes next takes itself for the last one, and removes the log in use."""
    store = tmp_path / "mesh.db"
    log = store.with_name("mesh.db-wal")
    async with journal_at(store) as journal:
        await journal.close(completion("a"), intent("a"))
        log_in_use = log.stat().st_ino
        with closing(Location.of(store).connect()):
            pass
        assert calls_seen_by_another(store) == "1"
        assert log.stat().st_ino == log_in_use
        await journal.close(completion("b"), intent("b"))
        assert calls_seen_by_another(store) == "2"
    assert_books_balance(store)
