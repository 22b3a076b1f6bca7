"""Where questions are kept that were answered, to be found again by what they mean."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Protocol

from ..schemas.frozen import frozen


@frozen(kw_only=True)
class Question:
    """A question that was answered.

    Attributes:
        id: Under which the answer lies in the cache.
        partition: Only questions of the same one are compared.
        vector: What it means, of length 1.
        traits: What must be equal, however near the vectors are: numbers, negations.
        text: As it may be shown to whoever gets its answer; empty: not at all.
        model: The candidate that answered.
        owner: The user who asked.
        expires: Seconds since 1970.
    """

    id: str
    partition: str
    vector: array[float]
    traits: str
    text: str
    model: str
    owner: str
    expires: float


class SimilarQuestions(Protocol):
    """Bounded by entries and age."""

    async def nearest(
        self, partitions: Sequence[str], vector: array[float], traits: str, threshold: float
    ) -> tuple[Question, float] | None:
        """The question with the same traits whose cosine to `vector` is greatest, with that cosine;
        None: none reaches `threshold`.
        """
        ...

    async def put(self, question: Question) -> None:
        """Keep it until it expires."""
        ...

    async def purge(self, *, model: str | None = None, owner: str | None = None) -> int:
        """Forget what this model answered and this user asked, None: any; returns how many."""
        ...

    def resize(self, max_entries: int) -> None:
        """Keep no more than this from now on."""
        ...
