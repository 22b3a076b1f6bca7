"""Whatever a service does wrong closes the call, quickly, and is told; nothing of it leaks."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from jupyter_mesh.errors import (
    InvalidRequest,
    MeshError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from jupyter_mesh.spi.guard import Detector, Guard
from jupyter_mesh.testing.fake_guards import Behaviour, Comprehend, FakeGuard, Fault

from .remote_guards import (
    AWS,
    CALL,
    COMPREHEND,
    DETECTORS,
    EVERY,
    KEY,
    PEOPLE,
    PRESIDIO,
    TEXT,
    GoogleToken,
    Vendor,
    World,
    ask,
    started,
)

FAULTS: dict[Fault, type[MeshError]] = {
    "rate_limited": ProviderRateLimited,
    "server_error": ProviderUnavailable,
    "html_error": ProviderUnavailable,
    "unauthorized": ProviderRejected,
    "redirect": ProviderProtocolError,
    "error_in_200": ProviderUnavailable,
    "wrong_type": ProviderProtocolError,
    "invalid_json": ProviderProtocolError,
    "cut": ProviderProtocolError,
    "reset_before": ProviderUnavailable,
    "reset_after": ProviderProtocolError,
    "stall": ProviderTimeout,
    "stall_middle": ProviderTimeout,
    "gzip_bomb": ProviderProtocolError,
    "huge": ProviderProtocolError,
}


SECRETS = (KEY, AWS.secret_key, "ya29.token-0123456789", *PEOPLE, "secret plan")


@pytest.fixture(autouse=True)
def google(monkeypatch: pytest.MonkeyPatch) -> None:
    GoogleToken.install(monkeypatch)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("vendor", EVERY, ids=lambda v: v.title)
async def test_every_fault_closes_the_call_and_is_told_without_a_word_of_the_text(
    vendor: Vendor[Guard], fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()
    async with vendor.server("nothing") as service:
        service.default = Behaviour(fault=fault, huge_bytes=512 * 1024)
        limits = {"timeout": 0.4 if "stall" in fault else 10, "max_answer_bytes": 64 * 1024}
        async with started(vendor.make(service.address, **limits), world) as guard:
            with pytest.raises(MeshError) as raised:
                await ask(guard)
            is_unlike = vendor is COMPREHEND and fault == "error_in_200"  # AWS has no such thing
            expected = ProviderProtocolError if is_unlike else FAULTS[fault]
            assert type(raised.value) is expected
            service.default = Behaviour()
            await ask(guard)
    assert world.kinds == ["guard_failing", "guard_working"]
    said = [raised.value.message, caplog.text, *(one.message for one in world.told)]
    assert not [secret for secret in SECRETS for text in said if secret in text]
    assert {one.subject for one in world.told} == {"watch"}


async def test_a_service_that_is_gone_is_not_asked_again_and_again() -> None:
    world = World()
    async with PRESIDIO.server() as service:
        service.default = Behaviour(fault="server_error")
        async with started(PRESIDIO.make(service.address), world) as guard:
            for _ in range(8):
                with pytest.raises(ProviderUnavailable):
                    await guard.find([TEXT], CALL)
        assert len(service.requests) == 5
    assert world.kinds == ["guard_failing"] * 5


async def test_a_call_with_more_text_than_time_keeps_no_other_away() -> None:
    world = World()
    async with PRESIDIO.server() as service:
        service.default = Behaviour(delay=0.15)
        guard = PRESIDIO.make(service.address, timeout=0.5, parallel=8, batch=1)
        async with started(guard, world):
            for _ in range(2):
                with pytest.raises(ProviderTimeout):
                    await guard.find([f"{TEXT} {n}" for n in range(200)], CALL)
            await guard.find(["A short text."], CALL)
    assert world.told == []


async def test_of_one_call_one_failure_counts() -> None:
    world = World()
    async with PRESIDIO.server() as service:
        service.default = Behaviour(fault="stall")
        guard = PRESIDIO.make(service.address, timeout=0.4, parallel=8, batch=1)
        async with started(guard, world):
            with pytest.raises(ProviderTimeout):
                await guard.find([f"{TEXT} {n}" for n in range(8)], CALL)
            assert len(service.requests) == 8
            service.default = Behaviour()
            await guard.find(["A short text."], CALL)
    assert world.kinds == ["guard_failing", "guard_working"]


async def test_a_short_call_waits_for_one_question_of_a_long_one() -> None:
    async with PRESIDIO.server() as service:
        service.default = Behaviour(delay=0.02)
        async with started(PRESIDIO.make(service.address, parallel=1, batch=1)) as guard:
            long = asyncio.ensure_future(guard.find([f"{TEXT} {n}" for n in range(20)], CALL))
            while not service.requests:  # noqa: ASYNC110 the fake has no event
                await asyncio.sleep(0.005)
            await guard.find(["A short text."], CALL)
            assert len(service.requests) < 10
            assert not long.done()
            await long


async def test_what_is_wrong_with_one_text_keeps_no_other_away() -> None:
    """Else anybody could close the gateway for everybody."""
    async with FakeGuard(Comprehend()) as service:
        guard = COMPREHEND.make(service.address)
        async with started(guard):
            for _ in range(8):
                service.script(Behaviour(fault="rejected"))
                with pytest.raises(ProviderRejected):
                    await guard.find([TEXT], CALL)
            await guard.find([TEXT], CALL)
            for _ in range(8):
                with pytest.raises(InvalidRequest):
                    await guard.find(["half a pair: \ud800"], CALL)
            await guard.find(["Hello"], CALL)


async def test_a_service_without_time_is_asked_again_by_the_next_call() -> None:
    dialect = Comprehend()
    dialect.throttled = True
    async with FakeGuard(dialect) as service, started(COMPREHEND.make(service.address)) as guard:
        for _ in range(7):
            with pytest.raises(ProviderRateLimited):
                await guard.find([TEXT], CALL)
        dialect.throttled = False
        await guard.find([TEXT], CALL)


async def test_the_time_is_for_all_texts_together_and_the_rest_is_given_up() -> None:
    async with PRESIDIO.server() as service:
        service.default = Behaviour(delay=0.3)
        guard = PRESIDIO.make(service.address, timeout=0.5, parallel=1, batch=1)
        async with started(guard):
            began = time.monotonic()
            with pytest.raises(ProviderTimeout):
                await guard.find([f"{TEXT} {n}" for n in range(20)], CALL)
            assert time.monotonic() - began < 5
        assert len(service.requests) <= 2


async def test_no_more_are_asked_at_once_than_is_said() -> None:
    async with PRESIDIO.server() as service:
        service.default = Behaviour(delay=0.05)
        guard = PRESIDIO.make(service.address, parallel=3, batch=1)
        async with started(guard):
            await asyncio.gather(*(guard.find([f"{TEXT} {n}"], CALL) for n in range(12)))
        assert _most_at_once(service) == 3
        assert len({one.client_port for one in service.requests}) <= 3, "connections are kept"


def _most_at_once(service: FakeGuard) -> int:
    steps = [(one.accepted_ns, 1) for one in service.requests]
    steps += [(one.ended_ns or 0, -1) for one in service.requests]
    running, most = 0, 0
    for _, step in sorted(steps):
        running += step
        most = max(most, running)
    return most


async def test_who_leaves_in_the_middle_harms_nobody() -> None:
    async with PRESIDIO.server() as service:
        service.script(*[Behaviour(fault="stall")] * 9)
        async with started(PRESIDIO.make(service.address, parallel=2)) as guard:
            for n in range(9):
                task = asyncio.ensure_future(guard.find([f"{TEXT} {n}"], CALL))
                while len(service.requests) <= n:  # noqa: ASYNC110 the fake has no event
                    await asyncio.sleep(0.005)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            ((found, _),) = await guard.find([TEXT], CALL)
    assert found.entity == "PERSON"


async def test_after_a_while_one_call_tries_whether_a_service_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("jupyter_mesh.guards.remote_service.monotonic", lambda: now)
    async with PRESIDIO.server() as service:
        service.default = Behaviour(fault="server_error")
        async with started(PRESIDIO.make(service.address)) as guard:
            for _ in range(6):
                with pytest.raises(ProviderUnavailable):
                    await guard.find([TEXT], CALL)
            service.default = Behaviour()
            with pytest.raises(ProviderUnavailable, match="not asked"):
                await guard.find([TEXT], CALL)
            now += 16
            service.script(Behaviour(fault="stall"))
            trial = asyncio.ensure_future(guard.find([TEXT], CALL))
            while len(service.requests) < 6:  # noqa: ASYNC110 the fake has no event
                await asyncio.sleep(0.005)
            with pytest.raises(ProviderUnavailable, match="not asked"):
                await guard.find(["Another text."], CALL)
            trial.cancel()  # whoever tried has left before it was known
            with pytest.raises(asyncio.CancelledError):
                await trial
            ((found, _),) = await guard.find([TEXT], CALL)
    assert found.entity == "PERSON"


async def test_with_the_first_failure_the_rest_is_given_up() -> None:
    async with PRESIDIO.server() as service:
        service.script(Behaviour(fault="server_error"))
        service.default = Behaviour(delay=0.02)
        async with started(PRESIDIO.make(service.address, parallel=1, batch=1)) as guard:
            with pytest.raises(ProviderUnavailable):
                await guard.find([f"{TEXT} {n}" for n in range(20)], CALL)
            await asyncio.sleep(0.3)
        assert len(service.requests) <= 2


@pytest.mark.parametrize("vendor", DETECTORS, ids=lambda v: v.title)
async def test_a_connection_that_was_closed_meanwhile_is_made_anew(
    vendor: Vendor[Detector],
) -> None:
    world = World()
    async with vendor.server() as service:
        service.script(Behaviour(fault="reset_before"))
        async with started(vendor.make(service.address), world) as guard:
            ((found, _),) = await guard.find([TEXT], CALL)
        assert len(service.requests) == 2
    assert found.entity == "PERSON"
    assert world.told == []
