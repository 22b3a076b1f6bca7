"""Judges that are services: long texts in slices, of which the worst counts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal, TypeAlias

from ..outbound.http import Deadline
from ..spi.guard import GuardConfig, GuardedCall, Judge, Verdict
from .recent_results import RecentResults
from .remote_guard import RemoteGuard, together
from .remote_slices import slices

Direction: TypeAlias = Literal["request", "response"]


class RemoteJudge(RemoteGuard, Judge):
    """A judge that is a service. A vendor's own file says how it is asked."""

    longest: int
    """Characters that the service takes at once."""

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        self._recent = RecentResults[Verdict](self._remote.remember)

    async def judge(self, text: str, direction: Direction, call: GuardedCall) -> Verdict:
        (verdict,) = await self.judge_all([text], direction, call)
        return verdict

    async def judge_all(
        self, texts: Sequence[str], direction: Direction, call: GuardedCall
    ) -> Sequence[Verdict]:
        deadline = self.service.deadline()
        kinds = [self.kind(text, direction, call) for text in texts]
        parts = list(slices(texts, lambda _: self.longest))
        weighed = await together(
            self._weighed(one.text, kinds[one.number], deadline) for one in parts
        )
        of_each: list[list[Verdict]] = [[] for _ in texts]
        for part, verdict in zip(parts, weighed, strict=True):
            of_each[part.number].append(verdict)
        return [worst(verdicts) for verdicts in of_each]

    def kind(self, text: str, direction: Direction, call: GuardedCall) -> str:
        """What the service is told of where a text comes from."""
        return direction

    @abstractmethod
    async def weigh(self, text: str, kind: str, deadline: Deadline) -> Verdict:
        """What the service thinks of a text that is no longer than it takes.

        Raises:
            MeshError: It does not say.
        """

    async def _weighed(self, text: str, kind: str, deadline: Deadline) -> Verdict:
        verdict = self._recent.get(f"{kind} {text}")
        if verdict is None:
            verdict = await self.weigh(text, kind, deadline)
            self._recent.keep(f"{kind} {text}", verdict)
        return verdict


def worst(verdicts: list[Verdict]) -> Verdict:
    """The highest score of each category in any of them."""
    scores: dict[str, float] = {}
    for verdict in verdicts:
        for category, score in verdict.scores.items():
            scores[category] = max(score, scores.get(category, 0.0))
    categories = {category for one in verdicts for category in one.categories}
    named = sorted(categories, key=lambda category: -scores.get(category, 0.0))
    return Verdict(max((one.score for one in verdicts), default=0.0), tuple(named), scores)


def share(value: object, most: float = 1.0) -> float:
    """A number from 0 to `most`, as a part of that.

    Raises:
        ValueError: It is none.
    """
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1.0
    if not 0 <= number <= most:
        raise ValueError("sent a score that is none")
    return number / most
