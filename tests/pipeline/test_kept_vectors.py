"""Embeddings are kept text by text: only what is not known is asked for, and billed."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

import pytest

from jupyter_mesh.errors import ProviderProtocolError
from jupyter_mesh.pipeline.call import CacheDirective
from jupyter_mesh.schemas.events import Answer, Events, Finished, Metered
from jupyter_mesh.schemas.json import Json, JsonObject, as_list, dig
from jupyter_mesh.schemas.policy import AliasRule, ExactCacheRule, GroupRule
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import ScriptedProvider

from .world import ADA, BOB, Outcome, Pipeline, candidate, pipeline

FULL = [f"text number {n}" for n in range(100)]


def vector(text: Json) -> list[float]:
    """Floats of 32 bits, so that both encodings hold the same; another one for each text."""
    return [*array("f", [len(str(text)) / 7, hash(str(text)) % 1000 / 999, -0.1])]


class Embedder(ScriptedProvider):
    """Ten tokens a text; can be told to lose one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[Json]] = []
        self.loses = 0

    async def stream(self, attempt: Attempt) -> Events:
        body = attempt.request.body
        value = body["input"]
        items = as_list(value)
        numbers = items is not None and all(isinstance(item, int) for item in items)
        texts = items if items is not None and not numbers else [value]
        self.asked.append([*texts])
        packed = body.get("encoding_format") == "base64"
        data: list[Json] = [
            {
                "object": "embedding",
                "index": index,
                "embedding": pack(vector(text)) if packed else [*vector(text)],
            }
            for index, text in enumerate(texts[self.loses :])
        ]
        data.reverse()  # the index counts, not the place
        used = 10 * len(texts)
        usage: JsonObject = {"prompt_tokens": used, "total_tokens": used}
        answer: JsonObject = {"object": "list", "data": data, "model": attempt.model}
        yield Answer({**answer, "usage": usage})
        yield Metered(Usage(input=used), model=attempt.model)
        yield Finished()


def pack(values: Sequence[float]) -> str:
    return base64.b64encode(array("f", values).tobytes()).decode()


def world_of(provider: Embedder, **policy: object) -> Pipeline:
    return pipeline(candidate("a/m", provider, operations=[Operation.EMBEDDING]), **policy)


def embed(value: object, **fields: object) -> Request:
    return parse_request(Operation.EMBEDDING, {"model": "a/m", "input": value, **fields})


def vectors(outcome: Outcome) -> list[Json]:
    """In the order of the answer, whose indexes must count up."""
    assert outcome.error is None
    (answer,) = (event for event in outcome.events if isinstance(event, Answer))
    data = as_list(answer.data["data"]) or []
    assert sorted(cast("list[int]", [dig(one, "index") for one in data])) == [*range(len(data))]
    data.sort(key=lambda one: cast(int, dig(one, "index")))
    return [dig(one, "embedding") for one in data]


async def test_of_a_hundred_texts_of_which_sixty_are_known_forty_are_asked_for_and_billed() -> None:
    provider = Embedder()
    world = world_of(provider)
    first = await world.ask(embed(FULL[:60]))
    second = await world.ask(embed(FULL))
    assert provider.asked == [FULL[:60], FULL[60:]]
    assert vectors(second) == [vector(text) for text in FULL]
    one, two = (world.journal.completions[each.call.id] for each in (first, second))
    assert (one.usage.input, one.cost, one.saved) == (600, Decimal("0.0006"), 0)
    assert (two.usage.input, two.cost, two.saved) == (400, Decimal("0.0004"), one.cost)
    assert two.outcome == "answered"
    assert second.notices == ["partly_cached"]
    third = await world.ask(embed(FULL))
    assert world.journal.completions[third.call.id].saved == Decimal("0.001")
    assert third.call.report.cache == "hit"
    assert len(provider.asked) == 2


async def test_order_and_repetitions_are_kept() -> None:
    provider = Embedder()
    world = world_of(provider)
    await world.ask(embed(["b", "a"]))
    mixed = ["c", "a", "c", "b", "d", "a"]
    assert vectors(await world.ask(embed(mixed))) == [vector(text) for text in mixed]
    assert provider.asked[1] == ["c", "d"]


@pytest.mark.parametrize("first", ["float", "base64", None])
@pytest.mark.parametrize("second", ["float", "base64", None])
async def test_both_encodings_share_what_is_known(first: str | None, second: str | None) -> None:
    provider = Embedder()
    world = world_of(provider)
    await world.ask(embed(["a", "b"], **({"encoding_format": first} if first else {})))
    options = {"encoding_format": second} if second else {}
    for texts, asked in ((["b", "a"], 1), (["a", "new", "b"], 2)):
        wanted = [vector(text) for text in texts]
        got = vectors(await world.ask(embed(texts, **options)))
        assert got == ([pack(one) for one in wanted] if second == "base64" else wanted)
        assert len(provider.asked) == asked
    assert provider.asked[1] == ["new"]


