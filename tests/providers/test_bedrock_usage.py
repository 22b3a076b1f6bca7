"""Tokens as Bedrock and the vendors of OpenAI's shape report them, by the mesh's classes, and what
they cost.

The shapes are those of `TokenUsage` (botocore's service model), of Titan's and Cohere's answers to
InvokeModel, and of each vendor's API reference; the prices are written here, in USD per million
tokens.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from jupyter_mesh.providers.bedrock_answer import usage_from_bedrock
from jupyter_mesh.providers.openai_usage import usage_from_openai
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import Price, Usage, cost_of
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_bedrock import Behaviour, FakeBedrock
from tests.providers.bedrock_connection import KEYS, MODEL, connect
from tests.providers.reading import usage_of

SONNET = Price(
    input=Decimal(3),
    output=Decimal(15),
    cache_read=Decimal("0.3"),
    cache_write=Decimal("3.75"),
    cache_write_1h=Decimal(6),
)
GPT = Price(input=Decimal("2.5"), output=Decimal(10), cache_read=Decimal("1.25"))


def bedrock(read: int, written: int, hit: int = 0, kept: int = 0, hour: int = 0) -> JsonObject:
    """A `usage` of Converse: what the cache holds stands beside `inputTokens`."""
    found: JsonObject = {
        "inputTokens": read,
        "outputTokens": written,
        "totalTokens": read + written + hit + kept,
    }
    if hit or kept:
        found |= {"cacheReadInputTokens": hit, "cacheWriteInputTokens": kept}
    if hour:
        found["cacheDetails"] = [
            {"ttl": "1h", "inputTokens": hour},
            {"ttl": "5m", "inputTokens": kept - hour},
        ]
    return found


CONVERSE: list[tuple[JsonObject, Usage, str]] = [
    (bedrock(1_000, 200), Usage(input=1_000, output=200), "0.006"),  # 1000 × 3 + 200 × 15
    (bedrock(0, 0), Usage(), "0"),
    (bedrock(10, 1), Usage(input=10, output=1), "0.000045"),
    (bedrock(100, 10, hit=900), Usage(input=1_000, output=10, cache_read=900), "0.00072"),
    (bedrock(100, 10, kept=900), Usage(input=1_000, output=10, cache_write=900), "0.003825"),
    (
        bedrock(4, 350, hit=800, kept=400),
        Usage(input=1_204, output=350, cache_read=800, cache_write=400),
        "0.007002",  # 4 × 3 + 800 × 0.3 + 400 × 3.75 + 350 × 15
    ),
    (
        bedrock(0, 100, kept=1_000, hour=1_000),
        Usage(input=1_000, output=100, cache_write=1_000, cache_write_1h=1_000),
        "0.0075",  # 1000 × 6 + 100 × 15
    ),
    (
        bedrock(0, 100, hit=500, kept=1_000, hour=400),
        Usage(input=1_500, output=100, cache_read=500, cache_write=1_000, cache_write_1h=400),
        "0.0063",  # 500 × 0.3 + 600 × 3.75 + 400 × 6 + 100 × 15
    ),
]


@pytest.mark.parametrize(("reported", "counted", "cost"), CONVERSE)
def test_what_bedrock_reports_is_counted_and_costs_what_it_should(
    reported: JsonObject, counted: Usage, cost: str
) -> None:
    usage = usage_from_bedrock(reported)
    assert usage == counted
    assert cost_of(usage, SONNET) == Decimal(cost)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("read", "hit", "cost"), [(100, 0, "0.00075"), (100, 60, "0.000588")])
async def test_over_the_wire_it_costs_the_same(
    read: int, hit: int, cost: str, stream: bool
) -> None:
    told: JsonObject = {"prompt_tokens": read, "completion_tokens": 30}
    if hit:
        told["prompt_tokens_details"] = {"cached_tokens": hit}
    async with FakeBedrock(keys=KEYS) as fake:
        fake.script(Behaviour(usage=told))
        provider = connect(fake)
        usage = await usage_of(provider, attempt(model=MODEL, stream=stream))
        await provider.aclose()
    assert cost_of(usage, SONNET) == Decimal(cost)


INVOKED = [
    ("amazon.titan-embed-text-v2:0", "0.00000008"),  # 2 × 2 words × 0.02
    ("cohere.embed-english-v3", "0.00000008"),
]


@pytest.mark.parametrize(("model", "cost"), INVOKED)
async def test_vectors_are_counted_by_body_or_header(model: str, cost: str) -> None:
    price = Price(input=Decimal("0.02"), output=Decimal(0))
    async with FakeBedrock(keys=KEYS) as fake:
        provider = connect(fake)
        usage = await usage_of(provider, attempt(Operation.EMBEDDING, model=model))
        await provider.aclose()
    assert (usage.input, usage.estimated) == (4, False)
    assert cost_of(usage, price) == Decimal(cost)


VENDORS: list[tuple[str, JsonObject, Usage, str]] = [
    (
        "azure, cached and reasoning",
        {
            "prompt_tokens": 1_000,
            "completion_tokens": 500,
            "total_tokens": 1_500,
            "prompt_tokens_details": {"cached_tokens": 800, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 300, "audio_tokens": 0},
        },
        Usage(input=1_000, output=500, cache_read=800, reasoning=300),
        "0.0065",  # 200 × 2.5 + 800 × 1.25 + 500 × 10
    ),
    (
        "databricks, reasoning beside the others",
        {
            "prompt_tokens": 1_000,
            "completion_tokens": 500,
            "total_tokens": 1_500,
            "reasoning_tokens": 300,
        },
        Usage(input=1_000, output=500, reasoning=300),
        "0.0075",
    ),
    (
        "databricks, vectors",
        {"prompt_tokens": 8, "total_tokens": 8},
        Usage(input=8),
        "0.00002",
    ),
    (
        "snowflake, vectors by their total",
        {"total_tokens": 10},
        Usage(input=10),
        "0.000025",
    ),
    (
        "ai21",
        {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42},
        Usage(input=30, output=12),
        "0.000195",
    ),
    (
        "nim",
        {
            "prompt_tokens": 21,
            "completion_tokens": 64,
            "total_tokens": 85,
            "prompt_tokens_details": None,
        },
        Usage(input=21, output=64),
        "0.0006925",
    ),
    (
        "hugging face, by a provider that caches",
        {
            "prompt_tokens": 100,
            "completion_tokens": 10,
            "total_tokens": 110,
            "prompt_tokens_details": {"cached_tokens": 64},
        },
        Usage(input=100, output=10, cache_read=64),
        "0.00027",  # 36 × 2.5 + 64 × 1.25 + 10 × 10
    ),
]


@pytest.mark.parametrize(("name", "reported", "counted", "cost"), VENDORS)
def test_what_vendors_of_openais_shape_report_costs_what_it_should(
    name: str, reported: JsonObject, counted: Usage, cost: str
) -> None:
    usage = usage_from_openai(reported)
    assert usage == counted, name
    assert cost_of(usage, GPT) == Decimal(cost)
