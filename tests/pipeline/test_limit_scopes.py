"""Every kind of limit holds for every scope: its share is refused, another's is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from jupyter_mesh.errors import LimitExceeded
from jupyter_mesh.schemas.policy import ExactCacheRule, GroupRule, LimitRule
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.testing.principals import analyst
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Outcome, Pipeline, candidate, chat, pipeline

ADA = replace(analyst("ada"), application="app", key_id="k1")
OTHERS: dict[str, tuple[Principal, str]] = {
    "user": (replace(ADA, user="bob"), "a/m"),
    "group": (replace(ADA, user="eve"), "a/m"),
    "application": (replace(ADA, application="other"), "a/m"),
    "key": (replace(ADA, key_id="k2"), "a/m"),
    "connection": (ADA, "b/m"),
    "model": (ADA, "b/m"),
}
"""Who is not of Ada's share, or what is not of the model's."""
NAMES = {
    "user": "ada",
    "group": "team",
    "application": "app",
    "key": "k1",
    "connection": "a",
    "model": "a/m",
}
TOKENS = Usage(input=5, output=95)
KINDS = {
    "requests_per_minute": (2, 2, 30.0),
    "tokens_per_minute": (200, 2, 60.0),
    "parallel": (2, 2, 1.0),
}
"""The limit, how many calls it lets by, and the longest that is told to wait for the next."""


def world_with(scope: dict[str, str], **limits: object) -> Pipeline:
    rule = LimitRule.model_validate({"scope": scope, "wait_seconds": 0, **limits})
    replies = [Reply(usage=TOKENS, pause=0.02)]
    return pipeline(
        *(candidate(f"{name}/m", ScriptedProvider(replies=replies)) for name in "ab"),
        groups={
            "team": GroupRule(members=("ada", "bob")),
            "rest": GroupRule(members=("*",)),
        },
        limits=(rule,),
        cache=ExactCacheRule(enabled=False),
    )


async def asked(world: Pipeline, kind: str, principal: Principal, count: int) -> list[Outcome]:
    """So many calls: at once where parallel calls are limited, else one after the other."""
    calls = [world.ask(chat(f"{n}", model="a/m"), principal) for n in range(count)]
    if kind == "parallel":
        return list(await asyncio.gather(*calls))
    return [await call for call in calls]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("field", NAMES)
async def test_a_limit_refuses_its_share_and_leaves_others_alone(
    field: str, each: bool, kind: str
) -> None:
    most, admitted, longest = KINDS[kind]
    world = world_with({field: "*" if each else NAMES[field]}, **{kind: most})
    outcomes = await asked(world, kind, ADA, admitted + 2)
    errors = [one.error for one in outcomes if one.error is not None]
    assert len(errors) == 2
    for error in errors:
        assert isinstance(error, LimitExceeded)
        assert error.retry_after is not None
        assert 0 < error.retry_after <= longest
    other, model = OTHERS[field]
    if field == "group" and each:
        return  # whoever else is in `rest` shares it
    assert (await world.ask(chat("other", model=model), other)).error is None


async def test_after_the_wait_that_was_told_there_is_room() -> None:
    tight = world_with({"user": "*"}, requests_per_minute=600)
    for _ in range(14):
        await asyncio.gather(*(tight.ask(chat("x")) for _ in range(50)))
    refused = None
    while refused is None:  # nobody asks beside this one, so the room told of stays ours
        refused = (await tight.ask(chat("x"))).error
    assert isinstance(refused, LimitExceeded)
    assert refused.retry_after is not None
    await asyncio.sleep(refused.retry_after)
    assert (await tight.ask(chat("again"))).error is None
