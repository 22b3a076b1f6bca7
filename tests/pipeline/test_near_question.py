"""Answers to questions that are nearly the same: opt-in, told, and never between tenants."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from jupyter_mesh.errors import ProviderUnavailable
from jupyter_mesh.pipeline.call import CacheDirective
from jupyter_mesh.pipeline.snapshot import Candidate
from jupyter_mesh.providers.hashed_embedding import hashed_embedding
from jupyter_mesh.schemas.catalog import Residency
from jupyter_mesh.schemas.events import Answer, Events, Finished, Metered
from jupyter_mesh.schemas.guard_rules import ScreeningRule
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.policy import BudgetRule, GroupRule, SemanticCacheRule
from jupyter_mesh.schemas.record_policy import AuditRule
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import ADA, BOB, Outcome, Pipeline, candidate, chat, pipeline

FIRST = "How many customers did we have in the north last summer in 2024, please tell me"
ALIKE = "please tell me: How many customers did we have in the north last summer in 2024"
FAR = "Write a poem about the sea"


class Embedder(ScriptedProvider):
    """A text means its words, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[Json] = []
        self.error: Exception | None = None

    async def stream(self, attempt: Attempt) -> Events:
        self.texts.append(attempt.request.body["input"])
        if self.error is not None:
            raise self.error
        vector = hashed_embedding(str(self.texts[-1]), 256)
        yield Answer({"object": "list", "data": [{"index": 0, "embedding": [*vector]}]})
        yield Metered(Usage(input=10), model=attempt.model)
        yield Finished()


def embedder(provider: Embedder, residency: Residency = Residency.EXTERNAL) -> Candidate:
    operations = [Operation.EMBEDDING]
    return candidate("e/m", provider, operations=operations, internal=True, residency=residency)


def world_of(
    chatting: ScriptedProvider | None = None, embeds: Embedder | None = None, **policy: object
) -> Pipeline:
    """Two chat models and one that compares."""
    rule: dict[str, object] = {"enabled": True, "embedding": "e/m", "threshold": 0.95}
    rule |= policy.pop("semantic", {})  # type: ignore[arg-type]
    return pipeline(
        candidate("a/m", chatting),
        candidate("a/n", chatting),
        embedder(embeds or Embedder()),
        semantic=SemanticCacheRule.model_validate(rule),
        **policy,
    )


def told(outcome: Outcome) -> list[str]:
    return [notice.code for notice in outcome.call.report.notices]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_question_that_is_worded_otherwise_gets_the_answer_and_is_told(
    stream: bool,
) -> None:
    chatting = ScriptedProvider(replies=[Reply(pieces=["4", "2"])])
    world = world_of(chatting)
    first = await world.ask(chat(FIRST, stream=not stream))
    again = await world.ask(chat(ALIKE, stream=stream))
    assert (again.error, again.text) == (None, "42")
    assert len(chatting.attempts) == 1
    (notice,) = [n for n in again.call.report.notices if n.code == "similar_answer"]
    assert FIRST in notice.message
    assert notice.details is not None
    assert notice.details["question"] == FIRST
    assert notice.details["similarity"] == pytest.approx(1.0, abs=1e-5)
    record = world.journal.completions[again.call.id]
    assert (record.outcome, record.cost) == ("cached", 0)
    assert record.saved == world.journal.completions[first.call.id].cost


async def test_it_is_off_unless_it_is_switched_on() -> None:
    embeds = Embedder()
    world = world_of(embeds=embeds, semantic={"enabled": False})
    for text in (FIRST, ALIKE):
        assert (await world.ask(chat(text))).call.report.cache == "miss"
    assert embeds.texts == []


OTHER_TEXTS = [
    FAR,
    ALIKE.replace("2024", "2025"),
    ALIKE.replace("did", "did not"),
    ALIKE.replace("many", "many [PERSON_1]"),
]


