"""Tells, once, that a share of a budget is spent at which its rule wants an alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from ..spi.happenings import Happening, Happenings
from .call import Window
from .headroom import Headroom
from .holds import Need
from .windows import began

_MOST_REMEMBERED = 50_000


class Thresholds:
    """Publishes `budget_near`, and `budget_full` where all is spent, once for each share of
    `alert_at` in each window and process.
    """

    def __init__(self, headroom: Headroom, happenings: Happenings) -> None:
        self._headroom = headroom
        self._happenings = happenings
        self._told: dict[Window, float] = {}

    def look(self, needs: Sequence[Need]) -> None:
        """Compare what is spent of each window with its thresholds."""
        for need in needs:
            amounts = need.rule.alert_amounts
            spent = self._headroom.spent(need.window) if amounts else None
            if spent is None:
                continue
            if spent < amounts[0][1]:  # also of a rolling window, whose past goes out of it
                self._told.pop(need.window, None)
                continue
            passed = max(share for share, amount in amounts if spent >= amount)
            if passed > self._told.get(need.window, -1.0):
                if len(self._told) > _MOST_REMEMBERED:
                    self._told.clear()
                self._told[need.window] = passed
                self._happenings.publish(_happening(need, spent, passed))


def _happening(need: Need, spent: Decimal, passed: float) -> Happening:
    limit = need.rule.limit_usd
    start = began(need.window[1], datetime.now(UTC))
    share = f"{spent / limit:.0%}" if limit else "100%"
    return Happening(
        kind="budget_full" if passed >= 1 else "budget_near",
        subject=need.subject,
        message=f"{share} of the budget of {need.title} (${limit:f}) are spent.",
        details={
            "budget": need.title,
            "key": need.window[0],
            "window": need.rule.window,
            "window_start": start.isoformat(),
            "alert_at": passed,
            "spent_usd": f"{spent:f}",
            "limit_usd": f"{limit:f}",
            "hard": need.hard,
        },
    )
