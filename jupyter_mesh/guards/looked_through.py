"""Looking at short texts at once, and at long ones in the worker processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ..schemas.json import JsonObject
from ..spi.guard import GuardTools
from ..spi.workers import Scanner

LONG = 2_048
"""Characters, of all texts of a call, from which on they could keep other calls waiting."""


async def looked_through(
    texts: Sequence[str],
    scores: Callable[[str], dict[str, float]],
    tools: GuardTools | None,
    scanner: type[Scanner],
    settings: JsonObject,
) -> list[dict[str, float]]:
    """What `scores` gives for each; of long texts what `scanner`, which does the same, finds."""
    if sum(map(len, texts)) <= LONG:
        return [scores(text) for text in texts]
    if tools is None:  # a guard nobody started
        return await asyncio.to_thread(lambda: [scores(text) for text in texts])
    found: list[dict[str, float]] = []
    for spans in await tools.workers.scan(scanner, settings, texts):
        found.append({})
        for span in spans:
            found[-1][span.entity] = max(span.score, found[-1].get(span.entity, 0.0))
    return found
