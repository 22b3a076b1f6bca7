"""What the shares of budgets have used together, each budget in the window that runs now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, cast

from .location import Cursor
from .rolling import oldest_step
from .values import micros, text, usd

_TOTAL = """
    SELECT count(*), coalesce(sum(spent), 0), coalesce(sum(held), 0), coalesce(max(spent + held), 0)
    FROM (SELECT w.held AS held, w.spent - coalesce((
    SELECT sum(s.spent) FROM budget_steps s
    WHERE s.budget = w.budget AND s.length = ? AND s.step < ?), 0) AS spent
    FROM budget_windows w WHERE w.window_start = ?
    AND substr(w.budget, 1, CAST(? AS INTEGER)) = ?) AS shares"""


class Total(NamedTuple):
    """USD settled and held by all shares of a budget, and by the one that has used most; and how
    many shares there are.
    """

    shares: int
    spent: Decimal
    held: Decimal
    fullest: Decimal


def totals(cursor: Cursor, windows: Sequence[tuple[str, datetime]], now: datetime) -> list[Total]:
    """Of each budget, by its name in the ledger and the start of a window."""
    found: list[Total] = []
    for name, start in windows:
        prefix, began = f"{text(name)}|", micros(start)
        length, oldest = (-began, oldest_step(began, micros(now))) if began < 0 else (0, 0)
        cursor.execute(_TOTAL, (length, oldest, began, len(prefix), prefix))
        shares, spent, held, fullest = cast("tuple[int, int, int, int]", cursor.fetchone())
        found.append(Total(shares, usd(int(spent)), usd(int(held)), usd(int(fullest))))
    return found
