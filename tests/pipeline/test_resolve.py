"""From a name to the models this caller may use now."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from jupyter_mesh.errors import ContextTooLong, InvalidRequest, ModelNotFound
from jupyter_mesh.mesh.cards import cards
from jupyter_mesh.pipeline.health import Health
from jupyter_mesh.pipeline.resolve import resolve
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.policy import AliasRule, GroupRule
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.testing.principals import analyst

from .world import Pipeline, candidate, chat, pipeline


def world(groups: dict[str, GroupRule] | None = None) -> Pipeline:
    """Two open models, an internal one, and aliases over all of them."""
    return pipeline(
        candidate("a/m"),
        candidate("b/m"),
        candidate("a/judge", internal=True),
        aliases={
            "fast": AliasRule(models=("a/judge", "a/m", "b/m")),
            "judge": AliasRule(models=("a/judge",)),
            "later": AliasRule(models=("c/m",)),
        },
        groups=groups or {},
    )


async def test_an_internal_model_is_not_reached_through_an_alias() -> None:
    mesh = world()
    outcome = await mesh.ask(chat(model="fast"))
    assert outcome.text == "Hello"
    assert [one.id for one in outcome.call.candidates] == ["a/m", "b/m"]
    for name in ("judge", "a/judge"):
        assert isinstance((await mesh.ask(chat(model=name))).error, ModelNotFound)


GROUPS = {
    "all": GroupRule(members=("ada",), allow=("*",)),
    "some": GroupRule(members=("bob",), allow=("fast", "b/*")),
    "none": GroupRule(members=("eve",), allow=("fast",)),
}


@pytest.mark.parametrize(
    ("user", "expected"),
    [("ada", ["a/m", "b/m"]), ("bob", ["b/m"]), ("eve", None), ("dan", None)],
)
async def test_an_alias_opens_no_model_by_itself(user: str, expected: list[str] | None) -> None:
    outcome = await world(GROUPS).ask(chat(model="fast"), analyst(user))
    if expected is None:
        assert isinstance(outcome.error, ModelNotFound)
    else:
        assert [one.id for one in outcome.call.candidates] == expected


async def test_the_catalogue_names_behind_an_alias_what_the_caller_may_use() -> None:
    snapshot = world(GROUPS).snapshot
    shown = {
        user: {card.id: card.targets for card in cards(snapshot, Health(), analyst(user))}
        for user in ("ada", "bob", "eve")
    }
    assert shown["ada"] == {"fast": ["a/m", "b/m"], "a/m": [], "b/m": []}
    assert shown["bob"] == {"fast": ["b/m"], "b/m": []}
    assert shown["eve"] == {}


async def test_a_key_narrowed_to_an_alias_reaches_what_its_user_may_use() -> None:
    bob = replace(analyst("bob"), models=("fast",))
    mesh = world(GROUPS)
    assert [one.id for one in (await mesh.ask(chat(model="fast"), bob)).call.candidates] == ["b/m"]
    assert isinstance((await mesh.ask(chat(model="b/m"), bob)).error, ModelNotFound)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("m", "did you mean 'a/m'?"),
        ("openai/m", "did you mean 'a/m'?"),
        ("fsat", "did you mean 'fast'?"),
        ("a/mm", "did you mean 'a/m'?"),
        ("judge", "choose one"),
        ("a/judge", "choose one"),
        ("nothing-of-the-sort", "choose one"),
        ("x" * 500, "choose one"),
    ],
)
async def test_what_was_meant_is_named_among_what_is_open(asked: str, said: str) -> None:
    outcome = await world(GROUPS).ask(chat(model=asked))
    assert isinstance(outcome.error, ModelNotFound)
    assert said in outcome.error.message
    assert "judge" not in outcome.error.message.partition("open to you")[2]


async def test_what_a_model_does_not_do_is_said_with_models_that_do() -> None:
    mesh = pipeline(candidate("a/m"), candidate("a/e", operations=(Operation.EMBEDDING,)))
    outcome = await mesh.ask(parse_request(Operation.EMBEDDING, {"model": "a/m", "input": "x"}))
    assert isinstance(outcome.error, InvalidRequest)
    assert "does chat, not embedding. Of your models these can: a/e." in outcome.error.message
    alone = await pipeline(candidate("a/m")).ask(
        parse_request(Operation.EMBEDDING, {"model": "a/m", "input": "x"})
    )
    assert alone.error is not None
    assert "None of your models is known to" in str(alone.error)


async def test_an_alias_whose_models_are_away_says_so() -> None:
    outcome = await world().ask(chat(model="later"))
    assert isinstance(outcome.error, ModelNotFound)
    assert "at the moment" in outcome.error.message


def test_the_mesh_itself_may_use_internal_models() -> None:
    mesh = world(GROUPS)
    parent = mesh.call(chat(model="fast"))
    call = mesh.call(chat(model="a/judge"), parent=parent, nested="guard")
    resolve(call)
    assert [one.id for one in call.candidates] == ["a/judge"]


@pytest.mark.parametrize(("window", "most"), [(10_000, 12_000), (None, 600_000)])
async def test_a_large_file_is_no_reason_to_refuse_and_is_bound_by_what_the_model_holds(
    window: int | None, most: int
) -> None:
    data = b64encode(bytes(range(256)) * 4_000).decode()
    file: Json = {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{data}"}}
    mesh = pipeline(candidate("a/m", context_window=window))
    messages: Json = [{"role": "user", "content": [file]}]
    outcome = await mesh.ask(chat().with_body(model="a/m", messages=messages))
    assert outcome.error is None
    assert (window or 500_000) <= outcome.call.input_bound <= most


EACH = "word " * 60
"""More than a third of what the model below holds, by the bound."""


@pytest.mark.parametrize(
    ("operation", "texts", "fits"),
    [
        (Operation.CLASSIFY, [EACH] * 50, True),
        (Operation.EMBEDDING, [EACH] * 50, True),
        (Operation.TOKEN_CLASSIFY, [EACH] * 50, True),
        (Operation.CLASSIFY, [EACH * 50], False),
        (Operation.EMBEDDING, [EACH, EACH * 50], False),
        (Operation.EMBEDDING, EACH * 50, False),
        (Operation.EMBEDDING, [[1] * 100] * 50, True),
        (Operation.EMBEDDING, [[1] * 1000], False),
        (Operation.EMBEDDING, [1] * 1000, False),
    ],
)
def test_of_texts_that_are_read_one_by_one_the_longest_must_fit(
    operation: Operation, texts: Json, fits: bool
) -> None:
    mesh = pipeline(candidate("a/m", operations=[operation], context_window=200))
    call = mesh.call(parse_request(operation, {"model": "a/m", "input": texts}))
    if fits:
        resolve(call)
    else:
        with pytest.raises(ContextTooLong):
            resolve(call)
