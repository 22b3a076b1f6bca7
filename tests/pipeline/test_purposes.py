"""What a group may use a model for: others of its models stand in, and with none left it is 403."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_mesh.errors import MeshError, ModelNotFound, NotPermitted
from jupyter_mesh.mesh.cards import cards
from jupyter_mesh.pipeline.health import Health
from jupyter_mesh.schemas.policy import AliasRule, GroupRule
from jupyter_mesh.testing.principals import analyst

from .world import Pipeline, candidate, chat, pipeline

GROUPS = {
    "lab": GroupRule(members=("ada", "both"), purposes_for={"a/*": ("research", "teaching")}),
    "desk": GroupRule(members=("bob", "both"), purposes_for={"a/m": ("support",)}),
    "open": GroupRule(members=("dan",)),
    "closed": GroupRule(members=("dan", "ada"), allow=("b/*",), purposes_for={"a/*": ("fun",)}),
}


def world() -> Pipeline:
    """`a/m` and `b/m`, and an alias over both."""
    aliases = {"fast": AliasRule(models=("a/m", "b/m")), "only": AliasRule(models=("a/m",))}
    return pipeline(candidate("a/m"), candidate("b/m"), aliases=aliases, groups=GROUPS)


@pytest.mark.parametrize(
    ("user", "model", "purpose", "answered_by"),
    [
        ("ada", "a/m", "research", ["a/m"]),
        ("ada", "a/m", "teaching", ["a/m"]),
        ("ada", "a/m", "support", "research, teaching"),  # open to another group for it
        ("ada", "a/m", "Research", "research, teaching"),
        ("ada", "a/m", "fun", "research, teaching"),  # of a group that does not open the model
        ("ada", "a/m", None, "research, teaching"),
        ("ada", "b/m", "support", ["b/m"]),
        ("ada", "b/m", None, ["b/m"]),
        ("ada", "fast", "research", ["a/m", "b/m"]),
        ("ada", "fast", "support", ["b/m"]),
        ("ada", "fast", None, ["b/m"]),
        ("ada", "only", "support", "research, teaching"),
        ("bob", "a/m", "support", ["a/m"]),
        ("bob", "a/m", "research", "support"),
        ("both", "a/m", "teaching", ["a/m"]),
        ("both", "a/m", "support", ["a/m"]),
        ("both", "a/m", "fun", "research, teaching, support"),
        ("dan", "a/m", "anything", ["a/m"]),  # one of their groups says nothing of it
        ("dan", "a/m", None, ["a/m"]),
    ],
)
async def test_a_model_answers_for_what_a_group_opens_it_for(
    user: str, model: str, purpose: str | None, answered_by: list[str] | str
) -> None:
    outcome = await world().ask(chat(model=model), analyst(user), purpose=purpose)
    if isinstance(answered_by, list):
        assert outcome.error is None
        assert [one.id for one in outcome.call.candidates] == answered_by
        return
    assert isinstance(outcome.error, NotPermitted)
    assert f"for {answered_by} only" in outcome.error.message


async def test_a_model_that_is_not_open_at_all_is_not_found_whatever_for() -> None:
    outcome = await world().ask(chat(model="a/m"), analyst("eve"), purpose="research")
    assert isinstance(outcome.error, ModelNotFound)


async def test_the_purpose_of_a_key_counts_like_a_declared_one() -> None:
    bound = replace(analyst("ada"), purpose="research")
    assert (await world().ask(chat(model="a/m"), bound)).error is None
    other = replace(analyst("ada"), purpose="support")
    error = (await world().ask(chat(model="a/m"), other)).error
    assert isinstance(error, MeshError)
    assert error.status == 403


async def test_a_refusal_before_a_model_is_found_is_recorded_with_the_keys_purpose() -> None:
    mesh = world()
    refused = await mesh.ask(chat(model="a/typo"), replace(analyst("ada"), purpose="research"))
    assert isinstance(refused.error, ModelNotFound)
    assert mesh.journal.intents[refused.call.id].purpose == "research"


async def test_an_answer_kept_for_one_purpose_is_not_given_for_another() -> None:
    mesh = world()
    first = await mesh.ask(chat(model="fast"), analyst("ada"), purpose="research")
    assert first.call.report.model == "a/m"
    again = await mesh.ask(chat(model="fast"), analyst("ada"), purpose="support")
    assert again.call.report.model == "b/m"


def test_the_picker_says_what_each_model_is_open_for() -> None:
    snapshot = world().snapshot
    shown = {
        user: {card.id: card.purposes for card in cards(snapshot, Health(), analyst(user))}
        for user in ("ada", "dan")
    }
    lab = ["research", "teaching"]
    assert shown["ada"] == {"fast": [], "only": lab, "a/m": lab, "b/m": []}
    assert shown["dan"] == {"fast": [], "only": [], "a/m": [], "b/m": []}


def test_where_no_group_says_so_nothing_is_looked_up() -> None:
    assert world().snapshot.by_purpose
    assert not replace(world().snapshot, groups={"open": GROUPS["open"]}).by_purpose


@pytest.mark.parametrize(
    ("purposes", "purposes_for", "fault"),
    [
        (["research"], {"a/*": ["research"]}, None),
        ([], {"a/*": ["anything"]}, None),
        (["research"], {"a/*": ["resarch"]}, "'resarch'"),
        (["research"], {"a/*": []}, "no purpose"),
    ],
)
def test_a_purpose_that_nobody_could_declare_is_refused(
    purposes: list[str], purposes_for: dict[str, list[str]], fault: str | None
) -> None:
    rule = {"purposes": purposes, "purposes_for": purposes_for}
    if fault is None:
        GroupRule.model_validate(rule)
        return
    with pytest.raises(ValueError, match=fault):
        GroupRule.model_validate(rule)
