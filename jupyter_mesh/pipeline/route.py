"""Which candidate answers. Retries and falls back only before the first event; the switch is a
visible notice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import aclosing
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from ..errors import (
    AllCandidatesFailed,
    ConfigError,
    ContextTooLong,
    LimitExceeded,
    MeshError,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    UnsupportedParameter,
)
from ..schemas.events import Event, Events, Finished, Metered, Notice
from ..spi.faults import fault_point
from ..spi.limits import Limits
from ..spi.provider import Attempt
from .call import Call
from .health import Health, no_answer
from .limit import CandidateLimits
from .price import estimated
from .snapshot import Candidate
from .step import Endpoint
from .trace import Try
from .watch import Watch

_LONGEST_WAIT = 10.0
"""Seconds a retry may wait; a longer `Retry-After` is passed on to the client instead."""
_CONNECTION_FAULTS = frozenset({401, 402, 403, 404, 407})
"""A refusal that may say more about the connection than about the request: another model may do."""
_KEY_FAULTS = frozenset({401, 407})
"""A refusal of the gateway's own credentials: it meets every caller. The others may be about what
one caller sent, such as the id of a file that is not there.
"""

Fault: TypeAlias = ProviderError | ContextTooLong | UnsupportedParameter | LimitExceeded
_FAULTS = (ProviderError, ContextTooLong, UnsupportedParameter, LimitExceeded)


class Route(Endpoint):
    """The innermost: sends the request to one candidate after the other until one answers."""

    def __init__(self, health: Health, limits: Limits, seed: random.Random | None = None) -> None:
        self._health = health
        self._limits = CandidateLimits(limits)
        self._random = seed or random.Random()

    async def __call__(self, call: Call) -> Events:
        return self._routed(call)

    async def _routed(self, call: Call) -> Events:
        failures: list[tuple[Candidate, Fault]] = []
        for candidate in (ordered := self._ordered(call)):
            spare = candidate is not ordered[-1]
            tries = 1 + candidate.limits.retries
            for number in range(tries):
                committed = False
                try:
                    begin = partial(self._attempt, call, candidate)
                    async with aclosing(self._limits.around(call, candidate, begin)) as events:
                        async for event in events:
                            # An interim count says that it works on it, not that it answers.
                            if not committed and not _interim(event):
                                committed = True
                                for notice in _switched(call, candidate, failures):
                                    yield notice
                            yield event
                    return
                except _FAULTS as error:
                    call.report.attempts.append(
                        {"model": candidate.id, "code": error.code, "message": error.message}
                    )
                    if committed or not _another_may_do(error):
                        raise
                    failures.append((candidate, error))
                    wait = self._wait(error, number, spare)
                    if number + 1 == tries or wait is None:
                        break
                    await asyncio.sleep(wait)
        raise _verdict(failures)

    def _ordered(self, call: Call) -> list[Candidate]:
        """The candidates in the order to try, those with an open circuit last."""
        candidates = list(call.candidates)
        if len(candidates) == 1:
            return candidates
        alias = call.snapshot.aliases.get(call.request.model)
        strategy = alias.strategy if alias else "ordered"
        if strategy == "weighted" and alias:
            weights = dict(zip(alias.models, alias.weights, strict=True))
            # Sampling without replacement (Efraimidis and Spirakis 2006): key = u ** (1 / weight).
            keys = {
                one.id: self._random.random() ** (1 / weight)
                if (weight := weights[one.id]) > 0
                else -1.0
                for one in candidates
            }
            candidates.sort(key=lambda one: -keys[one.id])
        elif strategy == "cheapest":
            candidates.sort(key=_unit_price)
        elif strategy == "fastest":
            candidates.sort(key=lambda one: self._health.typical_ms(one.id) or 0.0)
        candidates.sort(key=lambda one: not self._health.healthy(one.id))
        return candidates

    def _wait(self, error: Fault, number: int, spare: bool) -> float | None:
        """Seconds before the next try of the same candidate; None to go on to the next one."""
        if not isinstance(error, ProviderError) or not error.retryable:
            return None
        if isinstance(error, ProviderTimeout):
            return None  # a timed-out request may have been done and charged: do not send it twice
        if error.retry_after is not None:
            return (
                error.retry_after
                if error.retry_after <= (1.0 if spare else _LONGEST_WAIT)
                else None
            )
        return min(_LONGEST_WAIT, 0.25 * 2**number) * (0.5 + self._random.random() / 2)

    async def _attempt(self, call: Call, candidate: Candidate) -> Events:
        """One try under the candidate's circuit and connection slots, with the waiting counted."""
        circuit = self._health.circuit(candidate.id)
        if not circuit.allows(self._health.clock()):
            raise ProviderUnavailable(f"{candidate.id} failed repeatedly and is given a rest.")
        outcome: bool | None = None
        span = None if call.trace is None else call.trace.begin(candidate.id)
        try:
            slots = self._health.slots(candidate)
            await _take_slot(slots, candidate)
            watch = Watch(call, candidate)
            try:
                attempt = await _prepare(call, candidate, span)
                async with aclosing(candidate.provider.stream(attempt)) as events:
                    while (event := await watch.next(events)) is not None:
                        if isinstance(event, Notice):
                            call.report.notices.append(event)
                        yield event
                        if isinstance(event, Finished):
                            break
                watch.require_end()
                self._health.add(candidate.id, watch.sample())
                outcome = True
            except (ProviderError, ConfigError) as error:
                if span is not None:
                    span.error = error.code
                call.sent = call.sent and (watch.began or _may_be_charged(error))
                outcome = _shows_health(error)
                self._health.add(candidate.id, no_answer(outcome is True))
                if isinstance(error, ProviderRateLimited) and circuit.throttled():
                    self._health.tell(candidate.id)
                if isinstance(error, ConfigError):
                    raise ProviderMisconfigured(error.message) from error
                raise
            except MeshError as error:
                if span is not None:
                    span.error = error.code
                call.sent = call.sent and watch.began
                raise
            finally:
                slots.release()
                watch.stop()
        finally:
            if span is not None:
                span.ended = time.time_ns()
            if outcome is None:
                circuit.abandon()
            elif circuit.record(outcome, self._health.clock()):
                self._health.tell(candidate.id)


