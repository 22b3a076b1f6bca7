"""Prices of the embedded list, and what calls cost by them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage as ListUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import DataSnapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
)

from jupyter_mesh.prices import standard_prices
from jupyter_mesh.prices.genai import GenaiPrices
from jupyter_mesh.schemas.spend import Price, Usage, cost_of

MODELS = (
    ("openai", "gpt-5-mini"),
    ("openai", "gpt-4o"),
    ("openai", "text-embedding-3-small"),
    ("google", "gemini-2.5-pro"),
    ("anthropic", "claude-sonnet-4-5"),
    ("groq", "llama-3.3-70b-versatile"),
)
USAGES = (
    Usage(input=1000, output=500),
    Usage(input=1000, output=500, cache_read=400),
    Usage(input=250_000, output=10_000, cache_read=100_000),
    Usage(input=7, output=0),
)


@pytest.mark.parametrize(("provider", "model"), MODELS)
@pytest.mark.parametrize("usage", USAGES)
def test_a_calls_cost_equals_the_lists_own_arithmetic(
    provider: str, model: str, usage: Usage
) -> None:
    price = standard_prices().price(provider, model)
    assert price is not None
    expected = calc_price(
        ListUsage(
            input_tokens=usage.input,
            output_tokens=usage.output,
            cache_read_tokens=usage.cache_read or None,
        ),
        model_ref=model,
        provider_id=provider,
    )
    if usage.cache_read and price.cache_read is None:
        return  # the list charges cached tokens of such a model as plain ones; so do we, above
    assert cost_of(usage, price) == expected.total_price
    assert price.source.startswith("genai-prices ")


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "gpt-99-imaginary"), ("nobody", "gpt-5-mini"), ("", "")]
)
def test_an_unknown_model_has_no_price_rather_than_none_at_all(provider: str, model: str) -> None:
    assert standard_prices().price(provider, model) is None
    assert standard_prices().context_window(provider, model) is None


def test_the_address_finds_a_price_where_the_name_of_the_provider_does_not() -> None:
    prices = standard_prices()
    by_address = prices.price(
        "openai_compatible", "llama-3.3-70b-versatile", "https://api.groq.com/openai/v1"
    )
    assert by_address == prices.price("groq", "llama-3.3-70b-versatile")


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000/v1", "https://llm.example.org/v1"])
def test_a_server_the_list_does_not_know_has_no_price_whatever_its_models_are_called(
    base_url: str,
) -> None:
    prices = standard_prices()
    assert prices.price("openai", "gpt-5-mini", "https://api.openai.com/v1") is not None
    assert prices.price("openai", "gpt-5-mini", base_url) is None


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(input=1_000_000), "1"),
        (Usage(output=1_000_000), "10"),
        (Usage(input=1_000_000, cache_read=500_000), "0.55"),
        (Usage(output=1_000_000, reasoning=1_000_000), "10"),
        (Usage(input=1_000_000, input_audio=1_000_000), "40"),
        (Usage(input=1), "0.000001"),
        (Usage(), "0"),
    ],
)
def test_each_class_of_tokens_has_its_own_price(usage: Usage, cost: str) -> None:
    price = Price(
        input=Decimal(1), output=Decimal(10), cache_read=Decimal("0.1"), input_audio=Decimal(40)
    )
    assert cost_of(usage, price) == Decimal(cost)


@pytest.mark.parametrize(
    ("comment", "begins", "expected"),
    [
        ("Checked on 2026-03-02, before on 2025-12-31.", None, date(2026, 3, 2)),
        ("Checked on 2026-03-02.", date(2026, 4, 1), date(2026, 4, 1)),
        ("Announced for 2099-01-01.", date(2098, 1, 1), None),
        ("2026-02-30 is no day, 12026-01-01 and 2026-01-011 are none.", None, None),
        (None, None, None),
    ],
)
def test_a_list_is_as_old_as_the_newest_day_it_names(
    comment: str | None, begins: date | None, expected: date | None
) -> None:
    price = ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(2))
    constraint = None if begins is None else StartDateConstraint(start_date=begins)
    model = ModelInfo(
        id="m",
        match=ClauseEquals(equals="m"),
        price_comments=comment,
        prices=[
            ConditionalPrice(prices=price),
            ConditionalPrice(constraint=constraint, prices=price),
        ],
    )
    provider = Provider(id="p", name="P", api_pattern="p", models=[model])
    prices = GenaiPrices(DataSnapshot(providers=[provider], from_auto_update=False))
    assert prices.as_of == expected
    found = prices.price("p", "m")
    assert found is not None
    assert found.as_of == expected


def test_the_list_that_is_installed_says_how_old_it_is() -> None:
    found = GenaiPrices().as_of
    assert found is not None
    assert date(2026, 1, 1) < found <= datetime.now(UTC).date()
