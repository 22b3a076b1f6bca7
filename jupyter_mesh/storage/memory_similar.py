"""Questions that were answered, in memory; the oldest goes first."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Sequence
from operator import mul

from ..spi.similar import Question

_FEW = 16
"""So many are compared on the spot; more in a thread, since each takes about 50 µs."""


class MemorySimilar:
    """`spi.SimilarQuestions` of one process.

    Args:
        max_entries: At most so many questions.
        clock: Seconds since 1970.
    """

    def __init__(self, max_entries: int, clock: Callable[[], float] = time.time) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._kept: dict[str, Question] = {}
        self._partitions: dict[str, dict[str, Question]] = {}

    def ids(self) -> frozenset[str]:
        """Of all that is kept."""
        return frozenset(self._kept)

    def resize(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._shrink()

    async def nearest(
        self, partitions: Sequence[str], vector: array[float], traits: str, threshold: float
    ) -> tuple[Question, float] | None:
        now = self._clock()
        comparable = [
            one
            for partition in partitions
            for one in self._partitions.get(partition, {}).values()
            if one.traits == traits and one.expires > now and len(one.vector) == len(vector)
        ]
        if len(comparable) <= _FEW:
            return _nearest(comparable, vector, threshold)
        return await asyncio.to_thread(_nearest, comparable, vector, threshold)

    async def put(self, question: Question) -> None:
        self._kept[question.id] = question
        self._partitions.setdefault(question.partition, {})[question.id] = question
        self._shrink()

    async def purge(self, *, model: str | None = None, owner: str | None = None) -> int:
        found = [
            one
            for one in self._kept.values()
            if model in (None, one.model) and owner in (None, one.owner)
        ]
        for one in found:
            self._forget(one)
        return len(found)

    def _shrink(self) -> None:
        while len(self._kept) > self._max_entries:
            self._forget(next(iter(self._kept.values())))

    def _forget(self, question: Question) -> None:
        del self._kept[question.id]
        partition = self._partitions[question.partition]
        del partition[question.id]
        if not partition:
            del self._partitions[question.partition]


def _nearest(
    questions: Sequence[Question], vector: array[float], threshold: float
) -> tuple[Question, float] | None:
    best: tuple[Question, float] | None = None
    for one in questions:
        cosine = sum(map(mul, one.vector, vector))
        if cosine >= threshold and (best is None or cosine > best[1]):
            best = one, cosine
    return best
