"""Tells channels of alerts: claimed by one gateway, tried again with growing pauses, given up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta

from ...errors import MeshError, StoreUnavailable
from ...reporting import egress
from ...reporting.egress import Egress, NotDelivered
from ...reporting.email import send_mail
from ...reporting.slack import send_slack
from ...reporting.webhook import send_webhook
from ...schemas.alerts import About, Alert
from ...schemas.channels import ChannelRule, EmailChannel, WebhookChannel
from ...spi.secrets import SecretStore
from ...storage.alert_deliveries import Claimed, claim, settle
from ...storage.alerts import Channels, SqlAlerts
from .book import AlertBook, Key
from .unsaved import unsaved_alert

PAUSES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800))
"""Before each further try; after the last one it is given up."""
_LEASE = timedelta(seconds=90)
"""After so long whoever claimed a message must be dead: no try takes half of it."""
_POLL = 5.0
"""Seconds until what another gateway left, or what is to be tried again, is looked for."""
_LAST_SECONDS = 5.0
"""For what is on its way when the mesh closes."""

_log = logging.getLogger("jupyter_mesh")


class Courier:
    """Args:
    store: Where alerts and deliveries are kept.
    secrets: Resolves passwords and secret addresses.
    channels: Those in force now.
    book: Says when there may be something to tell, and what the store does not take.
    """

    def __init__(
        self,
        store: SqlAlerts,
        secrets: SecretStore,
        channels: Callable[[], Channels],
        book: AlertBook,
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._channels = channels
        self._book = book
        self._sending: set[asyncio.Task[None]] = set()
        self._next_poll = 0.0
        self._direct: dict[tuple[Key, str], float] = {}

    async def work(self) -> None:
        """Begin to tell whatever is due; waits for nobody."""
        channels = self._channels()
        if not channels or not (self._book.changed.is_set() or time.monotonic() > self._next_poll):
            return
        self._book.changed.clear()
        self._next_poll = time.monotonic() + _POLL
        if self._book.stuck:
            self._tell_directly(channels)
            return
        self._direct.clear()
        for one in await claim(self._store.reader, channels.keys(), datetime.now(UTC), _LEASE):
            self._begin(self._deliver(one))

    async def send(self, rule: ChannelRule, alert: Alert, about: About, delivery: str) -> None:
        """Send one message now.

        Raises:
            NotDelivered: It did not arrive.
            ConfigError: A secret it needs is not there.
        """
        if isinstance(rule, EmailChannel):
            password = self._secret(rule.password)
            await send_mail(rule, password, alert, about, delivery)
            return
        way = Egress(private=rule.private, ca_file=rule.ca_file, seconds=egress.SECONDS)
        url = rule.url if "://" in rule.url else self._secrets.resolve(rule.url)
        if isinstance(rule, WebhookChannel):
            await send_webhook(way, url, self._secret(rule.secret), alert, about, delivery)
        else:
            await send_slack(way, url, alert, about)

    async def aclose(self) -> None:
        """Let end what is on its way, for a few seconds."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=_LAST_SECONDS)
            for task in late:
                task.cancel()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _secret(self, reference: str | None) -> str | None:
        return None if reference is None else self._secrets.resolve(reference)

    async def _deliver(self, one: Claimed) -> None:
        rule = self._channels().get(one.channel)
        error: str | None = None
        try:
            if rule is None:
                raise NotDelivered("There is no such channel any more.")
            alert = await self._store.one(one.alert)
            await self.send(rule, alert, one.about, f"{one.alert}.{one.opening}.{one.about}")
        except MeshError as failure:
            error = failure.message
            _log.warning("The channel %r could not be told: %s", one.channel, error)
        again = PAUSES[one.attempts - 1] if one.attempts <= len(PAUSES) else None
        try:
            await settle(self._store.reader, one, datetime.now(UTC), error, again)
        except StoreUnavailable as failure:
            _log.warning("What came of an alert could not be noted: %s", failure)

    def _tell_directly(self, channels: Channels) -> None:
        """Without a store nobody can be asked who tells: each gateway does, once."""
        now = time.monotonic()
        for key, seen in list(self._book.unsaved.items()):
            alert = unsaved_alert(seen)
            for name, rule in channels.items():
                wanted = rule.wants(alert.kind, alert.severity) and name not in seen.told
                if not wanted or seen.ended or now < self._direct.get((key, name), 0.0):
                    continue
                self._direct[key, name] = now + PAUSES[1].total_seconds()
                self._begin(self._deliver_directly(key, name, rule, alert))

    async def _deliver_directly(self, key: Key, name: str, rule: ChannelRule, alert: Alert) -> None:
        try:
            await self.send(rule, alert, "opened", f"{alert.id}.{alert.first_seen.timestamp():.0f}")
        except MeshError as failure:
            _log.warning("The channel %r could not be told: %s", name, failure.message)
        else:
            self._book.told(key, name)
