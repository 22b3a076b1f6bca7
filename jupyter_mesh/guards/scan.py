"""Looking through texts without keeping other calls waiting.

Short texts are looked through at once. Long ones go to the worker processes: a regular expression
does not let go of the interpreter before its search has ended, so a thread would not do.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence

from ..schemas.json import JsonObject
from ..spi.guard import Finding, GuardTools
from ..spi.workers import Scanner, Workers
from .span import Span, findings

LONG = 8_192
"""Characters, in all, from which on the way to another process is worth its price."""


class Scan:
    """A scanner of a guard, here and in the worker processes.

    Until `start` all is done here.

    Args:
        heavy: Whether making the scanner takes long: then a thread does it, when the first text
            comes.
    """

    def __init__(
        self, scanner: type[Scanner], settings: JsonObject, *, heavy: bool = False
    ) -> None:
        self._kind = scanner
        self._settings = settings
        self._made = None if heavy else scanner(settings)
        self._making = asyncio.Lock()
        self._workers: Workers | None = None

    def start(self, tools: GuardTools) -> None:
        """Send long texts to the workers from now on."""
        self._workers = tools.workers

    async def findings(self, texts: Sequence[str], detector: str) -> list[list[Finding]]:
        """What is found in each text, as `detector`'s, in order of appearance.

        Stops soon after `MOST_FINDINGS`.

        Raises:
            ScreeningUnavailable: No worker could look through them.
        """
        every = await self._spans(texts)
        return [findings(spans, detector) if spans else [] for spans in every]

    async def finds(self, text: str) -> bool:
        """Whether anything is found in `text`. Raises as `findings` does."""
        if self._workers is None or len(text) < LONG:
            return next(iter((await self._here()).scan(text)), None) is not None
        return any(await self._spans([text]))

    async def _spans(self, texts: Sequence[str]) -> list[list[Span]]:
        if self._workers is None or sum(map(len, texts)) < LONG:
            here = await self._here()
            return [list(here.scan(text)) for text in texts]
        return await self._workers.scan(self._kind, self._settings, texts)

    async def _here(self) -> Scanner:
        if self._made is None:
            async with self._making:
                if self._made is None:
                    self._made = await asyncio.to_thread(self._kind, self._settings)
                    # Else every search for garbage goes through it, and the loop waits.
                    gc.freeze()
        return self._made
