"""No record, no call; and every call is closed exactly once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from decimal import Decimal

import pytest

from jupyter_mesh.errors import (
    AuditUnavailable,
    BudgetExceeded,
    ModelNotFound,
    ProviderRejected,
    ProviderUnavailable,
)
from jupyter_mesh.schemas.events import Chunk, Finished
from jupyter_mesh.schemas.policy import BudgetRule
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import candidate, chat, pipeline

BUDGET = (BudgetRule(limit_usd=Decimal(1)),)


async def test_the_intent_is_written_before_the_provider_is_asked() -> None:
    provider = ScriptedProvider()
    world = pipeline(candidate("a/m", provider))
    seen: list[list[str]] = []
    provider.replies = [
        Reply(text=lambda attempt: (seen.append(list(world.journal.writes)), "x")[1])
    ]
    await world.ask(chat())
    assert seen == [["open call-1"]]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_record_is_complete_before_the_call_finishes(stream: bool) -> None:
    world = pipeline(candidate("a/m"))
    call = world.call(chat(stream=stream))
    async with aclosing(world.run(call)) as events:
        async for event in events:
            if isinstance(event, Finished):
                assert world.journal.writes[-1] == f"close {call.id}"
    completion = world.journal.completions[call.id]
    assert completion.outcome == "answered"
    assert completion.usage.total == 15
    assert completion.cost == Decimal("0.00006")


async def test_without_a_writable_audit_nothing_is_sent() -> None:
    provider = ScriptedProvider()
    world = pipeline(candidate("a/m", provider))
    world.journal.fail_after = 0
    outcome = await world.ask(chat())
    assert isinstance(outcome.error, AuditUnavailable)
    assert provider.attempts == []


@pytest.mark.parametrize("writes", [0, 1])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_write_that_fails_never_leaves_an_unaudited_success(
    writes: int, stream: bool
) -> None:
    world = pipeline(candidate("a/m"))
    world.journal.fail_after = writes
    outcome = await world.ask(chat(stream=stream))
    assert isinstance(outcome.error, AuditUnavailable)
    assert not any(isinstance(event, Finished) for event in outcome.events)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ProviderUnavailable("down"), "failed"),
        (ProviderRejected("bad", status=400), "failed"),
    ],
)
async def test_what_a_provider_does_wrong_is_recorded(error: Exception, outcome: str) -> None:
    world = pipeline(candidate("a/m", ScriptedProvider(replies=[Reply(pieces=(), error=error)])))
    result = await world.ask(chat())
    assert result.error is error
    completion = world.journal.completions[result.call.id]
    assert (completion.outcome, completion.cost) == (outcome, Decimal(0))


async def test_refusals_are_recorded_with_their_code() -> None:
    world = pipeline(candidate("a/m"))
    result = await world.ask(chat(model="a/none"))
    assert isinstance(result.error, ModelNotFound)
    completion = world.journal.completions[result.call.id]
    assert (completion.outcome, completion.error_code) == ("refused", "model_not_found")
    assert world.journal.intents[result.call.id].requested_model == "a/none"


async def test_a_refused_reservation_is_recorded_as_refused() -> None:
    world = pipeline(candidate("a/m"), budgets=(BudgetRule(limit_usd=Decimal("0.000001")),))
    result = await world.ask(chat())
    assert isinstance(result.error, BudgetExceeded)
    assert world.journal.completions[result.call.id].outcome == "refused"


async def test_a_client_that_leaves_pays_for_what_was_written_and_frees_its_reservation() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["word " * 100] * 10)])
    world = pipeline(candidate("a/m", provider), budgets=BUDGET)
    call = world.call(chat(stream=True))
    async with aclosing(world.run(call)) as events:
        async for event in events:
            if isinstance(event, Chunk):
                break
    completion = world.journal.completions[call.id]
    assert completion.outcome == "aborted"
    assert completion.usage.estimated
    assert 100 <= completion.usage.output <= 150
    assert completion.cost
    assert world.journal.held == 0
    assert provider.closed == 1


async def test_a_cancelled_task_closes_its_call() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=5)])
    world = pipeline(candidate("a/m", provider), budgets=BUDGET)
    task = asyncio.create_task(world.ask(chat(stream=True)))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.journal.completions["call-1"].outcome == "aborted"
    assert world.journal.held == 0
    assert provider.closed == 1


async def test_where_one_step_fails_at_the_end_the_others_end_and_the_call_is_closed() -> None:
    world = pipeline(candidate("a/m"))
    ended: list[str] = []

    def broken() -> None:
        ended.append("broken")
        raise RuntimeError("It cannot end.")

    steps = [lambda: ended.append("outer"), broken, lambda: ended.append("inner")]
    outcome = await world.ask(chat(model="no/such"), at_end=steps)
    assert isinstance(outcome.error, RuntimeError)
    assert ended == ["inner", "broken", "outer"]
    assert world.journal.completions[outcome.call.id].outcome == "refused"


async def test_leaving_at_any_event_leaves_nothing_open() -> None:
    """The contract of every step: closing the outermost stream unwinds all of them at once."""
    for stop_at in range(1, 9):
        provider = ScriptedProvider(replies=[Reply(pieces=["a", "b", "c"])])
        world = pipeline(candidate("a/m", provider), budgets=BUDGET)
        call = world.call(chat(stream=True))
        async with aclosing(world.run(call)) as events:
            seen = 0
            async for _ in events:
                seen += 1
                if seen == stop_at:
                    break
        assert provider.closed == len(provider.attempts) == 1
        assert world.journal.held == 0
        assert list(world.journal.completions) == [call.id]
