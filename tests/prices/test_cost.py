"""What a call costs: reported usage objects, the whole price list, and the arithmetic itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from genai_prices import Usage as ListUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.prices import standard_prices
from jupyter_mesh.providers.openai_usage import usage_from_openai
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import PICO, Price, Usage, cost_of, from_pico, to_pico

GPT = Price(input=Decimal("1.25"), output=Decimal(10), cache_read=Decimal("0.125"))
AUDIO = Price(
    input=Decimal("2.5"), output=Decimal(10), input_audio=Decimal(40), output_audio=Decimal(80)
)
TIERED = Price(
    input=Decimal(1),
    output=Decimal(10),
    cache_read=Decimal("0.1"),
    above=(
        (1_000, Price(input=Decimal(2), output=Decimal(15))),
        (5_000, Price(input=Decimal(4), output=Decimal(20))),
    ),
)
PAYLOADS: list[tuple[str, JsonObject, Price, str]] = [
    (
        "plain",
        {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29},
        GPT,
        "0.00012375",
    ),
    (
        "cached",
        {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "prompt_tokens_details": {"cached_tokens": 1920},
        },
        GPT,
        "0.0033475",  # 86 × 1.25 + 1920 × 0.125 + 300 × 10, per million
    ),
    (
        "reasoning costs as output",
        {
            "prompt_tokens": 100,
            "completion_tokens": 1000,
            "completion_tokens_details": {"reasoning_tokens": 900},
        },
        GPT,
        "0.010125",
    ),
    (
        "audio",
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "prompt_tokens_details": {"audio_tokens": 80},
            "completion_tokens_details": {"audio_tokens": 40},
        },
        AUDIO,
        "0.00655",  # 20 × 2.5 + 80 × 40 + 10 × 10 + 40 × 80
    ),
    ("embedding", {"prompt_tokens": 8, "total_tokens": 8}, GPT, "0.00001"),
    ("at a threshold", {"prompt_tokens": 1000, "completion_tokens": 1}, TIERED, "0.00101"),
    ("past it", {"prompt_tokens": 1001, "completion_tokens": 1}, TIERED, "0.002017"),
    ("past the next", {"prompt_tokens": 5001, "completion_tokens": 1}, TIERED, "0.020024"),
    (
        "past it, cached as input",
        {
            "prompt_tokens": 2000,
            "completion_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 1000},
        },
        TIERED,
        "0.004",
    ),
]


@pytest.mark.parametrize(
    ("payload", "price", "cost"), [p[1:] for p in PAYLOADS], ids=[p[0] for p in PAYLOADS]
)
def test_a_reported_usage_costs_what_the_price_says(
    payload: JsonObject, price: Price, cost: str
) -> None:
    usage = usage_from_openai(payload)
    assert usage is not None
    assert cost_of(usage, price) == Decimal(cost)


USAGES = [
    Usage(input=1000, output=500, reasoning=300),
    Usage(input=250_000, output=10_000, cache_read=100_000),
    Usage(input=300_000, output=500, input_audio=100, output_audio=50),
    Usage(input=1000, output=500, cache_write=300, input_image=50),
]


@pytest.mark.parametrize("usage", USAGES, ids=str)
def test_every_model_of_the_list_costs_what_the_list_itself_calculates(usage: Usage) -> None:
    prices = standard_prices()
    counts = {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "input_audio_tokens": usage.input_audio,
        "output_audio_tokens": usage.output_audio,
        "input_image_tokens": usage.input_image,
        "output_reasoning_tokens": usage.reasoning,
    }
    reported = ListUsage(**{name: count for name, count in counts.items() if count})
    compared = 0
    for provider in get_snapshot().providers:
        for model in provider.models:
            if (price := prices.price(provider.id, model.id)) is None:
                continue
            listed = calc_price(reported, model_ref=model.id, provider_id=provider.id)
            assert cost_of(usage, price) == from_pico(to_pico(listed.total_price)), model.id
            compared += 1
    assert compared > 1_500


MONEY = st.decimals(0, 1000, places=6)
COUNT = st.integers(0, 10**9)


@given(COUNT, COUNT, MONEY, MONEY)
def test_a_cost_is_exact_to_a_trillionth_and_never_negative(
    read: int, written: int, into: Decimal, out: Decimal
) -> None:
    cost = cost_of(Usage(input=read, output=written), Price(input=into, output=out))
    assert cost == (read * into + written * out) / 1_000_000
    assert cost >= 0
    assert cost % PICO == 0


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_classes_cheaper_than_their_parent_never_make_a_cost_negative(
    total: int, cached: int, audio: int
) -> None:
    usage = usage_from_openai(
        {
            "prompt_tokens": total,
            "completion_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": audio},
        }
    )
    price = Price(
        input=Decimal(2), output=Decimal(1), cache_read=Decimal(0), input_audio=Decimal(0)
    )
    assert cost_of(usage or Usage(), price) >= 0


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        ("0.0000005", "0.000000000000"),  # 0.5e-12 rounds to the even neighbour, 0
        ("0.0000015", "0.000000000002"),  # 1.5e-12 rounds to 2
        ("0.0000025", "0.000000000002"),  # 2.5e-12 rounds to 2
    ],
)
def test_halves_are_rounded_to_even(price: str, cost: str) -> None:
    assert cost_of(Usage(input=1), Price(input=Decimal(price), output=Decimal(0))) == Decimal(cost)


def test_a_fee_for_each_call_is_added_once() -> None:
    price = Price(input=Decimal(0), output=Decimal(0), per_request=Decimal("0.005"))
    assert cost_of(Usage(input=10, output=10), price) == Decimal("0.005")
