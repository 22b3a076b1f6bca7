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

from ..errors import (
    AllCandidatesFailed,
    ConfigError,
    ProviderError,
    ProviderMisconfigured,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from ..schemas.events import Event, Events, Finished, Metered
from ..spi.faults import fault_point
from ..spi.provider import Attempt
from .call import Call
from .health import Health, Sample
from .snapshot import Candidate
from .step import Endpoint

_LONGEST_WAIT = 10.0
"""Seconds a retry may wait; a longer `Retry-After` is passed on to the client instead."""
_CONNECTION_FAULTS = frozenset({401, 402, 403, 404, 407})
"""A refusal that says more about the connection than about the request: another model may do."""


class Route(Endpoint):
    """The innermost: sends the request to one candidate after the other until one answers."""

    def __init__(self, health: Health, seed: random.Random | None = None) -> None:
        self._health = health
        self._random = seed or random.Random()

    async def __call__(self, call: Call) -> Events:
        ordered = self._ordered(call)
        failures: list[tuple[Candidate, ProviderError]] = []
        for position, candidate in enumerate(ordered):
            tries = 1 + candidate.limits.retries
            for number in range(tries):
                committed = False
                try:
                    async with aclosing(self._attempt(call, candidate)) as events:
                        async for event in events:
                            committed = True
                            yield event
                    return
                except ProviderError as error:
                    call.report.attempts.append(
                        {"model": candidate.id, "code": error.code, "message": error.message}
                    )
                    if committed or not _another_may_do(error):
                        raise
                    failures.append((candidate, error))
                    spare = position + 1 < len(ordered)
                    wait = self._wait(error, number, spare)
                    if number + 1 == tries or wait is None:
                        break
                    await asyncio.sleep(wait)
            if position + 1 < len(ordered):
                following = ordered[position + 1].id
                reason = failures[-1][1].message
                yield call.notice(
                    "fallback", f"{candidate.id} did not answer; {following} did. {reason}"
                )
        raise _verdict(failures)

    def _ordered(self, call: Call) -> list[Candidate]:
        """The candidates in the order to try, those with an open circuit last."""
        candidates = list(call.candidates)
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

    def _wait(self, error: ProviderError, number: int, spare: bool) -> float | None:
        """Seconds before the next try of the same candidate; None to go on to the next one."""
        if not error.retryable or isinstance(error, ProviderTimeout):
            return None  # a timed-out request may have been done and charged: do not send it twice
        if error.retry_after is not None:
            return (
                error.retry_after
                if error.retry_after <= (1.0 if spare else _LONGEST_WAIT)
                else None
            )
        return min(_LONGEST_WAIT, 0.25 * 2**number) * (0.5 + self._random.random() / 2)

    async def _attempt(self, call: Call, candidate: Candidate) -> Events:
        circuit = self._health.circuit(candidate.id)
        if not circuit.allows(self._health.clock()):
            raise ProviderUnavailable(
                f"{candidate.id} has failed repeatedly and is being given a rest."
            )
        concluded = False
        try:
            try:
                async with aclosing(self._send(call, candidate)) as events:
                    async for event in events:
                        yield event
            except ConfigError as error:
                raise ProviderMisconfigured(error.message) from error
            concluded = True
            circuit.record(True, self._health.clock())
        except ProviderError as error:
            concluded = True
            # A request the provider rejects says nothing about its health.
            healthy = isinstance(error, ProviderRejected) and error.status not in _CONNECTION_FAULTS
            circuit.record(healthy, self._health.clock())
            self._health.add(candidate.id, Sample(time.time(), 0.0, None, 0, healthy))
            raise
        finally:
            if not concluded:
                circuit.abandon()

    async def _send(self, call: Call, candidate: Candidate) -> Events:
        slots = self._health.slots(candidate)
        limits = candidate.limits
        try:
            async with asyncio.timeout(limits.timeout):
                await slots.acquire()
        except TimeoutError:
            raise ProviderUnavailable(
                f"All {limits.parallel} connections to {candidate.facts.connection!r} are busy; "
                "try again shortly."
            ) from None
        try:
            call.candidate = candidate
            report = call.report
            report.model, report.provider = candidate.id, candidate.facts.provider
            report.connection = candidate.facts.connection
            if not call.opened and call.open is not None:
                await call.open()
            fault_point("route.before_send")
            attempt = Attempt(
                request=call.request,
                model=candidate.facts.name,
                stream=call.request.stream
                if call.upstream_streams is None
                else call.upstream_streams,
                timeout=limits.timeout,
                idle_timeout=limits.idle_timeout,
                call_id=call.id,
            )
            async with aclosing(self._timed(call, candidate, attempt)) as events:
                async for event in events:
                    yield event
        finally:
            slots.release()

    async def _timed(self, call: Call, candidate: Candidate, attempt: Attempt) -> Events:
        """The provider's events under the connection's time limits, with the waiting counted."""
        started = time.perf_counter()
        first_ms: float | None = None
        patience = attempt.timeout
        tokens = 0
        finished = False
        async with aclosing(candidate.provider.stream(attempt)) as events:
            while True:
                asked = time.perf_counter()
                event = await _next(events, patience, candidate)
                call.report.upstream_ms += (time.perf_counter() - asked) * 1000
                if event is None:
                    break
                if first_ms is None:
                    first_ms = (time.perf_counter() - started) * 1000
                    patience = attempt.idle_timeout
                    fault_point("route.first_event")
                else:
                    fault_point("route.mid_stream")
                if isinstance(event, Metered) and event.final:
                    tokens = event.usage.output
                finished = finished or isinstance(event, Finished)
                yield event
                if finished:
                    break
        if not finished:
            raise ProviderProtocolError(f"{candidate.id} ended its answer without finishing it.")
        total = (time.perf_counter() - started) * 1000
        first = first_ms if attempt.stream else None
        self._health.add(candidate.id, Sample(time.time(), total, first, tokens, True))


async def _next(events: Events, patience: float, candidate: Candidate) -> Event | None:
    try:
        async with asyncio.timeout(patience):
            return await anext(events, None)
    except TimeoutError:
        raise ProviderTimeout(
            f"{candidate.id} was silent for {patience:g} s; try again, or raise its timeout."
        ) from None


def _unit_price(candidate: Candidate) -> Decimal:
    """Price of one input and one output token together; an unknown price counts as the dearest."""
    price = candidate.facts.price
    return Decimal("Infinity") if price is None else price.input + price.output


def _another_may_do(error: ProviderError) -> bool:
    if isinstance(error, ProviderRejected):
        return error.status in _CONNECTION_FAULTS
    return error.retryable or isinstance(error, ProviderMisconfigured)


def _verdict(failures: Sequence[tuple[Candidate, ProviderError]]) -> ProviderError:
    """One failure is passed on as it is; several become one error with a reason for each."""
    last = failures[-1][1]
    names = dict.fromkeys(candidate.id for candidate, _ in failures)
    if len(names) == 1 and not isinstance(last, ProviderRejected):
        return last
    reasons = {candidate.id: error.message for candidate, error in failures}
    waits = [e.retry_after for _, e in failures if e.retry_after is not None]
    limited = all(isinstance(error, ProviderRateLimited) for _, error in failures)
    # A 401 of the provider must not look to the client as if its own key were wrong.
    status = 429 if limited else 502 if isinstance(last, ProviderRejected) else last.status
    return AllCandidatesFailed(
        "No model could answer. "
        + " ".join(f"{name}: {reason}" for name, reason in reasons.items()),
        status=status,
        retry_after=min(waits, default=None),
    )
