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
from ..schemas.call_search import CallSearch, Whose
from ..schemas.policy import BudgetRule, Scope
from ..schemas.principal import Principal
from ..spi.journal import History
from .forecast import forecast

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
_DAYS_OF_HISTORY = 180
_LEAST_DAYS_WITH_SPEND = 7
_MICRO = Decimal("0.000001")


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
            page = await self._history.calls(
                CallSearch(document=document), whose=Whose(user=user), limit=_SERIES
            )
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
            expected = await self._forecast(rule.scope, principal.user, spent, (start, end), now)
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
                    forecast_usd=expected[0],
                    forecast_low_usd=expected[1],
                    forecast_high_usd=expected[2],
                )
            )
        return statuses

    async def _forecast(
        self,
        scope: Scope,
        user: str,
        spent: Decimal,
        window: tuple[datetime, datetime | None],
        now: datetime,
    ) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Expected by the end of the window, with the ends of its interval where the past tells."""
        start, end = window
        if end is None:
            return None, None, None
        whose = scope.model_dump(exclude_none=True).keys()
        if whose - {"user"}:  # of a group or a model there are no sums by day and user
            return _at_this_rate(spent, start, end, now), None, None
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = midnight - timedelta(days=_DAYS_OF_HISTORY)
        rows = await self._history.usage(
            since=since, until=midnight, by=("day",), user=user if whose else None
        )
        by_day = {row.key["day"]: float(row.spend.cost_usd) for row in rows}
        days = [since + timedelta(days=n) for n in range(_DAYS_OF_HISTORY)]
        daily = [by_day.get(day.strftime("%Y-%m-%d"), 0.0) for day in days]
        if sum(1 for amount in daily if amount) < _LEAST_DAYS_WITH_SPEND:
            return _at_this_rate(spent, start, end, now), None, None
        said = forecast(daily, float(spent), (end - now) / timedelta(days=1))
        return _money(said.expected), _money(said.low), _money(said.high)


def _named(rows: Sequence[UsageRow], field: str) -> list[NamedSpend]:
    named = [NamedSpend(name=row.key.get(field, ""), spend=row.spend) for row in rows]
    return sorted(named, key=lambda one: (-one.spend.cost_usd, -one.spend.calls))


def _money(amount: float | None) -> Decimal | None:
    return None if amount is None else Decimal(amount).quantize(_MICRO)


def _at_this_rate(spent: Decimal, start: datetime, end: datetime, now: datetime) -> Decimal | None:
    """What the window will have cost at the present rate; None in its first twentieth."""
    passed = Decimal((now - start).total_seconds() / (end - start).total_seconds())
    if passed < Decimal("0.05"):
        return None
    return (spent / passed).quantize(_MICRO)
