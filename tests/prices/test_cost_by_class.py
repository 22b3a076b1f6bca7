"""What of a cost each class of tokens makes up; what a discount takes off."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.config import PriceRule
from jupyter_mesh.providers.openai_usage import usage_from_openai
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import PICO, Price, Usage, cost_by_class, cost_of, dearest

from .test_cost import PAYLOADS

D = Decimal
FULL = Price(
    input=D("1.1"),
    output=D("4.4"),
    cache_read=D("0.11"),
    cache_write=D("1.375"),
    input_audio=D(32),
    output_audio=D(64),
    input_image=D(5),
    reasoning=D(6),
    per_request=D("0.005"),
)


def test_every_class_is_told_apart_to_the_last_digit() -> None:
    usage = Usage(
        input=1000,
        cache_read=400,
        cache_write=100,
        input_audio=50,
        input_image=30,
        output=500,
        reasoning=200,
        output_audio=10,
    )
    assert cost_by_class(usage, FULL) == {
        "input": D("0.000462"),  # 420 left
        "output": D("0.001276"),  # 290 left
        "cache_read": D("0.000044"),
        "cache_write": D("0.0001375"),
        "input_audio": D("0.0016"),
        "input_image": D("0.00015"),
        "reasoning": D("0.0012"),
        "output_audio": D("0.00064"),
        "request": D("0.005"),
    }


@pytest.mark.parametrize(
    ("payload", "price", "cost"), [p[1:] for p in PAYLOADS], ids=[p[0] for p in PAYLOADS]
)
def test_the_classes_of_a_reported_usage_are_together_its_cost(
    payload: JsonObject, price: Price, cost: str
) -> None:
    usage = usage_from_openai(payload)
    assert usage is not None
    assert sum(cost_by_class(usage, price).values()) == D(cost)


RATES = st.decimals(0, 100, places=9)
COUNTS = st.integers(0, 10**7)


@given(COUNTS, COUNTS, COUNTS, COUNTS, RATES, RATES, RATES, RATES)
def test_whatever_is_rounded_the_classes_add_up(
    plain: int,
    cached: int,
    written: int,
    thought: int,
    a: Decimal,
    b: Decimal,
    c: Decimal,
    d: Decimal,
) -> None:
    usage = Usage(
        input=plain + cached, cache_read=cached, output=written + thought, reasoning=thought
    )
    price = Price(input=a, output=b, cache_read=c, reasoning=d)
    classes = cost_by_class(usage, price)
    assert sum(classes.values()) == cost_of(usage, price)
    assert all(cost >= 0 and cost % PICO == 0 for cost in classes.values())


def test_a_discount_is_taken_off_every_class_and_every_tier_and_said() -> None:
    tiered = Price(input=D(2), output=D(8), source="list", above=((1000, FULL),))
    less = tiered.less(D("0.15"))
    assert (less.input, less.output, less.source) == (D("1.70"), D("6.80"), "list, discount 15%")
    usage = Usage(input=2000, cache_read=500, output=100, output_audio=7)
    assert cost_of(usage, less) == cost_of(usage, tiered) * D("0.85")
    assert tiered.less(D(0)) is tiered


def test_the_admins_price_has_tiers_that_charge_the_whole_prompt() -> None:
    rule = PriceRule.model_validate(
        {
            "input": "1.25",
            "output": 10,
            "cache_read": "0.125",
            "per_request": "0.001",
            "above": [{"input_tokens": 200_000, "input": "2.5", "output": 15}],
        }
    )
    for tokens, cost in ((200_000, "0.252"), (200_001, "0.5025025")):
        usage = Usage(input=tokens, output=100)
        assert cost_of(usage, rule.price) == D(cost)


def test_the_dearest_of_all_prices_is_never_less_than_any() -> None:
    cheap = Price(input=D("0.1"), output=D("0.2"), output_audio=D(500))
    most = dearest([FULL, cheap])
    assert most is not None
    assert (most.input, most.output, most.per_request) == (D(32), D(500), D("0.005"))
    assert dearest([]) is None
    assert dearest([Price(input=D(0), output=D(0), source="local")]) is None


def test_what_is_cached_for_an_hour_has_its_own_price_or_that_of_the_cache() -> None:
    usage = Usage(input=1_000_000, cache_write=600_000, cache_write_1h=100_000)
    known = Price(
        input=Decimal(3), output=Decimal(0), cache_write=Decimal(4), cache_write_1h=Decimal(6)
    )
    assert cost_by_class(usage, known) == {
        "input": Decimal("1.2"),
        "cache_write": Decimal(2),
        "cache_write_1h": Decimal("0.6"),
    }
    for price, cost in (
        (Price(input=Decimal(3), output=Decimal(0), cache_write=Decimal(4)), Decimal("3.6")),
        (Price(input=Decimal(3), output=Decimal(0)), Decimal(3)),
        (Price(input=Decimal(3), output=Decimal(0), cache_write_1h=Decimal(6)), Decimal("3.3")),
    ):
        assert cost_of(usage, price) == cost
        assert sum(cost_by_class(usage, price).values()) == cost
