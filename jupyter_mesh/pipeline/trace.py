"""The trace a call is a part of: the names of its spans are decided before anything is sent, so
that whoever answers can go on with them.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""


@dataclass(slots=True)
class Try:
    """One try at an answer.

    Attributes:
        model: `connection/name` of who was asked.
        span: 16 hexadecimal digits.
        traceparent: The header by which whoever was asked goes on with it.
        began: In Unix nanoseconds; `ended` likewise, 0 while it runs.
        error: Why it failed; None where it did not, or was given up by who asked.
    """

    model: str
    span: str
    traceparent: str
    began: int
    ended: int = 0
    error: str | None = None


@dataclass(slots=True)
class Trace:
    """What is noted of a call while traces are made.

    Attributes:
        id: 32 hexadecimal digits.
        span: Of the call itself, 16 hexadecimal digits.
        above: The span it was made in; empty where it begins the trace.
        sampled: False where its caller wants no spans of it.
    """

    id: str
    span: str
    above: str = ""
    sampled: bool = True
    tries: list[Try] = field(default_factory=list[Try])

    @classmethod
    def continued(cls, traceparent: str | None) -> Trace:
        """The trace that the caller's header names; a new one where it is missing or wrong."""
        above = _TRACEPARENT.fullmatch(traceparent or "")
        if above is None:
            return cls(secrets.token_hex(16), secrets.token_hex(8))
        sampled = bool(int(above[3], 16) & 1)
        return cls(above[1], secrets.token_hex(8), above[2], sampled)

    def nested(self) -> Trace:
        """Of a call that is made for this one."""
        return Trace(self.id, secrets.token_hex(8), self.span, self.sampled)

    def begin(self, model: str) -> Try:
        """A try at `model` begins now."""
        span = secrets.token_hex(8)
        traceparent = f"00-{self.id}-{span}-{'01' if self.sampled else '00'}"
        one = Try(model, span, traceparent, time.time_ns())
        self.tries.append(one)
        return one
