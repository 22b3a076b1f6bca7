"""Questions that were answered, for several gateways: each compares in memory what all of them add.

Redis holds a stream of sealed questions and of what was forgotten. Before it compares, a gateway
reads what has come since it last did.
"""

from __future__ import annotations

import asyncio
from array import array
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

import orjson

from ..spi.similar import Question
from .cache_seal import CacheSeal
from .memory_similar import MemorySimilar
from .shared import Shared

_AT_ONCE = 200
_FIELD = b"sealed"


class RedisSimilar:
    """`spi.SimilarQuestions` over Redis.

    Args:
        shared: Where.
        seal: How questions are sealed.
        max_entries: At most so many, here and in Redis.
    """

    def __init__(self, shared: Shared, seal: CacheSeal, max_entries: int) -> None:
        self._shared = shared
        self._seal = seal
        self._max_entries = max_entries
        self._memory = MemorySimilar(max_entries)
        self._stream = shared.key("similar")
        self._last = b"0"
        self._places: dict[str, bytes] = {}
        self._reading = asyncio.Lock()

    def resize(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._memory.resize(max_entries)

    async def nearest(
        self, partitions: Sequence[str], vector: array[float], traits: str, threshold: float
    ) -> tuple[Question, float] | None:
        await self._read()
        return await self._memory.nearest(partitions, vector, traits, threshold)

    async def put(self, question: Question) -> None:
        fields = asdict(question) | {"vector": b64encode(question.vector.tobytes()).decode()}
        await self._add(orjson.dumps(fields))

    async def purge(self, *, model: str | None = None, owner: str | None = None) -> int:
        await self._read()
        before = dict(self._places)
        await self._add(orjson.dumps({"forget": {"model": model, "owner": owner}}))
        await self._read()
        gone = [place for one, place in before.items() if one not in self._places]
        if gone:
            await self._shared.command("XDEL", self._stream, *gone)
        return len(gone)

    async def _add(self, plain: bytes) -> None:
        sealed = self._seal.seal_bytes(self._stream, plain)
        bound = ("MAXLEN", "~", self._max_entries)
        await self._shared.command("XADD", self._stream, *bound, "*", _FIELD, sealed)

    async def _read(self) -> None:
        """Take over what was added, in the order in which it was."""
        async with self._reading:
            while True:
                since = b"(" + self._last
                found = await self._shared.command(
                    "XRANGE", self._stream, since, "+", "COUNT", _AT_ONCE
                )
                entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", found)
                for place, fields in entries:
                    await self._take(place, fields[_FIELD])
                    self._last = place
                if len(entries) < _AT_ONCE:
                    return

    async def _take(self, place: bytes, sealed: bytes) -> None:
        plain = self._seal.open_bytes(self._stream, sealed)
        if plain is None:  # sealed under another key, or not by a gateway
            return
        fields = orjson.loads(plain)
        if (wanted := fields.get("forget")) is not None:
            await self._memory.purge(**wanted)
            held = self._memory.ids()
            self._places = {one: at for one, at in self._places.items() if one in held}
            return
        vector = array("f")
        vector.frombytes(b64decode(fields.pop("vector")))
        question = Question(**fields, vector=vector)
        await self._memory.put(question)
        self._places[question.id] = place
