"""Budgets over the last hours or days instead of over a calendar's.

A rolling window has one row among the windows, whose `window_start` is minus its length: what it
has spent there is what it spent within its length. Beside it stands what was spent in each of its
steps, a sixtieth of the length each; before anything is reserved, steps that lie wholly before the
length are taken off. So no stretch of that length ever sees more than the limit; what was spent is
free again at most a step later.
"""

from __future__ import annotations

from typing import cast

from .location import Cursor

_STEPS = 60
_OVER = "SELECT 1 FROM budget_steps WHERE budget = ? AND length = ? AND step < ? LIMIT 1"
_LOCK = "UPDATE budget_windows SET held = held WHERE budget = ? AND window_start = ?"
_SUM = """
    SELECT coalesce(sum(spent), 0) FROM budget_steps
    WHERE budget = ? AND length = ? AND step < ?"""
_FORGET = "DELETE FROM budget_steps WHERE budget = ? AND length = ? AND step < ?"
_TAKE_OFF = "UPDATE budget_windows SET spent = spent - ? WHERE budget = ? AND window_start = ?"
_ADD = """
    INSERT INTO budget_steps (budget, length, step, spent) VALUES (?, ?, ?, ?)
    ON CONFLICT (budget, length, step) DO UPDATE SET spent = budget_steps.spent + excluded.spent"""


def expire(cursor: Cursor, budget: str, start: int, now: int) -> None:
    """Take off what was spent longer ago than the window is long.

    Args:
        cursor: Inside a transaction.
        budget: The window's.
        start: Likewise: minus its length.
        now: Microseconds since 1970.
    """
    over = (budget, -start, oldest_step(start, now))
    cursor.execute(_OVER, over)
    if cursor.fetchone() is None:
        return
    cursor.execute(_LOCK, (budget, start))  # of two that see it, the second must see it gone
    cursor.execute(_SUM, over)
    (gone,) = cast("tuple[int]", cursor.fetchone())
    cursor.execute(_FORGET, over)
    cursor.execute(_TAKE_OFF, (int(gone), budget, start))


def spend(cursor: Cursor, budget: str, start: int, now: int, cost: int) -> None:
    """Note when it was spent."""
    cursor.execute(_ADD, (budget, -start, now // _step(start), cost))


def expired(cursor: Cursor, budget: str, start: int, now: int) -> int:
    """What the next reservation would take off."""
    cursor.execute(_SUM, (budget, -start, oldest_step(start, now)))
    (gone,) = cast("tuple[int]", cursor.fetchone())
    return int(gone)


def _step(start: int) -> int:
    return max(1, -start // _STEPS)


def oldest_step(start: int, now: int) -> int:
    """The number of the first step that still lies in the window, if only in part."""
    return (now + start) // _step(start)
