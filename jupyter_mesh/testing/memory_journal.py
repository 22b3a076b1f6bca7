"""A journal in memory, with real budget arithmetic: for tests of the pipeline and of plugins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ..errors import AuditUnavailable, BudgetExceeded
from ..schemas.audit import Completion, Hold, Intent


@dataclass(slots=True)
class Window:
    """One share of one budget."""

    limit: Decimal
    spent: Decimal = Decimal(0)
    held: Decimal = Decimal(0)


@dataclass(slots=True)
class MemoryJournal:
    """Implements `spi.Journal`. `fail_after` makes the n-th following write, and all later ones,
    fail.
    """

    intents: dict[str, Intent] = field(default_factory=dict[str, Intent])
    completions: dict[str, Completion] = field(default_factory=dict[str, Completion])
    windows: dict[tuple[str, datetime], Window] = field(
        default_factory=dict[tuple[str, datetime], Window]
    )
    writes: list[str] = field(default_factory=list[str])
    fail_after: int | None = None
    _holds: dict[str, list[Hold]] = field(default_factory=dict[str, list[Hold]])
    _topped: dict[tuple[str, str, datetime], Decimal] = field(
        default_factory=dict[tuple[str, str, datetime], Decimal]
    )

    async def _write(self, what: str) -> None:
        await asyncio.sleep(0)
        if self.fail_after is not None:
            if self.fail_after <= 0:
                raise AuditUnavailable("The audit cannot be written.")
            self.fail_after -= 1
        self.writes.append(what)

    async def open(self, intent: Intent, holds: Sequence[Hold]) -> tuple[str, ...]:
        """As `spi.Journal.open`."""
        await self._write(f"open {intent.id}")
        over: list[str] = []
        for hold in holds:
            window = self._window(hold)
            if hold.amount and window.spent + window.held + hold.amount > hold.limit:
                if hold.hard:
                    raise BudgetExceeded(f"The budget {hold.budget} has no room.")
                over.append(hold.budget)
        for hold in holds:
            self._window(hold).held += hold.amount
        self.intents[intent.id] = intent
        self._holds[intent.id] = list(holds)
        return tuple(over)

    async def top_up(
        self, call_id: str, amounts: Mapping[tuple[str, datetime], Decimal], estimate: Decimal
    ) -> bool:
        """As `spi.Journal.top_up`."""
        await self._write(f"top_up {call_id}")
        for hold in self._holds.get(call_id, []):
            window = self._window(hold)
            amount = amounts.get((hold.budget, hold.window_start), Decimal(0))
            if amount and hold.hard and window.spent + window.held + amount > hold.limit:
                return False
        for key, amount in amounts.items():
            self.windows[key].held += amount
            held = (call_id, *key)
            self._topped[held] = self._topped.get(held, Decimal(0)) + amount
        return True

    async def close(self, completion: Completion, intent: Intent | None = None) -> None:
        """As `spi.Journal.close`."""
        await self._write(f"close {completion.id}")
        if completion.id in self.completions:
            return
        if intent is not None:
            self.intents.setdefault(intent.id, intent)
        self.completions[completion.id] = completion
        for hold in self._holds.pop(completion.id, []):
            window = self._window(hold)
            held = (completion.id, hold.budget, hold.window_start)
            window.held -= hold.amount + self._topped.pop(held, Decimal(0))
            if hold.budget not in completion.uncharged:
                charged = completion.kept.get(hold.budget, completion.cost)
                window.spent += charged or Decimal(0)

    async def recover(self, now: datetime) -> int:
        """Nothing survives this journal's process, so nothing is ever left over."""
        return 0

    async def aclose(self) -> None:
        """Nothing to close."""

    @property
    def healthy(self) -> bool:
        """False once `fail_after` has run out."""
        return self.fail_after is None or self.fail_after > 0

    @property
    def held(self) -> Decimal:
        """USD held in all windows together."""
        return sum((window.held for window in self.windows.values()), Decimal(0))

    async def spent(
        self, holds: Sequence[tuple[str, datetime]]
    ) -> dict[tuple[str, datetime], tuple[Decimal, Decimal]]:
        """As `spi.History.spent`."""
        return {
            key: (window.spent, window.held)
            for key in holds
            if (window := self.windows.get(key)) is not None
        }

    def _window(self, hold: Hold) -> Window:
        return self.windows.setdefault((hold.budget, hold.window_start), Window(hold.limit))
