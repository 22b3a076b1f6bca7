"""Judges: nothing passes that was not judged; what is refused is never sent."""

from __future__ import annotations

from typing import ClassVar, Literal

import pytest

from jupyter_mesh.errors import Blocked, ModerationUnavailable
from jupyter_mesh.schemas.events import Finished
from jupyter_mesh.schemas.policy import ModerationRule
from jupyter_mesh.spi.guard import GuardConfig, Judge, Verdict
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Pipeline, candidate, chat, pipeline


class Swear(Judge):
    """Scores 1 where "damn" stands."""

    name: ClassVar[str] = "swear"
    broken = False

    async def judge(self, text: str, direction: Literal["request", "response"]) -> Verdict:
        if self.broken:
            raise RuntimeError("gone")
        return Verdict(1.0 if "damn" in text else 0.0, ("profanity",))


def moderated(provider: ScriptedProvider, direction: str, **fields: object) -> Pipeline:
    rule = ModerationRule.model_validate(
        {"for": {"direction": direction}, "guard": "swear", "hold_back": 10, **fields}
    )
    judges = {"swear": Swear(GuardConfig())}
    return pipeline(candidate("a/m", provider), moderation=(rule,), judges=judges)


async def test_a_refused_prompt_is_never_sent() -> None:
    provider = ScriptedProvider()
    outcome = await moderated(provider, "request").ask(chat("damn it"))
    assert isinstance(outcome.error, Blocked)
    assert provider.attempts == []


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("pieces", [["all fine, ", "then da", "mn", " and more"], ["damn"]])
async def test_a_flagged_answer_ends_with_content_filter_before_the_text_is_seen(
    stream: bool, pieces: list[str]
) -> None:
    world = moderated(ScriptedProvider(replies=[Reply(pieces=pieces)]), "response")
    outcome = await world.ask(chat(stream=stream))
    assert outcome.error is None
    assert "da" not in outcome.text
    assert outcome.notices == ["content_filter"]
    assert isinstance(last := outcome.events[-1], Finished)
    assert last.reason == "content_filter"
    completion = world.journal.completions[outcome.call.id]
    assert completion.outcome == "blocked"
    assert completion.cost


async def test_a_clean_answer_passes_whole_and_in_order() -> None:
    pieces = [f"piece {n}. " for n in range(50)]
    world = moderated(ScriptedProvider(replies=[Reply(pieces=pieces)]), "response")
    assert (await world.ask(chat(stream=True))).text == "".join(pieces)


async def test_alert_records_and_lets_pass() -> None:
    world = moderated(
        ScriptedProvider(replies=[Reply(pieces=["damn"])]), "response", action="alert"
    )
    outcome = await world.ask(chat(stream=True))
    assert outcome.text == "damn"
    assert outcome.call.report.verdicts[0]["guard"] == "swear"


@pytest.mark.parametrize("direction", ["request", "response"])
async def test_a_judge_that_fails_closes_the_call(direction: str) -> None:
    world = moderated(ScriptedProvider(), direction)
    Swear.broken = True
    try:
        outcome = await world.ask(chat(stream=True))
    finally:
        Swear.broken = False
    assert isinstance(outcome.error, ModerationUnavailable)
    assert outcome.text == ""
