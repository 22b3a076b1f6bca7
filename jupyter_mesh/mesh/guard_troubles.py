"""Which guards do not work, as far as this gateway has seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from ..errors import Unavailable
from ..spi.happenings import Happening

_REPAIRED = 300.0
"""Seconds after which a guard that failed a call counts as working again, if it tells nothing."""


class _Trouble(NamedTuple):
    said: str
    guard: str | None
    until: float | None


class GuardTroubles:
    """Takes note of what guards tell of themselves, and of calls that were refused for one.

    Args:
        clock: Seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._troubles: dict[str, _Trouble] = {}

    def heard(self, happening: Happening) -> None:
        """Something was published."""
        if happening.kind == "guard_failing":
            guard = happening.details.get("guard")
            of = guard if isinstance(guard, str) else None
            self._troubles[happening.subject] = _Trouble(happening.message, of, None)
        elif happening.kind == "guard_working":
            self._troubles.pop(happening.subject, None)

    def note(self, failure: BaseException | None) -> None:
        """A call ended with `failure`, or well."""
        if not isinstance(failure, Unavailable) or failure.guard is None or not failure.why:
            return
        told = self._troubles.get(failure.guard)
        if told is None or told.until is not None:  # what a guard tells of itself says more
            until = self._clock() + _REPAIRED
            said = f"It failed: {failure.why}"
            self._troubles[failure.guard] = _Trouble(said, failure.guard, until)

    def current(self, guards: Container[str]) -> Iterator[tuple[str, str]]:
        """What is about, and what is wrong, where there still is such a guard among `guards`."""
        now = self._clock()
        for subject, one in sorted(self._troubles.items()):
            over = one.until is not None and one.until <= now
            if not over and (one.guard is None or one.guard in guards):
                yield subject, one.said
