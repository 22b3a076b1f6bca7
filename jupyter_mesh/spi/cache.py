"""Where answers are kept for a while. A cache may miss; it may never lie."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from ..schemas.frozen import frozen
from ..schemas.json import JsonObject
from ..schemas.spend import Usage


@frozen(kw_only=True)
class CacheEntry:
    """A finished answer.

    Attributes:
        body: The whole answer in OpenAI's shape; a stream is made of it again on replay.
        model: The candidate that answered (must still be one on a hit).
        cost: What it cost then, None if unknown: what a hit saves.
    """

    body: JsonObject
    model: str
    usage: Usage
    cost: Decimal | None
    created: float


class Cache(Protocol):
    """Bounded by entries, bytes and age. Errors count as misses."""

    async def get(self, key: str) -> CacheEntry | None:
        """The entry, unless it is too old."""
        ...

    async def put(self, key: str, entry: CacheEntry, ttl: float) -> None:
        """Keep `entry` for `ttl` seconds."""
        ...

    async def purge(self, prefix: str = "") -> int:
        """Forget entries whose key starts with `prefix`; returns how many."""
        ...
