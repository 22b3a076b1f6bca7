"""What people do with alerts: look, acknowledge, try a channel."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from ...errors import MeshError, NotFound, StoreUnavailable
from ...schemas.alerts import (
    Alert,
    AlertKind,
    AlertPage,
    AlertSummary,
    ChannelTest,
    Listed,
)
from ...schemas.principal import Principal
from ...storage.alerts import Channels, Seen, SqlAlerts
from .book import AlertBook
from .courier import Courier


class AlertDesk:
    """Handed out by `Mesh.alerts`; the routes see to it that only who may gets here."""

    def __init__(
        self,
        store: SqlAlerts,
        book: AlertBook,
        courier: Courier,
        channels: Callable[[], Channels],
    ) -> None:
        self._store = store
        self._book = book
        self._courier = courier
        self._channels = channels

    async def page(
        self,
        *,
        state: Listed = "open",
        kind: AlertKind | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> AlertPage:
        """Alerts, the one opened last first; while the store fails, what this gateway sees itself.

        Raises:
            InvalidRequest: `before` is not the `next` of a page.
        """
        with suppress(StoreUnavailable):
            await self._book.flush()
        try:
            return await self._store.page(state=state, kind=kind, before=before, limit=limit)
        except StoreUnavailable:
            seen = [_unsaved(one) for one in self._book.unsaved.values() if not one.ended]
            if not seen:
                raise
            fits = [one for one in seen if kind in (None, one.kind) and state in ("open", "all")]
            return AlertPage(alerts=fits, next=None)

    async def acknowledge(self, principal: Principal, id: str) -> Alert:
        """Say that one looks after it.

        Raises:
            NotFound: There is none.
            StoreUnavailable: It could not be noted.
        """
        alert = await self._store.acknowledge(id, principal.user, datetime.now(UTC))
        self._book.changed.set()
        return alert

    async def summary(self) -> AlertSummary:
        """How many are open, by severity."""
        with suppress(StoreUnavailable):
            await self._book.flush()
        try:
            return await self._store.summary()
        except StoreUnavailable:
            seen = [_unsaved(one) for one in self._book.unsaved.values() if not one.ended]
            counts = {
                name: sum(one.severity == name for one in seen)
                for name in ("info", "warning", "critical")
            }
            return AlertSummary(**counts, acknowledged=0)

    async def test(self, name: str) -> ChannelTest:
        """Send a message for trial over a channel.

        Raises:
            NotFound: There is no channel of this name.
        """
        rule = self._channels().get(name)
        if rule is None:
            raise NotFound(f"There is no channel {name[:80]!r}.")
        began, error = time.perf_counter(), None
        try:
            await self._courier.send(rule, _trial(name), "opened", f"test.{secrets.token_hex(8)}")
        except MeshError as failure:
            error = failure.message
        return ChannelTest(
            ok=error is None, latency_ms=(time.perf_counter() - began) * 1000, error=error
        )


def _trial(channel: str) -> Alert:
    now = datetime.now(UTC)
    return Alert(
        id="alert_test",
        kind="outage",
        severity="info",
        subject="nothing",
        title="This is a test",
        text=f"Somebody tries whether the channel {channel!r} works. Nothing is wrong.",
        count=1,
        first_seen=now,
        last_seen=now,
        state="open",
        reopened=0,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_at=None,
        deliveries=[],
    )


def _unsaved(seen: Seen) -> Alert:
    """An alert that could not be written yet."""
    signal = seen.signal
    return Alert(
        id=f"unsaved_{seen.kind}",
        kind=seen.kind,
        severity=signal.severity if signal else "info",
        subject=seen.subject,
        title=signal.title if signal else seen.subject,
        text=signal.text if signal else "",
        count=seen.count,
        first_seen=seen.first,
        last_seen=seen.last,
        state="open",
        reopened=0,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_at=None,
        deliveries=[],
    )
