"""What people do with alerts: look, acknowledge, try a channel."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from ...errors import MeshError, NotFound, StoreUnavailable
from ...schemas.alerts import (
    Alert,
    AlertKind,
    AlertPage,
    AlertSummary,
    ChannelKinds,
    ChannelTest,
    Listed,
)
from ...schemas.principal import Principal
from ...storage.alerts import Channels, SqlAlerts
from .book import AlertBook
from .channel_forms import channel_kinds
from .courier import Courier
from .unsaved import unsaved_alert


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

    def kinds(self) -> ChannelKinds:
        """The kinds of channels there are, as forms."""
        return channel_kinds()

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
        unsaved = await self._unsaved()
        fits = [one for one in unsaved if kind in (None, one.kind) and state in ("open", "all")]
        try:
            page = await self._store.page(state=state, kind=kind, before=before, limit=limit)
        except StoreUnavailable:
            if not unsaved:
                raise
            return AlertPage(alerts=fits, next=None)
        if before is not None or not fits:
            return page
        known = {(one.kind, one.subject) for one in fits}
        rest = [one for one in page.alerts if (one.kind, one.subject) not in known]
        return AlertPage(alerts=fits + rest, next=page.next)

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
        counts = Counter(one.severity for one in await self._unsaved())
        try:
            kept = await self._store.summary()
        except StoreUnavailable:
            kept = AlertSummary(info=0, warning=0, critical=0, acknowledged=0)
        return AlertSummary(
            info=kept.info + counts["info"],
            warning=kept.warning + counts["warning"],
            critical=kept.critical + counts["critical"],
            acknowledged=kept.acknowledged,
        )

    async def _unsaved(self) -> list[Alert]:
        """What is seen and the store does not take."""
        await self._book.work()
        return [unsaved_alert(one) for one in self._book.unsaved.values() if not one.ended]

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
