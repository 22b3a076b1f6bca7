"""What finders and scanners yield before a detector puts its name on it."""

from __future__ import annotations

from collections.abc import Iterable

from ..spi.guard import Finding
from ..spi.workers import ScannedSpan as Span

__all__ = ["Span", "findings"]


def findings(spans: Iterable[Span], detector: str) -> list[Finding]:
    """`spans` in order of appearance, as `detector`'s findings."""
    return [
        Finding(span.start, span.end, span.entity, span.score, detector) for span in sorted(spans)
    ]
