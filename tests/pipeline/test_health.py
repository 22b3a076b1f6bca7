"""When a model is given a rest, and when it is tried again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from jupyter_mesh.errors import (
    MeshError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from jupyter_mesh.outbound.circuit import Circuit
from jupyter_mesh.pipeline.health import Health, Sample
from jupyter_mesh.pipeline.snapshot import ConnectionLimits
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .test_route import NO_CACHE, failing
from .world import ADA, BOB, candidate, chat, pipeline


async def test_a_failing_model_is_rested_and_tried_again_later() -> None:
    provider = failing(ProviderUnavailable("down"))
    world = pipeline(candidate("a/m", provider), cache=NO_CACHE)
    now = 0.0
    world.health.clock = lambda: now
    for _ in range(5):
        await world.ask(chat())
    await world.ask(chat())
    assert len(provider.attempts) == 5
    assert not world.health.healthy("a/m")
    now = 16.0
    provider.replies = [Reply()]
    assert (await world.ask(chat())).text == "Hello"
    assert world.health.healthy("a/m")


async def test_a_trial_that_finds_no_slot_leaves_the_next_one_to_try() -> None:
    tight = ConnectionLimits(retries=0, parallel=1, timeout=0.05)
    provider = failing(ProviderUnavailable("down"))
    slow = ScriptedProvider(replies=[Reply(pause=5)])
    world = pipeline(
        candidate("a/m", provider, limits=tight),
        candidate("a/slow", slow, limits=replace(tight, timeout=10)),
        cache=NO_CACHE,
    )
    now = 0.0
    world.health.clock = lambda: now
    for _ in range(5):
        await world.ask(chat())
    now = 16.0
    holder = asyncio.create_task(world.ask(chat(model="a/slow")))
    await asyncio.sleep(0.01)
    busy = await world.ask(chat())
    assert isinstance(busy.error, ProviderUnavailable)
    assert "busy" in busy.error.message
    waiting = asyncio.create_task(world.ask(chat()))  # claims the trial, and leaves while it waits
    await asyncio.sleep(0.01)
    for task in (waiting, holder):
        task.cancel()
    await asyncio.gather(waiting, holder, return_exceptions=True)
    provider.replies = [Reply()]
    assert (await world.ask(chat())).text == "Hello"


async def test_a_connection_that_is_busy_does_not_count_against_its_models() -> None:
    tight = ConnectionLimits(retries=0, parallel=1, timeout=0.01)
    slow = ScriptedProvider(replies=[Reply(pause=5)])
    world = pipeline(
        candidate("a/m", limits=tight),
        candidate("a/slow", slow, limits=replace(tight, timeout=10)),
        cache=NO_CACHE,
    )
    holder = asyncio.create_task(world.ask(chat(model="a/slow")))
    await asyncio.sleep(0.01)
    for _ in range(5):
        assert isinstance((await world.ask(chat())).error, ProviderUnavailable)
    assert world.health.healthy("a/m")
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)


@pytest.mark.parametrize(
    ("status", "param", "opens"),
    [
        (401, None, True),
        (407, None, True),
        (404, "model", True),
        (404, None, False),
        (404, "file_id", False),
        (403, None, False),
        (402, None, False),
        (400, "model", False),
    ],
)
async def test_only_refusals_that_meet_every_caller_rest_a_model(
    status: int, param: str | None, opens: bool
) -> None:
    provider = failing(ProviderRejected("no", status=status, param=param))
    world = pipeline(candidate("a/m", provider), cache=NO_CACHE)
    for _ in range(5):
        await world.ask(chat(), BOB)
    assert world.health.healthy("a/m") is not opens
    provider.replies = [Reply()]
    assert ((await world.ask(chat(), ADA)).text == "Hello") is not opens


def test_requests_refused_at_once_do_not_make_a_model_look_fast() -> None:
    health = Health()
    health.add("a/m", Sample(0.0, 200.0, None, 1, True))
    for _ in range(30):
        health.add("a/m", Sample(0.0, 0.0, None, 0, True))
    assert health.typical_ms("a/m") == 200.0


BUSY = ProviderRateLimited("busy", retry_after=120)
DOWN = ProviderUnavailable("failed (500)")


@pytest.mark.parametrize(
    ("errors", "opens"),
    [
        ([BUSY] * 20, False),
        ([DOWN] * 4 + [BUSY] * 20, False),
        ([DOWN] * 5, True),
        ([DOWN] * 4 + [BUSY, DOWN], True),
        ([DOWN] * 3 + [BUSY, DOWN], False),
    ],
)
async def test_a_model_that_is_busy_is_not_rested_and_its_callers_hear_when_to_come_back(
    errors: list[MeshError], opens: bool
) -> None:
    provider = ScriptedProvider(
        replies=[Reply(pieces=(), error=error) for error in [*errors, BUSY]]
    )
    world = pipeline(candidate("a/m", provider), cache=NO_CACHE)
    for _ in errors:
        await world.ask(chat())
    assert world.health.healthy("a/m") is not opens
    outcome = await world.ask(chat())
    assert isinstance(outcome.error, MeshError)
    if opens:
        assert "given a rest" in outcome.error.message
    else:
        assert (outcome.error.status, outcome.error.retry_after) == (429, 120)


def test_a_trial_that_finds_the_model_busy_closes_the_circuit_until_the_next_failure() -> None:
    circuit = Circuit()
    for _ in range(5):
        circuit.record(False, 0.0)
    assert circuit.allows(15.0)
    circuit.throttled()
    assert circuit.allows(15.0)
    assert circuit.allows(15.0)
    circuit.record(False, 16.0)
    assert not circuit.allows(16.0)


def test_an_open_circuit_lets_one_trial_through_at_a_time() -> None:
    circuit = Circuit()
    for _ in range(5):
        circuit.record(False, 0.0)
    assert not circuit.allows(14.0)
    assert circuit.allows(15.0)
    assert not circuit.allows(15.0)
    circuit.abandon()
    assert circuit.allows(15.0)
    circuit.record(True, 15.0)
    assert circuit.allows(15.0)
    assert circuit.allows(15.0)
