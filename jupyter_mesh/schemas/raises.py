"""Budgets that may spend more for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from pydantic import Field, field_validator

from .policy import BudgetRule, Rule


class RaiseRule(Rule):
    """More room in a budget until a moment; then its own limit holds again, by itself.

    Attributes:
        budget: The name of the budget.
        share: Only this share of it, such as `user=ada`; None: each of them.
        limit_usd: What it may spend in its window meanwhile; less than its own limit does nothing.
        until: From then on the budget's own limit holds; without a zone it is UTC.
        reason: Why, for the record.
    """

    budget: str
    share: str | None = Field(
        default=None, pattern="^(user|group|application|key)=.+$", max_length=500
    )
    limit_usd: Decimal = Field(ge=0, allow_inf_nan=False)
    until: datetime
    reason: str = Field(min_length=1, max_length=500)

    @field_validator("until")
    @classmethod
    def _in_utc(cls, value: datetime) -> datetime:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def raised(
    rule: BudgetRule, share: str, raises: Iterable[RaiseRule], now: datetime
) -> tuple[BudgetRule, RaiseRule | None]:
    """The rule as it holds now for a share, and the raise that makes it so; the largest counts.

    Args:
        rule: As it is written.
        share: Such as `user=ada`; empty where it has but one.
        raises: All of them, those that are over too.
        now: The moment.
    """
    holding = [
        one
        for one in raises
        if one.budget == rule.name
        and one.share in (None, share)
        and now < one.until
        and one.limit_usd > rule.limit_usd
    ]
    if not holding:
        return rule, None
    largest = max(holding, key=lambda one: (one.limit_usd, one.until))
    # A new one, since a copy would keep what was worked out from the old limit.
    said = {**rule.model_dump(), "limit_usd": largest.limit_usd}
    return BudgetRule.model_validate(said), largest
