"""Findings that overlap, made pieces that do not."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ..spi.guard import Finding

Rank: TypeAlias = Callable[[Finding], int]

_FEW = 4
"""Pieces that one finding may run over and still be weighed against each of them."""


def merged(
    findings: Iterable[Finding], rank: Rank = lambda _: 0, text: str | None = None
) -> list[Finding]:
    """`findings` in reading order, without overlaps, and so that nothing of them stays uncovered.

    What overlaps becomes one, named after the one of highest `rank`, the longest, then surest of
    those. Two kinds are left out before: what lies within a longer one that is surer, such as the
    telephone number that somebody may see in a checked account number; and what lies across others
    that cover all of it anyway, such as the turned name in a column of equal names.

    Args:
        findings: In any order.
        rank: How much each counts.
        text: In which they stand. Between two that cover a third there may be blanks and marks.
    """
    clusters: list[list[Finding]] = []
    end = 0
    order = sorted(findings, key=lambda one: (one.start, -one.end, -rank(one), -one.score))
    for finding in order:
        if finding.start >= end:
            clusters.append([])
        clusters[-1].append(finding)
        end = max(end, finding.end)
    pieces: list[Finding] = []
    for cluster in clusters:
        pieces += cluster if len(cluster) == 1 else _Cluster(cluster, rank, text).pieces()
    return pieces


class _Cluster:
    """Findings of which each overlaps another, in reading order, the longest first."""

    def __init__(self, findings: Sequence[Finding], rank: Rank, text: str | None) -> None:
        self._rank = rank
        self._text = text
        self._groups: list[list[Finding]] = []
        """What stands side by side, each with what lies within it."""
        others: list[Finding] = []
        end = 0
        for one in findings:
            if one.start >= end:
                self._groups.append([one])
                end = one.end
            else:
                others.append(one)
        self._starts = [group[0].start for group in self._groups]
        self._ranks = [rank(group[0]) for group in self._groups]
        self._across: list[tuple[int, Finding]] = []
        for one in others:
            self._sort_in(one)

    def _sort_in(self, one: Finding) -> None:
        place = bisect_right(self._starts, one.start) - 1
        first = self._groups[place][0]
        if one.end > first.end:
            self._across.append((place, one))
        elif one.score >= first.score or (one.start, one.end) == (first.start, first.end):
            self._add(place, one)

    def _add(self, place: int, one: Finding) -> None:
        self._groups[place].append(one)
        self._ranks[place] = max(self._ranks[place], self._rank(one))

    def pieces(self) -> list[Finding]:
        """One for each group, or for several that a finding ties together."""
        tied: list[int] = [0] * (len(self._groups) + 1)
        ranks = tuple(self._ranks)
        for place, one in self._across:
            last = bisect_left(self._starts, one.end) - 1
            if not self._is_covered(one, place, last, ranks):
                self._add(place, one)
                tied[place + 1] += 1
                tied[last + 1] -= 1
        united: list[list[Finding]] = []
        ties = 0
        for place, group in enumerate(self._groups):
            ties += tied[place]
            if ties:
                united[-1] += group
            else:
                united.append(group)
        return [_one(group, self._rank) for group in united]

    def _is_covered(self, one: Finding, place: int, last: int, ranks: Sequence[int]) -> bool:
        if not place < last < place + _FEW or min(ranks[place : last + 1]) < self._rank(one):
            return False
        at, gaps = one.start, ""
        for group in self._groups[place : last + 1]:
            start = group[0].start
            if start > at:
                if self._text is None:
                    return False
                gaps += self._text[at:start]
            at = group[0].end
        # Marks may be a part of what was found, unless the same is found on this side of them too.
        beside = self._groups[place][0]
        alike = (beside.detector, beside.entity) == (one.detector, one.entity)
        return at >= one.end and (not gaps or (alike and not any(map(str.isalnum, gaps))))


def _one(group: Sequence[Finding], rank: Rank) -> Finding:
    if len(group) == 1:
        return group[0]
    named = max(group, key=lambda one: (rank(one), one.end - one.start, one.score))
    return replace(named, start=group[0].start, end=max(one.end for one in group))
