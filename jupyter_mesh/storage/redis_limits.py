"""Limits counted in Redis, for several gateways together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, cast

from ..errors import LimitExceeded, LimitsUnavailable, StoreUnavailable
from ..spi.limits import Left, Share
from .closed_shares import ClosedShares
from .limit_queue import LimitQueue, Place
from .limit_words import MOST_WAITING, all_running, too_many
from .shared import Argument, Script, Shared

LEASE_SECONDS = 15.0
"""How long a parallel slot is held without a sign of life from the gateway that holds it."""
_MOST_RENEWED = 500
_What: TypeAlias = Literal["requests", "tokens", "slots"]
_WHAT: dict[bytes, _What] = {b"requests": "requests", b"tokens": "tokens", b"slots": "slots"}

# All shares or none. Each share has three keys (requests, tokens, slots) and four arguments.
# A bucket is (level, at, capacity): levels refill with Redis' own time, so that no gateway's clock
# counts, and by what its rule is raised at once.
# Where that clock was set back, what was noted before lies in the future: a bucket goes on from now
# with the level it had, and a slot ends a lease from now unless it is renewed.
_BUCKETS = """
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local function level(key, capacity)
  local kept = redis.call('HMGET', key, 'level', 'at', 'capacity')
  if not kept[1] then return capacity end
  local raised = math.max(0, capacity - (tonumber(kept[3]) or capacity))
  local at = tonumber(kept[2])
  if at > now then
    at = now
    redis.call('HSET', key, 'at', string.format('%.3f', now))
  end
  return math.min(capacity, tonumber(kept[1]) + raised + (now - at) * capacity / 60000)
end
local function keep(key, capacity, value)
  redis.call('HSET', key, 'level', string.format('%.6f', value), 'at', string.format('%.3f', now),
    'capacity', capacity)
  local full = math.max(0, capacity - value) * 60000 / capacity
  redis.call('PEXPIRE', key, math.ceil(full) + 1000)
end
"""
_TAKE = Script(
    _BUCKETS
    + """
local member, lease, tokens = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local shares = #KEYS / 3
local function rules(i)
  local at = 3 + (i - 1) * 4
  return tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), ARGV[at + 4] == '1'
end
local requests, budgets = {}, {}
for i = 1, shares do
  local rpm, tpm, parallel, slot = rules(i)
  local wait, what, one = 0, 'tokens', 0
  if rpm > 0 then
    requests[i] = level(KEYS[3 * i - 2], rpm)
    one = (1 - requests[i]) * 60 / rpm
    if one > 0 then wait, what = one, 'requests' end
  end
  if tpm > 0 then
    budgets[i] = level(KEYS[3 * i - 1], tpm)
    wait = math.max(wait, (math.min(tokens, tpm) - budgets[i]) * 60 / tpm)
  end
  if wait > 0 then
    return {i, what, string.format('%.6f', wait), string.format('%.6f', one)}
  end
  if parallel > 0 and slot then
    for _, late in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3 * i], now + lease + 1, '+inf')) do
      redis.call('ZADD', KEYS[3 * i], now + lease, late)
    end
    redis.call('ZREMRANGEBYSCORE', KEYS[3 * i], '-inf', now)
    if redis.call('ZCARD', KEYS[3 * i]) >= parallel then return {i, 'slots', '0', '0'} end
  end
end
local left = {0}
for i = 1, shares do
  local rpm, tpm, parallel, slot = rules(i)
  if rpm > 0 then keep(KEYS[3 * i - 2], rpm, requests[i] - 1) end
  if tpm > 0 then keep(KEYS[3 * i - 1], tpm, budgets[i] - tokens) end
  if parallel > 0 and slot then
    redis.call('ZADD', KEYS[3 * i], now + lease, member)
    redis.call('PEXPIRE', KEYS[3 * i], lease * 2)
  end
  left[#left + 1] = rpm > 0 and string.format('%.6f', requests[i] - 1) or ''
  left[#left + 1] = tpm > 0 and string.format('%.6f', budgets[i] - tokens) or ''
end
return left
"""
)
_END = Script(
    _BUCKETS
    + """
local member, unused = ARGV[1], tonumber(ARGV[2])
for i = 1, #KEYS / 2 do
  local tpm = tonumber(ARGV[2 + i])
  if tpm > 0 then
    local key = KEYS[2 * i - 1]
    keep(key, tpm, math.min(tpm, level(key, tpm) + unused))
  end
  redis.call('ZREM', KEYS[2 * i], member)
end
"""
)
_RENEW = Script(
    """
local t = redis.call('TIME')
local ends = t[1] * 1000 + t[2] / 1000 + ARGV[1]
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], ends, ARGV[i + 1])
  redis.call('PEXPIRE', KEYS[i], ARGV[1] * 2)
