"""Histograms and counters of models by hour: added to by every gateway, read as sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from ..schemas.performance import Step
from .location import Cursor, Location, StorePlace
from .reader import Reader
from .values import HOUR, micros, moment, text

_ADD = """
    INSERT INTO performance_hourly (hour, connection, model, metric, bucket, count)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (hour, connection, model, metric, bucket)
    DO UPDATE SET count = performance_hourly.count + excluded.count"""
_SUM = """
    SELECT connection, model, metric, bucket, CAST(sum(count) AS bigint) FROM performance_hourly
    WHERE hour >= ? AND hour < ? GROUP BY connection, model, metric, bucket"""
_SERIES = """
    SELECT (hour + ?) / ? AS step, metric, bucket, CAST(sum(count) AS bigint)
    FROM performance_hourly WHERE hour >= ? AND hour < ? AND model IN ({})
    GROUP BY step, metric, bucket"""
_MODELS = """
    SELECT DISTINCT connection, model FROM performance_hourly WHERE hour >= ? AND hour < ?"""
_STEPS: dict[Step, tuple[int, int]] = {"hour": (0, 1), "day": (0, 24), "week": (72, 168)}
"""Hours that a step begins before 1970, a Thursday, and its length."""


class Place(NamedTuple):
    """What one count is of. `hour` counts from 1970 UTC."""

    hour: int
    connection: str
    model: str
    metric: str
    bucket: int


Counts = dict[str, Counter[int]]
"""By metric and bucket."""


class SqlPerformance:
    """Args:
    place: The store, the same as the journal's.
    """

    def __init__(self, place: StorePlace) -> None:
        self._reader = Reader(Location.of(place), threads=1)

    async def add(self, counts: Mapping[Place, int], name: str) -> None:
        """Add counts to what is there.

        Args:
            counts: What to add.
            name: Of this batch, to be given again when it is tried again: it is added once.

        Raises:
            StoreUnavailable: The store cannot be written, or failed in the commit.
        """

        def change(cursor: Cursor) -> None:
            for place, count in sorted(counts.items()):
                row = (place.hour, text(place.connection), text(place.model), place.metric)
                cursor.execute(_ADD, (*row, place.bucket, count))

        await self._reader.write_once(name, change)

    async def sums(self, since: datetime, until: datetime) -> dict[tuple[str, str], Counts]:
        """By connection and model, over whole hours that overlap the time asked for."""
        bounds = _hours(since, until)

        def query(cursor: Cursor) -> dict[tuple[str, str], Counts]:
            cursor.execute(_SUM, bounds)
            found: dict[tuple[str, str], Counts] = defaultdict(lambda: defaultdict(Counter))
            rows = cast("list[tuple[str, str, str, int, int]]", cursor.fetchall())
            for connection, model, metric, bucket, count in rows:
                found[connection, model][metric][bucket] += int(count)
            return found

        return await self._reader.read(query)

    async def models(self, since: datetime, until: datetime) -> list[tuple[str, str]]:
        """Connection and model of everything that was counted in whole hours of a time."""
        bounds = _hours(since, until)

        def query(cursor: Cursor) -> list[tuple[str, str]]:
            cursor.execute(_MODELS, bounds)
            return sorted(cast("list[tuple[str, str]]", cursor.fetchall()))

        return await self._reader.read(query)

    async def series(
        self, models: Sequence[str], since: datetime, until: datetime, step: Step
    ) -> dict[datetime, Counts]:
        """The sum of some models, by the beginning of each step that has calls."""
        ahead, length = _STEPS[step]
        statement = _SERIES.format(", ".join("?" * len(models)))
        values = (ahead, length, *_hours(since, until), *map(text, models))

        def query(cursor: Cursor) -> dict[datetime, Counts]:
            found: dict[datetime, Counts] = defaultdict(lambda: defaultdict(Counter))
            if models:
                cursor.execute(statement, values)
                rows = cast("list[tuple[int, str, int, int]]", cursor.fetchall())
                for number, metric, bucket, count in rows:
                    start = moment((number * length - ahead) * HOUR)
                    found[start][metric][bucket] += int(count)
            return found

        return await self._reader.read(query)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.aclose()


def _hours(since: datetime, until: datetime) -> tuple[int, int]:
    return micros(since) // HOUR, -(-micros(until) // HOUR)
