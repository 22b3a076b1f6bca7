"""Tells channels of alerts: claimed by one gateway, tried again with growing pauses, given up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ...errors import MeshError, StoreUnavailable
from ...reporting.egress import Egress, NotDelivered
from ...reporting.email import send_mail
from ...reporting.slack import send_slack
from ...reporting.webhook import send_webhook
from ...schemas.alerts import About, Alert
from ...schemas.channels import ChannelRule, EmailChannel, WebhookChannel
from ...spi.secrets import SecretStore
from ...storage.alert_deliveries import Claimed, claim, settle
from ...storage.alerts import Channels, SqlAlerts

PAUSES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800))
"""Before each further try; after the last one it is given up."""
LEASE = timedelta(seconds=90)
"""After so long whoever claimed a message must be dead: no try takes half of it."""
_POLL = 5.0
"""Seconds until what another gateway left, or what is to be tried again, is looked for."""

_log = logging.getLogger("jupyter_mesh")


class Courier:
    """Args:
    store: Where alerts and deliveries are kept.
    secrets: Resolves passwords and secret addresses.
    channels: Those in force now.
    changed: Set when there may be something to tell.
    """

    def __init__(
        self,
        store: SqlAlerts,
        secrets: SecretStore,
        channels: Callable[[], Channels],
        changed: asyncio.Event,
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._channels = channels
        self._changed = changed

    async def run(self) -> None:
        """Tell whatever is due, for ever."""
        sending: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._changed.clear()
                for one in await self._due():
                    task = asyncio.create_task(self._deliver(one))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
                try:
                    async with asyncio.timeout(_POLL):
                        await self._changed.wait()
                except TimeoutError:
                    pass
        finally:
            for task in sending:
                task.cancel()

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
        egress = Egress(private=rule.private, ca_file=rule.ca_file)
        url = self._address(rule.url)
        if isinstance(rule, WebhookChannel):
            await send_webhook(egress, url, self._secret(rule.secret), alert, about, delivery)
        else:
            await send_slack(egress, url, alert, about)

    def _secret(self, reference: str | None) -> str | None:
        return None if reference is None else self._secrets.resolve(reference)

    def _address(self, written: str) -> str:
        return written if "://" in written else self._secrets.resolve(written)

    async def _due(self) -> list[Claimed]:
        channels = self._channels()
        try:
            return await claim(self._store.reader, channels.keys(), datetime.now(UTC), LEASE)
        except StoreUnavailable as error:
            _log.warning("Alerts wait to be told: %s", error)
            return []

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
