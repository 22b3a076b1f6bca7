"""Where answers are kept for a while. A cache may miss; it may never lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        created: When, in seconds since 1970.
        owner: The user whose call it was.
    """

    body: JsonObject
    model: str
    usage: Usage
    cost: Decimal | None
    created: float
    owner: str = ""


class Cache(Protocol):
    """Bounded by entries, bytes and age. Errors count as misses."""

    async def get(self, keys: Sequence[str]) -> dict[str, CacheEntry]:
        """Those of the entries that are there and not too old."""
        ...

    async def put(self, entries: Mapping[str, CacheEntry], ttl: float) -> None:
        """Keep `entries` for `ttl` seconds."""
        ...

    async def purge(self, *, model: str | None = None, owner: str | None = None) -> int:
        """Forget what this model answered and this user asked, None: any; returns how many."""
        ...

    def resize(self, max_entries: int, max_bytes: int) -> None:
        """Keep no more than this from now on."""
        ...
