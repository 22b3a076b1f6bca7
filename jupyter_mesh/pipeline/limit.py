"""Requests, tokens and parallel calls per share of a limit. Waits a little before it refuses.

Limits of users, groups and keys hold for a call, in the step; those of a connection or model for
each try, in Route.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from ..errors import LimitExceeded
from ..schemas.events import Events
from ..schemas.frozen import frozen
from ..schemas.policy import LimitRule
from .call import Call
from .price import metered_so_far, settled
from .scopes import reaches, shares
from .snapshot import Candidate
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


@frozen
class Share:
    """One share of one rule that a call falls under.

    Attributes:
        number: Of the rule, among the snapshot's.
        key: Whose share it is.
    """

    number: int
    rule: LimitRule
    key: str


@dataclass(slots=True)
class _Entry:
    """What a call has taken of one share."""

    share: Share
    meters: Meters
    slot: bool


class Limiter:
    """The state of limits, per process."""

    def __init__(self) -> None:
        self._meters: dict[tuple[int, str], Meters] = {}

    async def limited(
        self, call: Call, applying: Sequence[Share], begin: Callable[[], Events]
    ) -> Events:
        """The events of `begin`, once every share has room for them.

        Raises:
            LimitExceeded: One has none for longer than its rule waits.
        """
        before = metered_so_far(call).usage.total
        held: list[_Entry] = []
        try:
            for share in applying:
                await self._enter(call, share, held)
            async with aclosing(begin()) as events:
                async for event in events:
                    yield event
        finally:
            _leave(call, held, before)

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

    async def _enter(self, call: Call, share: Share, held: list[_Entry]) -> None:
        loop = asyncio.get_running_loop()
        rule = share.rule
        deadline = loop.time() + rule.wait_seconds
        meters = self._meters_of(share.number, rule, share.key, loop.time())
        await _wait_for_rate(call, meters, deadline)
        slot = not _holds_slot(call.parent, share)
        if slot:
            await _take_slot(rule, meters, deadline)
        held.append(_Entry(share, meters, slot))
        call.slots.add((share.number, share.key))
        if meters.requests:
            _take(call, meters.requests, 1, "Requests")
        if meters.tokens:
            _take(call, meters.tokens, call.input_bound, "Tokens")


class Limit(Step):
    """Holds the `limits` rules of users, groups and keys. Nested calls use their parent's slot."""

    def __init__(self) -> None:
        self._limiter = Limiter()

    def __call__(self, call: Call, next: Next) -> Events:
        applying = [
            Share(number, rule, key)
            for number, rule in enumerate(call.snapshot.limits)
            if call.parent is None and not (rule.scope.connection or rule.scope.model)
            for key in shares(rule.scope, call.principal, call.groups)
        ]
        if not applying:
            return next(call)
        return self._limiter.limited(call, applying, partial(next, call))


class CandidateLimits:
    """Holds the `limits` rules of connections and models, for each try of each call."""

    def __init__(self) -> None:
        self._limiter = Limiter()

    def around(self, call: Call, candidate: Candidate, begin: Callable[[], Events]) -> Events:
        """The events of a try of `candidate`.

        Raises:
            LimitExceeded: As `Limiter.limited`; nothing was sent to it.
        """
        applying = [
            Share(number, rule, f"{key}|{_apart(rule, candidate)}")
            for number, rule in enumerate(call.snapshot.limits)
            if (rule.scope.connection or rule.scope.model) and reaches(rule.scope, candidate)
            for key in shares(rule.scope, call.principal, call.groups)
        ]
        return self._limiter.limited(call, applying, begin) if applying else begin()


def _apart(rule: LimitRule, candidate: Candidate) -> str:
    """`*` gives each connection or model a share apart; a name or pattern gives one to all."""
    connection = candidate.facts.connection if rule.scope.connection == "*" else ""
    return f"{connection}|{candidate.id if rule.scope.model == '*' else ''}"


def _holds_slot(call: Call | None, share: Share) -> bool:
    """Whether a call, or one it is made for, has a slot of `share`: a further one might never come
    free.
    """
    while call is not None:
        if (share.number, share.key) in call.slots:
            return True
        call = call.parent
    return False


def _take(call: Call, bucket: Bucket, amount: int, what: str) -> None:
    """Take `amount`, and tell the client what is left where it is least."""
    bucket.level -= amount
    headers, left = call.report.limits, max(0, int(bucket.level))
    if left <= int(headers.get(f"X-RateLimit-Remaining-{what}", left)):
        headers[f"X-RateLimit-Limit-{what}"] = str(bucket.capacity)
        headers[f"X-RateLimit-Remaining-{what}"] = str(left)


async def _wait_for_rate(call: Call, meters: Meters, deadline: float) -> None:
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


async def _take_slot(rule: LimitRule, meters: Meters, deadline: float) -> None:
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


def _leave(call: Call, held: Sequence[_Entry], before: int) -> None:
    """Give back the slots. What was taken of tokens was a bound; from here on it is what the call
    has used since it entered, as far as anybody knows.
    """
    used = 0 if call.report.cache == "hit" else max(0, settled(call)[0].total - before)
    for entry in held:
        if entry.meters.tokens:
            entry.meters.tokens.level += call.input_bound - used
        if entry.slot:
            call.slots.discard((entry.share.number, entry.share.key))
            _hand_over(entry.meters)


def _hand_over(meters: Meters) -> None:
    """Give a slot to whoever waits longest, or free it."""
    while meters.waiting:
        turn = meters.waiting.popleft()
        if not turn.done():
            turn.set_result(None)
            return
    meters.running -= 1
