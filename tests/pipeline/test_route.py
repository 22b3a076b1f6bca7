"""Which candidate answers, and what is tried before giving up."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from decimal import Decimal

import pytest

from jupyter_mesh.errors import (
    AllCandidatesFailed,
    ConfigError,
    ContextTooLong,
    MeshError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.pipeline.health import Health, Sample
from jupyter_mesh.pipeline.route import Route
from jupyter_mesh.pipeline.snapshot import ConnectionLimits
from jupyter_mesh.schemas.events import Chunk, Events, Metered, Notice
from jupyter_mesh.schemas.policy import AliasRule, ExactCacheRule
from jupyter_mesh.schemas.spend import Price, Usage
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.storage.memory_limits import MemoryLimits
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Pipeline, candidate, chat, pipeline

NO_CACHE = ExactCacheRule(enabled=False)


def failing(error: Exception, *, after: tuple[str, ...] = ()) -> ScriptedProvider:
    return ScriptedProvider(replies=[Reply(pieces=after, error=error)])


def fast(first: ScriptedProvider, second: ScriptedProvider, retries: int = 0) -> Pipeline:
    limits = ConnectionLimits(retries=retries)
    return pipeline(
        candidate("a/m", first, limits=limits),
        candidate("b/m", second, limits=limits),
        aliases={"fast": AliasRule(models=("a/m", "b/m"))},
        cache=NO_CACHE,
    )


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailable("down"),
        ProviderTimeout("slow"),
        ProviderRateLimited("busy", retry_after=30),
        ProviderProtocolError("redirect"),
        ProviderRejected("wrong key", status=401),
        ProviderRejected("no such model", status=404),
        ConfigError("the model is not on this machine"),
        ContextTooLong("5,000 tokens do not fit"),
    ],
)
async def test_before_the_first_event_the_next_candidate_is_tried_and_the_switch_is_shown(
    error: Exception,
) -> None:
    world = fast(failing(error), ScriptedProvider())
    outcome = await world.ask(chat(model="fast", stream=True))
    assert outcome.text == "Hello"
    assert outcome.notices == ["fallback"]
    assert outcome.call.report.model == "b/m"
    completion = world.journal.completions[outcome.call.id]
    assert completion.model == "b/m"
    assert [a["model"] for a in completion.attempts] == ["a/m"]


async def test_a_request_the_provider_rejects_is_not_sent_to_another() -> None:
    second = ScriptedProvider()
    outcome = await fast(failing(ProviderRejected("bad schema", status=400)), second).ask(
        chat(model="fast")
    )
    assert isinstance(outcome.error, ProviderRejected)
    assert second.attempts == []


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_provider_has_processed_is_sent_to_nobody_again(stream: bool) -> None:
    error = ProviderProtocolError("sent something that is not JSON", processed=True)
    first, second = failing(error), ScriptedProvider()
    outcome = await fast(first, second, retries=3).ask(chat(model="fast", stream=stream))
    assert outcome.error is error
    assert (len(first.attempts), second.attempts) == (1, [])


class Unfinished(ScriptedProvider):
    """Ends without a word."""

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        for event in ():
            yield event


async def test_an_answer_that_just_ends_is_not_asked_for_again() -> None:
    first, second = Unfinished(), ScriptedProvider()
    outcome = await fast(first, second, retries=3).ask(chat(model="fast"))
    assert isinstance(outcome.error, ProviderProtocolError)
    assert (len(first.attempts), second.attempts) == (1, [])


class Counting(ScriptedProvider):
    """Shows that it works on the answer, then fails."""

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        yield Metered(Usage(output=1), final=False)
        raise ProviderUnavailable("the worker died")


async def test_a_count_on_the_way_to_a_whole_answer_is_no_answer_yet() -> None:
    first = Counting()
    outcome = await fast(first, ScriptedProvider(), retries=1).ask(chat(model="fast"))
    assert (outcome.text, outcome.notices) == ("Hello", ["fallback"])
    assert len(first.attempts) == 2


async def test_a_prompt_too_long_is_never_sent_to_the_same_model_twice() -> None:
    first, second = failing(ContextTooLong("too long")), ScriptedProvider()
    world = fast(first, second, retries=3)
    assert (await world.ask(chat(model="fast"))).text == "Hello"
    assert (len(first.attempts), len(second.attempts)) == (1, 1)
    assert world.health.healthy("a/m")


async def test_a_prompt_too_long_for_a_model_alone_is_said_as_it_is() -> None:
    error = ContextTooLong("too long", param="messages")
    outcome = await pipeline(candidate("a/m", failing(error))).ask(chat())
    assert outcome.error is error
    assert outcome.notices == []


@pytest.mark.parametrize(
    ("first", "second", "status", "code"),
    [
        (ContextTooLong("4k"), ContextTooLong("8k"), 400, "context_length_exceeded"),
        (ContextTooLong("4k"), ProviderUnavailable("down"), 502, "all_candidates_failed"),
        (ProviderUnavailable("down"), ContextTooLong("8k"), 502, "all_candidates_failed"),
    ],
)
async def test_only_a_prompt_too_long_for_all_is_the_callers_fault(
    first: MeshError, second: MeshError, status: int, code: str
) -> None:
    outcome = await fast(failing(first), failing(second)).ask(chat(model="fast"))
    assert isinstance(outcome.error, MeshError)
    assert (outcome.error.status, outcome.error.code) == (status, code)
    assert f"a/m: {first.message}" in outcome.error.message


async def test_after_the_first_event_nothing_is_switched_or_repeated() -> None:
    second = ScriptedProvider()
    world = fast(failing(ProviderUnavailable("reset"), after=("Hel",)), second, retries=3)
    outcome = await world.ask(chat(model="fast", stream=True))
    assert isinstance(outcome.error, ProviderUnavailable)
    assert outcome.text == "Hel"
    assert second.attempts == []
    assert world.journal.completions[outcome.call.id].cost  # what was written is charged


async def test_the_same_candidate_is_retried_when_that_is_safe() -> None:
    provider = ScriptedProvider(
        replies=[Reply(pieces=(), error=ProviderUnavailable("reset")), Reply()]
    )
    world = pipeline(candidate("a/m", provider, limits=ConnectionLimits(retries=1)))
    outcome = await world.ask(chat())
    assert outcome.text == "Hello"
    assert len(provider.attempts) == 2


@pytest.mark.parametrize(
    "error", [ProviderTimeout("slow"), ProviderRateLimited("busy", retry_after=120)]
)
async def test_a_timed_out_or_long_limited_call_is_not_sent_twice(error: MeshError) -> None:
    provider = failing(error)
    world = pipeline(candidate("a/m", provider, limits=ConnectionLimits(retries=3)))
    outcome = await world.ask(chat())
    assert outcome.error is error
    assert len(provider.attempts) == 1


async def test_the_switch_is_told_once_for_each_that_failed_and_names_who_answered() -> None:
    models = ("a/m", "b/m", "c/m")
    down = ProviderUnavailable("down")
    providers = (failing(down), failing(ProviderTimeout("slow")), ScriptedProvider())
    limits = ConnectionLimits(retries=1)
    world = pipeline(
        *(candidate(id, p, limits=limits) for id, p in zip(models, providers, strict=True)),
        aliases={"fast": AliasRule(models=models)},
    )
    outcome = await world.ask(chat(model="fast", stream=True))
    assert isinstance(outcome.events[0], Notice), "before anything of the answer"
    assert [notice.message for notice in outcome.call.report.notices] == [
        "a/m did not answer; c/m answered. down",
        "b/m did not answer; c/m answered. slow",
    ]


async def test_when_all_fail_the_error_has_a_reason_for_each() -> None:
    world = fast(failing(ProviderUnavailable("down")), failing(ProviderRejected("key", status=401)))
    outcome = await world.ask(chat(model="fast"))
    assert outcome.call.report.notices == [], "nobody answered"
    assert isinstance(outcome.error, AllCandidatesFailed)
    assert outcome.error.status == 502
    assert "a/m: down" in outcome.error.message
    assert "b/m: key" in outcome.error.message


async def test_a_silent_provider_is_given_up_at_the_connections_timeout() -> None:
    provider = ScriptedProvider(replies=[Reply(pause=5)])
    world = pipeline(candidate("a/m", provider, limits=ConnectionLimits(timeout=0.05, retries=0)))
    outcome = await world.ask(chat())
    assert isinstance(outcome.error, ProviderTimeout)
    assert provider.closed == 1


class Loading(ScriptedProvider):
    """Has to load its model first."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        super().__init__(replies=[Reply()])
        self.loads: list[str] = []
        self._seconds, self._error = seconds, error

    async def ready(self, model: str) -> None:
        self.loads.append(model)
        await asyncio.sleep(self._seconds)
        if self._error is not None:
            raise self._error


