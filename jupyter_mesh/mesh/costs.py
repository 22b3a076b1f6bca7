"""What was spent, by whom, against which budgets: read from the store, computed nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from ..pipeline.holds import budget_key, budget_title
from ..pipeline.scopes import shares
from ..pipeline.snapshot import Snapshot
from ..pipeline.windows import began, window_of
from ..schemas.api import BudgetStatus, CostSummary, NamedSpend, UsageRow
from ..schemas.call_search import CallSearch, Whose
from ..schemas.policy import BudgetRule, Scope
from ..schemas.principal import Principal
from ..schemas.raises import RaiseRule, raised
from ..spi.journal import History
from .expected import UNKNOWN, Expected, at_this_rate, expected
from .sums import total

_SERIES = 20


class _InForce(NamedTuple):
    """A budget as it is written, as it holds now, and the raise that makes it so."""

    usual: BudgetRule
    rule: BudgetRule
    reason: RaiseRule | None


class Costs:
    """Reports over a `History`."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def _usage(
        self, user: str, since: datetime, until: datetime, by: str | None, document: str | None
    ) -> list[UsageRow]:
        where = {"document": document} if document is not None else {}
        fields = [by] if by else []
        return await self._history.usage(
            since=since, until=until, by=fields, user=user, where=where
        )

    async def summary(
        self, snapshot: Snapshot, principal: Principal, document: str | None
    ) -> CostSummary:
        """Everything the cost part of the sidebar shows."""
        now = datetime.now(UTC)
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        month_start = midnight.replace(day=1).astimezone(UTC)
        until = now + timedelta(hours=1)
        user = principal.user
        today = await self._usage(user, midnight.astimezone(UTC), until, None, None)
        models = await self._usage(user, month_start, until, "model", None)
        applications = await self._usage(user, month_start, until, "application", None)
        notebook, series = None, list[Decimal]()
        if document is not None:
            beginning = datetime(2000, 1, 1, tzinfo=UTC)
            notebook = total(await self._usage(user, beginning, until, None, document))
            page = await self._history.calls(
                CallSearch(document=document), whose=Whose(user=user), limit=_SERIES
            )
            series = [call.cost_usd or Decimal(0) for call in reversed(page.calls)]
        return CostSummary(
            document=document,
            notebook=notebook,
            notebook_series=series,
            today=total(today),
            month=total(models),
            month_by_model=_named(models, "model"),
            month_by_application=_named(applications, "application"),
            budgets=await self.budgets(snapshot, principal),
        )

    async def budgets(self, snapshot: Snapshot, principal: Principal) -> list[BudgetStatus]:
        """The budget windows that apply to the caller now."""
        now = datetime.now(UTC)
        groups = snapshot.groups_of(principal)
        applying: list[tuple[_InForce, str, datetime, datetime | None]] = []
        for rule in snapshot.budgets:
            for key in shares(rule.scope, principal, groups):
                start, end = window_of(rule, now)
                one = _InForce(rule, *raised(rule, key, snapshot.raises, now))
                applying.append((one, budget_key(rule, key), start, end))
        used = await self._history.spent([(key, start) for _, key, start, _ in applying])
        statuses: list[BudgetStatus] = []
        for (usual, rule, reason), key, start, end in applying:
            spent, held = used.get((key, start), (Decimal(0), Decimal(0)))
            ahead = await self._expected(rule.scope, principal.user, spent, (start, end), now)
            statuses.append(
                BudgetStatus(
                    name=rule.name or budget_title(rule, key),
                    limit_usd=rule.limit_usd,
                    raised_until=reason and reason.until,
                    usual_limit_usd=reason and usual.limit_usd,
                    spent_usd=spent,
                    held_usd=held,
                    window=rule.window,
                    window_start=began(start, now),
                    window_end=end,
                    hard=rule.on_limit == "block",
                    forecast_usd=ahead.expected,
                    forecast_low_usd=ahead.low,
                    forecast_high_usd=ahead.high,
                )
            )
        return statuses

    async def _expected(
        self,
        scope: Scope,
        user: str,
        spent: Decimal,
        window: tuple[datetime, datetime | None],
        now: datetime,
    ) -> Expected:
        """Of a share that usage has sums of, by its past; of any other, at its present rate."""
        start, end = window
        if end is None:
            return UNKNOWN
        narrowed = scope.model_dump(exclude_none=True)
        if set(narrowed) - {"user"}:
            return at_this_rate(spent, (start, end), now)
        whose = user if narrowed else None
        return await expected(self._history, spent, (start, end), now, user=whose)


def _named(rows: Sequence[UsageRow], field: str) -> list[NamedSpend]:
    named = [NamedSpend(name=row.key.get(field, ""), spend=row.spend) for row in rows]
    return sorted(named, key=lambda one: (-one.spend.cost_usd, -one.spend.calls))
