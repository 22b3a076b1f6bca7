"""Names from a database: read by a process of its own, found whatever their spelling, kept when the
database fails, and closed when there never were any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from jupyter_mesh.guards import database
from jupyter_mesh.guards.database import Database, DatabaseConfig
from jupyter_mesh.guards.name_table import UnusableTable
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi.guard import GuardedCall
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.spi.workers import ScannedSpan, Scanner
from jupyter_mesh.testing.in_threads import InThreads
from jupyter_mesh.testing.postgres import ScratchPostgres

from .name_world import World, found, run, sqlite_with

ROWS = [("Ada", "Lovelace", "Falcon"), ("Grace", "Hopper", None), ("Jürgen", "Groß", "Big Vessel")]
COLUMNS = {"first last": "PERSON", "project": "PROJECT"}
QUERY = "SELECT first, last, project FROM people"
TEXT = "Ask ada LOVELACE or Hopper, Grace about bigvessel; not Grace, and not a big vase."
IN_TEXT = [("PERSON", "Hopper, Grace"), ("PERSON", "ada LOVELACE"), ("PROJECT", "bigvessel")]
ONE = {"query": "SELECT name FROM people", "columns": {"name": "CUSTOMER"}}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, {"env:PW": "pw-of-the-scratch-server"})


def people(tmp_path: Path) -> str:
    return sqlite_with(tmp_path / "crm.db", ROWS, "first, last, project")


@pytest.mark.parametrize("hashed", [False, True])
async def test_names_of_sqlite_are_found_under_the_entity_of_their_column(
    world: World, tmp_path: Path, hashed: bool
) -> None:
    url = people(tmp_path)
    async with world.started(url=url, query=QUERY, columns=COLUMNS, hashed=hashed) as guard:
        assert guard.entities() == {"PERSON", "PROJECT"}
        await world.until("guard_working")
        assert await found(guard, TEXT) == IN_TEXT
        assert await found(guard, "JURGEN GROSS is juergen gross") == [
            ("PERSON", "JURGEN GROSS"),
            ("PERSON", "juergen gross"),
        ]


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("hashed", [False, True])
async def test_names_of_postgresql_are_found_and_its_password_comes_by_reference(
    world: World, postgres: ScratchPostgres, hashed: bool
) -> None:
    url = postgres.create_database()
    run(url, "CREATE TABLE people (first text, last text, project text)")
    for row in ROWS:
        run(url, "INSERT INTO people VALUES (%s, %s, %s)", *row)
    without = url.replace(f":{postgres.password}@", "@")
    said = {"query": QUERY + " WHERE last NOT LIKE 'x%'", "columns": COLUMNS, "hashed": hashed}
    async with world.started(url=without, password="env:PW", **said) as guard:
        await world.until("guard_working")
        assert await found(guard, TEXT) == IN_TEXT
    postgres.drop_database(url)


CHANGES = [
    ("WITH gone AS (DELETE FROM people RETURNING name) SELECT name FROM gone", "0A000"),
    ("SELECT wiped() AS name", "25006"),  # read_only_sql_transaction
]


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize(("query", "state"), CHANGES)
async def test_a_query_that_would_change_something_is_refused_by_the_database(
    world: World, postgres: ScratchPostgres, query: str, state: str
) -> None:
    url = postgres.create_database()
    run(url, "CREATE TABLE people (name text)")
    run(url, "INSERT INTO people VALUES ('Initech')")
    wipe = "AS $$ DELETE FROM people RETURNING name $$ LANGUAGE sql"
    run(url, f"CREATE FUNCTION wiped() RETURNS text {wipe}")
    without = url.replace(f":{postgres.password}@", "@")
    said = {"query": query, "columns": {"name": "CUSTOMER"}, "password": "env:PW"}
    async with world.started(url=without, **said) as guard:
        assert state in (await world.until("guard_failing")).message
        with pytest.raises(UnusableTable):
            await found(guard, "Initech")
    assert run(url, "SELECT name FROM people") == [("Initech",)]
    postgres.drop_database(url)


@pytest.mark.parametrize("hashed", [False, True])
async def test_no_name_is_ever_written_to_the_disk(
    world: World, tmp_path: Path, hashed: bool
) -> None:
    names = [(f"customer {number} zanzibar",) for number in range(300)]
    url = sqlite_with(tmp_path / "crm.db", names)
    async with world.started(url=url, hashed=hashed, **ONE) as guard:
        await world.until("guard_working")
        assert await found(guard, "Customer 77 Zanzibar")
        files = [one for one in world.folder.rglob("*") if one.is_file()]
        assert files
        for one in files:
            assert b"zanzibar" not in one.read_bytes().lower()
            assert one.stat().st_mode & 0o077 == 0 or not one.stat().st_size
        assert [one for one in world.folder.iterdir() if one.is_dir()] == []


async def test_many_names_are_hashed_and_every_gateway_uses_what_one_has_made(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PLAIN_UP_TO", 0)
    file = tmp_path / "crm.db"
    url = sqlite_with(file, [(f"customer {number} ltd",) for number in range(2000)])
    other = World(tmp_path)
    async with world.started(url=url, **ONE) as one:
        await world.until("guard_working")
        table = (world.folder / "customers.names").stat()
        async with other.started(url=url, **ONE) as two:
            await other.until("guard_working")
            for guard in (one, two):
                assert await found(guard, "CUSTOMER 1999 LTD, customer 2000 ltd") == [
                    ("CUSTOMER", "CUSTOMER 1999 LTD")
                ]
        assert (world.folder / "customers.names").stat().st_ino == table.st_ino


@pytest.mark.parametrize("hashed", [False, True])
async def test_long_texts_are_looked_through_by_workers_with_the_same_result(
    world: World, tmp_path: Path, hashed: bool
) -> None:
    url = sqlite_with(tmp_path / "crm.db", [("Initech",), ("Big Ship Holding",)])
    pool = WorkerPool(Happenings(), count=1)
    world.workers = pool
    async with world.started(url=url, hashed=hashed, **ONE) as guard:
        await world.until("guard_working")
        short = "for initech and BIG-SHIP holding" + " dolor" * 9
        assert await found(guard, short) == [
            ("CUSTOMER", "BIG-SHIP holding"),
            ("CUSTOMER", "initech"),
        ]
        assert pool.pids == []
        assert await found(guard, "lorem ipsum " * 20_000 + short) == await found(guard, short)
        assert len(pool.pids) == 1
        sqlite_with(tmp_path / "crm.db", [("Globex",)])
    async with world.started(url=url, every=1, hashed=hashed, **ONE) as guard:
        await world.until("guard_working", 2)
        text = "lorem ipsum " * 20_000 + "initech and globex"
        assert await found(guard, text) == [("CUSTOMER", "globex")]
    await pool.aclose()


SHORT, LONG = "lorem ipsum ", "lörem ipsüm "


@pytest.mark.parametrize(
    ("hashed", "text", "asked"),
    [
        (False, SHORT * 1300, 0),
        (False, SHORT * 1400, 1),
        (False, LONG * 160, 0),
        (False, LONG * 180, 1),
        (True, SHORT * 300, 0),
        (True, SHORT * 350, 1),
        (True, LONG * 40, 0),
        (True, LONG * 45, 1),
    ],
)
async def test_no_text_is_looked_through_at_once_that_would_take_long(
    world: World, tmp_path: Path, hashed: bool, text: str, asked: int
) -> None:
    scans: list[object] = []

    class Counted(InThreads):
        async def scan(
            self, scanner: type[Scanner], settings: JsonObject, texts: Sequence[str]
        ) -> list[list[ScannedSpan]]:
            scans.append(scanner)
            return await super().scan(scanner, settings, texts)

    world.workers = Counted()
    url = sqlite_with(tmp_path / "crm.db", [("Initech",)])
    async with world.started(url=url, hashed=hashed, **ONE) as guard:
        await world.until("guard_working")
        assert await found(guard, text + "initech") == [("CUSTOMER", "initech")]
    assert len(scans) == asked


async def test_other_calls_go_on_while_a_list_is_read(world: World, tmp_path: Path) -> None:
    url = sqlite_with(tmp_path / "crm.db", [(f"customer {n} ltd",) for n in range(100_000)])
    async with world.started(url=url, **ONE) as guard:
        beats = 0
        while "guard_working" not in world.kinds:
            await asyncio.sleep(0)
            beats += 1
        assert beats > 1000  # in this process it would be a handful
        assert len(await guard.find(["customer 99999 ltd"], GuardedCall())) == 1


WRONG: list[dict[str, object]] = [
    {"url": "postgresql://me:pw@host/db"},
    {"url": "postgresql://host/db?user=me&password=pw"},
    {"url": "host/db"},
    {"password": "pw"},
    {"query": "DELETE FROM people"},
    {"query": ""},
    {"columns": {}},
    {"columns": {"name": "lower"}},
    {"every": 0},
    {"deadline": "0s"},
    {"shortest": 0},
    {"unknown": 1},
]


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_settings_that_cannot_be_right_are_refused(change: dict[str, object]) -> None:
    right = {"url": "postgresql://me@host/db", "password": "env:PW", **ONE}
    assert Database(DatabaseConfig.model_validate(right))
    with pytest.raises(ValidationError):
        DatabaseConfig.model_validate({**right, **change})
