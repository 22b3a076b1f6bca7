"""Usage, charge-back and its forecast, as far as the caller may see them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ..config import HourlyCost, PricesRule
from ..errors import InvalidRequest, NotPermitted
from ..pipeline.snapshot import Snapshot
from ..pipeline.windows import window_of
from ..schemas.call_search import View
from ..schemas.policy import BudgetRule
from ..schemas.principal import Principal, Scope
from ..schemas.usage import MOST_ROWS, DayCost, ForecastWindow, Usage, UsageForecast, UsageRow
from ..spi.journal import History
from .expected import expected
from .hourly_costs import spread_hourly_costs
from .price_age import notes_on
from .sums import total


class UsageReports:
    """Reports over a `History`.

    Args:
        history: The store.
        snapshot: Gives the policy in force.
        hourly: Gives what connections cost by the hour.
        prices: Gives what is asked of prices.
    """

    def __init__(
        self,
        history: History,
        snapshot: Callable[[], Snapshot],
        hourly: Callable[[], Mapping[str, HourlyCost]] = dict,
        prices: Callable[[], PricesRule] = PricesRule,
    ) -> None:
        self._history = history
        self._snapshot = snapshot
        self._hourly = hourly
        self._prices = prices

    async def usage(
        self,
        principal: Principal,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[str],
        view: View | None = None,
        where: Mapping[str, str] | None = None,
        most: int = MOST_ROWS,
    ) -> Usage:
        """Spend between two moments, over the whole hours (UTC) that overlap that time.

        Args:
            principal: Who asks.
            since: The first moment.
            until: The first moment that is too late.
            by: What it is grouped by.
            view: Whose calls; None: everybody's for those who may see them, else one's own.
            where: Only calls with these values.
            most: Rows; more are refused.

        Raises:
            InvalidRequest: A field is unknown, the moments are the wrong way round, or there are
                too many rows.
            NotPermitted: The caller may not see so much.
        """
        if since >= until:
            raise InvalidRequest("`since` must be before `until`.", param="since")
        seen, user, groups = self._seen(principal, view)
        rows = await self._history.usage(
            since=since, until=until, by=by, user=user, groups=groups, where=where, most=most
        )
        narrowed = dict(where or {})

        async def sums(connection: str, *, everybody: bool) -> list[UsageRow]:
            only = {"connection": connection}
            if everybody:
                return await self._history.usage(
                    since=since, until=until, by=(), user=None, where=only
                )
            return await self._history.usage(
                since=since, until=until, by=by, user=user, groups=groups, where=narrowed | only
            )

        named = narrowed.get("connection")
        rules = {name: one for name, one in self._hourly().items() if named in (None, name)}
        rows, idle = await spread_hourly_costs(rules, since, until, sums, rows)
        return Usage(
            since=since,
            until=until,
            by=list(by),
            rows=rows,
            total=total(rows),
            view=seen,
            where=narrowed,
            idle_usd=idle if seen == "all" else Decimal(0),
            notes=self._notes(principal, seen, narrowed, rows),
        )

    def _notes(
        self, principal: Principal, view: View, where: Mapping[str, str], rows: Sequence[UsageRow]
    ) -> list[str]:
        """About the prices of the models that may have made these costs, and the caller may see."""
        snapshot = self._snapshot()
        models = snapshot.models.keys() if view == "all" else snapshot.visible(principal)
        if "model" in where:
            models = models & {where["model"]}
        elif rows and "model" in rows[0].key:
            models = models & {row.key["model"] for row in rows}
        return notes_on(models, snapshot.models.values(), self._prices()) if rows else []

    async def forecast(
        self,
        principal: Principal,
        *,
        window: ForecastWindow = "month",
        timezone: str = "UTC",
        view: View | None = None,
        where: Mapping[str, str] | None = None,
    ) -> UsageForecast:
        """What the running window will have cost at its end. Raises as `usage`."""
        seen, user, groups = self._seen(principal, view)
        now = datetime.now(UTC)
        rule = BudgetRule(limit_usd=Decimal(0), window=window, timezone=timezone)
        start, end = window_of(rule, now)
        assert end is not None
        rows = await self._history.usage(
            since=start,
            until=now + timedelta(hours=1),
            by=("day",),
            user=user,
            groups=groups,
            where=where,
        )
        spent = total(rows)
        ahead = await expected(
            self._history,
            spent.cost_usd,
            (start, end),
            now,
            user=user,
            groups=groups,
            where=where,
        )
        return UsageForecast(
            window=window,
            timezone=timezone,
            window_start=start,
            window_end=end,
            view=seen,
            where=dict(where or {}),
            spent_usd=spent.cost_usd,
            expected_usd=ahead.expected,
            low_usd=ahead.low,
            high_usd=ahead.high,
            saved_usd=spent.saved_usd,
            saved_by_fallback_usd=spent.saved_by_fallback_usd,
            calls=spent.calls,
            unpriced=spent.unpriced,
            days=[
                DayCost.model_validate({"day": row.key["day"], "cost_usd": row.spend.cost_usd})
                for row in rows
            ],
        )

    def _seen(
        self, principal: Principal, view: View | None
    ) -> tuple[View, str | None, Collection[str] | None]:
        """The view, the user and the groups that it narrows to; None: to nobody."""
        everybody = principal.may(Scope.AUDIT) or principal.may(Scope.ADMIN)
        if view is None:
            view = "all" if everybody else "own"
        if view == "own":
            return view, principal.user, None
        if view == "all":
            if not everybody:
                raise NotPermitted("Everybody's usage is for admins and auditors; ask for `own`.")
            return view, None, None
        if not (everybody or principal.may(Scope.READ_USAGE)):
            raise NotPermitted(
                "This credential may not see the usage of groups: it lacks `read:usage`."
            )
        return view, None, self._snapshot().groups_of(principal)
