"""Fills a store with a year of a company's calls, by the database's own means.

A pool of finished calls is made in Python and put into a temporary table; each hour of the year
then copies a part of it, and each day is added up at once, so that ten million calls take minutes.
While that goes on nothing is safe from a crash, and the indexes come last. The record's hash chain
is left out: what is measured here reads calls and sums.
"""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, cast

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, DropIndex

from jupyter_mesh.storage import sql, tables, usage_tables
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.location import Connection, Cursor, Location
from jupyter_mesh.storage.records import completion_row, intent_row
from jupyter_mesh.storage.schema import upgrade
from jupyter_mesh.storage.sqlite import SqliteLocation
from jupyter_mesh.storage.values import HOUR, micros

from .company import SEED, day_of, hours, pool

_DAY = 5_000
"""Calls of each day that others repeat."""
_COLUMNS = (*sql.INTENT, *sql.COMPLETION)
_MADE = {
    "id": "'call-' || CAST(? + k AS TEXT)",
    "started_at": "? + (k - ?) * ?",
    "ended_at": "? + (k - ?) * ? + ended_at - started_at",
}
"""What a copy has of its own: a name, and its place in the hour."""
_COPY = (
    f"INSERT INTO calls ({', '.join(_COLUMNS)}) "
    f"SELECT {', '.join(_MADE.get(name, name) for name in _COLUMNS)} FROM pool "
    "WHERE k >= ? AND k < ? ORDER BY k"
)
_KEY = ", ".join(("hour", *sql.USAGE_FIELDS, "document"))
_SUMS = ", ".join(sql.USAGE_SUMS)
_ADD_UP = f"""
    INSERT INTO usage_hourly ({_KEY}, {_SUMS})
    SELECT {_KEY}, {", ".join(f"sum({one})" for one in sql.USAGE_SUMS)}
    FROM ({sql.USAGE_OF_CALLS} WHERE seq > ? AND seq <= ?) AS one GROUP BY {_KEY}"""
_INDEXES = (*tables.calls.indexes, *usage_tables.usage_hourly.indexes)
_CARELESS = (
    ("synchronous", "OFF"),
    ("journal_mode", "OFF"),
    ("temp_store", "MEMORY"),
    ("cache_size", "-400000"),
)
_HURRIED = ("synchronous_commit = off", "work_mem = '256MB'", "maintenance_work_mem = '1GB'")


async def fill(store: str, calls: int) -> int:
    """Fill a new store; returns how many calls it has."""
    upgrade(store)
    location = Location.of(store)
    with closing(_connect(location)) as connection:
        made = _fill(connection, calls, isinstance(location, SqliteLocation))
    history = SqlHistory(store)
    try:
        await history.add_up_usage(datetime.now(UTC))
    finally:
        await history.aclose()
    if not isinstance(location, SqliteLocation):
        with closing(_connect(location)) as connection:
            connection.execute("VACUUM ANALYZE")  # which PostgreSQL does by itself, some time later
    return made


def _connect(location: Location) -> Connection:
    """A connection that waits as long as a statement takes."""
    if isinstance(location, SqliteLocation):
        connection = location.connect("batched")
        for name, value in _CARELESS:
            connection.execute(f"PRAGMA {name} = {value}")
        return connection
    from jupyter_mesh.storage.postgres import PostgresLocation
    from jupyter_mesh.storage.postgres_connection import PostgresConnection, Session

    session = Session.open(cast(PostgresLocation, location).conninfo, None)
    for setting in _HURRIED:
        session.execute(f"SET {setting}".encode())
    return PostgresConnection(session)


def _fill(connection: Connection, calls: int, of_sqlite: bool) -> int:
    dialect: Any = (sqlite if of_sqlite else postgresql).dialect()
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    for index in _INDEXES:
        cursor.execute(str(DropIndex(index).compile(dialect=dialect)))
    _make_pool(cursor)
    if not of_sqlite:  # whose tables go without a log where they are emptied first
        cursor.execute("TRUNCATE calls, usage_hourly")
        cursor.execute("SET LOCAL enable_seqscan = off")  # nothing is known of the tables yet
    made = _copy(cursor, calls)
    for index in _INDEXES:
        cursor.execute(str(CreateIndex(index).compile(dialect=dialect)))
    cursor.execute("COMMIT")
    cursor.execute("PRAGMA journal_mode = WAL" if of_sqlite else "ANALYZE calls, usage_hourly")
    return made


def _make_pool(cursor: Cursor) -> None:
    names = ", ".join(_COLUMNS)
    cursor.execute(f"CREATE TEMPORARY TABLE pool AS SELECT 0 AS k, {names} FROM calls WHERE 1 = 0")
    insert = f"INSERT INTO pool (k, {names}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"
    for number, (intent, completion) in enumerate(pool(_DAY)):
        finished = completion_row(completion)[:-1]
        cursor.execute(insert, (number, *intent_row(intent, "benchmark"), *finished))
    cursor.execute("CREATE INDEX pool_k ON pool (k)")


def _copy(cursor: Cursor, calls: int) -> int:
    """Copy hour by hour, and add up each day."""
    chance = random.Random(SEED)
    made = 0
    year = hours(calls, datetime.now(UTC))
    for _, day in groupby(year, key=lambda hour: hour[0].date()):
        before = made
        for moment, count in day:
            made += _copy_hour(cursor, moment, count, made, chance)
        cursor.execute(_ADD_UP, (before, made))
    return made


def _copy_hour(
    cursor: Cursor, moment: datetime, count: int, made: int, chance: random.Random
) -> int:
    began, step, first = micros(moment), HOUR // (count + 1), day_of(moment) * _DAY
    left = count
    while left > 0:
        part = min(left, _DAY)
        low = first + chance.randrange(_DAY - part + 1)
        place = (began, low, step)
        cursor.execute(_COPY, (made - low, *place, *place, low, low + part))
        began += part * step
        made += part
        left -= part
    return count