end
"""
)


class _NoRoom(NamedTuple):
    """What a share has no room for.

    Attributes:
        wait: Seconds until the buckets have room; 0 where slots are taken.
        for_one: Seconds until that of requests has, whatever else the call needs.
    """

    share: Share
    what: _What
    wait: float
    for_one: float


class RedisLimits:
    """`spi.Limits` in Redis: exact over all gateways, in one atomic step for all shares of a call.

    A parallel slot is a lease: renewed while the call runs, so that the slots of a gateway that
    died come free by themselves. After Redis has lost what it held, running calls have their slots
    again with the next renewal, and rates begin anew.

    Args:
        shared: Where.
        lease: Seconds; three times what lies between two calls of `renew`.
    """

    def __init__(self, shared: Shared, lease: float = LEASE_SECONDS) -> None:
        self._shared = shared
        self._lease = int(lease * 1000)
        self._running: dict[str, RedisGrant] = {}
        self._closed = ClosedShares()
        self._queue = LimitQueue(self._closed.reopen)
        self._ending: set[asyncio.Task[None]] = set()
        shared.on_return(self.renew)

    def closed(self, shares: Sequence[Share]) -> LimitExceeded | None:
        return self._closed.refusal(shares, asyncio.get_running_loop().time())

    async def take(self, shares: Sequence[Share], tokens: int) -> RedisGrant:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with Place(self._queue) as place:
            while True:
                found = await self._try(shares, tokens)
                if isinstance(found, RedisGrant):
                    return found
                share, rest = found.share, began + found.share.rule.wait_seconds - loop.time()
                ahead = 0 if place.has_waited else self._queue.waiting(share.name)
                if found.what == "slots":
                    if rest <= 0 or ahead >= MOST_WAITING:
                        if ahead >= MOST_WAITING:
                            self._closed.queue_is_full(share, loop.time())
                        raise all_running(share.rule.parallel or 0)
                    await place.wait_for_slot(share.name, rest)
                    continue
                wait = found.wait + ahead * _seconds_each(share, found.what, tokens)
                if wait > rest:
                    if found.what == "requests" and not place.has_waited:
                        for_one = found.for_one + ahead * _seconds_each(share, "requests", 1)
                        self._closed.rate_is_used_up(share, for_one, loop.time())
                    raise too_many(found.what, wait)
                await place.wait_for_rate(share.name, wait)

    async def _try(self, shares: Sequence[Share], tokens: int) -> RedisGrant | _NoRoom:
        """Take all shares, or tell which has no room."""
        member = secrets.token_hex(8)
        asking = asyncio.create_task(self._ask(member, shares, tokens))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            asking.add_done_callback(_give_up)  # Redis may have granted it already
            raise
        except StoreUnavailable as error:
            raise LimitsUnavailable(
                f"Limits cannot be checked, so the call was not made. {error.message} Try again "
                "shortly.",
                retry_after=error.retry_after,
            ) from error

    async def _ask(self, member: str, shares: Sequence[Share], tokens: int) -> RedisGrant | _NoRoom:
        keys: list[str] = []
        arguments: list[Argument] = [member, self._lease, tokens]
        for share in shares:
            keys += [self._key("requests", share), *self._lasting(share)]
            rule = share.rule
            limits = (rule.requests_per_minute, rule.tokens_per_minute, rule.parallel)
            arguments += [*(limit or 0 for limit in limits), int(share.slot)]
        reply = cast("list[bytes | int]", await self._shared.run(_TAKE, keys, arguments))
        if reply[0] != 0:
            place, what, *seconds = cast("tuple[int, bytes, bytes, bytes]", tuple(reply))
            return _NoRoom(shares[place - 1], _WHAT[what], *map(float, seconds))
        numbers = [float(one) if one else None for one in cast("list[bytes]", reply[1:])]
        left = [Left(share, *numbers[2 * n : 2 * n + 2]) for n, share in enumerate(shares)]
        grant = self._running[member] = RedisGrant(self, member, tokens, left)
        return grant

    def end(self, grant: RedisGrant, tokens: int) -> None:
        """Give back what `grant` holds; if Redis does not hear of it, its slots expire."""
        if self._running.pop(grant.member, None) is None:
            return
        task = asyncio.create_task(self._end(grant, tokens))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, grant: RedisGrant, tokens: int) -> None:
        shares = [one.share for one in grant.left]
        keys = [key for share in shares for key in self._lasting(share)]
        limits = [share.rule.tokens_per_minute or 0 for share in shares]
        try:
            await self._shared.run(_END, keys, [grant.member, grant.tokens - tokens, *limits])
        except StoreUnavailable:
            return
        for share in shares:
            if share.slot:
                self._queue.came_free(share.name)

    async def renew(self) -> None:
        """Hold the slots of the calls that run.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        held = [
            (self._key("slots", one.share), grant.member)
            for grant in self._running.values()
            for one in grant.left
            if one.share.slot and one.share.rule.parallel
        ]
        for first in range(0, len(held), _MOST_RENEWED):
            part = held[first : first + _MOST_RENEWED]
            members = [member for _, member in part]
            await self._shared.restore(_RENEW, [key for key, _ in part], [self._lease, *members])

    async def aclose(self) -> None:
        """Wait until what was given back is known to Redis."""
        await asyncio.gather(*self._ending)

    def _lasting(self, share: Share) -> tuple[str, str]:
        """The keys of what a call gives back in the end."""
        return self._key("tokens", share), self._key("slots", share)

    def _key(self, what: str, share: Share) -> str:
        return self._shared.key("limit", what, share.name)


class RedisGrant:
    """What a call holds.

    Attributes:
        member: Its name in Redis.
        tokens: How many it may use.
    """

    def __init__(self, limits: RedisLimits, member: str, tokens: int, left: Sequence[Left]) -> None:
        self._limits = limits
        self.member = member
        self.tokens = tokens
        self.left = left

    def end(self, tokens: int) -> None:
        self._limits.end(self, tokens)


def _seconds_each(share: Share, what: str, tokens: int) -> float:
    """How long a share takes to refill by what one call needs."""
    rule = share.rule
    if what == "requests":
        return 60 / (rule.requests_per_minute or 1)
    capacity = rule.tokens_per_minute or 1
    return min(tokens, capacity) * 60 / capacity


def _give_up(asked: asyncio.Task[RedisGrant | _NoRoom]) -> None:
    if not asked.cancelled() and asked.exception() is None:
        found = asked.result()
        if isinstance(found, RedisGrant):
            found.end(0)
