"""Fills a store with a year of a company's calls, by the database's own means.

A pool of finished calls is made in Python and put into a temporary table; each hour of the year
then copies a part of it, so that ten million calls take minutes. The record's hash chain is left
out: what is measured here reads calls and sums.
"""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, datetime

from jupyter_mesh.storage import sql, tables
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.location import Cursor, Location
from jupyter_mesh.storage.records import completion_row, intent_row
from jupyter_mesh.storage.schema import upgrade
from jupyter_mesh.storage.values import HOUR, micros

from .company import SEED, hours, pool

_POOL = 20_000
_COLUMNS = (*sql.INTENT, *sql.COMPLETION)
_MADE = {
    "id": "'call-' || CAST(? + k AS TEXT)",
    "started_at": "? + (k - ?) * ?",
    "ended_at": "? + (k - ?) * ? + ended_at - started_at",
}
"""What a copy has of its own: a name, and its place in the hour."""
_KEY = ", ".join(("hour", *sql.USAGE_FIELDS, "document"))
_SUMS = ", ".join(sql.USAGE_SUMS)
_ADD_UP = f"""
    INSERT INTO usage_hourly ({_KEY}, {_SUMS})
    SELECT {_KEY}, {", ".join(f"sum({one})" for one in sql.USAGE_SUMS)}
    FROM ({sql.USAGE_OF_CALLS}) AS one GROUP BY {_KEY}"""


async def fill(store: str, calls: int) -> int:
    """Fill a new store; returns how many calls it has."""
    upgrade(store)
    location = Location.of(store)
    indexes = [*tables.calls.indexes, *tables.usage_hourly.indexes]
    with location.migration(new=False) as migration:
        for index in indexes:
            index.drop(migration)
    with closing(location.connect(strict=False)) as connection:
        cursor = connection.cursor()
        cursor.execute(location.begin_change)
        size = _make_pool(cursor)
        made = _copy(cursor, calls, size)
        cursor.execute(_ADD_UP)
        cursor.execute("COMMIT")
    with location.migration(new=False) as migration:
        for index in indexes:
            index.create(migration)
    history = SqlHistory(store)
    try:
        await history.add_up_usage(datetime.now(UTC))
    finally:
        await history.aclose()
    with closing(location.connect(strict=False)) as connection:
        connection.cursor().execute("ANALYZE")
    return made


def _make_pool(cursor: Cursor) -> int:
    names = ", ".join(_COLUMNS)
    cursor.execute(f"CREATE TEMPORARY TABLE pool AS SELECT 0 AS k, {names} FROM calls WHERE 1 = 0")
    insert = f"INSERT INTO pool (k, {names}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"
    for number, (intent, completion) in enumerate(pool(_POOL)):
        finished = completion_row(completion)[:-1]
        cursor.execute(insert, (number, *intent_row(intent, "benchmark"), *finished))
    cursor.execute("CREATE INDEX pool_k ON pool (k)")
    return _POOL


def _copy(cursor: Cursor, calls: int, size: int) -> int:
    chosen = ", ".join(_MADE.get(name, name) for name in _COLUMNS)
    statement = (
        f"INSERT INTO calls ({', '.join(_COLUMNS)}) SELECT {chosen} FROM pool "
        "WHERE k >= ? AND k < ? ORDER BY k"
    )
    chance = random.Random(SEED)
    made = 0
    for moment, count in hours(calls, datetime.now(UTC)):
        began = micros(moment)
        step = HOUR // (count + 1)
        while count > 0:
            part = min(count, size)
            low = chance.randrange(size - part + 1)
            place = (began, low, step)
            cursor.execute(statement, (made - low, *place, *place, low, low + part))
            began += part * step
            made += part
            count -= part
    return made