async def test_loading_a_model_does_not_count_against_the_connections_timeout() -> None:
    provider = Loading(0.3)
    world = pipeline(candidate("a/m", provider, limits=ConnectionLimits(timeout=0.1, retries=0)))
    outcome = await world.ask(chat())
    assert (outcome.error, outcome.text) == (None, "Hello")
    assert provider.loads == ["m"]
    assert outcome.call.report.upstream_ms >= 300, "loading is no overhead of the mesh"


async def test_once_loaded_the_connections_timeout_holds() -> None:
    provider = Loading(0)
    provider.replies = [Reply(pause=5)]
    world = pipeline(candidate("a/m", provider, limits=ConnectionLimits(timeout=0.05, retries=0)))
    assert isinstance((await world.ask(chat())).error, ProviderTimeout)


async def test_a_model_that_does_not_load_in_time_is_loaded_once_and_the_next_one_answers() -> None:
    first, second = Loading(0, ProviderTimeout("not ready after 600 s")), ScriptedProvider()
    outcome = await fast(first, second, retries=3).ask(chat(model="fast"))
    assert outcome.text == "Hello"
    assert (first.loads, first.attempts, len(second.attempts)) == (["m"], [], 1)


async def test_nothing_is_charged_for_a_model_that_did_not_load() -> None:
    world = pipeline(candidate("a/m", Loading(0, ConfigError("not on this machine"))))
    outcome = await world.ask(chat())
    assert isinstance(outcome.error, MeshError)
    completion = world.journal.completions[outcome.call.id]
    assert (completion.outcome, completion.model, completion.cost) == ("failed", "a/m", 0)


