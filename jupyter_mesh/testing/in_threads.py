"""Scanning in threads of the same process, for tests of guards: no worker is started."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..schemas.json import JsonObject
from ..spi.workers import ScannedSpan, Scanner


class InThreads:
    """`spi.Workers`: makes each scanner once, and asks it in a thread."""

    def __init__(self) -> None:
        self._made: dict[tuple[type[Scanner], str], Scanner] = {}

    async def scan(
        self, scanner: type[Scanner], settings: JsonObject, texts: Sequence[str]
    ) -> list[list[ScannedSpan]]:
        """What a scanner with these settings finds in each text."""

        def look() -> list[list[ScannedSpan]]:
            key = scanner, repr(sorted(settings.items()))
            one = self._made.get(key)
            if one is None:
                one = self._made[key] = scanner(settings)
            return [list(one.scan(text)) for text in texts]

        return await asyncio.to_thread(look)

    async def aclose(self) -> None:
        """Forget the scanners."""
        self._made.clear()
