"""How much room budgets have, as last read: a hint for routing, never what admits a call."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ..schemas.audit import Hold
from ..spi.journal import History


class Headroom:
    """Remembers `spent + held` of every window met so far. The store itself decides, atomically;
    this
    view only says whether a call comes near a limit, so that it is streamed upstream and can be
    cut in slices.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._used: dict[tuple[str, datetime], Decimal] = {}

    async def of(self, hold: Hold) -> Decimal:
        """USD left in the hold's window. The first look at a window reads the store."""
        key = (hold.budget, hold.window_start)
        if key not in self._used:
            found = await self._history.spent([key])
            self._used[key] = sum(found.get(hold.budget, (Decimal(0), Decimal(0))), Decimal(0))
        return hold.limit - self._used[key]

    def add(self, hold: Hold, amount: Decimal) -> None:
        """Count what this process has just reserved or given back, until the next refresh."""
        key = (hold.budget, hold.window_start)
        self._used[key] = self._used.get(key, Decimal(0)) + amount

    async def refresh(self) -> None:
        """Read all known windows again; called in the background every two seconds."""
        keys = list(self._used)
        if not keys:
            return
        found = await self._history.spent(keys)
        for key in keys:
            self._used[key] = sum(found.get(key[0], (Decimal(0), Decimal(0))), Decimal(0))
