"""How full each budget is, whoever uses it: what admins see beside the rules."""

from __future__ import annotations

from datetime import UTC, datetime

from ..pipeline.windows import began, window_of
from ..schemas.admin import BudgetUse
from ..schemas.raises import raised
from .merge import declared
from .parts import Parts


async def budget_use(parts: Parts) -> list[BudgetUse]:
    """Of each budget of the settings, in the window that runs now.

    Raises:
        StoreUnavailable: The store cannot be read.
    """
    config, now = parts.governance.config, datetime.now(UTC)
    raises = config.raises.values()
    names = declared(config, "budgets")
    rules = [raised(rule, "", raises, now) for rule in config.budgets]
    windows = [window_of(rule, now) for rule, _ in rules]
    totals = await parts.history.budget_totals(
        [(rule.ledger_name, start) for (rule, _), (start, _) in zip(rules, windows, strict=True)]
    )
    return [
        BudgetUse(
            name=name,
            limit_usd=rule.limit_usd,
            raised_until=reason and reason.until,
            usual_limit_usd=reason and usual.limit_usd,
            each=any(part == "*" for part in rule.scope.model_dump().values()),
            shares=total.shares,
            spent_usd=total.spent,
            held_usd=total.held,
            fullest_usd=total.fullest,
            window_start=began(start, now),
            window_end=end,
        )
        for name, usual, (rule, reason), (start, end), total in zip(
            names, config.budgets, rules, windows, totals, strict=True
        )
    ]
