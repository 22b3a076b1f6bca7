"""What was spent, by whom, against which budgets: read from the store, computed nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ..pipeline.holds import budget_key, budget_title
from ..pipeline.scopes import shares
from ..pipeline.snapshot import Snapshot
from ..pipeline.windows import window_of
from ..schemas.api import BudgetStatus, CostSummary, NamedSpend, Spend, Usage, UsageRow
from ..schemas.policy import BudgetRule
from ..schemas.principal import Principal
from ..spi.journal import History

NOTHING = Spend(
    cost_usd=Decimal(0),
    saved_usd=Decimal(0),
    calls=0,
    cached_calls=0,
    input_tokens=0,
    output_tokens=0,
    unpriced=0,
)
_SERIES = 20


def total(rows: Sequence[UsageRow]) -> Spend:
    """The sum of all rows."""
    spends = [row.spend for row in rows]
    return Spend(
        cost_usd=sum((s.cost_usd for s in spends), Decimal(0)),
        saved_usd=sum((s.saved_usd for s in spends), Decimal(0)),
        calls=sum(s.calls for s in spends),
        cached_calls=sum(s.cached_calls for s in spends),
        input_tokens=sum(s.input_tokens for s in spends),
        output_tokens=sum(s.output_tokens for s in spends),
        unpriced=sum(s.unpriced for s in spends),
    )


class Costs:
    """Reports over a `History`."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def usage(
        self,
        user: str | None,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[str],
        document: str | None = None,
    ) -> Usage:
        """Usage between two moments, grouped; `user` None is everybody's."""
        rows = await self._history.usage(
            since=since, until=until, by=by, user=user, document=document
        )
        return Usage(since=since, until=until, by=list(by), rows=rows, total=total(rows))

    async def summary(
        self, snapshot: Snapshot, principal: Principal, document: str | None
    ) -> CostSummary:
        """Everything the cost part of the sidebar shows."""
        now = datetime.now(UTC)
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        month_start = midnight.replace(day=1).astimezone(UTC)
        until = now + timedelta(hours=1)
        user = principal.user
        today = await self.usage(user, since=midnight.astimezone(UTC), until=until, by=())
        models = await self.usage(user, since=month_start, until=until, by=("model",))
        applications = await self.usage(user, since=month_start, until=until, by=("application",))
        notebook, series = None, list[Decimal]()
        if document is not None:
            beginning = datetime(2000, 1, 1, tzinfo=UTC)
            spent = await self.usage(user, since=beginning, until=until, by=(), document=document)
            notebook = spent.total
            page = await self._history.calls(user=user, document=document, limit=_SERIES)
            series = [call.cost_usd or Decimal(0) for call in reversed(page.calls)]
        return CostSummary(
            document=document,
            notebook=notebook,
            notebook_series=series,
            today=today.total,
            month=models.total,
            month_by_model=_named(models.rows, "model"),
            month_by_application=_named(applications.rows, "application"),
            budgets=await self.budgets(snapshot, principal),
        )

    async def budgets(self, snapshot: Snapshot, principal: Principal) -> list[BudgetStatus]:
        """The budget windows that apply to the caller now."""
        now = datetime.now(UTC)
        groups = snapshot.groups_of(principal)
        applying: list[tuple[BudgetRule, str, datetime, datetime | None]] = []
        for rule in snapshot.budgets:
            for key in shares(rule.scope, principal, groups):
                start, end = window_of(rule, now)
                applying.append((rule, budget_key(rule, key), start, end))
        used = await self._history.spent([(key, start) for _, key, start, _ in applying])
        statuses: list[BudgetStatus] = []
        for rule, key, start, end in applying:
            spent, held = used.get((key, start), (Decimal(0), Decimal(0)))
            statuses.append(
                BudgetStatus(
                    name=budget_title(rule, key),
                    limit_usd=rule.limit_usd,
                    spent_usd=spent,
                    held_usd=held,
                    window=rule.window,
                    window_start=start,
                    window_end=end,
                    hard=rule.on_limit == "block",
                    forecast_usd=_forecast(spent, start, end, now),
                )
            )
        return statuses


def _named(rows: Sequence[UsageRow], field: str) -> list[NamedSpend]:
    named = [NamedSpend(name=row.key.get(field, ""), spend=row.spend) for row in rows]
    return sorted(named, key=lambda one: (-one.spend.cost_usd, -one.spend.calls))


def _forecast(
    spent: Decimal, start: datetime, end: datetime | None, now: datetime
) -> Decimal | None:
    """What the window will have cost at the present rate; None in its first twentieth."""
    if end is None:
        return None
    passed = Decimal((now - start).total_seconds() / (end - start).total_seconds())
    if passed < Decimal("0.05"):
        return None
    return (spent / passed).quantize(Decimal("0.000001"))
