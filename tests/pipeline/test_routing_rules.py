"""Where an alias or a group lets text go, what a prompt is too long for, and what that saves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jupyter_mesh.errors import ModelNotFound, ProviderUnavailable
from jupyter_mesh.pipeline.snapshot import Candidate
from jupyter_mesh.schemas.catalog import Residency
from jupyter_mesh.schemas.policy import AliasRule, GroupRule
from jupyter_mesh.schemas.spend import Price, Usage
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import candidate, chat, pipeline

D = Decimal
EVERYWHERE = [
    candidate("out/m"),
    candidate("eu/m", residency=Residency.REGION),
    candidate("here/m", residency=Residency.LOCAL),
]
IDS = tuple(one.id for one in EVERYWHERE)


@pytest.mark.parametrize(
    ("stays", "asked"),
    [
        ((), ["out/m", "eu/m", "here/m"]),
        (("local",), ["here/m"]),
        (("local", "region"), ["eu/m", "here/m"]),
    ],
)
async def test_an_alias_leads_only_where_its_text_may_go(
    stays: tuple[str, ...], asked: list[str]
) -> None:
    rule = AliasRule.model_validate({"models": IDS, "require": {"residency": stays}})
    outcome = await pipeline(*EVERYWHERE, aliases={"any": rule}).ask(chat(model="any"))
    assert [one.id for one in outcome.call.candidates] == asked


@pytest.mark.parametrize("model", ["out/m", "eu/m", "here/m", "any"])
async def test_a_group_opens_only_models_whose_text_stays(model: str) -> None:
    stays = {"residency": ["local", "region"]}
    group = GroupRule.model_validate({"members": ["ada"], "require": stays})
    world = pipeline(*EVERYWHERE, aliases={"any": AliasRule(models=IDS)}, groups={"g": group})
    outcome = await world.ask(chat(model=model))
    if model == "out/m":
        assert isinstance(outcome.error, ModelNotFound)
    else:
        assert outcome.error is None
        assert "out/m" not in [one.id for one in outcome.call.candidates]


async def test_a_model_too_small_for_the_prompt_is_skipped_and_it_is_said_why() -> None:
    small, large = candidate("a/s", context_window=20), candidate("a/l", context_window=10_000)
    world = pipeline(small, large, aliases={"any": AliasRule(models=("a/s", "a/l"))})
    long = await world.ask(chat("word " * 500, model="any"))
    completion = world.journal.completions[long.call.id]
    assert completion.model == "a/l"
    ((attempt),) = completion.attempts
    assert (attempt["model"], attempt["code"]) == ("a/s", "context_length_exceeded")
    assert "holds 20" in str(attempt["message"])
    assert [one["code"] for one in completion.notices] == ["context_skipped"]
    short = await world.ask(chat("Hi", model="any"))
    assert world.journal.completions[short.call.id].attempts == ()


def priced(name: str, usd: str | None, *, fails: bool = False) -> Candidate:
    price = None if usd is None else Price(input=D(0), output=D(usd))
    reply = Reply(error=ProviderUnavailable("down")) if fails else Reply(usage=Usage(output=1000))
    return candidate(name, ScriptedProvider(replies=[reply]), price=price)


@pytest.mark.parametrize(
    ("first", "second", "strategy", "saved"),
    [
        (priced("a/m", "30", fails=True), priced("b/m", "10"), "ordered", "0.02"),
        (priced("a/m", "10", fails=True), priced("b/m", "30"), "ordered", "0"),
        (priced("a/m", None, fails=True), priced("b/m", "30"), "ordered", "0"),
        (priced("a/m", "30"), priced("b/m", "10"), "ordered", "0"),
        (priced("a/m", "30"), priced("b/m", "10"), "cheapest", "0.02"),
        (priced("a/m", "10"), priced("b/m", "30"), "cheapest", "0"),
    ],
)
async def test_what_another_model_than_the_first_saved_is_counted(
    first: Candidate, second: Candidate, strategy: str, saved: str
) -> None:
    rule = AliasRule.model_validate({"models": ("a/m", "b/m"), "strategy": strategy})
    world = pipeline(first, second, aliases={"any": rule})
    outcome = await world.ask(chat(model="any"))
    assert outcome.error is None
    assert world.journal.completions[outcome.call.id].saved_by_fallback == D(saved)
