"""The cache of several gateways, in Redis: sealed, bounded, and forgotten in time by Redis itself.

Redis holds no text: keys and the names of users and models are keyed hashes, values are sealed. Who
reads its memory learns how many answers there are, and how long they are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TypeVar, cast

from ..spi.cache import CacheEntry
from .cache_seal import CacheSeal
from .shared import Argument, Script, Shared

T = TypeVar("T")
_BATCH = 100
"""Entries that go to Redis, or come from it, at once."""
_SCANNED = 500

_FORGET = """
local index = {recent = KEYS[1], ends = KEYS[2], sizes = KEYS[3], tags = KEYS[4], bytes = KEYS[5]}
local values = ARGV[1]
local function forget(member)
  local size = redis.call('HGET', index.sizes, member)
  if not size then return 0 end
  redis.call('DECRBY', index.bytes, size)
  redis.call('HDEL', index.sizes, member)
  redis.call('HDEL', index.tags, member)
  redis.call('ZREM', index.recent, member)
  redis.call('ZREM', index.ends, member)
  redis.call('UNLINK', values .. member)
  return 1
end
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
"""
_PURGE = Script(
    _FORGET
    + """
local count = 0
for i = 2, #ARGV do count = count + forget(ARGV[i]) end
return count
"""
)
_GET = Script(
    """
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local found = {}
for i = 2, #KEYS do
  found[i - 1] = redis.call('GET', KEYS[i])
  if found[i - 1] then redis.call('ZADD', KEYS[1], 'XX', now, ARGV[i - 1]) end
end
return found
"""
)
# After the values' prefix: most entries, most bytes, milliseconds; member, tags, value of each.
_PUT = Script(
    _FORGET
    + """
local most, most_bytes, ttl = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', index.ends, '-inf', now, 'LIMIT', 0, 500)) do
  forget(member)
end
for i = 5, #ARGV, 3 do
  local member, tags, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  forget(member)
  local size = #member + #value
  if size <= most_bytes then
    redis.call('SET', values .. member, value, 'PX', ttl)
    redis.call('HSET', index.sizes, member, size)
    redis.call('HSET', index.tags, member, tags)
    redis.call('ZADD', index.recent, now, member)
    redis.call('ZADD', index.ends, now + ttl, member)
    redis.call('INCRBY', index.bytes, size)
  end
end
while redis.call('ZCARD', index.recent) > most
    or tonumber(redis.call('GET', index.bytes) or 0) > most_bytes do
  local oldest = redis.call('ZRANGE', index.recent, 0, 0)[1]
  if not oldest then break end
  forget(oldest)
end
"""
)


class RedisCache:
    """`spi.Cache` over Redis.

    Args:
        shared: Where.
        seal: How entries are sealed.
        max_entries: At most so many answers, of all gateways.
        max_bytes: At most so many bytes of them.
    """

    def __init__(self, shared: Shared, seal: CacheSeal, max_entries: int, max_bytes: int) -> None:
        self._shared = shared
        self._seal = seal
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._index = [
            shared.key("cache", name) for name in ("recent", "ends", "sizes", "tags", "bytes")
        ]
        self._values = shared.key("cache", "value", "")

    def resize(self, max_entries: int, max_bytes: int) -> None:
        """Holds from the next answer that is kept."""
        self._max_entries, self._max_bytes = max_entries, max_bytes

    async def get(self, keys: Sequence[str]) -> dict[str, CacheEntry]:
        members = {key: self._seal.name(key) for key in keys}
        found: dict[str, CacheEntry] = {}
        for part in _parts(list(members.items())):
            names = [self._values + member for _, member in part]
            asked = [member for _, member in part]
            replies = await self._shared.run(_GET, [self._index[0], *names], asked)
            for (key, member), sealed in zip(
                part, cast("list[bytes | None]", replies), strict=True
            ):
                entry = None if sealed is None else self._seal.open(member, sealed)
                if entry is not None:
                    found[key] = entry
        return found

    async def put(self, entries: Mapping[str, CacheEntry], ttl: float) -> None:
        if ttl <= 0:
            return
        bounds = (self._values, self._max_entries, self._max_bytes, max(1, int(ttl * 1000)))
        for part in _parts(list(entries.items())):
            arguments: list[Argument] = [*bounds]
            for key, entry in part:
                member = self._seal.name(key)
                sealed = self._seal.seal(member, entry)
                if sealed is not None:
                    arguments += [member, self._tags(entry), sealed]
            await self._shared.run(_PUT, self._index, arguments)

    async def purge(self, *, model: str | None = None, owner: str | None = None) -> int:
        model_tag = "" if model is None else self._seal.name(f"model {model}")
        owner_tag = "" if owner is None else self._seal.name(f"owner {owner}")
        purged = 0
        async for part in self._tagged():
            members = [
                member.decode()
                for member, tags in part.items()
                if tags.decode().startswith(owner_tag) and tags.decode().endswith(model_tag)
            ]
            if members:
                count = await self._shared.run(_PURGE, self._index, [self._values, *members])
                purged += cast(int, count)
        return purged

    async def _tagged(self) -> AsyncGenerator[dict[bytes, bytes]]:
        """Members with their tags, a part at a time, so that nobody waits long for Redis."""
        cursor: int | bytes = 0
        while True:
            reply = await self._shared.command("HSCAN", self._index[3], cursor, "COUNT", _SCANNED)
            cursor, part = cast("tuple[int, dict[bytes, bytes]]", reply)
            yield part
            if not int(cursor):
                return

    def _tags(self, entry: CacheEntry) -> str:
        return (
            f"{self._seal.name(f'owner {entry.owner}')} {self._seal.name(f'model {entry.model}')}"
        )


def _parts(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[first : first + _BATCH] for first in range(0, len(items), _BATCH)]