@pytest.mark.parametrize("text", OTHER_TEXTS)
async def test_what_asks_for_something_else_is_a_miss(text: str) -> None:
    world = world_of(semantic={"threshold": 0.5 if text != FAR else 0.95})
    await world.ask(chat(FIRST))
    assert (await world.ask(chat(text))).call.report.cache == "miss"
    assert (await world.ask(chat(ALIKE))).call.report.cache == "hit"


SYSTEM = {"role": "system", "content": "Be brief."}
EARLIER = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
ASKED = {"role": "user", "content": ALIKE}


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [SYSTEM, ASKED]},
        {"messages": [*EARLIER, ASKED]},
        {"messages": [{**ASKED, "name": "someone"}]},
        {"temperature": 0.5},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"response_format": {"type": "json_object"}},
        {"model": "a/n"},
    ],
)
async def test_what_could_change_the_answer_must_be_equal(fields: dict[str, object]) -> None:
    world = world_of()
    await world.ask(chat(FIRST))
    assert (await world.ask(chat(**{"text": ALIKE, **fields}))).call.report.cache == "miss"


TEAM = GroupRule(members=("ada", "bob"))
LEAD = GroupRule(members=("ada",))


@pytest.mark.parametrize(
    ("scope", "groups", "cache"),
    [
        ("user", {"team": TEAM}, "miss"),
        ("group", {"team": TEAM}, "hit"),
        ("group", {"team": TEAM, "lead": LEAD}, "miss"),
        ("group", {}, "miss"),
        ("everyone", {}, "hit"),
        ("everyone", {"team": TEAM, "lead": LEAD}, "miss"),
    ],
)
async def test_nothing_is_found_outside_its_tenant(
    scope: str, groups: dict[str, GroupRule], cache: str
) -> None:
    world = world_of(semantic={"scope": scope}, groups=groups)
    await world.ask(chat(FIRST), ADA)
    assert (await world.ask(chat(ALIKE), BOB)).call.report.cache == cache


async def test_a_changed_policy_makes_every_question_new() -> None:
    world = world_of()
    await world.ask(chat(FIRST))
    world.snapshot = replace(world.snapshot, policy="other")
    assert (await world.ask(chat(ALIKE))).call.report.cache == "miss"


@pytest.mark.parametrize(
    "directive",
    [CacheDirective(no_store=True), CacheDirective(exact=True), CacheDirective(max_age=0)],
)
async def test_the_caller_may_refuse_it(directive: CacheDirective) -> None:
    embeds = Embedder()
    world = world_of(embeds=embeds)
    await world.ask(chat(FIRST))
    await asyncio.sleep(0.001)
    again = await world.ask(chat(ALIKE), cache=directive)
    assert again.call.report.cache != "hit"
    assert len(embeds.texts) == (2 if directive.max_age == 0 else 1)


async def test_who_asks_for_exact_answers_still_gets_those() -> None:
    world = world_of()
    await world.ask(chat(FIRST))
    again = await world.ask(chat(FIRST), cache=CacheDirective(exact=True))
    assert (again.call.report.cache, told(again)) == ("hit", ["cache_hit"])


async def test_an_answer_found_by_likeness_grows_no_older_by_being_found() -> None:
    """Else two that find each other would keep it for ever."""
    world = world_of()
    await world.ask(chat(FIRST))
    kept = dict(world.cache.entries)
    await world.ask(chat(ALIKE))
    assert world.cache.entries == kept


async def test_many_who_ask_at_once_are_compared_once_and_all_are_told() -> None:
    embeds, chatting = Embedder(), ScriptedProvider()
    world = world_of(chatting, embeds)
    await world.ask(chat(FIRST))
    outcomes = await asyncio.gather(*(world.ask(chat(ALIKE)) for _ in range(8)))
    assert all("similar_answer" in told(outcome) for outcome in outcomes)
    assert {outcome.call.report.cache for outcome in outcomes} == {"hit"}
    assert len(chatting.attempts) == 1
    assert len(embeds.texts) == 2


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": FIRST}, {"type": "image_url", "image_url": {"url": "http://x"}}],
        "",
        "   ",
        "x" * 9000,
        None,
    ],
)
async def test_what_is_no_plain_question_is_not_compared(content: object) -> None:
    embeds = Embedder()
    world = world_of(embeds=embeds)
    await world.ask(chat(messages=[{"role": "user", "content": content}]))
    assert embeds.texts == []


