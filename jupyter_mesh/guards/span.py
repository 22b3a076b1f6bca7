"""What the pattern finders yield before a detector puts its name on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..spi.guard import Finding


class Span(NamedTuple):
    """`text[start:end]` is of type `entity`; `score` says how sure that is."""

    start: int
    end: int
    entity: str
    score: float


def findings(spans: Iterable[Span], detector: str) -> list[Finding]:
    """`spans` in order of appearance, as `detector`'s findings."""
    return [
        Finding(span.start, span.end, span.entity, span.score, detector) for span in sorted(spans)
    ]
