"""Conditions that nobody announces: looked at every half minute, and whether open ones are over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ...errors import StoreUnavailable
from ...pipeline.windows import window_of
from ...schemas.alerts import AlertKind, Signal
from ...schemas.json import as_str
from ...schemas.performance import Grouping
from ...schemas.policy import BudgetRule
from ...schemas.principal import Principal, Scope
from ...schemas.raises import raised
from ...storage.alerts import Live, SqlAlerts
from ...storage.journal import SqlJournal
from ..key_holders import in_utc
from ..performance_reports import PerformanceReports
from ..price_age import Outdated, outdated
from .book import AlertBook
from .watcher import OUT_OF_ORDER, unrecorded

if TYPE_CHECKING:
    from ..parts import Parts

_SOON = timedelta(days=14)
"""A key that ends within this time."""
_CALM: dict[AlertKind, timedelta] = {
    "limit": timedelta(minutes=15),
    "guard": timedelta(days=1),
    "moderation": timedelta(days=1),
    "sink": timedelta(minutes=10),
    "audit": timedelta(minutes=2),
}
"""What is an event and not a state is over when it was not seen for so long. What a gateway keeps
telling of itself is over when it does not any more.
"""
_REPAIRED = timedelta(minutes=5)
"""A part that was out of order and has not been for so long works again."""
_DAY = timedelta(days=1)
_MESH = Principal(user="mesh", scopes=frozenset({Scope.AUDIT}))


class Conditions:
    """Args:
    parts: Of the mesh that is watched.
    store: Where alerts are kept.
    book: Takes what is found.
    """

    def __init__(self, parts: Parts, store: SqlAlerts, book: AlertBook) -> None:
        self._parts = parts
        self._store = store
        self._book = book
        self._reports = PerformanceReports(parts)
        self._recording = True

    async def look_at_journal(self) -> None:
        """Whether calls can be recorded."""
        journal = self._parts.journal
        if not journal.healthy and self._recording:
            self._book.raised(_unrecorded(journal))
        elif journal.healthy and not self._recording:
            self._book.ended("audit", "store")
        self._recording = journal.healthy

    async def look(self) -> None:
        """Raise what is found, and end what is over.

        Raises:
            StoreUnavailable: The store cannot be read.
        """
        began = datetime.now(UTC)
        live = await self._store.live()
        known = {(one.kind, one.subject, one.severity) for one in live}
        broken = await self._broken_promises(began)
        old = self._old_prices(began)
        signals = (_prices_outdated(one) for one in old.values())
        for signal in (*self._ending_keys(began), *broken.values(), *signals):
            if (signal.kind, signal.subject, signal.severity) not in known:
                self._book.raised(signal)
        if not self._parts.journal.healthy:
            self._book.raised(_unrecorded(self._parts.journal))
        for alert in live:
            if alert.kind == "prices":
                over = alert.subject not in old
            else:
                over = await self._over(alert, began, broken)
            if over:
                self._book.end(alert.kind, alert.subject, max(began, alert.last_seen))

    def _ending_keys(self, now: datetime) -> Iterator[Signal]:
        for rule in self._parts.governance.config.keys:
            if rule.expires is None or (ends := in_utc(rule.expires)) > now + _SOON:
                continue
            over = ends <= now
            yield Signal(
                kind="key_expiring",
                subject=rule.name,
                severity="critical" if over else "warning",
                title=f"The API key {rule.name} {'has ended' if over else 'ends soon'}",
                text=f"It ends at {ends:%Y-%m-%d %H:%M} UTC; {rule.application} uses it. Make "
                "a new one on the API keys page and revoke this one.",
            )

    def _old_prices(self, now: datetime) -> dict[str, Outdated]:
        models = self._parts.catalogue_keeper.snapshot.models.values()
        return outdated(models, self._parts.governance.config.prices, now)

    async def _broken_promises(self, now: datetime) -> dict[str, Signal]:
        """What is promised and not held, by what it is about."""
        broken: dict[str, Signal] = {}
        by: Grouping
        for by in ("model", "connection"):
            if not any(getattr(rule, by) for rule in self._parts.governance.config.slos):
                continue
            report = await self._reports.report(_MESH, since=now - _DAY, until=now, by=by)
            for row in report.rows:
                if row.breaches:
                    subject = f"{by} {row.key}"
                    broken[subject] = _broken(subject, row.breaches)
        return broken

    async def _over(self, alert: Live, now: datetime, broken: Mapping[str, Signal]) -> bool:
        parts = self._parts
        if alert.subject == OUT_OF_ORDER:
            return now - alert.last_seen > _REPAIRED
        if alert.kind == "guard" and self._is_gone(alert):
            return True
        if (calm := _CALM.get(alert.kind)) is not None:
            return now - alert.last_seen > calm
        if alert.kind == "slo":
            return alert.subject not in broken
        if alert.kind == "unpriced":
            model = parts.catalogue_keeper.snapshot.models.get(alert.subject)
            return model is None or model.facts.price is not None
        if alert.kind == "key_expiring":
            keys = {key.name: key.expires for key in parts.governance.config.keys}
            ends = keys.get(alert.subject)
            return ends is None or in_utc(ends) > now + _SOON
        if alert.kind == "outage":
            return self._answers(alert)
        if alert.kind in ("budget_near", "budget_reached"):
            return await self._budget_is_over(alert, now)
        return False

    def _is_gone(self, alert: Live) -> bool:
        """Whether it is about a guard that there is no more."""
        name = as_str(alert.details.get("guard"))
        guards = self._parts.guards
        return name is not None and name not in guards.detectors and name not in guards.judges

    def _answers(self, alert: Live) -> bool:
        """Whether a model has answered since, or is there no more."""
        if alert.subject not in self._parts.catalogue_keeper.snapshot.models:
            return True
        seen = alert.last_seen.timestamp()
        health = self._parts.health
        good = any(one.ok and one.at > seen for one in health.samples(alert.subject))
        return good and health.healthy(alert.subject)

    async def _budget_is_over(self, alert: Live, now: datetime) -> bool:
        """Whether its window has ended, its rule is gone, or it was raised."""
        key, start = as_str(alert.details.get("key")), as_str(alert.details.get("window_start"))
        if key is None or start is None:
            return True
        snapshot = self._parts.catalogue_keeper.snapshot
        rule = _rule_of(key, snapshot.budgets)
        began = datetime.fromisoformat(start)
        if rule is None or window_of(rule, now)[0] != began:
            return True
        rule, _ = raised(rule, key.removeprefix(f"{rule.ledger_name}|"), snapshot.raises, now)
        if alert.kind == "budget_reached":
            return rule.limit_usd > Decimal(as_str(alert.details.get("limit_usd")) or 0)
        try:
            found = await self._parts.history.spent([(key, began)])
        except StoreUnavailable:
            return False
        spent = found.get((key, began), (Decimal(0), Decimal(0)))[0]
        return not any(spent >= amount for _, amount in rule.alert_amounts)


def _rule_of(key: str, rules: Sequence[BudgetRule]) -> BudgetRule | None:
    return next((rule for rule in rules if key.startswith(f"{rule.ledger_name}|")), None)


def _unrecorded(journal: SqlJournal) -> Signal:
    return unrecorded(f"The store cannot be written: {journal.trouble}.")


def _broken(subject: str, breaches: Sequence[str]) -> Signal:
    return Signal(
        kind="slo",
        subject=subject,
        severity="warning",
        title=f"What is promised of {subject} is not held",
        text=f"Over 24 hours {'; '.join(breaches)}. See the Performance page.",
    )


def _prices_outdated(prices: Outdated) -> Signal:
    step = (
        "Look at what the vendor asks for now, correct it at the connection and write the day "
        "under `checked`"
        if prices.own
        else "Install a newer one (`pip install --upgrade genai-prices`), or write your own prices "
        "at the connections"
    )
    return Signal(
        kind="prices",
        subject=prices.subject,
        severity="warning",
        title=f"Nobody has looked at {prices.subject} since {prices.as_of}",
        text=f"{prices.words()} {step}; `prices.outdated_after` says when this is told.",
    )
