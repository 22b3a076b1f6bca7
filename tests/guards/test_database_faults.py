"""When a list cannot be read: the last names hold, or nothing passes; and it is said why."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jupyter_mesh.errors import ScreeningUnavailable
from jupyter_mesh.guards.name_table import UnusableTable
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.testing.postgres import ScratchPostgres

from .name_world import World, found, run, sqlite_with

ONE = {"query": "SELECT name FROM people", "columns": {"name": "CUSTOMER"}}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, {"env:PW": "pw-of-the-scratch-server"})


async def test_a_database_that_is_missing_is_not_made_and_nothing_passes(
    world: World, tmp_path: Path
) -> None:
    async with world.started(url=f"sqlite:///{tmp_path}/none.db", **ONE) as guard:
        with pytest.raises(UnusableTable):
            await found(guard, "before it was even tried")
        said = (await world.until("guard_failing")).message
        assert "never read" in said
        with pytest.raises(UnusableTable):
            await found(guard, "anything")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("hashed", [False, True])
async def test_a_call_that_comes_while_names_are_read_for_the_first_time_waits_for_them(
    world: World, tmp_path: Path, hashed: bool
) -> None:
    url = sqlite_with(tmp_path / "crm.db", [("Initech",)])
    async with world.started(url=url, hashed=hashed, **ONE) as guard:
        assert await found(guard, "at Initech") == [("CUSTOMER", "Initech")]


async def test_it_does_not_wait_for_longer_than_callers_would(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mesh.guards.name_list._FIRST_SECONDS", 0.1)
    query = "WITH RECURSIVE n(name) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT name FROM n"
    url = sqlite_with(tmp_path / "crm.db", [("Initech",)])
    async with world.started(url=url, query=query, columns=ONE["columns"]) as guard:
        with pytest.raises(UnusableTable):
            await found(guard, "at Initech")
    assert world.told == []


@pytest.mark.parametrize("hashed", [False, True])
async def test_names_are_read_again_and_the_last_ones_stay_where_that_fails(
    world: World, tmp_path: Path, hashed: bool
) -> None:
    file = tmp_path / "crm.db"
    url = sqlite_with(file, [("Initech",)])
    async with world.started(url=url, every=1, hashed=hashed, **ONE) as guard:
        await world.until("guard_working")
        assert await found(guard, "Initech, Globex") == [("CUSTOMER", "Initech")]
        file.rename(tmp_path / "away.db")
        failing = await world.until("guard_failing")
        assert (failing.subject, "stay in force" in failing.message) == ("customers", True)
        assert await found(guard, "Initech, Globex") == [("CUSTOMER", "Initech")]
        sqlite_with(file, [("Globex",)])
        await world.until("guard_working", 2)
        assert await found(guard, "Initech, Globex") == [("CUSTOMER", "Globex")]


@pytest.mark.parametrize("hashed", [False, True])
async def test_after_a_restart_the_last_names_hold_also_without_the_database(
    world: World, tmp_path: Path, hashed: bool
) -> None:
    file = tmp_path / "crm.db"
    url = sqlite_with(file, [("Initech",)])
    async with world.started(url=url, every=1, hashed=hashed, **ONE):
        await world.until("guard_working")
    file.unlink()
    async with world.started(url=url, every=1, hashed=hashed, **ONE) as guard:
        await world.until("guard_failing")
        assert await found(guard, "INITECH, Globex") == [("CUSTOMER", "INITECH")]
    async with world.started(
        url=url, every=1, hashed=hashed, shortest=3, query=ONE["query"], columns={"name": "OTHER"}
    ) as guard:
        await world.until("guard_failing", 2)
        with pytest.raises(UnusableTable):  # those are of another list
            await found(guard, "Initech")


FAULTS = [
    ({"query": "SELECT name FROM nowhere"}, "nowhere"),
    ({"query": "SELECT name FROM people WHERE 1 = 0"}, "no names"),
    ({"query": "SELECT name AS other FROM people"}, "no column 'name'; it has other"),
    ({"url": "nosuchdialect://host/database"}, "names no database"),
    ({"url": "mysql+pymysql://host/database"}, "pymysql"),
    ({"password": "env:NOT_THERE"}, "env:NOT_THERE"),
    ({"deadline": 1, "query": (
        "WITH RECURSIVE n(name) AS (SELECT 1 UNION ALL SELECT name + 1 FROM n)"
        " SELECT name FROM n WHERE name < 0"
    )}, "longer than 1 seconds"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "why"), FAULTS)
async def test_whatever_is_wrong_is_said_and_nothing_passes(
    world: World, tmp_path: Path, change: dict[str, object], why: str
) -> None:
    url = sqlite_with(tmp_path / "crm.db", [("Initech",)])
    async with world.started(**{"url": url, **ONE, **change}) as guard:
        assert why in (await world.until("guard_failing")).message
        with pytest.raises(UnusableTable):
            await found(guard, "Initech")


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("wrong", ["password", "row"])
async def test_neither_a_password_nor_a_row_is_told(
    world: World, postgres: ScratchPostgres, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres.create_database()
    run(url, "CREATE TABLE people (name text)")
    run(url, "INSERT INTO people VALUES ('Initech')")
    without = url.replace(f":{postgres.password}@", "@")
    said: dict[str, object] = {**ONE, "password": "env:PW"}
    if wrong == "row":
        said["query"] = "SELECT name::int AS name FROM people"
    else:
        world.secrets = type(world.secrets)({"env:PW": "wrong-pw-of-mine"})
    async with world.started(url=without, **said):
        message = (await world.until("guard_failing")).message
    for secret in ("Initech", postgres.password, "wrong-pw-of-mine"):
        assert secret not in message
        assert secret not in caplog.text
    postgres.drop_database(url)


READERS = [
    ("import os; os.kill(os.getpid(), 9)", "ended before"),
    ("print('{}')", "garbage"),
    ("print('x' * 20_000_000)", "garbage"),
]


async def test_a_reader_that_is_killed_or_answers_garbage_leaves_the_last_names(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite_with(tmp_path / "crm.db", [("Initech",)])
    async with world.started(url=url, every=1, **ONE) as guard:
        await world.until("guard_working")
        for times, (code, why) in enumerate(READERS, 1):
            script = tmp_path / f"reader{times}"
            script.write_text(f"#!/usr/bin/env python3\n{code}\n")
            script.chmod(0o755)
            monkeypatch.setattr("sys.executable", str(script))
            while why not in (await world.until("guard_failing", times)).message:
                times += 1
            assert await found(guard, "Initech") == [("CUSTOMER", "Initech")]


async def test_a_table_that_somebody_removed_refuses_long_texts_until_it_is_made_again(
    world: World, tmp_path: Path
) -> None:
    url = sqlite_with(tmp_path / "crm.db", [("Initech",)])
    pool = WorkerPool(Happenings(), count=1)
    world.workers = pool
    text = "lorem ipsum " * 2000 + "initech"
    async with world.started(url=url, **ONE) as guard:
        await world.until("guard_working")
        table = world.folder / "customers.names"
        table.unlink()
        with pytest.raises(ScreeningUnavailable):
            await found(guard, text)
        async with asyncio.timeout(60):
            while not table.exists():  # noqa: ASYNC110 nobody announces it
                await asyncio.sleep(0.01)
        assert await found(guard, text) == [("CUSTOMER", "initech")]
    await pool.aclose()
