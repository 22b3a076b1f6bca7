"""Calls whose gateway died: settled at their estimate, because a provider may have received
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from ..schemas.audit import Completion, Timing
from ..schemas.json import as_list, as_str
from ..schemas.spend import Usage
from . import sql
from .chain import Chain
from .ledger import Closing
from .location import Cursor, Presence
from .records import completion_row
from .values import from_json, micros, moment, usd


@dataclass(frozen=True, slots=True)
class Recovery:
    """Settles what dead writers left open and returns how many calls there were."""

    presence: Presence
    writer: str
    chain: Chain
    now: datetime

    def __call__(self, cursor: Cursor) -> int:
        self.presence.announce(cursor)
        cursor.execute(sql.HEARTBEAT, (micros(self.now), self.writer))
        cursor.execute(sql.OTHER_WRITERS, (self.writer,))
        settled = 0
        for writer, heartbeat in cast("list[tuple[str, int]]", cursor.fetchall()):
            with self.presence.taken_over(cursor, writer, heartbeat) as dead:
                settled += self._settle(cursor, writer) if dead else 0
        return settled

    def _settle(self, cursor: Cursor, writer: str) -> int:
        cursor.execute(sql.LEFT_OPEN, (writer,))
        # Newest first: nested calls come before the call whose reservation they draw on.
        left_open = cast("list[tuple[str, int | None, str | None, int]]", cursor.fetchall())
        for call_id, estimate, candidates, started in left_open:
            cursor.execute(sql.COST_BELOW, (call_id,))
            (below,) = cast("tuple[int]", cursor.fetchone())
            cost = None if estimate is None else max(0, estimate - int(below))
            completion = self._completion(call_id, cost, candidates, started)
            kept = _held(cursor, call_id) if cost is None else {}
            row = completion_row(completion)
            closing = Closing(row, call_id, started, cost or 0, self.chain, kept=kept)
            closing(cursor)
        cursor.execute(sql.DELETE_WRITER, (writer,))
        return len(left_open)

    def _completion(
        self, call_id: str, cost: int | None, candidates: str | None, started: int
    ) -> Completion:
        names = as_list(from_json(candidates)) or []
        model = as_str(names[0]) if len(names) == 1 else None  # of several, nobody knows which
        elapsed = max(self.now - moment(started), timedelta(0))
        return Completion(
            id=call_id,
            started_at=moment(started),
            ended_at=self.now,
            outcome="interrupted",
            model=model,
            connection=model.partition("/")[0] if model else None,
            usage=Usage(estimated=True),
            cost=None if cost is None else usd(cost),
            timing=Timing(total=elapsed / timedelta(milliseconds=1)),
            error_code="interrupted",
            error_message="The gateway stopped before the call ended; charged at its estimate."
            if cost is not None
            else "The gateway stopped before the call ended; its price is unknown.",
        )


def _held(cursor: Cursor, call_id: str) -> dict[str, int]:
    """What each budget pays of a call whose price nobody knows: what it reserved."""
    cursor.execute(sql.HOLDS_TO_SETTLE, (call_id,))
    rows = cast("list[tuple[str, int, int, str | None, int | None]]", cursor.fetchall())
    return {budget: amount for budget, _, amount, *_ in rows}