@pytest.mark.parametrize("value", ["alone", ["alone"], [1, 2, 3], [[1, 2], [3]]])
async def test_every_form_of_input_is_known_again(value: object) -> None:
    provider = Embedder()
    world = world_of(provider)
    outcomes = [await world.ask(embed(value)) for _ in range(2)]
    assert vectors(outcomes[0]) == vectors(outcomes[1])
    assert len(provider.asked) == 1


async def test_one_text_and_a_list_of_it_are_the_same_question() -> None:
    provider = Embedder()
    world = world_of(provider)
    await world.ask(embed("alone"))
    assert vectors(await world.ask(embed(["alone"]))) == [vector("alone")]
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    "other", [embed(["a"], dimensions=2), embed(["A"]), embed(["a "]), embed([["a"]])]
)
async def test_what_could_change_a_vector_is_part_of_its_key(other: Request) -> None:
    provider = Embedder()
    world = world_of(provider)
    await world.ask(embed(["a"]))
    await world.ask(other)
    assert len(provider.asked) == 2


async def test_another_users_vectors_are_not_shared_but_within_the_scope() -> None:
    for scope, asked in (("user", 2), ("everyone", 1)):
        provider = Embedder()
        world = world_of(provider, cache=ExactCacheRule.model_validate({"scope": scope}))
        await world.ask(embed(["a"]), ADA)
        await world.ask(embed(["a"]), BOB)
        assert len(provider.asked) == asked


async def test_of_other_groups_nothing_is_shared() -> None:
    provider = Embedder()
    groups = {"a": GroupRule(members=("ada",)), "b": GroupRule(members=("bob",))}
    world = world_of(provider, cache=ExactCacheRule(scope="everyone"), groups=groups)
    await world.ask(embed(["a"]), ADA)
    await world.ask(embed(["a", "b"]), BOB)
    assert provider.asked == [["a"], ["a", "b"]]


async def test_vectors_of_two_models_are_never_mixed() -> None:
    one, other = Embedder(), Embedder()
    models = [
        candidate(name, provider, operations=[Operation.EMBEDDING])
        for name, provider in (("a/m", one), ("b/m", other))
    ]
    world = pipeline(*models, aliases={"both": AliasRule(models=("a/m", "b/m"))})
    await world.ask(embed(["a", "b"]))
    fresh = parse_request(Operation.EMBEDDING, {"model": "both", "input": ["a", "b", "c"]})
    await world.ask(fresh)
    assert one.asked == [["a", "b"], ["a", "b", "c"]]
    assert (await world.ask(fresh)).call.report.cache == "hit"
    assert other.asked == []


@pytest.mark.parametrize("directive", [CacheDirective(no_store=True), CacheDirective(max_age=0)])
async def test_the_caller_may_ask_for_fresh_vectors(directive: CacheDirective) -> None:
    provider = Embedder()
    world = world_of(provider)
    await world.ask(embed(["a"]))
    await world.ask(embed(["a", "b"]), cache=directive)
    assert provider.asked == [["a"], ["a", "b"]]


async def test_an_answer_with_a_vector_missing_is_an_error_and_not_passed_off() -> None:
    provider = Embedder()
    world = world_of(provider)
    await world.ask(embed(["a"]))
    provider.loses = 1
    outcome = await world.ask(embed(["a", "b", "c"]))
    assert isinstance(outcome.error, ProviderProtocolError)
    assert world.journal.completions[outcome.call.id].usage.input > 0
    provider.loses = 0
    assert vectors(await world.ask(embed(["b"]))) == [vector("b")]


@pytest.mark.parametrize("known", [0, 1, 3, 7])
async def test_tokens_and_cost_of_single_texts_add_up_to_those_of_the_call(known: int) -> None:
    """Also where they do not divide evenly."""
    provider = Embedder()
    world = world_of(provider)
    texts = ["x" * (7 * n + 1) for n in range(11)]
    await world.ask(embed(texts))
    entries: Mapping[str, object] = world.cache.entries
    assert len(entries) == 11
    assert sum(one.usage.input for one in world.cache.entries.values()) == 110
    costs = [one.cost for one in world.cache.entries.values() if one.cost is not None]
    assert sum(costs) == Decimal("0.00011")
    part = await world.ask(embed([*texts[:known], "new"]))
    assert world.journal.completions[part.call.id].cost == Decimal("0.00001")