async def _take_slot(slots: asyncio.Semaphore, candidate: Candidate) -> None:
    """Take one of the connection's slots.

    Raises:
        ProviderUnavailable: None became free in time.
    """
    if not slots.locked():
        await slots.acquire()
        return
    limits = candidate.limits
    try:
        async with asyncio.timeout(limits.timeout):
            await slots.acquire()
    except TimeoutError:
        raise ProviderUnavailable(
            f"All {limits.parallel} connections to {candidate.facts.connection!r} are busy; "
            "try again shortly."
        ) from None


async def _prepare(call: Call, candidate: Candidate, span: Try | None) -> Attempt:
    """Have the model loaded, then commit the intent, as the last act before anything is sent."""
    if call.sent:  # the try before broke off, but may be charged
        call.lost.append(estimated(call))
        call.sent = False
    call.candidate = candidate
    report = call.report
    report.model, report.provider = candidate.id, candidate.facts.provider
    report.connection = candidate.facts.connection
    asked = time.perf_counter()
    try:
        await candidate.provider.ready(candidate.facts.name)
    finally:
        report.upstream_ms += (time.perf_counter() - asked) * 1000
    if not call.opened and call.open is not None:
        await call.open()
    fault_point("route.before_send")
    streams = call.request.stream if call.upstream_streams is None else call.upstream_streams
    call.sent = True
    return Attempt(
        request=call.request,
        model=candidate.facts.name,
        stream=streams,
        timeout=candidate.limits.timeout,
        idle_timeout=candidate.limits.idle_timeout,
        call_id=call.id,
        traceparent=span.traceparent if span is not None and candidate.sends_trace else None,
    )


def _unit_price(candidate: Candidate) -> Decimal:
    """Price of one input and one output token together; an unknown price counts as the dearest."""
    price = candidate.facts.price
    return Decimal("Infinity") if price is None else price.input + price.output


def _shows_health(error: ProviderError | ConfigError) -> bool | None:
    """Whether a model that failed like this works; None where it does not tell.

    A request the provider rejects says nothing against it. One it has no time for (429) neither:
    were the circuit to open for it, callers would no longer hear its `Retry-After`.
    """
    if isinstance(error, ProviderRateLimited):
        return None
    if not isinstance(error, ProviderRejected):
        return False
    is_gone = error.status == 404 and error.param == "model"
    return not (is_gone or error.status in _KEY_FAULTS)


def _may_be_charged(error: ProviderError | ConfigError) -> bool:
    """Whether the provider may have done the work although nothing came of it. One that was too
    slow may still be at it, as it is for a caller who leaves.
    """
    return isinstance(error, ProviderTimeout) or (
        isinstance(error, ProviderError) and error.processed
    )


def _another_may_do(error: Fault) -> bool:
    if not isinstance(error, ProviderError):
        return True  # the next one's context may be larger, its limit not reached, its API richer
    if error.processed:
        return False  # it has been done, and charged, once already
    if isinstance(error, ProviderRejected):
        return error.status in _CONNECTION_FAULTS
    return error.retryable or isinstance(error, ProviderMisconfigured)


def _interim(event: Event) -> bool:
    return isinstance(event, Metered) and not event.final


def _switched(
    call: Call, candidate: Candidate, failures: Sequence[tuple[Candidate, Fault]]
) -> list[Notice]:
    """What to tell once `candidate` has begun to answer: why each one before it did not."""
    reasons = {one.id: error for one, error in failures if one is not candidate}
    return [
        call.notice(
            "fallback", f"{name} {_failed_to(error)}; {candidate.id} answered. {error.message}"
        )
        for name, error in reasons.items()
    ]


def _failed_to(error: Fault) -> str:
    """What one did that was passed over: some need not even be asked."""
    return "did not answer" if isinstance(error, ProviderError) else "could not take the request"


def _verdict(failures: Sequence[tuple[Candidate, Fault]]) -> Fault:
    """One failure is passed on as it is; several become one error with a reason for each."""
    last = failures[-1][1]
    names = dict.fromkeys(candidate.id for candidate, _ in failures)
    if len(names) == 1 and not isinstance(last, ProviderRejected):
        return last
    reasons = {candidate.id: error.message for candidate, error in failures}
    waits = [e.retry_after for _, e in failures if e.retry_after is not None]
    message = "No model could answer. " + " ".join(
        f"{name}: {reason}" for name, reason in reasons.items()
    )
    if all(isinstance(error, ContextTooLong) for _, error in failures):
        return ContextTooLong(message, param=last.param)
    limited = all(isinstance(error, ProviderRateLimited | LimitExceeded) for _, error in failures)
    # A 401 of the provider must not look to the client as if its own key were wrong, nor a prompt
    # too long for the last one as if no other could have held it.
    refused = isinstance(last, ProviderRejected | ContextTooLong)
    return AllCandidatesFailed(
        message,
        status=429 if limited else 502 if refused else last.status,
        retry_after=min(waits, default=None),
    )
