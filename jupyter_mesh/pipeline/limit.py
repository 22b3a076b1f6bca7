"""Requests, tokens and parallel calls per share of a limit. Waits a little before it refuses."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, field

from ..errors import LimitExceeded
from ..schemas.events import Events
from ..schemas.policy import LimitRule
from .call import Call
from .scopes import share
from .step import Next, Step


@dataclass(slots=True)
class Bucket:
    """A token bucket: holds a minute's allowance, refills evenly."""

    capacity: int
    level: float
    at: float

    def refill(self, now: float) -> None:
        """Bring `level` up to `now`; a clock that stands still or steps back adds nothing."""
        self.level = min(self.capacity, self.level + max(0.0, now - self.at) * self.capacity / 60)
        self.at = now

    def wait_for(self, amount: float, now: float) -> float:
        """Seconds until `amount` is there. An amount above the capacity waits for a full bucket."""
        self.refill(now)
        missing = min(amount, self.capacity) - self.level
        return max(0.0, missing * 60 / self.capacity)


@dataclass(slots=True)
class Meters:
    """The state of one share of one limit rule."""

    requests: Bucket | None
    tokens: Bucket | None
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])

    @property
    def idle(self) -> bool:
        """True when forgetting this state changes nothing."""
        full = all(b is None or b.level >= b.capacity for b in (self.requests, self.tokens))
        return full and self.running == 0 and not self.waiting


class Limit(Step):
    """Holds every matching `limits` rule, per process. Nested calls use their parent's slot."""

    def __init__(self) -> None:
        self._meters: dict[tuple[int, str], Meters] = {}

    def __call__(self, call: Call, next: Next) -> Events:
        if call.parent is not None or not call.snapshot.limits:
            return next(call)
        return self._limited(call, next)

    async def _limited(self, call: Call, next: Next) -> Events:
        held: list[tuple[LimitRule, Meters]] = []
        try:
            await self._enter(call, held)
            async with aclosing(next(call)) as events:
                async for event in events:
                    yield event
        finally:
            self._leave(call, held)

    def _meters_of(self, index: int, rule: LimitRule, key: str, now: float) -> Meters:
        meters = self._meters.get((index, key))
        stale = meters is None or (
            (meters.requests.capacity if meters.requests else None) != rule.requests_per_minute
            or (meters.tokens.capacity if meters.tokens else None) != rule.tokens_per_minute
        )
        if meters is None or (stale and meters.idle):
            if len(self._meters) > 50_000:
                self._forget_idle(now)
            rpm, tpm = rule.requests_per_minute, rule.tokens_per_minute
            meters = self._meters[index, key] = Meters(
                requests=Bucket(rpm, rpm, now) if rpm else None,
                tokens=Bucket(tpm, tpm, now) if tpm else None,
            )
        return meters

    def _forget_idle(self, now: float) -> None:
        for key, meters in list(self._meters.items()):
            for bucket in (meters.requests, meters.tokens):
                if bucket:
                    bucket.refill(now)
            if meters.idle:
                del self._meters[key]

    async def _enter(self, call: Call, held: list[tuple[LimitRule, Meters]]) -> None:
        loop = asyncio.get_running_loop()
        for index, rule in enumerate(call.snapshot.limits):
            key = (
                None
                if rule.scope.connection or rule.scope.model
                else share(rule.scope, call.principal, call.groups)
            )
            if key is None:
                continue
            deadline = loop.time() + rule.wait_seconds
            meters = self._meters_of(index, rule, key, loop.time())
            await self._wait_for_rate(call, rule, meters, deadline)
            await self._take_slot(rule, meters, deadline)
            held.append((rule, meters))
            if meters.requests:
                meters.requests.level -= 1
                call.report.limits["X-RateLimit-Limit-Requests"] = str(meters.requests.capacity)
                call.report.limits["X-RateLimit-Remaining-Requests"] = str(
                    max(0, int(meters.requests.level))
                )
            if meters.tokens:
                meters.tokens.level -= call.input_bound
                call.report.limits["X-RateLimit-Limit-Tokens"] = str(meters.tokens.capacity)
                call.report.limits["X-RateLimit-Remaining-Tokens"] = str(
                    max(0, int(meters.tokens.level))
                )

    async def _wait_for_rate(
        self, call: Call, rule: LimitRule, meters: Meters, deadline: float
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            wait = meters.requests.wait_for(1, now) if meters.requests else 0.0
            if meters.tokens:
                wait = max(wait, meters.tokens.wait_for(call.input_bound, now))
            if wait <= 0:
                return
            if now + wait > deadline:
                scarce = meters.requests is not None and meters.requests.level < 1
                raise LimitExceeded(
                    f"Too many {'requests' if scarce else 'tokens'} "
                    f"per minute for your share of this limit; try again in {wait:.0f} s.",
                    retry_after=wait,
                )
            await asyncio.sleep(wait)

    async def _take_slot(self, rule: LimitRule, meters: Meters, deadline: float) -> None:
        if rule.parallel is None or (meters.running < rule.parallel and not meters.waiting):
            meters.running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        meters.waiting.append(turn)
        try:
            async with asyncio.timeout_at(deadline):
                await turn  # whoever leaves hands its slot over: `running` already counts us
        except BaseException as error:
            if turn in meters.waiting:
                meters.waiting.remove(turn)
            elif turn.done() and not turn.cancelled():
                _hand_over(meters)
            if isinstance(error, TimeoutError):
                raise LimitExceeded(
                    f"{rule.parallel} calls of yours are running already; wait for one to end.",
                    retry_after=1.0,
                ) from None
            raise

    def _leave(self, call: Call, held: list[tuple[LimitRule, Meters]]) -> None:
        usage = call.report.usage
        for _, meters in held:
            if meters.tokens:
                # What was taken on the way in was a bound; from here on the bucket knows the truth.
                used = usage.total if usage else 0
                meters.tokens.level += call.input_bound - used
            _hand_over(meters)


def _hand_over(meters: Meters) -> None:
    """Give a slot to whoever waits longest, or free it."""
    while meters.waiting:
        turn = meters.waiting.popleft()
        if not turn.done():
            turn.set_result(None)
            return
    meters.running -= 1
