"""Counting how fast and how reliably models answer: in memory, written every half minute."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeAlias

from ..errors import StoreUnavailable
from ..pipeline.call import Call
from ..schemas.audit import Outcome
from ..schemas.histogram import bucket_of
from ..schemas.performance import Step
from ..storage.performance import Counts, Place, SqlPerformance

_HOUR = 3600
_Counted: TypeAlias = tuple[int, str, str, int]
"""Hour, model, metric and bucket: every call counts some, so a plain tuple."""
_COUNTED: frozenset[Outcome] = frozenset({"answered", "failed"})


class PerformanceBook:
    """Counts finished calls. What was not written yet is lost with the process: at most a minute,
    and no call waits for it.
    """

    def __init__(self, store: SqlPerformance) -> None:
        self._store = store
        self._waiting: dict[_Counted, int] = {}
        self._batch: tuple[str, Counter[Place]] | None = None
        self._writing = asyncio.Lock()

    def observe(self, call: Call, outcome: Outcome) -> None:
        """Count a finished call, and the tries that failed before it."""
        report = call.report
        if report.model is None or report.connection is None:
            return
        hour = int(time.time()) // _HOUR
        for attempt in report.attempts[: None if outcome == "answered" else -1]:
            self._count(hour, str(attempt.get("model")), "retried", 0)
        if outcome not in _COUNTED:
            return
        self._count(hour, report.model, outcome, 0)
        if outcome != "answered" or report.total_ms is None:
            return
        self._count(hour, report.model, "total", bucket_of(report.total_ms))
        if report.overhead_ms is not None:
            self._count(hour, report.model, "overhead", bucket_of(report.overhead_ms))
        if call.request.stream and report.first_token_ms is not None:
            self._count(hour, report.model, "first", bucket_of(report.first_token_ms))
            writing = report.total_ms - report.first_token_ms
            if report.usage is not None and report.usage.output > 1 and writing > 0:
                speed = (report.usage.output - 1) / writing * 1000
                self._count(hour, report.model, "speed", bucket_of(speed))

    def _count(self, hour: int, model: str, metric: str, bucket: int) -> None:
        counted = (hour, model, metric, bucket)
        self._waiting[counted] = self._waiting.get(counted, 0) + 1

    async def flush(self) -> None:
        """Write what was counted. What the store does not take is tried again the next time, under
        the same name: it may have been added all the same.

        Raises:
            StoreUnavailable: The store cannot be written.
        """
        async with self._writing:
            await self._write_batch()
            if self._waiting:
                self._batch = secrets.token_hex(16), _placed(self._waiting)
                self._waiting = {}
                await self._write_batch()

    async def _write_batch(self) -> None:
        if self._batch is not None:
            name, counts = self._batch
            await self._store.add(counts, name)
            self._batch = None

    async def sums(self, since: datetime, until: datetime) -> dict[tuple[str, str], Counts]:
        """What was counted, by connection and model, up to now."""
        await self.flush()
        return await self._store.sums(since, until)

    async def models(self, since: datetime, until: datetime) -> list[tuple[str, str]]:
        """Connection and model of everything that was counted."""
        await self.flush()
        return await self._store.models(since, until)

    async def series(
        self, models: Sequence[str], since: datetime, until: datetime, step: Step
    ) -> dict[datetime, Counts]:
        """What was counted of some models together, step by step, up to now."""
        await self.flush()
        return await self._store.series(models, since, until, step)

    async def aclose(self) -> None:
        """Write what is left, then close the store."""
        with suppress(StoreUnavailable):
            await self.flush()
        await self._store.aclose()


def _placed(counts: Mapping[_Counted, int]) -> Counter[Place]:
    """The counts as the store takes them."""
    placed = {
        Place(hour, model.partition("/")[0], model, metric, bucket): count
        for (hour, model, metric, bucket), count in counts.items()
    }
    return Counter(placed)
