"""How much room budgets have, as last read: a hint for routing, never what admits a call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ..spi.journal import History
from .call import Window

_IDLE_SECONDS = 60.0
"""A window nobody asked for in so long is not read again before somebody does."""
_FORGET_SECONDS = 3600.0
"""And after so long it is forgotten."""
_NOTHING = (Decimal(0), Decimal(0))


@dataclass(slots=True)
class _Known:
    spent: Decimal
    held: Decimal
    asked: float


class Headroom:
    """Remembers `spent + held` of every window met of late. The store itself decides, atomically;
    this view only says whether a call comes near a limit, so that it is streamed upstream and can
    be cut in slices.
    """

    def __init__(self, history: History, clock: Callable[[], float] = time.monotonic) -> None:
        self._history = history
        self._clock = clock
        self._windows: dict[Window, _Known] = {}

    def __len__(self) -> int:
        return len(self._windows)

    async def used(self, window: Window) -> Decimal:
        """USD spent or held in a window, as last read; the first look of an hour reads it."""
        known = self._windows.get(window)
        if known is None:
            found = await self._history.spent([window])
            spent, held = found.get(window, _NOTHING)
            known = self._windows.setdefault(window, _Known(spent, held, 0.0))
        known.asked = self._clock()
        return known.spent + known.held

    def spent(self, window: Window) -> Decimal | None:
        """What is settled of it, as last read; None where nobody has looked."""
        known = self._windows.get(window)
        return None if known is None else known.spent

    def add(self, window: Window, held: Decimal, spent: Decimal | None = None) -> None:
        """Count what this process has just reserved or settled, until the next refresh."""
        if (known := self._windows.get(window)) is not None:
            known.held += held
            if spent is not None:
                known.spent += spent

    async def refresh(self) -> None:
        """Read again what somebody asks for, and forget what nobody does; called in the background
        every two seconds.
        """
        now = self._clock()
        ages = {window: now - known.asked for window, known in self._windows.items()}
        for window in [window for window, age in ages.items() if age > _FORGET_SECONDS]:
            del self._windows[window]
        recent = {w: self._windows[w] for w, age in ages.items() if age <= _IDLE_SECONDS}
        if not recent:
            return
        found = await self._history.spent(list(recent))
        for window, known in recent.items():
            known.spent, known.held = found.get(window, _NOTHING)
