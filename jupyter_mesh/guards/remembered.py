"""What was found in texts lately, by a hash of the text: never the text itself."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")

_MOST = 20_000


class Remembered(Generic[Value]):
    """Values by text, for a while; the key of the hash is this object's own.

    Args:
        seconds: How long; 0: nothing is kept.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._secret = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[float, Value]] = OrderedDict()

    def get(self, text: str) -> Value | None:
        """What was kept for `text`; None where that is nothing or too old."""
        if not self._seconds:
            return None
        found = self._kept.get(self._name(text))
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def keep(self, text: str, value: Value) -> None:
        """Keep `value` for `text`, in place of the oldest where there are too many."""
        if not self._seconds:
            return
        name = self._name(text)
        self._kept.pop(name, None)
        self._kept[name] = (time.monotonic() + self._seconds, value)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def _name(self, text: str) -> bytes:
        raw = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(raw, key=self._secret, digest_size=32).digest()
