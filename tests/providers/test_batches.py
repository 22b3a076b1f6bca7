"""Texts that take several calls: in order, counted together, and never paid for twice."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal

import pytest

from jupyter_mesh.errors import (
    InvalidRequest,
    MeshError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
)
from jupyter_mesh.pipeline.snapshot import ConnectionLimits
from jupyter_mesh.schemas.events import Event, Metered
from jupyter_mesh.schemas.json import Json, as_list, dig
from jupyter_mesh.schemas.policy import ExactCacheRule
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt, Provider
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_bedrock import Behaviour, FakeBedrock
from jupyter_mesh.testing.fake_cohere import FakeCohere
from tests.pipeline.world import candidate, pipeline
from tests.providers import bedrock_connection, test_cohere_contract
from tests.providers.bedrock_connection import KEYS
from tests.providers.reading import answer_of, events_of, usage_of

TITAN = "amazon.titan-embed-text-v2:0"
EMBED = "embed-v4.0"
TEXTS = [f"text {number}" for number in range(20)]
"""Of two words each: the fakes count words."""


def asked(model: str, texts: list[str], **more: Json) -> Attempt:
    return attempt(Operation.EMBEDDING, {"input": [*texts], **more}, model=model)


async def failed(provider: Provider, one: Attempt) -> tuple[list[Event], MeshError]:
    """The events before the failure, and the failure."""
    events: list[Event] = []
    try:
        async with aclosing(provider.stream(one)) as stream:
            async for event in stream:
                events.append(event)
    except MeshError as error:
        return events, error
    pytest.fail("it did not fail")


async def test_what_was_done_before_a_late_failure_is_told() -> None:
    async with FakeBedrock(keys=KEYS) as fake:
        provider = bedrock_connection.connect(fake)
        fake.script(*[Behaviour()] * 19, Behaviour(fault="rate_limited"))
        events, error = await failed(provider, asked(TITAN, TEXTS))
        await provider.aclose()
        assert len(fake.requests) == 20
    assert events == [Metered(Usage(input=38), model=TITAN)]
    assert isinstance(error, ProviderRateLimited)
    assert error.processed


async def test_after_a_failure_nothing_more_is_sent() -> None:
    async with FakeBedrock(keys=KEYS) as fake:
        provider = bedrock_connection.connect(fake)
        fake.default = Behaviour(fault="rate_limited")
        events, error = await failed(provider, asked(TITAN, TEXTS))
        await provider.aclose()
        assert len(fake.requests) <= 8  # which were under way already
    assert not events
    assert isinstance(error, ProviderRateLimited)
    assert not error.processed  # so another may be asked


async def test_a_failure_that_may_be_charged_is_counted_by_estimate() -> None:
    async with FakeBedrock(keys=KEYS) as fake:
        provider = bedrock_connection.connect(fake)
        fake.script(*[Behaviour()] * 19, Behaviour(answer={"nonsense": 1}))
        events, error = await failed(provider, asked(TITAN, TEXTS))
        await provider.aclose()
    (told,) = events
    assert isinstance(told, Metered)
    assert told.usage.estimated
    assert told.usage.input > 38
    assert isinstance(error, ProviderProtocolError)


async def test_a_late_failure_costs_what_was_done_and_is_not_sent_again() -> None:
    async with FakeBedrock(keys=KEYS) as fake:
        provider = bedrock_connection.connect(fake)
        limits = ConnectionLimits(retries=2)
        model = candidate(f"a/{TITAN}", operations=[Operation.EMBEDDING], limits=limits)
        world = pipeline(replace(model, provider=provider), cache=ExactCacheRule(enabled=False))
        fake.script(*[Behaviour()] * 19, Behaviour(fault="rate_limited"))
        body: dict[str, Json] = {"model": f"a/{TITAN}", "input": [*TEXTS]}
        outcome = await world.ask(parse_request(Operation.EMBEDDING, body))
        await provider.aclose()
        assert len(fake.requests) == 20
    completion = world.journal.completions[outcome.call.id]
    assert (completion.outcome, completion.usage) == ("failed", Usage(input=38))
    assert completion.cost == Decimal("0.000038")
    assert isinstance(outcome.error, ProviderRateLimited)


@pytest.mark.parametrize("kind", ["float", "base64"])
@pytest.mark.parametrize(("many", "calls"), [(96, 1), (97, 2), (300, 4)])
async def test_cohere_takes_any_number_of_texts(many: int, calls: int, kind: str) -> None:
    texts = [f"text {number}" for number in range(many)]
    with FakeCohere(api_key=test_cohere_contract.SECRET) as fake:
        provider = test_cohere_contract.connect(fake)
        answer = await answer_of(provider, asked(EMBED, texts, encoding_format=kind))
        sizes = sorted(len(as_list(one.json["texts"]) or []) for one in fake.requests)
        assert sizes == sorted([96] * (many // 96) + [many % 96] * (calls - many // 96))
        for place in {0, 95, many - 1}:
            alone = await answer_of(provider, asked(EMBED, [texts[place]], encoding_format=kind))
            vector = dig(alone, "data", 0, "embedding")
            assert dig(answer, "data", place, "embedding") == vector
            assert dig(answer, "data", place, "index") == place
        assert len(as_list(answer["data"]) or []) == many
        assert await usage_of(provider, asked(EMBED, texts)) == Usage(input=2 * many)
        await provider.aclose()


async def test_coheres_late_failure_is_told_with_what_was_done() -> None:
    with FakeCohere(api_key=test_cohere_contract.SECRET) as fake:
        provider = test_cohere_contract.connect(fake)
        fake.script(Behaviour(), Behaviour(), Behaviour(fault="server_error"))
        events, error = await failed(provider, asked(EMBED, [f"text {n}" for n in range(288)]))
        await provider.aclose()
    assert events == [Metered(Usage(input=2 * 192), model=EMBED)]
    assert isinstance(error, ProviderError)
    assert error.processed


async def test_too_few_vectors_are_not_taken_for_those_of_other_texts() -> None:
    with FakeCohere(api_key=test_cohere_contract.SECRET) as fake:
        provider = test_cohere_contract.connect(fake)
        short: dict[str, Json] = {"embeddings": {"float": [[0.5]]}, "meta": {}}
        fake.script(Behaviour(answer=short))
        events, error = await failed(provider, asked(EMBED, [f"text {n}" for n in range(100)]))
        await provider.aclose()
    assert isinstance(error, ProviderProtocolError)
    assert any(isinstance(event, Metered) for event in events)


async def test_token_numbers_are_refused_before_anything_is_sent() -> None:
    with FakeCohere(api_key=test_cohere_contract.SECRET) as fake:
        provider = test_cohere_contract.connect(fake)
        numbers: Json = [*range(200)]
        one = attempt(Operation.EMBEDDING, {"input": numbers}, model=EMBED)
        with pytest.raises(InvalidRequest, match="token numbers"):
            await events_of(provider, one)
        await provider.aclose()
        assert not fake.requests
