"""What changes the price of a call to Bedrock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_mesh.errors import UnsupportedParameter
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_bedrock import FakeBedrock
from tests.providers.bedrock_connection import KEYS, MODEL, SIGNED, connect
from tests.providers.reading import events_of


@pytest.fixture
def fake() -> Iterator[FakeBedrock]:
    with FakeBedrock(keys=KEYS) as running:
        yield running


async def sent(fake: FakeBedrock, body: JsonObject, *allowed: str) -> JsonObject:
    """What Bedrock gets for a request."""
    settings: dict[str, object] = {**SIGNED, "priced_parameters": allowed}
    provider = connect(fake, None, **settings)
    await events_of(provider, attempt(body=body, model=MODEL))
    await provider.aclose()
    return fake.requests[-1].json


PRICED: list[tuple[str, Json, str]] = [
    ("service_tier", "priority", "service_tier"),
    ("serviceTier", {"type": "flex"}, "serviceTier"),
    ("performanceConfig", {"latency": "optimized"}, "performanceConfig"),
    *(
        ("additionalModelRequestFields", fields, name)
        for fields, name in [
            ({"max_tokens": 64_000}, "max_tokens"),
            ({"max_tokens_to_sample": 64_000}, "max_tokens_to_sample"),
            ({"max_gen_len": 64_000}, "max_gen_len"),
            ({"inferenceConfig": {"topK": 5, "maxTokens": 64_000}}, "maxTokens"),
            ({"textGenerationConfig": {"maxTokenCount": 64_000}}, "maxTokenCount"),
            ({"n": 4}, "n"),
            ({"num_generations": 4}, "num_generations"),
            ({"service_tier": "priority"}, "service_tier"),
            ({"performanceConfig": {"latency": "optimized"}}, "performanceConfig"),
            ({"speed": "fast"}, "speed"),
        ]
    ),
]


@pytest.mark.parametrize(("param", "value", "name"), PRICED)
async def test_what_changes_the_price_passes_only_where_the_connection_allows_it(
    fake: FakeBedrock, param: str, value: Json, name: str
) -> None:
    with pytest.raises(UnsupportedParameter, match=f"`{name}`") as refused:
        await sent(fake, {"max_tokens": 10, param: value})
    assert refused.value.param == param
    assert not fake.requests
    got = await sent(fake, {"max_tokens": 10, param: value}, name, "latency")
    assert got["serviceTier" if param == "service_tier" else param] == (
        {"type": value} if param == "service_tier" else value
    )
