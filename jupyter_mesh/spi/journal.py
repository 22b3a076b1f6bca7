"""The durable record of calls and money: audit and ledger in one place, so that one commit holds
both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from ..schemas.api import CallDetail, CallPage, UsageRow
from ..schemas.audit import Completion, Hold, Intent
from ..schemas.call_search import ALL_CALLS, CallSearch, Whose


class Journal(Protocol):
    """Every method returns only when its effect is durable (fsynced) in `strict` durability."""

    async def open(self, intent: Intent, holds: Sequence[Hold]) -> tuple[str, ...]:
        """Record the intent and reserve every hold, in one commit; all or nothing. The holds of a
        nested call are what it needs beyond the reservation of its parent, which pays first.

        Returns the `budget` keys of soft budgets that are now over their limit.

        Raises:
            BudgetExceeded: A hard budget has no room; nothing was written.
            AuditUnavailable: The store failed; nothing may be sent.
        """
        ...

    async def top_up(
        self, call_id: str, amounts: Mapping[tuple[str, datetime], Decimal], estimate: Decimal
    ) -> bool:
        """Reserve more for a running call; False, and nothing done, when a hard budget has no room.

        Args:
            call_id: The call.
            amounts: USD more, by budget key and window start, of windows that the call holds.
            estimate: USD the call is charged if the gateway dies from here on; unless it was
                estimated higher, or its price is unknown.

        Raises:
            AuditUnavailable: The store failed; nothing more was reserved.
        """
        ...

    async def close(self, completion: Completion, intent: Intent | None = None) -> None:
        """Settle all holds of the call to `completion.cost` (a nested call's cost settles at its
        own
        id), complete the record and add to the hourly usage, in one commit. Idempotent.

        Args:
            completion: How it ended.
            intent: Given for calls that were never opened (refused, blocked, cached): recorded in
                the same commit.

        Raises:
            AuditUnavailable: The store failed; the answer must not be passed off as recorded.
        """
        ...

    async def recover(self, now: datetime) -> int:
        """After a start: settle every call a dead writer left open at its estimate, as
        `interrupted`.

        Returns how many there were.
        """
        ...

    async def aclose(self) -> None:
        """Write what is queued and close the store."""
        ...

    @property
    def healthy(self) -> bool:
        """False once a write has failed for good; readiness turns red and calls are refused."""
        ...


class History(Protocol):
    """Reads over the same store; never on the hot path."""

    async def calls(
        self,
        search: CallSearch = ALL_CALLS,
        *,
        whose: Whose,
        before: str | None = None,
        limit: int = 50,
    ) -> CallPage:
        """Newest first, keyset-paged by `before` (the `next` of the previous page)."""
        ...

    async def call(self, call_id: str, *, whose: Whose) -> CallDetail:
        """One call with content, verdicts, timings and nested calls.

        Raises:
            NotFound: It does not exist or is not among those.
        """
        ...

    async def usage(
        self,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[str],
        user: str | None,
        groups: Collection[str] | None = None,
        where: Mapping[str, str] | None = None,
        most: int | None = None,
    ) -> list[UsageRow]:
        """Sums grouped by any of `schemas.usage.GROUPINGS`: of one user, of calls charged to some
        groups, of calls `where` a field has a value.

        Raises:
            InvalidRequest: There is no such grouping, or there are more than `most` rows.
        """
        ...

    async def spent(
        self, holds: Sequence[tuple[str, datetime]]
    ) -> dict[tuple[str, datetime], tuple[Decimal, Decimal]]:
        """(settled, held) USD per budget key and window start."""
        ...

    async def set_preference(self, user: str, key: str, value: str | None) -> None:
        """Keep a small setting of a user (chosen model, accepted offers); None removes it."""
        ...

    async def preferences(self, user: str) -> dict[str, str]:
        """All settings of a user."""
        ...
