"""One prompt over many rows: concurrent, within a cost, resumable, with failures kept per row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..schemas.json import JsonObject, as_str
from .answer import Answer, jsonable
from .call import ChatCall
from .caller import call_finished
from .errors import MeshClientError
from .figures import count, dollars
from .journal import Journal

_RETRIES = 4
_LONGEST_WAIT_SECONDS = 60.0
_STOP_ALL = frozenset(
    {
        "gateway_not_found", "gateway_unreachable", "invalid_api_key", "budget_exceeded",
        "model_not_found", "not_permitted", "audit_unavailable", "store_unavailable",
    }
)  # fmt: skip
"""Failures that every further row would meet too: the rows left are not sent."""

AskRow = Callable[[ChatCall], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a mapping will probably cost, from dry runs of a few of its rows; None when unpriced."""

    model: str
    rows: int
    sampled: int
    likely_per_row: Decimal | None
    most_per_row: Decimal | None

    def __str__(self) -> str:
        rows = count(self.rows, "row")
        if self.likely_per_row is None:
            return f"{rows} with {self.model}: its price is unknown"
        text = f"{rows} with {self.model}: about {dollars(self.likely_per_row * self.rows)}"
        if self.most_per_row is not None:
            text += f", at most {dollars(self.most_per_row * self.rows)}"
        return f"{text} (estimated from {count(self.sampled, 'row')})"


class Mapping:
    """The state of one mapping.

    Attributes:
        results: One entry per row: `answer`, `data`, `error`, `cost_usd`, `model`.
        stopped: Why the rows left were not sent, None when nothing stopped it.
    """

    def __init__(
        self,
        calls: Sequence[ChatCall],
        keys: Sequence[str],
        ask: AskRow,
        journal: Journal,
        *,
        concurrency: int,
        max_cost: Decimal | None,
    ) -> None:
        self.results: list[JsonObject | None] = [
            journal[key] if key in journal and not journal[key].get("error") else None
            for key in keys
        ]
        self.stopped: str | None = None
        self.spent = Decimal(0)
        self._calls = calls
        self._keys = keys
        self._ask = ask
        self._journal = journal
        self._concurrency = concurrency
        self._max_cost = max_cost
        self._expected = Decimal(0)
        self._priced = 0

    @property
    def pending(self) -> list[int]:
        """Rows without a result."""
        return [index for index, result in enumerate(self.results) if result is None]

    @property
    def failed(self) -> int:
        """Rows whose result is an error."""
        return sum(1 for result in self.results if result and result.get("error"))

    async def run(self, estimate: Estimate) -> AsyncGenerator[int, None]:
        """Ask the pending rows; yields the index of each as it is done.

        Rows under way when the generator is closed are given up, those done are kept.
        """
        self._expected = estimate.likely_per_row or Decimal(0)
        waiting = iter(self.pending)
        running: dict[asyncio.Task[JsonObject], int] = {}
        try:
            while True:
                self._start_rows(waiting, running)
                if not running:
                    return
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for index in self._keep(done, running):
                    yield index
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self._keep({task for task in running if _succeeded(task)}, running)
            call_finished()

    def fill_gaps(self) -> list[JsonObject]:
        """Every row's result, those that were not sent with the reason."""
        reason = f"not sent: {self.stopped or 'interrupted'}"
        return [{"error": reason} if result is None else result for result in self.results]

    def _start_rows(
        self, waiting: Iterator[int], running: dict[asyncio.Task[JsonObject], int]
    ) -> None:
        while len(running) < self._concurrency and self._may_start(len(running)):
            index = next(waiting, None)
            if index is None:
                return
            running[asyncio.create_task(self._ask_row(self._calls[index]))] = index

    def _may_start(self, running: int) -> bool:
        if self.stopped is not None:
            return False
        # Rows under way count as what rows have cost so far, or as the estimate says.
        soon = self.spent + self._expected * (running + 1)
        if self._max_cost is None or soon <= self._max_cost:
            return True
        if running == 0:
            self.stopped = f"max_cost of {dollars(self._max_cost)} is reached"
        return False

    def _keep(
        self, done: set[asyncio.Task[JsonObject]], running: dict[asyncio.Task[JsonObject], int]
    ) -> list[int]:
        indexes: list[int] = []
        for task in done:
            index = running.pop(task)
            result = task.result()
            self.results[index] = result
            self._journal.add(self._keys[index], result)
            if (cost := as_str(result.get("cost_usd"))) is not None:
                self.spent += Decimal(cost)
                self._priced += 1
                self._expected = max(self._expected, self.spent / self._priced)
            indexes.append(index)
        return indexes

    async def _ask_row(self, call: ChatCall) -> JsonObject:
        for attempt in range(_RETRIES + 1):
            try:
                return row_result(await self._ask(call))
            except MeshClientError as failure:
                wait = failure.retry_after
                if wait is None or wait > _LONGEST_WAIT_SECONDS or attempt == _RETRIES:
                    if failure.code in _STOP_ALL:
                        self.stopped = failure.message
                    return {"error": failure.message}
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns")


def _succeeded(task: asyncio.Task[JsonObject]) -> bool:
    return not task.cancelled() and task.exception() is None


def row_result(answer: Answer) -> JsonObject:
    """What a mapping keeps of an answer."""
    result: JsonObject = {
        "answer": answer.text,
        "error": None,
        "cost_usd": None if answer.cost is None else format(answer.cost, "f"),
        "model": answer.model,
    }
    if answer.data is not None:
        result["data"] = jsonable(answer.data)
    return result
