"""What happens to an answer that a rule is against; rules that only monitor."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Literal

import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import BudgetExceeded, ModerationUnavailable
from jupyter_mesh.guards.format import Format, FormatConfig
from jupyter_mesh.pipeline.chunks import texts
from jupyter_mesh.schemas.events import Answer, Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.guard_rules import ModerationRule
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.policy import BudgetRule
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.guard import (
    Detector,
    Finding,
    GuardConfig,
    GuardedCall,
    Judge,
    Verdict,
)
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider, chunk

from .world import Outcome, Pipeline, candidate, chat, pipeline

KEY = "sk-0123456789"


class Words(Judge):
    """Scores by category: how many of its words stand in the text, out of two."""

    name: ClassVar[str] = "words"
    broken = False

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        self.seen: list[str] = []

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        self.seen.append(text)
        if self.broken:
            raise RuntimeError("gone")
        words = {"hate": "vile", "violence": "punch"}
        return Verdict.of({name: min(1.0, text.count(word) / 2) for name, word in words.items()})


class Keys(Detector):
    """Finds `KEY`."""

    name: ClassVar[str] = "keys"
    longest = 20

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return [
            [Finding(at, at + len(KEY), "API_KEY", 0.8, self.name)]
            if (at := text.find(KEY)) >= 0
            else []
            for text in texts
        ]


def world(
    *replies: Reply, rules: Sequence[dict[str, object]], budgets: tuple[BudgetRule, ...] = ()
) -> Pipeline:
    made = tuple(ModerationRule.model_validate(rule) for rule in rules)
    one = candidate("a/m", ScriptedProvider(replies=list(replies)), streams=True)
    return pipeline(
        one,
        moderation=made,
        judges={"words": Words(GuardConfig())},
        detectors={"keys": Keys(GuardConfig())},
        budgets=budgets,
    )


def provider_of(one: Pipeline) -> ScriptedProvider:
    provider = one.snapshot.models["a/m"].provider
    assert isinstance(provider, ScriptedProvider)
    return provider


def rule(**fields: object) -> dict[str, object]:
    return {"guard": "words", "threshold": 0.5, "hold_back": 20, **fields}


# ── thresholds ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("categories", "text", "hit"),
    [
        ({}, "vile", True),
        ({"hate": 0.5}, "vile", True),
        ({"hate": 0.6}, "vile", False),
        ({"hate": 0.6}, "vile vile", True),
        ({"violence": 0.1}, "vile vile", False),
        ({"violence": 0.5, "hate": 1.0}, "vile punch", True),
    ],
)
async def test_each_category_has_a_threshold_of_its_own(
    categories: dict[str, float], text: str, hit: bool
) -> None:
    one = world(Reply(pieces=[text]), rules=[rule(categories=categories)])
    outcome = await one.ask(chat(stream=True))
    assert (outcome.text == "") == hit
    assert bool(outcome.call.report.verdicts) == hit


# ── redact ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("size", [1, 3, 200])
async def test_what_a_detector_finds_is_taken_out_however_it_is_cut(
    stream: bool, size: int
) -> None:
    said = f"The key of the machine is {KEY}, do not lose it, it opens every door."
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    one = world(
        Reply(pieces=pieces),
        rules=[{"detectors": ["keys"], "action": "redact", "hold_back": 40}],
    )
    outcome = await one.ask(chat(stream=stream))
    assert outcome.error is None
    assert outcome.text == said.replace(KEY, "<API_KEY>")
    assert outcome.call.report.verdicts == [
        {
            "guard": "keys",
            "direction": "response",
            "action": "redact",
            "score": 0.8,
            "categories": ["API_KEY"],
        }
    ]
    said_to_audit = "".join("".join(p) for p in outcome.call.produced.said.values())
    assert said_to_audit == outcome.text


@pytest.mark.parametrize("action", ["block", "redact"])
@pytest.mark.parametrize("offset", range(0, 40, 4))
async def test_no_more_than_half_a_window_is_ever_let_go_of_what_is_found_later(
    offset: int, action: str
) -> None:
    """The key is shorter than half a window, so no character of it may come out, wherever it
    stands.
    """
    before = "filling " * 20 + "x" * offset
    rest = " and the rest of what there is to say"
    one = world(
        Reply(pieces=[*before, *KEY, *rest]),
        rules=[{"detectors": ["keys"], "action": action, "hold_back": 40}],
    )
    outcome = await one.ask(chat(stream=True))
    if action == "redact":
        assert outcome.text == f"{before}<API_KEY>{rest}"
        return
    assert outcome.text == before[: len(outcome.text)]
    assert len(outcome.text) > 100
    assert isinstance(last := outcome.events[-1], Finished)
    assert last.reason == "content_filter"


async def test_of_a_judge_the_window_is_taken_out_and_the_rest_comes() -> None:
    said = "fine. " * 10 + "vile " + "good. " * 40
    pieces = [word + " " for word in said.split()]
    one = world(Reply(pieces=pieces), rules=[rule(action="redact", hold_back=20)])
    outcome = await one.ask(chat(stream=True))
    assert "vile" not in outcome.text
    assert "[removed]" in outcome.text
    assert outcome.text.startswith("fine. fine. ")
    assert outcome.text.rstrip().endswith("good. good. good.")


@pytest.mark.parametrize("score", [0.7, 0.9])
async def test_entities_have_thresholds_like_categories(score: float) -> None:
    rules = [{"detectors": ["keys"], "action": "redact", "categories": {"API_KEY": score}}]
    outcome = await world(Reply(pieces=[KEY]), rules=rules).ask(chat())
    assert outcome.text == ("<API_KEY>" if score < 0.8 else KEY)


# ── alert and monitor ────────────────────────────────────────────────────────


async def test_an_alert_is_recorded_once_for_all_windows() -> None:
    said = "so vile, so very vile a thing, it was vile and remains as vile as ever it was"
    one = world(Reply(pieces=list(said)), rules=[rule(action="alert")])
    outcome = await one.ask(chat(stream=True))
    assert outcome.text == said
    [verdict] = outcome.call.report.verdicts
    assert (verdict["action"], verdict["score"]) == ("alert", 1.0)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("action", ["block", "redact", "retry", "alert"])
async def test_a_monitored_rule_changes_nothing_and_says_what_would_have_been(
    action: str, stream: bool
) -> None:
    one = world(Reply(pieces=["vi", "le"]), rules=[rule(action=action, mode="monitor")])
    outcome = await one.ask(chat(stream=stream))
    assert (outcome.error, outcome.text) == (None, "vile")
    assert outcome.call.report.held_back_ms is None
    [verdict] = outcome.call.report.verdicts
    assert (verdict["action"], verdict["would"]) == ("monitor", action)
    assert one.journal.completions[outcome.call.id].outcome == "answered"
    assert len(provider_of(one).attempts) == 1


@pytest.mark.parametrize("direction", ["request", "response"])
async def test_a_monitored_rule_whose_guard_fails_lets_the_call_pass_and_says_so(
    direction: str,
) -> None:
    rules = [rule(mode="monitor", **{"for": {"direction": direction}})]
    one = world(Reply(pieces=["well"]), rules=rules)
    judge = one.snapshot.judges["words"]
    assert isinstance(judge, Words)
    judge.broken = True
    outcome = await one.ask(chat(stream=True))
    assert (outcome.error, outcome.text) == (None, "well")
    [verdict] = outcome.call.report.verdicts
    assert (verdict["action"], verdict["would"]) == ("monitor", "fail")
    assert [notice.code for notice in outcome.call.report.notices] == ["not_moderated"]


async def test_beside_an_enforced_rule_a_monitored_one_still_only_looks() -> None:
    rules = [rule(action="redact", categories={"hate": 0.5}), rule(name="eye", mode="monitor")]
    outcome = await world(Reply(pieces=["a punch"]), rules=rules).ask(chat(stream=True))
    assert outcome.text == "a punch"
    assert [one["rule"] for one in outcome.call.report.verdicts] == ["eye"]


# ── retry ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stream", [True, False])
async def test_the_client_sees_only_the_second_answer_and_pays_both(stream: bool) -> None:
    one = world(
        Reply(pieces=["all ", "so ", "vile"], usage=Usage(input=10, output=3)),
        Reply(pieces=["all ", "well"], usage=Usage(input=20, output=2)),
        rules=[rule(action="retry")],
    )
    outcome = await one.ask(chat(stream=stream))
    assert (outcome.error, outcome.text) == (None, "all well")
    assert outcome.notices == ["asked_again"]
    chunks = [event for event in outcome.events if isinstance(event, Chunk | Answer)]
    assert len(chunks) == (3 if stream else 1)
    assert len(provider_of(one).attempts) == 2
    completion = one.journal.completions[outcome.call.id]
    assert completion.usage == Usage(input=30, output=5)
    assert completion.cost == Decimal("0.00008")
    assert sum(completion.cost_classes.values()) == completion.cost
    assert completion.outcome == "answered"
    assert "vile" not in str(outcome.call.response)
    assert [one["action"] for one in outcome.call.report.verdicts] == ["retry"]


async def test_the_model_is_told_why_it_is_asked_again() -> None:
    one = world(Reply(pieces=["vile"]), Reply(pieces=["ok"]), rules=[rule(action="retry")])
    await one.ask(chat("Say something"))
    first, second = (attempt.request.body["messages"] for attempt in provider_of(one).attempts)
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert second[:-1] == first
    assert "hate" in str(second[-1])


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_is_wrong_twice_is_blocked_and_both_are_charged(
    stream: bool,
) -> None:
    reply = Reply(pieces=["vile"], usage=Usage(input=10, output=3))
    one = world(reply, rules=[rule(action="retry")])
    outcome = await one.ask(chat(stream=stream))
    assert outcome.text == ""
    assert outcome.notices == ["asked_again", "content_filter"]
    assert len(provider_of(one).attempts) == 2
    completion = one.journal.completions[outcome.call.id]
    assert completion.outcome == "blocked"
    assert completion.usage == Usage(input=20, output=6)


async def test_a_budget_reserves_for_both_answers() -> None:
    """What one answer may cost has room, what two may cost has not."""
    most = Decimal("0.0003")  # 20 tokens of output at 10 USD a million, and some of input
    budget = BudgetRule(limit_usd=most, reserve_output_tokens=20)
    request = chat(max_tokens=20)
    plain = world(Reply(), rules=[rule()], budgets=(budget,))
    assert (await plain.ask(request)).error is None
    again = world(Reply(), rules=[rule(action="retry")], budgets=(budget,))
    assert isinstance((await again.ask(request)).error, BudgetExceeded)


class TwoChoices(ScriptedProvider):
    """Writes choice 0 to its end, then choice 1, which is vile the first time."""

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        first = len(self.attempts) == 1
        second = "vile" if first else "fine"
        for number, text in ((0, "one"), (1, second)):
            deltas: list[tuple[JsonObject, str | None]] = [({"content": text}, None), ({}, "stop")]
            for delta, finish in deltas:
                choice: JsonObject = {"index": number, "delta": delta, "finish_reason": finish}
                yield Chunk({**chunk(attempt.model, {}), "choices": [choice]})
        yield Metered(Usage(input=1, output=2))
        yield Finished()


async def test_of_several_choices_none_is_seen_before_all_are_judged() -> None:
    one = pipeline(
        candidate("a/m", TwoChoices()),
        moderation=(ModerationRule.model_validate(rule(action="retry")),),
        judges={"words": Words(GuardConfig())},
    )
    assert said(await one.ask(chat(stream=True, n=2))) == {0: "one", 1: "fine"}


def said(outcome: Outcome) -> dict[int, str]:
    found: dict[int, str] = {}
    for event in outcome.events:
        if isinstance(event, Chunk):
            for (number, *_), _, text in texts(event.data):
                found[int(number)] = found.get(int(number), "") + text
    return found


# ── windows ──────────────────────────────────────────────────────────────────


async def test_every_window_overlaps_the_next_by_half_at_least() -> None:
    said = "".join(f"{n:04d} " for n in range(100))
    one = world(Reply(pieces=[said[at : at + 7] for at in range(0, 500, 7)]), rules=[rule()])
    outcome = await one.ask(chat(stream=True))
    judge = one.snapshot.judges["words"]
    assert isinstance(judge, Words)
    assert outcome.text == said
    assert len(judge.seen) > 20
    assert all(len(text) <= 200 + 2 * 20 for text in judge.seen)
    for before, after in zip(judge.seen, judge.seen[1:], strict=False):
        assert before[-10:] in after


async def test_how_long_text_waited_is_measured() -> None:
    pieces = ["word "] * 20
    one = world(Reply(pieces=pieces, pause=0.01), rules=[rule(hold_back=50)])
    outcome = await one.ask(chat(stream=True))
    held = outcome.call.report.held_back_ms
    assert held is not None
    assert held > 20  # half a window is five words, and each takes 10 ms to come
    assert (await world(Reply(), rules=[]).ask(chat())).call.report.held_back_ms is None


async def test_a_client_is_told_of_a_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_mesh.pipeline.moderate._NOTABLE_MS", 5.0)
    one = world(Reply(pieces=["word "] * 20, pause=0.01), rules=[rule()])
    assert (await one.ask(chat(stream=True))).notices == ["held_back"]


@pytest.mark.parametrize("action", ["block", "redact", "alert", "retry"])
async def test_a_detector_that_fails_closes_the_call_with_what_is_out_of_order(
    action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Sequence[Sequence[Finding]]:
        raise RuntimeError("gone")

    monkeypatch.setattr(Keys, "find", fail)
    one = world(Reply(pieces=["well"]), rules=[{"detectors": ["keys"], "action": action}])
    outcome = await one.ask(chat(stream=True))
    assert isinstance(outcome.error, ModerationUnavailable)
    assert outcome.text == ""


# ── rules that cannot be kept ────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({}, "name one of them"),
        ({"guard": "a", "detectors": ["b"]}, "name one of them"),
        ({"detectors": ["b"], "for": {"direction": "request"}}, "use `screening`"),
        ({"guard": "a", "action": "redact", "for": {"direction": "request"}}, "is for answers"),
        ({"guard": "a", "action": "retry", "for": {"direction": "request"}}, "is for answers"),
        ({"guard": "a", "categories": {"hate": 1.5}}, "less than or equal"),
        ({"guard": "a", "action": "allow"}, "redact"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(fields: dict[str, object], hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        ModerationRule.model_validate(fields)


async def test_completions_are_asked_again_with_the_same_prompt() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["vile"]), Reply(pieces=["ok"])])
    one = pipeline(
        candidate("a/m", provider, operations=(Operation.COMPLETION, Operation.CHAT)),
        moderation=(ModerationRule.model_validate(rule(action="retry")),),
        judges={"words": Words(GuardConfig())},
    )
    request = parse_request(Operation.COMPLETION, {"model": "a/m", "prompt": "Say"})
    assert (await one.ask(request)).text == "ok"
    assert [attempt.request.body["prompt"] for attempt in provider.attempts] == ["Say", "Say"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("answers", "text", "asked"),
    [
        (["no json", '{"a": 1}'], '{"a": 1}', 2),
        (['{"a": 1}'], '{"a": 1}', 1),
        (["no json", "none again"], "", 2),
    ],
)
async def test_json_that_is_none_is_asked_for_once_more(
    answers: Sequence[str], text: str, asked: int, stream: bool
) -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=list(answer)) for answer in answers])
    one = pipeline(
        candidate("a/m", provider),
        moderation=(ModerationRule.model_validate({"guard": "form", "action": "retry"}),),
        judges={"form": Format(FormatConfig())},
    )
    outcome = await one.ask(chat(stream=stream, response_format={"type": "json_object"}))
    assert (outcome.text, len(provider.attempts)) == (text, asked)
    if asked == 2:
        last = provider.attempts[1].request.body["messages"]
        assert isinstance(last, list)
        assert "it is not JSON only" in str(last[-1])


async def test_a_format_that_is_wrong_can_only_be_blocked_when_all_of_it_is_there() -> None:
    pieces = [*('{"a": [' + "1, " * 300 + "1]")]  # the last brace is missing
    one = pipeline(
        candidate("a/m", ScriptedProvider(replies=[Reply(pieces=pieces)])),
        moderation=(ModerationRule.model_validate({"guard": "form"}),),
        judges={"form": Format(FormatConfig(json_answer="always"))},
    )
    outcome = await one.ask(chat(stream=True))
    assert outcome.text == ""
    assert outcome.notices == ["content_filter"]
