"""Which gateways are alive, by advisory locks: PostgreSQL gives them back when a session ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import NamedTuple

from .location import Cursor

GRACE_SECONDS = 25.0
"""A writer is dead when nobody has held its lock for so long: one that only lost its connection is
back before, since it looks every ten seconds.
"""


class _Missing(NamedTuple):
    """When a writer's lock was first found free, by the own clock, and its latest sign of life."""

    since: float
    heartbeat: int


class SessionPresence:
    """`location.Presence` over PostgreSQL. Clocks of other machines do not matter.

    Args:
        writer: 16 hexadecimal digits.
        clock: Seconds, never going back.
    """

    def __init__(self, writer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._writer = writer
        self._clock = clock
        self._missing: dict[str, _Missing] = {}

    def announce(self, cursor: Cursor) -> None:
        # Held once, however often it is asked for, and by whichever session of this gateway asks.
        cursor.execute(
            "SELECT pg_try_advisory_lock(?) WHERE NOT EXISTS (SELECT 1 FROM pg_locks WHERE "
            "locktype = 'advisory' AND pid = pg_backend_pid() AND granted "
            "AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = ?)",
            (_key(self._writer), _key(self._writer)),
        )

    @contextmanager
    def taken_over(self, cursor: Cursor, writer: str, heartbeat: int) -> Generator[bool]:
        """The lock is held until the transaction ends."""
        cursor.execute(
            "SELECT CASE WHEN pg_try_advisory_xact_lock(?) THEN 1 ELSE 0 END", (_key(writer),)
        )
        if cursor.fetchone() != (1,):
            self._missing.pop(writer, None)
            yield False
            return
        missing = self._missing.get(writer)
        if missing is None or missing.heartbeat != heartbeat:
            missing = self._missing[writer] = _Missing(self._clock(), heartbeat)
        yield self._clock() - missing.since >= GRACE_SECONDS

    def withdraw(self) -> None:
        """The lock goes with the connection."""


def _key(writer: str) -> int:
    """The id as the signed number that names a lock."""
    return int.from_bytes(bytes.fromhex(writer), signed=True)
