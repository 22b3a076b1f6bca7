"""What a commit consists of: opening, topping up and closing a call, over one cursor inside one
transaction.

Each function either does all of its work or raises, and then the writer undoes what it had done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias, cast

from ..errors import AuditUnavailable, BudgetExceeded
from ..schemas.audit import Completion
from . import guard_hits, rolling, sql
from .chain import Chain
from .content import SealedRow, put
from .location import Cursor, Row
from .records import ContentRow, HoldRow, completion_row, sealed_completion, sealed_intent
from .usage_sums import add_late, is_late
from .values import moment, usd

Window: TypeAlias = "tuple[str, int]"
_STARTED_AT = sql.INTENT.index("started_at")
_ENDED_AT = sql.COMPLETION.index("ended_at")
_VERDICTS = sql.COMPLETION.index("verdicts")


@dataclass(slots=True, eq=False)
class Opening:
    """An intent and what it reserves. Calling it returns the soft budgets that are now over their
    limit.

    Attributes:
        holds: Sorted. A window that stands twice has two limits: it is reserved once and held
            against both. Of a nested call, what it needs beyond its parent's reservation.
    """

    call: Row
    call_id: str
    parent: str | None
    holds: Sequence[HoldRow]
    content: ContentRow | None
    chain: Chain

    def __call__(self, cursor: Cursor) -> tuple[str, ...]:
        over: list[str] = []
        drawn = _draw_on(cursor, self.call_id, self.parent) if self.parent else ()
        reserved: Window | None = None
        for hold in self.holds:
            window = (hold.budget, hold.window_start)
            if window in drawn and not hold.amount:
                continue
            again = window == reserved
            if hold.window_start < 0 and not again:
                rolling.expire(cursor, *window, cast(int, self.call[_STARTED_AT]))
            if not _reserve(cursor, hold._replace(amount=0) if again else hold):
                over.append(hold.budget)
            if not again and window in drawn:
                cursor.execute(sql.GROW_HOLD, (hold.amount, self.call_id, *window))
            elif not again:
                row = (self.call_id, *window, hold.amount, hold.limit, int(hold.hard))
                cursor.execute(sql.INSERT_HOLD, row)
            reserved = window
        cursor.execute(sql.INSERT_CALL, self.call)
        said = put(cursor, self.chain.content_keys, self.content) if self.content else None
        seal_intent(self.chain, cursor, self.call, said)
        return tuple(over)

    def undo(self, cursor: Cursor) -> None:
        """Close a call that was recorded although whoever made it was told that it was not."""
        cursor.execute(sql.CALL_EXISTS, (self.call_id,))
        if cursor.fetchone() is None:
            return
        started = cast(int, self.call[_STARTED_AT])
        refused = Completion(
            id=self.call_id,
            started_at=moment(started),
            ended_at=datetime.now(UTC),
            outcome="refused",
            cost=Decimal(0),
            error_code="audit_unavailable",
            error_message="The store was lost while the call was being recorded; it was not sent.",
        )
        Closing(completion_row(refused), self.call_id, started, 0, self.chain)(cursor)


@dataclass(slots=True, eq=False)
class Closing:
    """A completion and the money it settles. A call that is closed already stays as it is.

    Attributes:
        intent: The call itself, where it may not have been recorded yet.
        uncharged: Budgets whose hold is released without a charge.
        kept: Budgets that are charged something else than the cost.
    """

    completion: Row
    call_id: str
    started: int
    cost: int
    chain: Chain
    content: ContentRow | None = None
    intent: Row | None = None
    uncharged: Collection[str] = ()
    kept: Mapping[str, int] = field(default_factory=dict[str, int])

    def __call__(self, cursor: Cursor) -> None:
        new = False
        if self.intent:
            cursor.execute(sql.INSERT_CALL_IF_NEW, self.intent)
            new = cursor.rowcount == 1
        cursor.execute(sql.COMPLETE_CALL, self.completion)
        if cursor.rowcount == 0:
            _must_exist(cursor, self.call_id)
            return
        _settle(cursor, self)
        cursor.execute(sql.ADD_USAGE, (self.call_id,))
        if (verdicts := cast("str | None", self.completion[_VERDICTS])) is not None:
            guard_hits.add(cursor, self.started, verdicts)
        if is_late(self.started):
            add_late(cursor, self.call_id)
        said = put(cursor, self.chain.content_keys, self.content) if self.content else None
        if new and self.intent:
            seal_intent(self.chain, cursor, self.intent, said)
        answer = said.response if said else None
        ended = cast(int, self.completion[_ENDED_AT])
        record = sealed_completion(self.completion)
        self.chain.append(cursor, "close", self.call_id, ended, record, answer)


def seal_intent(chain: Chain, cursor: Cursor, call: Row, content: SealedRow | None) -> None:
    """Seal what was asked."""
    started, call_id = cast(int, call[_STARTED_AT]), cast(str, call[0])
    asked = content.request if content else None
    chain.append(cursor, "open", call_id, started, sealed_intent(call), asked)


def top_up(cursor: Cursor, call_id: str, amounts: Mapping[Window, int], estimate: int) -> bool:
    """Reserve more in windows the call holds; False, and nothing done, if a hard one is full."""
    cursor.execute(sql.HOLDS, (call_id,))
    held = cast("list[tuple[str, int, int, int]]", cursor.fetchall())
    done: list[tuple[int, str, int]] = []
    for budget, start, limit, hard in held:
        if not (amount := amounts.get((budget, start), 0)):
            continue
        cursor.execute(sql.RESERVE_WITHIN, (amount, budget, start, amount, limit))
        if not cursor.rowcount:
            if hard:
                for reserved, *window in done:
                    cursor.execute(sql.RESERVE, (-reserved, *window))
                return False
            cursor.execute(sql.RESERVE, (amount, budget, start))
        done.append((amount, budget, start))
    for amount, budget, start in done:
        cursor.execute(sql.GROW_HOLD, (amount, call_id, budget, start))
    cursor.execute(sql.RAISE_ESTIMATE, (estimate, call_id, estimate))
    return True


def _draw_on(cursor: Cursor, call_id: str, parent: str) -> set[Window]:
    """Give a nested call a share, empty at first, in each hold of its parent."""
    cursor.execute(sql.DRAW_ON_PARENT, (call_id, parent))
    if cursor.rowcount == 0:
        return set()
    cursor.execute(sql.HOLDS, (call_id,))
    return {(cast(str, budget), cast(int, start)) for budget, start, *_ in cursor.fetchall()}


def _reserve(cursor: Cursor, hold: HoldRow) -> bool:
    """Reserve in one window; False where it is soft and over its limit now.

    Raises:
        BudgetExceeded: It is hard and has no room.
    """
    within = (hold.amount, hold.budget, hold.window_start, hold.amount, hold.limit)
    cursor.execute(sql.RESERVE_WITHIN, within)
    if cursor.rowcount:
        return True
    cursor.execute(sql.OPEN_WINDOW, (hold.budget, hold.window_start, hold.period))
    if cursor.rowcount:
        cursor.execute(sql.RESERVE_WITHIN, within)
        if cursor.rowcount:
            return True
    if hold.hard:
        raise _no_room(cursor, hold)
    cursor.execute(sql.RESERVE, within[:3])
    return False


def _no_room(cursor: Cursor, hold: HoldRow) -> BudgetExceeded:
    cursor.execute(sql.WINDOW, (hold.budget, hold.window_start))
    spent, held = cast("tuple[int, int]", cursor.fetchone())
    refused = BudgetExceeded(
        f"The budget of {hold.title} has no room for this call: of ${usd(hold.limit):f} "
        f"({hold.period}), ${usd(spent):f} are spent and ${usd(held):f} reserved by calls in "
        f"flight; this one may cost ${usd(hold.amount):f}. Choose a cheaper model, lower "
        "`max_tokens` (in a cell `--max-tokens`), or ask an admin for more."
    )
    refused.budget = hold.budget
    refused.too_large = spent + held < hold.limit < hold.amount
    return refused


def _settle(cursor: Cursor, closing: Closing) -> None:
    """Turn the call's holds into its cost; a nested call uses up its parent's reservation."""
    cursor.execute(sql.HOLDS_TO_SETTLE, (closing.call_id,))
    rows = cast("list[tuple[str, int, int, str | None, int | None]]", cursor.fetchall())
    if not rows:
        return
    for budget, start, amount, holder, reserved in rows:
        cost = 0 if budget in closing.uncharged else closing.kept.get(budget, closing.cost)
        if start < 0 and cost:
            now = cast(int, closing.completion[_ENDED_AT])
            rolling.spend(cursor, budget, start, now, cost)
        drawn = min(max(cost - amount, 0), reserved or 0)
        cursor.execute(sql.SETTLE, (cost, amount + drawn, budget, start))
        if drawn and holder:
            cursor.execute(sql.SHRINK_HOLD, (drawn, holder, budget, start))
    cursor.execute(sql.DELETE_HOLDS, (closing.call_id,))


def _must_exist(cursor: Cursor, call_id: str) -> None:
    cursor.execute(sql.CALL_EXISTS, (call_id,))
    if cursor.fetchone() is None:
        raise AuditUnavailable(
            f"Call {call_id} has no record to complete: its intent is not in the store."
        )
