"""Tokens as Gemini on Vertex AI reports them, by the mesh's classes, and what they cost.

The shapes are those of `UsageMetadata` (`google.cloud.aiplatform.v1`) and of Google's documents on
thinking, context caching and media; the prices those of the price list of 2026-11, in USD per
million tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from jupyter_mesh.prices import standard_prices
from jupyter_mesh.providers.gemini_answer import usage_from_gemini
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import Price, Usage, cost_by_class, cost_of
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_gemini import Behaviour, FakeGemini
from tests.providers.reading import usage_of
from tests.providers.test_vertex_contract import connect

PRICES = {
    "gemini-2.5-flash": Price(
        input=Decimal("0.3"),
        output=Decimal("2.5"),
        cache_read=Decimal("0.03"),
        input_audio=Decimal(1),
    ),
    "gemini-2.5-pro": Price(
        input=Decimal("1.25"),
        output=Decimal(10),
        cache_read=Decimal("0.125"),
        above=(
            (
                200_000,
                Price(input=Decimal("2.5"), output=Decimal(15), cache_read=Decimal("0.25")),
            ),
        ),
    ),
}


def counts(prompt: int, candidates: int | None = None, **more: Json) -> JsonObject:
    """The counts, with the total that Google adds up."""
    found: JsonObject = {"promptTokenCount": prompt}
    if candidates is not None:
        found["candidatesTokenCount"] = candidates
    found |= more
    names = (
        "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount"
    )  # fmt: skip
    numbers = [value for name in names if isinstance(value := found.get(name), int)]
    return {**found, "totalTokenCount": sum(numbers), "trafficType": "ON_DEMAND"}


def of(**tokens: int) -> list[Json]:
    return [{"modality": name.upper(), "tokenCount": count} for name, count in tokens.items()]


# What is reported; what it is; what it costs by gemini-2.5-flash and by gemini-2.5-pro.
CASES: list[tuple[str, JsonObject, Usage, str, str]] = [
    (
        "plain",
        counts(
            1_000, 200, promptTokensDetails=of(text=1_000), candidatesTokensDetails=of(text=200)
        ),
        Usage(input=1_000, output=200),
        "0.0008",  # 1000 × 0.3 + 200 × 2.5
        "0.00325",  # 1000 × 1.25 + 200 × 10
    ),
    (
        "without details",
        counts(4, 7),
        Usage(input=4, output=7),
        "0.0000187",  # 4 × 0.3 + 7 × 2.5
        "0.000075",  # 4 × 1.25 + 7 × 10
    ),
    (
        "thoughts are not among the candidates' tokens",
        counts(1_000, 200, thoughtsTokenCount=800),
        Usage(input=1_000, output=1_000, reasoning=800),
        "0.0028",  # 1000 × 0.3 + 1000 × 2.5
        "0.01125",  # 1000 × 1.25 + 1000 × 10
    ),
    (
        "nothing but thoughts, cut off",
        counts(12, thoughtsTokenCount=61),
        Usage(input=12, output=61, reasoning=61),
        "0.0001561",  # 12 × 0.3 + 61 × 2.5
        "0.000625",  # 12 × 1.25 + 61 × 10
    ),
    (
        "from the cache, by itself",
        counts(2_152, 10, cachedContentTokenCount=2_027),
        Usage(input=2_152, output=10, cache_read=2_027),
        "0.00012331",  # 125 × 0.3 + 2027 × 0.03 + 10 × 2.5
        "0.000509625",  # 125 × 1.25 + 2027 × 0.125 + 10 × 10
    ),
    (
        "from the cache, with its modalities",
        counts(
            43_130,
            25,
            cachedContentTokenCount=43_127,
            promptTokensDetails=of(text=3, image=43_127),
            cacheTokensDetails=of(image=43_127),
            candidatesTokensDetails=of(text=25),
        ),
        Usage(input=43_130, output=25, cache_read=43_127),
        "0.00135721",  # 3 × 0.3 + 43127 × 0.03 + 25 × 2.5
        "0.005644625",  # 3 × 1.25 + 43127 × 0.125 + 25 × 10
    ),
    (
        "all of it from the cache",
        counts(500, 5, cachedContentTokenCount=500),
        Usage(input=500, output=5, cache_read=500),
        "0.0000275",  # 500 × 0.03 + 5 × 2.5
        "0.0001125",  # 500 × 0.125 + 5 × 10
    ),
    (
        "a picture",
        counts(263, 40, promptTokensDetails=of(text=5, image=258)),
        Usage(input=263, output=40, input_image=258),
        "0.0001789",  # 263 × 0.3 + 40 × 2.5
        "0.00072875",  # 263 × 1.25 + 40 × 10
    ),
    (
        "sound, which is dearer with one of them",
        counts(1_932, 100, promptTokensDetails=of(text=12, audio=1_920)),
        Usage(input=1_932, output=100, input_audio=1_920),
        "0.0021736",  # 12 × 0.3 + 1920 × 1 + 100 × 2.5
        "0.003415",  # 1932 × 1.25 + 100 × 10
    ),
    (
        "sound, of which some is cached",
        counts(
            2_000,
            10,
            cachedContentTokenCount=1_500,
            promptTokensDetails=of(text=100, audio=1_900),
            cacheTokensDetails=of(audio=1_500),
        ),
        Usage(input=2_000, output=10, cache_read=1_500, input_audio=400),
        "0.0005",  # 100 × 0.3 + 400 × 1 + 1500 × 0.03 + 10 × 2.5
        "0.0009125",  # 500 × 1.25 + 1500 × 0.125 + 10 × 10
    ),
    (
        "video and a document, which cost as text does",
        counts(3_000, 50, promptTokensDetails=of(text=10, video=2_632, document=358)),
        Usage(input=3_000, output=50),
        "0.001025",  # 3000 × 0.3 + 50 × 2.5
        "0.00425",  # 3000 × 1.25 + 50 × 10
    ),
    (
        "what Google's own tools fed the model",
        counts(100, 50, toolUsePromptTokenCount=1_200, thoughtsTokenCount=30),
        Usage(input=1_300, output=80, reasoning=30),
        "0.00059",  # 1300 × 0.3 + 80 × 2.5
        "0.002425",  # 1300 × 1.25 + 80 × 10
    ),
    (
        "a long prompt, which is dearer with one of them",
        counts(200_001, 1_000, thoughtsTokenCount=500),
        Usage(input=200_001, output=1_500, reasoning=500),
        "0.0637503",  # 200001 × 0.3 + 1500 × 2.5
        "0.5225025",  # 200001 × 2.5 + 1500 × 15
    ),
    (
        "a prompt that is not long yet",
        counts(200_000, 1_000),
        Usage(input=200_000, output=1_000),
        "0.0625",  # 200000 × 0.3 + 1000 × 2.5
        "0.26",  # 200000 × 1.25 + 1000 × 10
    ),
    (
        "a long prompt, mostly cached",
        counts(250_000, 100, cachedContentTokenCount=240_000),
        Usage(input=250_000, output=100, cache_read=240_000),
        "0.01045",  # 10000 × 0.3 + 240000 × 0.03 + 100 × 2.5
        "0.0865",  # 10000 × 2.5 + 240000 × 0.25 + 100 × 15
    ),
    (
        "a prompt that was refused",
        counts(9),
        Usage(input=9),
        "0.0000027",  # 9 × 0.3
        "0.00001125",  # 9 × 1.25
    ),
    (
        "of provisioned throughput",
        {**counts(1_000, 200), "trafficType": "PROVISIONED_THROUGHPUT"},
        Usage(input=1_000, output=200),
        "0.0008",
        "0.00325",
    ),
    (
        "as recorded of gemini-3-flash-preview",
        counts(
            8_112,
            1_001,
            thoughtsTokenCount=647,
            promptTokensDetails=of(text=8_112),
            candidatesTokensDetails=of(text=1_001),
        ),
        Usage(input=8_112, output=1_648, reasoning=647),
        "0.0065536",  # 8112 × 0.3 + 1648 × 2.5
        "0.02662",  # 8112 × 1.25 + 1648 × 10
    ),
    (
        "as recorded of gemini-2.5-pro",
        counts(
            5,
            1_353,
            thoughtsTokenCount=1_436,
            promptTokensDetails=of(text=5),
            candidatesTokensDetails=of(text=1_353),
        ),
        Usage(input=5, output=2_789, reasoning=1_436),
        "0.006974",  # 5 × 0.3 + 2789 × 2.5
        "0.02789625",  # 5 × 1.25 + 2789 × 10
    ),
]
IDS = [name for name, *_ in CASES]


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as upstream:
        yield upstream


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("name", "reported", "usage", "flash", "pro"), CASES, ids=IDS)
async def test_what_is_reported_is_counted_and_costs_what_it_should(
    fake: FakeGemini,
    name: str,
    reported: JsonObject,
    usage: Usage,
    flash: str,
    pro: str,
    stream: bool,
) -> None:
    candidate: JsonObject = {"content": {"role": "model", "parts": []}, "finishReason": "STOP"}
    if usage.output > usage.reasoning:
        candidate["content"] = {"role": "model", "parts": [{"text": "a"}]}
    fake.default = Behaviour(answer={"candidates": [candidate], "usageMetadata": reported})
    provider = connect(fake)
    counted = await usage_of(provider, attempt(model="gemini-2.5-flash", stream=stream))
    await provider.aclose()
    assert counted == usage
    for price, expected in zip(PRICES.values(), (flash, pro), strict=True):
        cost = cost_of(counted, price)
        assert cost == Decimal(expected)
        assert sum(cost_by_class(counted, price).values()) == cost


@pytest.mark.parametrize("model", PRICES)
def test_the_price_list_knows_every_class(model: str) -> None:
    listed, wanted = standard_prices().price("google", model), PRICES[model]
    assert listed is not None
    for name in ("input", "output", "cache_read", "input_audio"):
        assert getattr(listed, name) == getattr(wanted, name)
    assert [(above, price.input, price.output) for above, price in listed.above] == [
        (above, price.input, price.output) for above, price in wanted.above
    ]


VECTORS: list[tuple[str, str, JsonObject, int]] = [
    (
        "each prediction says its own",
        "text-embedding-005",
        {
            "predictions": [
                {"embeddings": {"values": [0.5], "statistics": {"token_count": 6}}},
                {"embeddings": {"values": [0.5], "statistics": {"token_count": 5}}},
            ]
        },
        11,
    ),
    (
        "as a number with a point",
        "text-embedding-005",
        {"predictions": [{"embeddings": {"values": [1], "statistics": {"token_count": 6.0}}}]},
        6,
    ),
    (
        "of a batch",
        "gemini-embedding-2",
        {"embeddings": [{"values": [0.5]}], "usageMetadata": {"promptTokenCount": 9}},
        9,
    ),
    (
        "of a batch, each its own",
        "gemini-embedding-2",
        {"embeddings": [{"values": [0.5], "statistics": {"token_count": 4}}]},
        4,
    ),
]


@pytest.mark.parametrize(
    ("name", "model", "answer", "tokens"), VECTORS, ids=[v[0] for v in VECTORS]
)
async def test_vectors_count_what_was_read(
    fake: FakeGemini, name: str, model: str, answer: JsonObject, tokens: int
) -> None:
    fake.default = Behaviour(answer=answer)
    provider = connect(fake)
    one = attempt(Operation.EMBEDDING, model=model)
    assert await usage_of(provider, one) == Usage(input=tokens)
    await provider.aclose()


@pytest.mark.parametrize("reported", [None, "no", {}, {"trafficType": "ON_DEMAND"}, {"a": 5}])
def test_what_counts_nothing_is_none(reported: Json) -> None:
    assert usage_from_gemini(reported) is None


def test_nonsense_never_makes_a_class_larger_than_the_whole() -> None:
    reported = counts(10, 5, cachedContentTokenCount=50, promptTokensDetails=of(audio=99))
    assert usage_from_gemini(reported) == Usage(input=10, output=5, cache_read=10)
    assert usage_from_gemini(counts(-5, 3)) == Usage(input=0, output=3)