async def test_after_a_tools_result_nothing_is_compared() -> None:
    embeds = Embedder()
    tool = {"role": "tool", "content": FIRST, "tool_call_id": "1"}
    await world_of(embeds=embeds).ask(chat(messages=[ASKED, tool]))
    assert embeds.texts == []


# ── the model that compares ─────────────────────────────────────────────────────────────────


async def test_comparing_is_a_call_of_its_own_that_is_recorded_and_charged() -> None:
    budget = BudgetRule(limit_usd=Decimal(1), window="total")
    world = world_of(budgets=(budget,))
    outcome = await world.ask(chat(FIRST))
    (inner,) = [one for one in world.journal.intents.values() if one.parent == outcome.call.id]
    assert inner.candidates == ("e/m",)
    assert world.journal.completions[inner.id].cost == Decimal("0.00001")
    (window,) = world.journal.windows.values()
    whole = sum(one.cost or Decimal(0) for one in world.journal.completions.values())
    assert (window.spent, window.held) == (whole, 0)


async def test_without_it_the_call_is_made_and_says_so() -> None:
    embeds = Embedder()
    world = world_of(embeds=embeds)
    embeds.error = ProviderUnavailable("down")
    outcome = await world.ask(chat(FIRST))
    assert (outcome.error, outcome.text) == (None, "Hello")
    assert "similar_skipped" in told(outcome)
    embeds.error = None
    assert (await world.ask(chat(ALIKE))).call.report.cache == "miss"


async def test_nobody_else_may_use_it() -> None:
    outcome = await world_of().ask(chat(model="e/m"))
    assert outcome.error is not None


@pytest.mark.parametrize("covered", ["e", "a"])
async def test_it_sees_no_text_that_was_not_screened_for_it(covered: str) -> None:
    """A local model may be told what an external one that compares may not."""
    embeds = Embedder()
    rule = ScreeningRule.model_validate({"for": {"connection": covered}, "detectors": []})
    world = world_of(embeds=embeds, screening=(rule,))
    outcome = await world.ask(chat(FIRST))
    assert outcome.error is None
    assert embeds.texts == ([] if covered == "e" else [FIRST])
    assert ("similar_skipped" in told(outcome)) == (covered == "e")


async def test_the_question_is_shown_as_it_is_kept_or_not_at_all() -> None:
    world = world_of(semantic={"scope": "everyone"}, audit=AuditRule(content="none"))
    await world.ask(chat(FIRST), ADA)
    again = await world.ask(chat(ALIKE), BOB)
    (notice,) = [n for n in again.call.report.notices if n.code == "similar_answer"]
    assert FIRST not in notice.message
    assert notice.details is not None
    assert notice.details["question"] == ""


async def test_a_users_own_questions_are_purged() -> None:
    world = world_of(semantic={"scope": "everyone"})
    await world.ask(chat(FIRST), ADA)
    assert await world.similar.purge(owner="bob") == 0
    assert await world.similar.purge(owner="ada", model="a/m") == 1
    assert (await world.ask(chat(ALIKE), BOB)).call.report.cache == "miss"


async def test_the_bound_holds_and_the_oldest_goes_first() -> None:
    world = world_of()
    world.similar.resize(2)
    for number in (1, 2, 3):
        await world.ask(chat(f"{FIRST} {number}"))
    again = [await world.ask(chat(f"{ALIKE} {number}")) for number in (3, 2, 1)]
    assert [one.call.report.cache for one in again] == ["hit", "hit", "miss"]
