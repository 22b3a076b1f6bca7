"""Answers that are kept: whole ones of a model, and embeddings text by text. Fails open."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

from ..errors import MeshError
from ..schemas.events import Events
from ..spi.cache import Cache, CacheEntry
from .cache_names import Names
from .call import Call
from .replay import replay
from .step import Next, begun_by

_log = logging.getLogger("jupyter_mesh")


class OpenCache:
    """A cache that misses where another one fails."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def get(self, keys: Sequence[str]) -> dict[str, CacheEntry]:
        """What is there, if that can be said."""
        try:
            return await self._cache.get(keys)
        except (MeshError, OSError) as error:
            _log.info("The cache cannot be read: %s", error)
            return {}

    async def put(self, entries: Mapping[str, CacheEntry], ttl: float) -> None:
        """Keep them, if that can be done."""
        try:
            await self._cache.put(entries, ttl)
        except (MeshError, OSError) as error:
            _log.info("The cache cannot be written: %s", error)


class Shelf(Protocol):
    """Where the answer to one call is looked for and kept."""

    async def find(self) -> CacheEntry | None:
        """An answer that is there."""
        ...

    def ask(self, next: Next) -> Events:
        """The answer of a model, of what is not there; nothing begins before it is read."""
        ...

    async def keep(self, entry: CacheEntry) -> None:
        """Keep the answer for the next one."""
        ...


class Near(Protocol):
    """Answers to questions that are nearly the same as that of one call."""

    async def find(self) -> CacheEntry | None:
        """The nearest one's answer, if it is near enough."""
        ...

    async def keep(self, entry: CacheEntry) -> None:
        """Keep the answer."""
        ...


class WholeAnswers:
    """The shelf of everything but embeddings."""

    def __init__(
        self, cache: OpenCache, call: Call, names: Names, near: Near | None = None
    ) -> None:
        self._cache = cache
        self._call = call
        self._names = names
        self._near = near

    async def find(self) -> CacheEntry | None:
        keys = [f"{self._names.key}|{one.id}" for one in self._call.candidates]
        found = await self._cache.get(keys)
        return next(
            (found[key] for key in keys if key in found and fresh(self._call, found[key])), None
        )

    def ask(self, next: Next) -> Events:
        return begun_by(next, self._call) if self._near is None else self._ask(self._near, next)

    async def keep(self, entry: CacheEntry) -> None:
        if self._call.report.cache == "hit":
            return  # it is kept already, for as long as it may be
        ttl = self._call.snapshot.cache.ttl.total_seconds()
        await self._cache.put({f"{self._names.key}|{entry.model}": entry}, ttl)
        if self._near is not None:
            await self._near.keep(entry)

    async def _ask(self, near: Near, next: Next) -> Events:
        entry = await near.find()
        if entry is not None:
            for event in replay(self._call, entry):
                yield event
            return
        async with aclosing(await next(self._call)) as events:
            async for event in events:
                yield event


def fresh(call: Call, entry: CacheEntry) -> bool:
    """Whether it is young enough for the caller."""
    return call.cache.max_age is None or time.time() - entry.created <= call.cache.max_age
