"""Looking through texts without keeping other calls waiting.

Short texts are looked through at once. Long ones are in a thread, and by slices: a regular
expression does not let go of the interpreter before its search has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import TypeAlias

from ..spi.guard import MOST_FINDINGS, Finding
from .span import Span, findings

Finder: TypeAlias = Callable[[str], Iterator[Span]]

LONG = 65_536
"""Characters, in all, from which on a thread is worth its price."""

_SLICE = 65_536
_BEFORE, _AFTER = 512, 32_768
"""Characters of its neighbours that a slice shows: what a pattern may look back at, and the longest
finding (a private key).
"""


async def scan(finder: Finder, texts: Sequence[str], detector: str) -> list[list[Finding]]:
    """What `finder` finds in each text, as `detector`'s, in order of appearance.

    Stops soon after `MOST_FINDINGS`.
    """
    if sum(map(len, texts)) <= LONG:
        return [findings(finder(text), detector) for text in texts]
    return await _in_thread(finder, texts, detector, MOST_FINDINGS)


async def is_found(finder: Finder, text: str) -> bool:
    """Whether `finder` finds anything in `text`."""
    if len(text) <= LONG:
        return next(finder(text), None) is not None
    return bool((await _in_thread(finder, [text], "", 0))[0])


async def _in_thread(
    finder: Finder, texts: Sequence[str], detector: str, most: int
) -> list[list[Finding]]:
    abandoned = Event()

    def look() -> list[list[Finding]]:
        found: list[list[Finding]] = []
        before = 0
        for text in texts:
            spans: list[Span] = []
            for start in range(0, len(text), _SLICE):
                if before + len(spans) > most or abandoned.is_set():
                    break
                spans += _in_slice(finder, text, start)
            before += len(spans)
            found.append(findings(spans, detector))
        return found

    try:
        return await asyncio.to_thread(look)
    finally:
        abandoned.set()


def _in_slice(finder: Finder, text: str, start: int) -> Iterator[Span]:
    """The spans that begin in the slice of `text` from `start` on."""
    first = max(0, start - _BEFORE)
    for span in finder(text[first : start + _SLICE + _AFTER]):
        if start <= first + span.start < start + _SLICE:
            yield span._replace(start=first + span.start, end=first + span.end)
