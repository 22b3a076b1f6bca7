"""What Cohere reports, by the mesh's classes, and what it costs.

The shapes follow the API reference, v2 (`usage` of a chat, `meta` of the others): charged are the
billed units ("How does Cohere's pricing work"); `tokens` hold besides what Cohere adds to a prompt.
The prices are those of the price list of 2026-11, in USD per million tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from jupyter_mesh.prices import standard_prices
from jupyter_mesh.providers.cohere_answer import usage_from_cohere
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import Price, Usage, cost_by_class, cost_of
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_cohere import Behaviour, FakeCohere
from tests.providers.reading import usage_of
from tests.providers.test_cohere_contract import SECRET, connect

PRICES = {
    "command-a-03-2025": Price(input=Decimal("2.5"), output=Decimal(10)),
    "command-r7b-12-2024": Price(input=Decimal("0.0375"), output=Decimal("0.15")),
}


def units(read: float, written: float, **more: Json) -> JsonObject:
    billed: JsonObject = {"input_tokens": read, "output_tokens": written}
    return {"billed_units": billed, **more}


# What is reported; what it is; what it costs by command-a and by command-r7b.
CASES: list[tuple[str, JsonObject, Usage, str, str]] = [
    (
        "billed units beside all tokens",
        units(5, 418, tokens={"input_tokens": 71, "output_tokens": 418}),
        Usage(input=5, output=418),
        "0.0041925",  # 5 × 2.5 + 418 × 10
        "0.0000628875",  # 5 × 0.0375 + 418 × 0.15
    ),
    (
        "more tokens written than charged",
        units(17, 12, tokens={"input_tokens": 215, "output_tokens": 63}),
        Usage(input=17, output=12),
        "0.0001625",  # 17 × 2.5 + 12 × 10
        "0.0000024375",  # 17 × 0.0375 + 12 × 0.15
    ),
    (
        "as numbers with a point",
        units(1000.0, 200.0, tokens={"input_tokens": 1498.0, "output_tokens": 215.0}),
        Usage(input=1_000, output=200),
        "0.0045",  # 1000 × 2.5 + 200 × 10
        "0.0000675",  # 1000 × 0.0375 + 200 × 0.15
    ),
    (
        "billed units only",
        units(2_000, 100),
        Usage(input=2_000, output=100),
        "0.006",  # 2000 × 2.5 + 100 × 10
        "0.00009",  # 2000 × 0.0375 + 100 × 0.15
    ),
    (
        "tokens only",
        {"tokens": {"input_tokens": 64, "output_tokens": 8}},
        Usage(input=64, output=8),
        "0.00024",  # 64 × 2.5 + 8 × 10
        "0.0000036",  # 64 × 0.0375 + 8 × 0.15
    ),
    (
        "some of it from the cache, at no other price",
        units(4_000, 50, cached_tokens=3_584),
        Usage(input=4_000, output=50, cache_read=3_584),
        "0.0105",  # 4000 × 2.5 + 50 × 10
        "0.0001575",  # 4000 × 0.0375 + 50 × 0.15
    ),
    (
        "more from the cache than is charged, with what Cohere added",
        units(10, 2, cached_tokens=512, tokens={"input_tokens": 530, "output_tokens": 2}),
        Usage(input=10, output=2, cache_read=10),
        "0.000045",  # 10 × 2.5 + 2 × 10
        "0.000000675",  # 10 × 0.0375 + 2 × 0.15
    ),
    (
        "nothing from the cache",
        units(10, 2, cached_tokens=0),
        Usage(input=10, output=2),
        "0.000045",
        "0.000000675",
    ),
    (
        "a search beside the tokens",
        {"billed_units": {"input_tokens": 30, "output_tokens": 5, "search_units": 1}},
        Usage(input=30, output=5),
        "0.000125",  # 30 × 2.5 + 5 × 10
        "0.000001875",  # 30 × 0.0375 + 5 × 0.15
    ),
    (
        "a long prompt",
        units(250_000, 4_000, tokens={"input_tokens": 250_499, "output_tokens": 4_015}),
        Usage(input=250_000, output=4_000),
        "0.665",  # 250000 × 2.5 + 4000 × 10
        "0.009975",  # 250000 × 0.0375 + 4000 × 0.15
    ),
]
IDS = [name for name, *_ in CASES]


@pytest.fixture
def fake() -> Iterator[FakeCohere]:
    with FakeCohere(api_key=SECRET) as upstream:
        yield upstream


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "reported", "usage", "large", "small"), CASES, ids=IDS)
async def test_what_is_reported_is_counted_and_costs_what_it_should(
    fake: FakeCohere,
    name: str,
    reported: JsonObject,
    usage: Usage,
    large: str,
    small: str,
    stream: bool,
) -> None:
    fake.default = Behaviour(usage=reported)
    provider = connect(fake)
    counted = await usage_of(provider, attempt(model="command-a-03-2025", stream=stream))
    await provider.aclose()
    assert counted == usage
    for price, expected in zip(PRICES.values(), (large, small), strict=True):
        cost = cost_of(counted, price)
        assert cost == Decimal(expected)
        assert sum(cost_by_class(counted, price).values()) == cost


@pytest.mark.parametrize("model", PRICES)
def test_the_price_list_has_these_prices(model: str) -> None:
    listed, wanted = standard_prices().price("cohere", model), PRICES[model]
    assert listed is not None
    assert (listed.input, listed.output) == (wanted.input, wanted.output)


META: list[tuple[str, Operation, JsonObject, Usage | None]] = [
    (
        "vectors of texts",
        Operation.EMBEDDING,
        {"embeddings": {"float": [[0.5]]}, "meta": {"billed_units": {"input_tokens": 11}}},
        Usage(input=11),
    ),
    (
        "vectors of texts and pictures",
        Operation.EMBEDDING,
        {
            "embeddings": {"float": [[0.5]]},
            "meta": {"billed_units": {"input_tokens": 11, "image_tokens": 500}},
        },
        Usage(input=511, input_image=500),
    ),
    (
        "a ranking, which is charged by the search",
        Operation.RERANK,
        {
            "results": [{"index": 0, "relevance_score": 0.5}],
            "meta": {"billed_units": {"search_units": 1}},
        },
        None,
    ),
    (
        "a ranking that counts tokens besides",
        Operation.RERANK,
        {
            "results": [{"index": 0, "relevance_score": 0.5}],
            "meta": {"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 90}},
        },
        Usage(input=90),
    ),
]


@pytest.mark.parametrize(("name", "operation", "answer", "usage"), META, ids=[m[0] for m in META])
async def test_vectors_and_rankings_are_counted(
    fake: FakeCohere, name: str, operation: Operation, answer: JsonObject, usage: Usage | None
) -> None:
    fake.default = Behaviour(answer=answer)
    provider = connect(fake)
    counted = await usage_of(provider, attempt(operation, model="embed-v4.0"))
    await provider.aclose()
    if usage is None:
        assert counted.estimated
    else:
        assert counted == usage
    per_search = Price(input=Decimal(0), output=Decimal(0), per_request=Decimal("0.002"))
    assert cost_of(counted, per_search) == Decimal("0.002"), "as an admin prices rerank-v3.5"


@pytest.mark.parametrize("reported", [None, "no", {}, {"billed_units": {"search_units": 1}}])
def test_what_counts_no_tokens_is_none(reported: Json) -> None:
    assert usage_from_cohere(reported) is None


def test_nonsense_never_makes_a_negative_count() -> None:
    assert usage_from_cohere(units(-5, 3, cached_tokens=-1)) == Usage(input=0, output=3)
    assert usage_from_cohere(units(float("inf"), 3)) == Usage(input=0, output=3)
