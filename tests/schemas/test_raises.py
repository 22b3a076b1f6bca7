"""A raise gives a budget more room for a while, and never less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from jupyter_mesh.schemas.policy import BudgetRule, Scope
from jupyter_mesh.schemas.raises import RaiseRule, raised

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RULE = BudgetRule(
    name="each", scope=Scope(user="*"), limit_usd=Decimal(20), alert_at=(0.5,), window="day"
)


def more(
    usd: int, *, until: datetime = NOW + SECOND, share: str | None = None, budget: str = "each"
) -> RaiseRule:
    return RaiseRule(
        budget=budget, share=share, limit_usd=Decimal(usd), until=until, reason="month's end"
    )


@pytest.mark.parametrize(
    ("raises", "limit"),
    [
        ([], 20),
        ([more(50)], 50),
        ([more(50, until=NOW)], 20),
        ([more(50, until=NOW - SECOND)], 20),
        ([more(10)], 20),
        ([more(20)], 20),
        ([more(50, share="user=ada")], 50),
        ([more(50, share="user=adam")], 20),
        ([more(50, budget="everybody")], 20),
        ([more(30), more(50), more(40)], 50),
        ([more(90, until=NOW), more(30, share="user=ada")], 30),
    ],
)
def test_the_largest_that_holds_now_for_a_share_counts(raises: list[RaiseRule], limit: int) -> None:
    rule, reason = raised(RULE, "user=ada", raises, NOW)
    assert rule.limit_usd == limit
    assert (reason is None) == (limit == 20)


def test_all_that_follows_from_the_limit_follows_and_the_ledger_keeps_its_name() -> None:
    assert RULE.alert_amounts == ((0.5, Decimal(10)),)
    rule, _ = raised(RULE, "user=ada", [more(50)], NOW)
    assert rule.alert_amounts == ((0.5, Decimal(25)),)
    assert rule.ledger_name == RULE.ledger_name
    assert RULE.limit_usd == 20


def test_a_moment_without_a_zone_is_in_utc() -> None:
    one = more(50, until=datetime(2026, 11, 22, 12, 0, 1))  # noqa: DTZ001 as people write it
    assert raised(RULE, "user=ada", [one], NOW)[0].limit_usd == 50


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"share": "ada"},
        {"share": "user="},
        {"limit_usd": "NaN"},
        {"limit_usd": -1},
        {"until": "tomorrow"},
    ],
)
def test_what_is_no_raise_is_refused(wrong: dict[str, object]) -> None:
    good = {"budget": "each", "limit_usd": 50, "until": NOW, "reason": "month's end"}
    RaiseRule.model_validate(good)
    with pytest.raises(ValidationError):
        RaiseRule.model_validate({**good, **wrong})
