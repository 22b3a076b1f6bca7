"""Tokens as Anthropic reports them, by the mesh's classes, and what they cost.

The shapes follow the API reference (`usage` of a message, `message_start` and `message_delta` of a
stream), the documentation of prompt caching, of thinking and of server tools; the prices are those
of the price list of 2026-11, in USD per million tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from jupyter_mesh.prices import standard_prices
from jupyter_mesh.providers.anthropic_answer import usage_from_anthropic
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.spend import Price, Usage, cost_by_class, cost_of
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_anthropic import Behaviour, FakeAnthropic
from tests.providers.anthropic_connection import SECRET, connect
from tests.providers.reading import usage_of

PRICES = {
    "claude-sonnet-4-6": Price(
        input=Decimal(3),
        output=Decimal(15),
        cache_read=Decimal("0.3"),
        cache_write=Decimal("3.75"),
        cache_write_1h=Decimal(6),
    ),
    "claude-opus-5-5": Price(
        input=Decimal(4),
        output=Decimal(20),
        cache_read=Decimal("0.2"),
        cache_write=Decimal(5),
        cache_write_1h=Decimal(8),
    ),
}


def cached(read: int, written: int, hour: int | None = None) -> JsonObject:
    """The fields about the cache; `hour`: those of `written` that are kept for an hour."""
    fields: JsonObject = {"cache_read_input_tokens": read, "cache_creation_input_tokens": written}
    if hour is not None:
        fields["cache_creation"] = {
            "ephemeral_5m_input_tokens": written - hour,
            "ephemeral_1h_input_tokens": hour,
        }
    return fields


def thought(tokens: int) -> JsonObject:
    return {"output_tokens_details": {"thinking_tokens": tokens}}


# What is reported; what it is; what it costs by claude-sonnet-4-6 and by claude-opus-5-5.
CASES: list[tuple[str, JsonObject, Usage, str, str]] = [
    (
        "plain",
        {"input_tokens": 2_095, "output_tokens": 503},
        Usage(input=2_095, output=503),
        "0.01383",  # 2095 × 3 + 503 × 15
        "0.01844",  # 2095 × 4 + 503 × 20
    ),
    (
        "the cache is not used",
        {"input_tokens": 21, "output_tokens": 393, **cached(0, 0, 0), "service_tier": "standard"},
        Usage(input=21, output=393),
        "0.005958",
        "0.007944",
    ),
    (
        "written to the cache",
        {"input_tokens": 21, "output_tokens": 393, **cached(0, 188_086)},
        Usage(input=188_107, output=393, cache_write=188_086),
        "0.7112805",  # 21 × 3 + 188086 × 3.75 + 393 × 15
        "0.948374",  # 21 × 4 + 188086 × 5 + 393 × 20
    ),
    (
        "read from the cache",
        {"input_tokens": 21, "output_tokens": 393, **cached(188_086, 0)},
        Usage(input=188_107, output=393, cache_read=188_086),
        "0.0623838",  # 21 × 3 + 188086 × 0.3 + 393 × 15
        "0.0455612",  # 21 × 4 + 188086 × 0.2 + 393 × 20
    ),
    (
        "written for five minutes and for an hour",
        {"input_tokens": 2_048, "output_tokens": 503, **cached(1_800, 248, 100)},
        Usage(input=4_096, output=503, cache_read=1_800, cache_write=248, cache_write_1h=100),
        "0.015384",  # 2048 × 3 + 1800 × 0.3 + 148 × 3.75 + 100 × 6 + 503 × 15
        "0.020152",  # 2048 × 4 + 1800 × 0.2 + 148 × 5 + 100 × 8 + 503 × 20
    ),
    (
        "written for an hour only",
        {"input_tokens": 10, "output_tokens": 1, **cached(0, 1_000, 1_000)},
        Usage(input=1_010, output=1, cache_write=1_000, cache_write_1h=1_000),
        "0.006045",
        "0.00806",
    ),
    (
        "thinking is part of the output and costs as it",
        {"input_tokens": 100, "output_tokens": 1_500, **thought(1_200)},
        Usage(input=100, output=1_500, reasoning=1_200),
        "0.0228",
        "0.0304",
    ),
    (
        "thinking, and read from the cache",
        {"input_tokens": 7, "output_tokens": 900, **cached(5_000, 0, 0), **thought(800)},
        Usage(input=5_007, output=900, cache_read=5_000, reasoning=800),
        "0.015021",
        "0.019028",
    ),
    (
        "more thinking than output is reported",
        {"input_tokens": 1, "output_tokens": 10, **thought(12)},
        Usage(input=1, output=10, reasoning=10),
        "0.000153",
        "0.000204",
    ),
    (
        "server tools and where it ran are told besides",
        {
            "input_tokens": 10_682,
            "output_tokens": 510,
            **cached(0, 0),
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "inference_geo": "global",
            "speed": "standard",
        },
        Usage(input=10_682, output=510),
        "0.039696",
        "0.052928",
    ),
    (
        "nulls where there is nothing",
        {
            "input_tokens": 12,
            "output_tokens": 6,
            "cache_read_input_tokens": None,
            "cache_creation_input_tokens": None,
            "cache_creation": None,
            "output_tokens_details": None,
            "server_tool_use": None,
        },
        Usage(input=12, output=6),
        "0.000126",
        "0.000168",
    ),
]
IDS = [name for name, *_ in CASES]


@pytest.fixture
def fake() -> Iterator[FakeAnthropic]:
    with FakeAnthropic(api_key=SECRET) as upstream:
        yield upstream


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "reported", "usage", "sonnet", "opus"), CASES, ids=IDS)
async def test_what_is_reported_is_counted_and_costs_what_it_should(
    fake: FakeAnthropic,
    name: str,
    reported: JsonObject,
    usage: Usage,
    sonnet: str,
    opus: str,
    stream: bool,
) -> None:
    fake.default = Behaviour(usage=reported)
    provider = connect(fake)
    counted = await usage_of(provider, attempt(stream=stream))
    await provider.aclose()
    assert counted == usage
    for price, expected in zip(PRICES.values(), (sonnet, opus), strict=True):
        cost = cost_of(counted, price)
        assert cost == Decimal(expected)
        assert sum(cost_by_class(counted, price).values()) == cost


@pytest.mark.parametrize("model", PRICES)
def test_the_price_list_knows_every_class(model: str) -> None:
    listed = standard_prices().price("anthropic", model)
    assert listed is not None
    wanted = PRICES[model]
    for name in ("input", "output", "cache_read", "cache_write", "cache_write_1h"):
        assert getattr(listed, name) == getattr(wanted, name)


@pytest.mark.parametrize("reported", [None, "no", {}, {"input_tokens": 5}])
def test_what_is_no_usage_is_none(reported: Json) -> None:
    assert usage_from_anthropic(reported) is None


def test_nonsense_never_makes_a_negative_count() -> None:
    reported: JsonObject = {"input_tokens": -5, "output_tokens": 3, **cached(-1, -1)}
    assert usage_from_anthropic(reported) == Usage(input=0, output=3)


async def test_a_vendor_that_says_nothing_is_estimated_and_marked_so(fake: FakeAnthropic) -> None:
    fake.default = Behaviour(usage_in="never")
    provider = connect(fake)
    for stream in (False, True):
        counted = await usage_of(provider, attempt(stream=stream))
        assert counted.estimated
        assert counted.output > 0
    await provider.aclose()
