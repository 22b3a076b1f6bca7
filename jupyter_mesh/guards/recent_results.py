"""What services said of texts lately, by a hash of the text: never the text itself."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")

_MOST = 200_000
"""Results and findings together; a text may hold thousands of findings."""


class _Kept(NamedTuple):
    until: float
    size: int


class RecentResults(Generic[Value]):
    """Results by text, for a while; the key of the hash is this object's own.

    Args:
        seconds: How long; 0: nothing is kept.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._secret = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[_Kept, Value]] = OrderedDict()
        self._size = 0

    def get(self, text: str) -> Value | None:
        """What was kept for `text`; None where that is nothing or too old."""
        found = self._kept.get(self._name(text)) if self._kept else None
        return found[1] if found is not None and found[0].until > time.monotonic() else None

    def keep(self, text: str, value: Value, findings: int = 0) -> None:
        """Keep `value` for `text`, in place of the oldest where there is too much.

        Args:
            text: Of which only a hash is kept.
            value: The result.
            findings: How many it holds.
        """
        size = 1 + findings
        if not self._seconds or size > _MOST:
            return
        name = self._name(text)
        self._forget(name)
        while self._size + size > _MOST:
            self._forget(next(iter(self._kept)))
        self._kept[name] = (_Kept(time.monotonic() + self._seconds, size), value)
        self._size += size

    def _forget(self, name: bytes) -> None:
        if (old := self._kept.pop(name, None)) is not None:
            self._size -= old[0].size

    def _name(self, text: str) -> bytes:
        raw = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(raw, key=self._secret, digest_size=32).digest()
