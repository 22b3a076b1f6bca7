"""The exact cache of one process: least recently used goes first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from ..spi.cache import CacheEntry


@dataclass(frozen=True, slots=True)
class _Kept:
    entry: CacheEntry
    body: bytes
    expires: float


class MemoryCache:
    """`spi.Cache` in memory. Bodies are kept as bytes, so that nobody can change an answer that is
    kept.

    Args:
        max_entries: At most so many answers.
        max_bytes: At most so many bytes of answers and keys.
        clock: Seconds, never going back.
    """

    def __init__(
        self, max_entries: int, max_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0

    def resize(self, max_entries: int, max_bytes: int) -> None:
        """Keep no more than this from now on."""
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._shrink()

    async def get(self, keys: Sequence[str]) -> dict[str, CacheEntry]:
        found = {key: self._get(key) for key in keys}
        return {key: entry for key, entry in found.items() if entry is not None}

    def _get(self, key: str) -> CacheEntry | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock() >= kept.expires:
            self._forget(key)
            return None
        self._kept.move_to_end(key)
        return replace(kept.entry, body=orjson.loads(kept.body))

    async def put(self, entries: Mapping[str, CacheEntry], ttl: float) -> None:
        for key, entry in entries.items():
            self._put(key, entry, ttl)

    def _put(self, key: str, entry: CacheEntry, ttl: float) -> None:
        self._forget(key)
        try:
            body = orjson.dumps(entry.body)
        except TypeError:  # what does not fit into JSON cannot be replayed
            return
        size = _size(key, body)
        if ttl <= 0 or size > self._max_bytes or self._max_entries < 1:
            return
        self._kept[key] = _Kept(replace(entry, body={}), body, self._clock() + ttl)
        self._bytes += size
        self._shrink()

    async def purge(self, *, model: str | None = None, owner: str | None = None) -> int:
        keys = [
            key
            for key, kept in self._kept.items()
            if model in (None, kept.entry.model) and owner in (None, kept.entry.owner)
        ]
        for key in keys:
            self._forget(key)
        return len(keys)

    def _shrink(self) -> None:
        while self._bytes > self._max_bytes or len(self._kept) > self._max_entries:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= _size(key, kept.body)


def _size(key: str, body: bytes) -> int:
    return len(key) + len(body)
