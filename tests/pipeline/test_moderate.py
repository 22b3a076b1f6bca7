"""Judges: nothing passes that was not judged; what is refused is never sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import orjson
import pytest

from jupyter_mesh.errors import Blocked, InvalidRequest, ModerationUnavailable
from jupyter_mesh.pipeline.chunks import finished, texts
from jupyter_mesh.schemas.events import Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.guard_rules import ModerationRule
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.guard import GuardConfig, GuardedCall, Judge, Verdict
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider, chunk

from .world import Outcome, Pipeline, candidate, chat, pipeline


class Swear(Judge):
    """Scores 1 where "damn" stands."""

    name: ClassVar[str] = "swear"
    broken = False

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        if self.broken:
            raise RuntimeError("gone")
        return Verdict(1.0 if "damn" in text else 0.0, ("profanity",))


def moderated(
    provider: ScriptedProvider,
    direction: str,
    *,
    judge: Judge | None = None,
    operations: Sequence[Operation] = (Operation.CHAT,),
    **fields: object,
) -> Pipeline:
    rule = ModerationRule.model_validate(
        {"for": {"direction": direction}, "guard": "swear", "hold_back": 10, **fields}
    )
    judges = {"swear": judge or Swear(GuardConfig())}
    one = candidate("a/m", provider, operations=operations)
    return pipeline(one, moderation=(rule,), judges=judges)


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


SPLIT = [
    (["da", "mn"], True),
    (["oh", "damn it"], True),
    (["dam", "x"], False),
    (["well", "done"], False),
]


@pytest.mark.parametrize(("parts", "refused"), SPLIT)
async def test_the_parts_of_a_message_are_judged_as_one_too(
    parts: list[str], refused: bool
) -> None:
    provider = ScriptedProvider()
    content = [{"type": "text", "text": part} for part in parts]
    request = chat(content)  # pyright: ignore[reportArgumentType]
    outcome = await moderated(provider, "request").ask(request)
    assert isinstance(outcome.error, Blocked) == refused
    assert len(provider.attempts) == (not refused)


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": "data: damn"}]},
        {"messages": [{"role": "user", "content": "hi"}], "metadata": {"id": "damn"}},
        {"messages": [{"role": "user", "content": "hi"}], "metadata": {"damn": 1}},
    ],
)
async def test_a_judge_sees_every_text_of_a_request(body: dict[str, object]) -> None:
    outcome = await moderated(ScriptedProvider(), "request").ask(
        parse_request(Operation.CHAT, {"model": "a/m", **body})
    )
    assert isinstance(outcome.error, Blocked)


@pytest.mark.parametrize(("direction", "refused"), [("request", True), ("response", False)])
async def test_token_numbers_are_refused_where_a_judge_would_have_to_read_them(
    direction: str, refused: bool
) -> None:
    provider = ScriptedProvider()
    world = moderated(provider, direction, operations=(Operation.EMBEDDING,))
    request = parse_request(Operation.EMBEDDING, {"model": "a/m", "input": [1, 2]})
    outcome = await world.ask(request)
    assert isinstance(outcome.error, InvalidRequest) == refused
    assert len(provider.attempts) == (not refused)


class Deltas(ScriptedProvider):
    """Streams the deltas it is given, each for a choice, and ends every choice."""

    def __init__(self, *deltas: tuple[int, JsonObject]) -> None:
        super().__init__()
        self.deltas = deltas

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        ends = [(number, None) for number in sorted({number for number, _ in self.deltas})]
        for number, delta in [*self.deltas, *ends]:
            data = chunk(attempt.model, delta or {}, None if delta else "stop")
            data["choices"] = [{**data["choices"][0], "index": number}]
            yield Chunk(data)
        yield Metered(Usage(input=1, output=1))
        yield Finished()


def said(outcome: Outcome, number: int) -> str:
    chunks = (event.data for event in outcome.events if isinstance(event, Chunk))
    return "".join(text for data in chunks for (n, *_), _, text in texts(data) if n == number)


def ends(outcome: Outcome) -> dict[int, str]:
    chunks = (event.data for event in outcome.events if isinstance(event, Chunk))
    return {number: reason for data in chunks for number, reason in finished(data).items()}


@pytest.mark.parametrize(("word", "flagged"), [("oh damn that", True), ("oh dam that", False)])
async def test_choices_that_are_streamed_together_are_judged_apart(
    word: str, flagged: bool
) -> None:
    deltas = [(n, {"content": c if n == 0 else "x"}) for c in word for n in (0, 1)]
    outcome = await moderated(Deltas(*deltas), "response").ask(chat(stream=True, n=2))
    if flagged:
        assert "da" not in said(outcome, 0)
        assert ends(outcome) == {0: "content_filter", 1: "content_filter"}
    else:
        assert (said(outcome, 0), said(outcome, 1)) == (word, "x" * len(word))
        assert ends(outcome) == {0: "stop", 1: "stop"}


PLACES: list[JsonObject] = [
    {"content": "@"},
    {"content": [{"type": "text", "text": "@"}]},
    {"reasoning_content": "@"},
    {"reasoning": "@"},
    {"reasoning_details": [{"type": "reasoning.text", "text": "@", "index": 0}]},
    {"refusal": "@"},
    {"function_call": {"arguments": "@"}},
    {"tool_calls": [{"index": 0, "function": {"arguments": "@"}}]},
    {"audio": {"transcript": "@"}},
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: next(iter(place)))
async def test_no_place_of_an_answer_hides_text_from_a_judge(place: JsonObject) -> None:
    pieces = ["oh ", "da", "mn"]
    deltas = [(0, orjson.loads(orjson.dumps(place).replace(b"@", p.encode()))) for p in pieces]
    # Something else between, as where an answer comes with its reasoning.
    between = [(0, {"other": "x"})]
    provider = Deltas(*(one for delta in deltas for one in (delta, *between)))
    outcome = await moderated(provider, "response").ask(chat(stream=True))
    assert outcome.notices == ["content_filter"]
    assert said(outcome, 0) == ""


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, -0.1, 1.1])
@pytest.mark.parametrize("direction", ["request", "response"])
async def test_a_score_that_is_none_closes_the_call(direction: str, score: float) -> None:
    class Odd(Swear):
        async def judge(
            self, text: str, direction: Literal["request", "response"], call: GuardedCall
        ) -> Verdict:
            return Verdict(score)

    world = moderated(ScriptedProvider(), direction, judge=Odd(GuardConfig()))
    outcome = await world.ask(chat(stream=True))
    assert isinstance(outcome.error, ModerationUnavailable)
    assert outcome.text == ""


@pytest.mark.parametrize(
    ("score", "blocked"), [(0.0, False), (0.49, False), (0.5, True), (1, True)]
)
async def test_a_score_from_the_threshold_on_is_a_hit(score: float, blocked: bool) -> None:
    class Sure(Swear):
        async def judge(
            self, text: str, direction: Literal["request", "response"], call: GuardedCall
        ) -> Verdict:
            return Verdict(score)

    outcome = await moderated(ScriptedProvider(), "request", judge=Sure(GuardConfig())).ask(chat())
    assert isinstance(outcome.error, Blocked) == blocked
