"""What one call wants looked through, while several processes work on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..errors import ScreeningUnavailable
from ..spi.guard import MOST_FINDINGS
from ..spi.workers import ScannedSpan
from .frames import FoundSpan
from .slices import Batch, batches, placed, shown
from .worker_process import Order


class ScanCall:
    """Hands out batches and gathers what is found in them.

    Attributes:
        order: With which scanner.
        found: By text; whole when `done` is.
        done: The result, or why there is none.
        waiting: Characters that nobody has taken yet; 0 also where nobody needs to any more.
    """

    def __init__(self, order: Order, texts: Sequence[str]) -> None:
        self.order = order
        self.found: list[list[ScannedSpan]] = [[] for _ in texts]
        self.done: asyncio.Future[list[list[ScannedSpan]]] = (
            asyncio.get_running_loop().create_future()
        )
        self.waiting = sum(map(len, texts))
        self._texts = texts
        self._batches = batches(order.scanner, texts)
        self._taken = 0
        self._count = 0

    def take(self) -> Batch:
        """The next batch; there is one while `waiting`."""
        batch = next(self._batches)
        self.waiting -= sum(piece.end - piece.start for piece in batch)
        self._taken += 1
        return batch

    def shown(self, batch: Batch) -> list[str]:
        """What is looked through for a batch."""
        return shown(batch, self._texts)

    def add(self, batch: Batch, found: Sequence[FoundSpan]) -> None:
        """Take in what was found in a batch.

        Raises:
            ValueError: It cannot have been found there.
        """
        for number, span in placed(batch, found):
            self.found[number].append(span)
            self._count += 1
        self._taken -= 1
        if self._count > MOST_FINDINGS:
            self.waiting = 0
        if not self.waiting and not self._taken and not self.done.done():
            self.done.set_result(self.found)

    def fail(self) -> None:
        """Give up on all of it."""
        self.waiting = 0
        if not self.done.done():
            self.done.set_exception(
                ScreeningUnavailable("A process that screens texts failed.", retry_after=1.0)
            )
