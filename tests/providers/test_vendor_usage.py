"""What vendors of OpenAI's shape report, over the wire, whole and streamed, to the cent.

The payloads are written from the vendors' documentation; the costs by hand, at $2 for a million
tokens in, $8 out, $0.20 read from a cache and $2.50 written to one.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any

import pytest

from jupyter_mesh.providers.ai21 import AI21
from jupyter_mesh.providers.azure_openai import AzureOpenAI
from jupyter_mesh.providers.databricks import Databricks
from jupyter_mesh.providers.huggingface_inference import HuggingFaceInference
from jupyter_mesh.providers.nvidia_nim import NvidiaNim
from jupyter_mesh.providers.snowflake import Snowflake
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import Price, cost_of
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.fake_upstream import Behaviour, FakeUpstream
from jupyter_mesh.testing.fake_vendors import (
    AI21Dialect,
    AzureDialect,
    DatabricksDialect,
    HuggingFaceDialect,
    NimDialect,
    SnowflakeDialect,
)
from tests.providers import vendor_connections
from tests.providers.conftest import connect
from tests.providers.reading import usage_of

PRICE = Price(
    input=Decimal(2), output=Decimal(8), cache_read=Decimal("0.2"), cache_write=Decimal("2.5")
)
VENDORS = {
    "azure": (AzureOpenAI, AzureDialect, "", "my-gpt"),
    "nim": (NvidiaNim, NimDialect, "/v1", "meta/llama-3.3-70b-instruct"),
    "databricks": (Databricks, DatabricksDialect, "", "databricks-claude-sonnet-4"),
    "snowflake": (Snowflake, SnowflakeDialect, "/api/v2/cortex/v1", "claude-sonnet-4-5"),
    "ai21": (AI21, AI21Dialect, "/studio/v1", "jamba-large"),
    "huggingface": (HuggingFaceInference, HuggingFaceDialect, "/v1", "openai/gpt-oss-120b"),
}


def counted(read: int, written: int, total: int | None = None, **more: Any) -> JsonObject:
    """OpenAI's words for it."""
    sum_of_both = read + written if total is None else total
    counts: JsonObject = {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": sum_of_both,
    }
    return {**counts, **more}


CACHED = {"cached_tokens": 1920, "audio_tokens": 0}
THOUGHT = {"reasoning_tokens": 256, "audio_tokens": 0}
PREDICTED = {"accepted_prediction_tokens": 10, "rejected_prediction_tokens": 5}
TIMES = {"queue_time": 0.1, "prompt_time": 0.002, "completion_time": 0.04, "total_time": 0.042}
PAYLOADS: list[tuple[str, str, JsonObject, str]] = [
    ("azure", "plain", counted(19, 10), "0.000118"),
    (
        "azure",
        "cached, with thoughts",
        counted(2006, 300, prompt_tokens_details=CACHED, completion_tokens_details=THOUGHT),
        "0.002956",  # 86 × 2 + 1920 × 0.2 + 300 × 8
    ),
    ("azure", "predicted", counted(100, 40, completion_tokens_details=PREDICTED), "0.00052"),
    ("nim", "plain", counted(17, 9, prompt_tokens_details=None), "0.000106"),
    ("nim", "thoughts", counted(50, 400, completion_tokens_details=THOUGHT), "0.0033"),
    ("databricks", "plain", counted(12, 30), "0.000264"),
    ("snowflake", "plain", counted(25, 5), "0.00009"),
    (
        "snowflake",
        "cached",
        counted(3000, 100, prompt_tokens_details={"cached_tokens": 2500}),
        "0.0023",  # 500 × 2 + 2500 × 0.2 + 100 × 8
    ),
    ("ai21", "plain", counted(40, 60), "0.00056"),
    ("huggingface", "plain", counted(8, 2), "0.000032"),
    ("huggingface", "thoughts in the total only", counted(10, 5, 115), "0.00086"),
    (
        "openai",
        "DeepSeek: hits beside the counts",
        counted(100, 1, prompt_cache_hit_tokens=64, prompt_cache_miss_tokens=36),
        "0.0000928",  # 36 × 2 + 64 × 0.2 + 8
    ),
    (
        "openai",
        "OpenRouter: written to a cache",
        counted(1000, 10, prompt_tokens_details={"cached_tokens": 200, "cache_write_tokens": 300}),
        "0.00187",  # 500 × 2 + 200 × 0.2 + 300 × 2.5 + 10 × 8
    ),
    ("openai", "Groq: with times", counted(30, 12, **TIMES), "0.000156"),
    (
        "openai",
        "xAI: thoughts beside the answer",
        counted(32, 9, 135, completion_tokens_details={"reasoning_tokens": 94}),
        "0.000888",  # 32 × 2 + 103 × 8
    ),
    ("openai", "vLLM", counted(7, 5, prompt_tokens_details=None), "0.000054"),
    ("openai", "Ollama", counted(26, 298), "0.002436"),
]


def stand_in(vendor: str) -> FakeUpstream:
    if vendor == "openai":
        return FakeOpenAI()
    return FakeUpstream(VENDORS[vendor][1](), api_key=vendor_connections.SECRET)


def provider_of(vendor: str, fake: FakeUpstream) -> tuple[Provider, str]:
    if isinstance(fake, FakeOpenAI):
        return connect(fake), "m"
    kind, _, path, model = VENDORS[vendor]
    more = {"account": "my-org"} if vendor == "snowflake" else {}
    return vendor_connections.connect(kind, fake, path, **more), model


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("vendor", "payload", "cost"),
    [(vendor, payload, cost) for vendor, _, payload, cost in PAYLOADS],
    ids=[f"{vendor}: {what}" for vendor, what, _, _ in PAYLOADS],
)
async def test_what_a_vendor_reports_costs_what_its_price_says(
    vendor: str, payload: JsonObject, cost: str, stream: bool
) -> None:
    open_one: AbstractAsyncContextManager[FakeUpstream] = stand_in(vendor)
    async with open_one as fake:
        fake.default = Behaviour(usage=payload)
        provider, model = provider_of(vendor, fake)
        usage = await usage_of(provider, attempt(model=model, stream=stream))
        await provider.aclose()
    assert cost_of(usage, PRICE) == Decimal(cost)
    assert not usage.estimated
