"""Limits counted in this process, for a gateway that is alone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import LimitExceeded
from ..schemas.policy import LimitRule
from ..spi.limits import Left, Share
from .limit_words import MOST_WAITING, all_running, too_many

_MOST_REMEMBERED = 50_000
"""Shares that are kept before those are forgotten that are as good as new."""


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

    def wait_for(self, amount: float, now: float, ahead: float) -> float:
        """Seconds until `amount` is there, once others have taken what they wait for. An amount
        above the capacity waits for a full bucket.
        """
        self.refill(now)
        missing = min(amount, self.capacity) + ahead - self.level
        return max(0.0, missing * 60 / self.capacity)


@dataclass(slots=True)
class Meters:
    """The state of one share of one limit rule.

    Attributes:
        calls_ahead: How many wait for `requests` or `tokens` to refill.
        tokens_ahead: What they wait for.
    """

    requests: Bucket | None
    tokens: Bucket | None
    calls_ahead: int = 0
    tokens_ahead: int = 0
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])

    @property
    def idle(self) -> bool:
        """True when forgetting this state changes nothing."""
        full = all(b is None or b.level >= b.capacity for b in (self.requests, self.tokens))
        return full and self.running == 0 and not self.waiting


def _capacity(bucket: Bucket | None) -> int | None:
    return bucket.capacity if bucket else None


def _resized(bucket: Bucket | None, capacity: int | None, now: float) -> Bucket | None:
    """The bucket of a rule that was edited: what a raise adds is there at once."""
    if capacity is None:
        return None
    if bucket is None:
        return Bucket(capacity, capacity, now)
    bucket.refill(now)
    bucket.level = min(capacity, bucket.level + max(0, capacity - bucket.capacity))
    bucket.capacity = capacity
    return bucket


class MemoryLimits:
    """`spi.Limits` in memory. Slots are handed on in the order in which calls came."""

    def __init__(self) -> None:
        self._meters: dict[str, Meters] = {}

    async def take(self, shares: Sequence[Share], tokens: int) -> MemoryGrant:
        grant = MemoryGrant(tokens)
        try:
            for share in shares:
                meters = self._meters_of(share.name, share.rule)
                await grant.enter(share, meters)
        except BaseException:
            grant.end(0)
            raise
        return grant

    def closed(self, shares: Sequence[Share]) -> LimitExceeded | None:
        now = asyncio.get_running_loop().time()
        for share in shares:
            rule, meters = share.rule, self._meters.get(share.name)
            if meters is None:
                continue
            bucket = meters.requests
            if bucket is not None and bucket.capacity == rule.requests_per_minute:
                wait = bucket.wait_for(1, now, meters.calls_ahead)
                if wait > rule.wait_seconds:
                    return too_many("requests", wait)
            if rule.parallel is not None and len(meters.waiting) >= MOST_WAITING:
                return all_running(rule.parallel)
        return None

    def _meters_of(self, name: str, rule: LimitRule) -> Meters:
        meters = self._meters.get(name)
        rpm, tpm = rule.requests_per_minute, rule.tokens_per_minute
        if meters is None:
            now = asyncio.get_running_loop().time()
            if len(self._meters) > _MOST_REMEMBERED:
                self._forget_idle(now)
            meters = self._meters[name] = Meters(requests=None, tokens=None)
        if _capacity(meters.requests) != rpm or _capacity(meters.tokens) != tpm:
            now = asyncio.get_running_loop().time()
            meters.requests = _resized(meters.requests, rpm, now)
            meters.tokens = _resized(meters.tokens, tpm, now)
        return meters

    def _forget_idle(self, now: float) -> None:
        for name, meters in list(self._meters.items()):
            for bucket in (meters.requests, meters.tokens):
                if bucket:
                    bucket.refill(now)
            if meters.idle:
                del self._meters[name]


class MemoryGrant:
    """What a call has taken.

    Args:
        tokens: How many it may use.
    """

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self._taken: list[tuple[Share, Meters]] = []
        self.left: list[Left] = []

    async def enter(self, share: Share, meters: Meters) -> None:
        """Take what the call needs of one share.

        Raises:
            LimitExceeded: There is none for longer than its rule waits.
        """
        rule = share.rule
        deadline = asyncio.get_running_loop().time() + rule.wait_seconds
        await _wait_for_rate(meters, self._tokens, deadline)
        if share.slot:
            await _take_slot(rule, meters, deadline)
        self._taken.append((share, meters))
        if meters.requests:
            meters.requests.level -= 1
        if meters.tokens:
            meters.tokens.level -= self._tokens
        self.left.append(
            Left(
                share,
                meters.requests.level if meters.requests else None,
                meters.tokens.level if meters.tokens else None,
            )
        )

    def end(self, tokens: int) -> None:
        for share, meters in self._taken:
            if meters.tokens:
                meters.tokens.level += self._tokens - tokens
            if share.slot:
                _hand_over(meters)
        self._taken = []


async def _wait_for_rate(meters: Meters, tokens: int, deadline: float) -> None:
    """Calls have their turn in the order in which they came; whose turn would come too late is
    refused at once.
    """
    loop = asyncio.get_running_loop()
    calls_ahead, tokens_ahead = meters.calls_ahead, meters.tokens_ahead
    while True:
        now = loop.time()
        wait = meters.requests.wait_for(1, now, calls_ahead) if meters.requests else 0.0
        if meters.tokens:
            wait = max(wait, meters.tokens.wait_for(tokens, now, tokens_ahead))
        if wait <= 0:
            return
        if now + wait > deadline:
            scarce = meters.requests is not None and meters.requests.level < 1 + calls_ahead
            raise too_many("requests" if scarce else "tokens", wait)
        meters.calls_ahead += 1
        meters.tokens_ahead += tokens
        try:
            await asyncio.sleep(wait)
        finally:
            meters.calls_ahead -= 1
            meters.tokens_ahead -= tokens
        calls_ahead = tokens_ahead = 0  # they have had their turn


async def _take_slot(rule: LimitRule, meters: Meters, deadline: float) -> None:
    if rule.parallel is None or (meters.running < rule.parallel and not meters.waiting):
        meters.running += 1
        return
    if len(meters.waiting) >= MOST_WAITING:
        raise all_running(rule.parallel)
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
            raise all_running(rule.parallel) from None
        raise


def _hand_over(meters: Meters) -> None:
    """Give a slot to whoever waits longest, or free it."""
    while meters.waiting:
        turn = meters.waiting.popleft()
        if not turn.done():
            turn.set_result(None)
            return
    meters.running -= 1