async def test_a_stall_in_mid_stream_is_given_up_at_the_idle_timeout() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["a", "b"], pause=0.2)])
    limits = ConnectionLimits(timeout=5, idle_timeout=0.05, retries=0)
    outcome = await pipeline(candidate("a/m", provider, limits=limits)).ask(chat(stream=True))
    assert isinstance(outcome.error, ProviderTimeout)
    assert sum(isinstance(event, Chunk) for event in outcome.events) == 1


def ordered(world: Pipeline, health: Health, times: int = 1) -> Counter[str]:
    route = Route(health, MemoryLimits(), random.Random(7))
    firsts: Counter[str] = Counter()
    for _ in range(times):
        call = world.call(chat(model="any"))
        call.candidates = world.snapshot.behind("any")
        firsts[route._ordered(call)[0].id] += 1  # pyright: ignore[reportPrivateUsage]
    return firsts


async def test_strategies_choose_as_their_names_say() -> None:
    cheap = Price(input=Decimal("0.1"), output=Decimal("0.2"))
    models = (candidate("a/m"), candidate("b/m", price=cheap), candidate("c/m", price=None))
    names = ("a/m", "b/m", "c/m")

    def world(strategy: str, weights: tuple[float, ...] = ()) -> Pipeline:
        rule = AliasRule.model_validate({"models": names, "strategy": strategy, "weights": weights})
        return pipeline(*models, aliases={"any": rule})

    health = Health()
    assert ordered(world("ordered"), health) == {"a/m": 1}
    assert ordered(world("cheapest"), health) == {"b/m": 1}
    shares = ordered(world("weighted", (3, 1, 0)), health, times=2000)
    assert shares["c/m"] == 0
    assert 1400 < shares["a/m"] < 1600
    for name, total in zip(names, (300.0, 200.0, 100.0), strict=True):
        health.add(name, Sample(0.0, total, None, 1, True))
    assert ordered(world("fastest"), health) == {"c/m": 1}
