"""Looking at short texts at once, and at long ones in the worker processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..schemas.json import JsonObject
from ..spi.guard import GuardTools
from ..spi.workers import Scanner

LONG = 8_192
"""Characters from which on a text could keep other calls waiting."""


async def looked_through(
    text: str,
    scores: Callable[[str], dict[str, float]],
    tools: GuardTools | None,
    scanner: type[Scanner],
    settings: JsonObject,
) -> dict[str, float]:
    """What `scores` gives for a text; of a long one what `scanner`, which does the same, finds."""
    if len(text) <= LONG:
        return scores(text)
    if tools is None:  # a guard nobody started
        return await asyncio.to_thread(scores, text)
    [spans] = await tools.workers.scan(scanner, settings, [text])
    found: dict[str, float] = {}
    for span in spans:
        found[span.entity] = max(span.score, found.get(span.entity, 0.0))
    return found
