"""Whatever is opened, nested, closed or lost: held returns to zero, spent is what was charged."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.schemas.spend import from_pico
from jupyter_mesh.storage.journal import SqlJournal

from .samples import MONTH, NOW, assert_books_balance, completion, hold, intent, money_in, rows

LIMITS = {"narrow": Decimal("0.05"), "wide": Decimal("1"), "soft": Decimal("0.02")}
amounts = st.integers(0, 30_000_000_000).map(from_pico)
budgets = st.sets(st.sampled_from(sorted(LIMITS)))


class Ledger(RuleBasedStateMachine):
    """Runs the same steps against the store and against plain sums."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Path(self.folder.name) / "mesh.db"
        self.loop = asyncio.new_event_loop()
        self.journal = SqlJournal(self.store)
        self.open: dict[str, set[str]] = {}
        self.spent: dict[str, Decimal] = defaultdict(Decimal)
        self.calls = 0

    def teardown(self) -> None:
        self.lose_everything()
        self.loop.run_until_complete(self.journal.aclose())
        assert_books_balance(self.store)
        for budget in LIMITS:
            assert money_in(self.store, budget)[1] == 0
        self.loop.close()
        self.folder.cleanup()

    def _holds(self, wanted: set[str], amount: Decimal) -> list[object]:
        return [
            hold(str(amount), str(LIMITS[name]), budget=name, hard=name != "soft")
            for name in wanted
        ]

    @rule(wanted=budgets, amount=amounts, nested=st.booleans(), data=st.data())
    def open_call(
        self, wanted: set[str], amount: Decimal, nested: bool, data: st.DataObject
    ) -> None:
        parent = data.draw(st.sampled_from(sorted(self.open))) if nested and self.open else None
        self.calls += 1
        call_id = f"c{self.calls:04d}"
        before = {name: sum(money_in(self.store, name)) for name in LIMITS}
        drawn = self.open[parent] if parent else set[str]()
        reserved = wanted if amount else wanted - drawn
        fits = all(before[n] + amount <= LIMITS[n] for n in reserved if n != "soft")
        opening = self.journal.open(
            intent(call_id, parent=parent, estimated_cost=amount),
            self._holds(wanted, amount),  # pyright: ignore[reportArgumentType]
        )
        try:
            self.loop.run_until_complete(opening)
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.open[call_id] = wanted | (self.open[parent] if parent else set())

    @precondition(lambda self: self.open)
    @rule(wanted=st.dictionaries(st.sampled_from(sorted(LIMITS)), amounts), data=st.data())
    def top_up(self, wanted: dict[str, Decimal], data: st.DataObject) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.open)))
        before = {name: sum(money_in(self.store, name)) for name in LIMITS}
        grown = {n: a for n, a in wanted.items() if a and n in self.open[call_id]}
        fits = all(before[n] + a <= LIMITS[n] for n, a in grown.items() if n != "soft")
        more = {(name, MONTH): amount for name, amount in wanted.items()}
        top_up = self.journal.top_up(call_id, more, sum(wanted.values(), Decimal(0)))
        assert self.loop.run_until_complete(top_up) == fits
        after = {name: sum(money_in(self.store, name)) for name in LIMITS}
        assert after == {n: before[n] + (grown.get(n, 0) if fits else 0) for n in LIMITS}

    @precondition(lambda self: self.open)
    @rule(cost=st.none() | amounts, data=st.data(), again=st.booleans())
    def close_call(self, cost: Decimal | None, data: st.DataObject, again: bool) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.open)))
        for budget in self.open.pop(call_id):
            self.spent[budget] += cost or 0
        done = completion(call_id, None if cost is None else str(cost))
        for _ in range(2 if again else 1):
            self.loop.run_until_complete(self.journal.close(done))

    @rule(cost=amounts)
    def record_without_opening(self, cost: Decimal) -> None:
        self.calls += 1
        call_id = f"c{self.calls:04d}"
        self.loop.run_until_complete(
            self.journal.close(completion(call_id, str(cost)), intent(call_id))
        )

    @rule()
    def lose_everything(self) -> None:
        """The gateway goes with calls open; its successor settles them at their estimates."""
        self.loop.run_until_complete(self.journal.aclose())
        self.journal = SqlJournal(self.store)
        later = NOW + timedelta(minutes=1)
        assert self.loop.run_until_complete(self.journal.recover(later)) == len(self.open)
        for call_id, windows in self.open.items():
            ((cost,),) = rows(self.store, "SELECT cost FROM calls WHERE id = ?", call_id)
            for budget in windows:
                self.spent[budget] += from_pico(cost)
        self.open.clear()

    @invariant()
    def spent_is_what_was_charged_and_held_is_never_negative(self) -> None:
        for name in LIMITS:
            spent, held = money_in(self.store, name)
            assert spent == self.spent[name]
            assert held >= 0
            own = rows(self.store, "SELECT sum(amount) FROM holds WHERE budget = ?", name)
            assert held == from_pico(own[0][0] or 0)
            if not any(name in windows for windows in self.open.values()):
                assert held == 0


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
