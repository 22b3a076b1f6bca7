"""Which numbers the placeholders of a conversation have, so that they stay the same turn after turn
also where a caller leaves old turns out. Of the values nothing is kept but keyed hashes.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import TypeAlias

_MOST_THREADS = 2_000
_MOST_NUMBERS = 2_000
"""Of one thread; what comes after that is numbered in each call anew."""

Thread: TypeAlias = tuple[str, str, str]
"""Whose it is, through which application, and what they call it."""


class Numbers:
    """Those of one conversation."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._given: dict[bytes, int] = {}
        self._last: dict[str, int] = {}

    def of(self, entity: str, value: str) -> int | None:
        """What `value` was given, if it was."""
        return self._given.get(self._hash(entity, value))

    def last(self, entity: str) -> int:
        """The highest that an entity was given."""
        return self._last.get(entity, 0)

    def give(self, entity: str, value: str, number: int) -> None:
        """Keep that `value` has `number`."""
        if len(self._given) < _MOST_NUMBERS:
            self._given[self._hash(entity, value)] = number
            self._last[entity] = max(number, self.last(entity))

    def _hash(self, entity: str, value: str) -> bytes:
        said = f"{entity}\0{value}".encode(errors="surrogatepass")
        return blake2b(said, key=self._key, digest_size=16).digest()


class Threads:
    """The conversations of this process that were used last."""

    def __init__(self, key: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._key = key(32)
        self._threads: OrderedDict[Thread, Numbers] = OrderedDict()

    def numbers(self, thread: Thread) -> Numbers:
        """Those of `thread`; new ones where it is not known."""
        numbers = self._threads.get(thread)
        if numbers is None:
            numbers = self._threads[thread] = Numbers(self._key)
            if len(self._threads) > _MOST_THREADS:
                self._threads.popitem(last=False)
        else:
            self._threads.move_to_end(thread)
        return numbers
