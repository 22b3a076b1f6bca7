"""Takes signals from anywhere without a wait, and keeps them as alerts."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ...errors import StoreUnavailable
from ...schemas.alerts import AlertKind, Signal
from ...storage.alerts import Channels, Seen, SqlAlerts

_MOST = 1000
"""Conditions that wait at once; more would only be noise."""

_log = logging.getLogger("jupyter_mesh")
Key = tuple[AlertKind, str]


class AlertBook:
    """The signals of a gateway: those of one condition add up in memory until they are written.

    Args:
        store: Where alerts are kept.
        channels: Those in force now.

    Attributes:
        lost: Signals dropped because too much waited.
        changed: Set when there may be something to tell.
        stuck: The store did not take what was seen last.
    """

    def __init__(self, store: SqlAlerts, channels: Callable[[], Channels]) -> None:
        self._store = store
        self._channels = channels
        self._writing = asyncio.Lock()
        self._waiting: dict[Key, Seen] = {}
        self._tried: tuple[str, dict[Key, Seen]] | None = None
        self.lost = 0
        self.changed = asyncio.Event()
        self.stuck = False

    @property
    def unsaved(self) -> dict[Key, Seen]:
        """What is seen and not known to be written, by kind and subject."""
        if self._tried is None:
            return self._waiting
        unsaved = dict(self._tried[1])
        for key, one in self._waiting.items():
            before = unsaved.get(key)
            unsaved[key] = one if before is None else _joined(before, one)
        return unsaved

    def raised(self, signal: Signal) -> None:
        """A condition was seen."""
        now = datetime.now(UTC)
        key: Key = (signal.kind, signal.subject)
        before = self._waiting.get(key)
        if before is None:
            if len(self._waiting) >= _MOST:
                self.lost += signal.count
                return
            before = Seen(signal=signal, kind=key[0], subject=key[1], count=0, first=now, last=now)
        count = before.count + signal.count
        self._waiting[key] = replace(before, signal=signal, count=count, last=now, ended=False)

    def ended(self, kind: AlertKind, subject: str) -> None:
        """A condition is over."""
        self.end(kind, subject, datetime.now(UTC))

    def end(self, kind: AlertKind, subject: str, not_after: datetime) -> None:
        """A condition is over, unless it was seen after a moment."""
        key: Key = (kind, subject)
        before = self._waiting.get(key)
        if before is None:
            if len(self._waiting) >= _MOST:
                return
            before = Seen(
                signal=None, kind=kind, subject=subject, count=0, first=not_after, last=not_after
            )
        elif before.last > not_after:
            return
        self._waiting[key] = replace(before, last=not_after, ended=True)

    async def work(self) -> None:
        """Write what came; what the store does not take waits for the next time."""
        try:
            await self.flush()
        except StoreUnavailable as error:
            if not self.stuck:
                _log.warning("Alerts cannot be kept: %s", error)
            self.stuck = True
            self.changed.set()

    def told(self, key: Key, channel: str) -> None:
        """A channel was told of what is not written yet."""
        for some in (self._tried[1] if self._tried else {}, self._waiting):
            if (seen := some.get(key)) is not None:
                some[key] = replace(seen, told=seen.told | {channel})

    async def flush(self) -> None:
        """Write what was seen. What the store does not take is tried again the next time, under the
        same name: it may have been counted all the same.

        Raises:
            StoreUnavailable: The store cannot be written.
        """
        async with self._writing:
            await self._save()
            if self._waiting:
                self._tried, self._waiting = (secrets.token_hex(16), self._waiting), {}
                await self._save()

    async def _save(self) -> None:
        if self._tried is not None:
            name, seen = self._tried
            # The values as they are when they are written: who is told meanwhile is not told again.
            await self._store.save(seen.values(), self._channels(), datetime.now(UTC), name)
            self._tried = None
            self.stuck = False
            self.changed.set()


def _joined(before: Seen, after: Seen) -> Seen:
    return replace(
        after,
        signal=after.signal or before.signal,
        count=before.count + after.count,
        first=before.first,
        told=before.told | after.told,
    )
