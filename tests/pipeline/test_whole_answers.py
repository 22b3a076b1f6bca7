"""An answer that comes in one piece cannot be cut: it is reserved in full, capped, or streamed."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from jupyter_mesh.errors import BudgetExceeded
from jupyter_mesh.schemas.events import Events
from jupyter_mesh.schemas.policy import BudgetRule, ExactCacheRule
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Pipeline, candidate, chat, pipeline

LONG = 128_000
"""Output tokens, $1.28."""


def budgeted(provider: ScriptedProvider, limit: str, **fields: object) -> Pipeline:
    return pipeline(
        candidate("a/m", provider, **fields),  # pyright: ignore[reportArgumentType]
        budgets=(BudgetRule(limit_usd=Decimal(limit)),),
        cache=ExactCacheRule(enabled=False),
    )


@pytest.mark.parametrize(
    ("limit", "fields", "facts", "streamed"),
    [
        ("0.45", {}, {"max_output": LONG}, True),
        ("25", {}, {"max_output": LONG}, True),  # 20 times $1.28 are $25.6
        ("25.7", {}, {"max_output": LONG}, False),
        ("25.7", {"n": 2}, {"max_output": LONG}, True),
        ("25.7", {}, {"context_window": LONG}, False),
        ("25.5", {}, {"context_window": LONG}, True),
        ("0.45", {"max_tokens": 2000}, {"max_output": LONG}, False),
        ("0.45", {"max_tokens": 2300}, {"max_output": LONG}, True),
        ("100000", {}, {}, True),  # nobody knows how long it may become
        ("1", {"max_tokens": 2000}, {}, False),
    ],
)
async def test_near_is_a_multiple_of_all_the_call_may_cost(
    limit: str, fields: dict[str, int], facts: dict[str, int], streamed: bool
) -> None:
    provider = ScriptedProvider()
    await budgeted(provider, limit, **facts).ask(chat(**fields))
    assert provider.attempts[0].stream is streamed


async def test_a_long_answer_is_cut_where_the_budget_ends_although_the_client_does_not_stream() -> (
    None
):
    words = ["word " * 60] * 2000
    provider = ScriptedProvider(replies=[Reply(pieces=words, usage=Usage(input=10, output=LONG))])
    world = budgeted(provider, "0.45", max_output=LONG)
    outcome = await world.ask(chat())
    assert outcome.notices == ["budget_cut"]
    assert outcome.call.report.finish_reason == "length"
    (window,) = world.journal.windows.values()
    assert Decimal("0.4") < window.spent <= Decimal("0.45") + Decimal("0.0052")
    assert world.journal.held == 0


class Talkative(ScriptedProvider):
    """Writes as much as it may."""

    async def stream(self, attempt: Attempt) -> Events:
        tokens = min(attempt.request.max_tokens or LONG, LONG)
        pieces = ["word " * 60] * (tokens // 60) if attempt.stream else ["words"]
        self.replies = [Reply(pieces=pieces, usage=Usage(input=1, output=tokens))]
        async for event in super().stream(attempt):
            yield event


@pytest.mark.parametrize("streams", [True, False])
async def test_calls_at_once_never_spend_more_than_the_budget_and_a_slice_each(
    streams: bool,
) -> None:
    """Each could cost $1.28; whether it is far from the limit, only the ledger knows."""
    provider = Talkative()
    world = budgeted(provider, "27", streams=streams, max_output=LONG)
    outcomes = await asyncio.gather(*(world.ask(chat(f"{n}")) for n in range(30)))
    assert all(isinstance(o.error, BudgetExceeded | None) for o in outcomes)
    (window,) = world.journal.windows.values()
    sliced = sum(attempt.stream for attempt in provider.attempts)
    assert window.spent <= Decimal(27) + sliced * Decimal("0.0052")
    assert world.journal.held == 0
    assert window.spent > Decimal(20)


async def test_an_answer_that_comes_whole_is_held_in_full_while_it_runs() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.05)])
    world = budgeted(provider, "100", max_output=LONG)
    running = asyncio.create_task(world.ask(chat()))
    await asyncio.sleep(0.02)
    (window,) = world.journal.windows.values()
    assert Decimal("1.28") <= window.held < Decimal("1.29")
    await running
    assert (window.held, window.spent) == (0, Decimal("0.00006"))


async def test_a_budget_that_only_warns_is_no_reason_to_hold_more_than_usual() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.05)])
    soft = BudgetRule(limit_usd=Decimal(1), on_limit="warn")
    world = pipeline(candidate("a/m", provider, max_output=LONG), budgets=(soft,))
    running = asyncio.create_task(world.ask(chat()))
    await asyncio.sleep(0.02)
    assert not provider.attempts[0].stream
    (window,) = world.journal.windows.values()
    assert Decimal("0.02") < window.held < Decimal("0.03")
    await running


async def test_a_model_that_cannot_stream_is_capped_and_reserved_up_to_its_cap() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=0.03, usage=Usage(input=10, output=1900))])
    world = budgeted(provider, "0.02", streams=False, max_output=LONG)
    first, second = await asyncio.gather(world.ask(chat("1", n=8)), world.ask(chat("2", n=8)))
    assert first.error is None
    assert isinstance(second.error, BudgetExceeded)
    (attempt,) = provider.attempts
    assert attempt.request.max_tokens == 249  # of eight answers each; $0.02 are 2,000 tokens
    (window,) = world.journal.windows.values()
    assert window.spent <= Decimal("0.02")


async def test_what_writes_nothing_is_sent_as_it_is_however_near() -> None:
    provider = ScriptedProvider()
    embedder = candidate("a/e", provider, operations=(Operation.EMBEDDING,))
    world = pipeline(embedder, budgets=(BudgetRule(limit_usd=Decimal("0.0001")),))
    outcome = await world.ask(parse_request(Operation.EMBEDDING, {"model": "a/e", "input": "x"}))
    assert outcome.error is None
    assert not provider.attempts[0].stream
    assert provider.attempts[0].request.max_tokens is None
