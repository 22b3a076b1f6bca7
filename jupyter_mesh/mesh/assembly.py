"""Putting the parts together: the only place that knows them all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from ..config import Config, HourlyCost
from ..errors import ConfigError, Conflict, MeshError, ProviderUnavailable, StoreUnavailable
from ..pipeline.audit import Audit
from ..pipeline.authorize import Authorize
from ..pipeline.budget import Budget
from ..pipeline.cache import Cached
from ..pipeline.call import Call
from ..pipeline.headroom import Headroom
from ..pipeline.health import Health, Sample
from ..pipeline.limit import Limit
from ..pipeline.moderate import Moderate
from ..pipeline.order import ORDER
from ..pipeline.price import PriceStep
from ..pipeline.resolve import Resolve
from ..pipeline.route import Route
from ..pipeline.screen import Screen
from ..pipeline.step import Next, Step, compose
from ..prices import standard_prices
from ..schemas.policy import SinkRule, TelemetryRule
from ..schemas.setting import Kind
from ..serving import Supervisor
from ..spi.happenings import Happenings
from ..spi.provider import Provider
from ..storage.alerts import Channels, SqlAlerts
from ..storage.configured import configured_location
from ..storage.history import SqlHistory
from ..storage.journal import SqlJournal
from ..storage.performance import SqlPerformance
from ..storage.secrets import Secrets
from ..storage.settings import SqlSettings
from ..storage.sink_cursors import SinkCursors
from .alerting import AlertBook, AlertDesk, Conditions, Courier, Watcher
from .catalogue import Catalogue
from .governance import Governance
from .key_holders import KeyHolder, key_holders
from .nested import NestedCalls
from .offers import Offers, Withhold, cancelled
from .performance import PerformanceBook
from .plugins import Plugins
from .sinks import Sinks
from .snapshots import SnapshotKeeper, guards_of
from .state import RENEW_SECONDS, State, open_state
from .tracing import Tracer, telemetry_of

_log = logging.getLogger("jupyter_mesh")


@dataclass(slots=True, kw_only=True)
class Parts:
    """Everything a running mesh is made of."""

    journal: SqlJournal
    history: SqlHistory
    catalogue: Catalogue
    catalogue_keeper: SnapshotKeeper
    health: Health
    offers: Offers
    pipeline: Next
    secrets: Secrets
    plugins: Plugins
    state: State
    performance: PerformanceBook
    happenings: Happenings
    alerts: AlertBook
    alert_store: SqlAlerts
    alert_desk: AlertDesk = field(init=False)
    courier: Courier = field(init=False)
    conditions: Conditions = field(init=False)
    watcher: Watcher = field(init=False)
    sinks: Sinks = field(init=False)
    makers_are_known: bool = True
    tracer: Tracer | None = None
    key_holders: dict[str, KeyHolder] = field(default_factory=dict[str, KeyHolder])
    live: dict[str, Call]
    nested: NestedCalls
    retired: list[tuple[int, Provider]] = field(default_factory=list[tuple[int, Provider]])
    governance: Governance = field(init=False)
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    async def accept(self, offer_id: str) -> None:
        """Open the connection of an offer.

        Raises:
            Conflict: A connection of this name is configured.
            ProviderUnavailable: It does not answer; the offer stays open.
            StoreUnavailable: Its key could not be taken over; the offer stays open.
        """
        if offer_id in self.governance.config.connections:
            raise Conflict(f"There is a connection {offer_id!r} already; edit that one.")
        rule = await self.offers.accept(offer_id)
        await self.catalogue.open({offer_id: rule})
        fault = self.catalogue.connections[offer_id].fault
        if fault is not None:
            await self._reject(offer_id)
            raise ProviderUnavailable(f"{offer_id} could not be connected: {fault}")
        try:
            self.offers.keep_from_kernels(offer_id)
        except OSError as error:
            await self._reject(offer_id)
            raise StoreUnavailable(
                f"{offer_id} was not connected: its key could not be kept from kernels "
                f"({error.strerror or error})."
            ) from error
        self.catalogue_keeper.rebuild()

    async def _reject(self, offer_id: str) -> None:
        await self.catalogue.drop(offer_id)
        await self.offers.withdraw(offer_id)

    def repeat(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Do something again and again until `aclose`."""
        self.tasks.append(_every(seconds, work))

    async def apply(self, config: Config) -> None:
        """Put a configuration in force for new calls; those that run end under the old one."""
        retired = await self.catalogue.configure(config.connections)
        self.catalogue_keeper.configure(config)
        self.key_holders = key_holders(config, makers_are_known=self.makers_are_known)
        self.state.resize(config.cache)
        version = self.catalogue_keeper.snapshot.version
        self.retired += [(version, provider) for provider in retired]
        self.close_retired()

    def tell(self) -> None:
        """Begin to keep alerts and to tell channels of them."""

        def channels() -> Channels:
            return self.governance.config.alerts

        self.watcher = Watcher(self.alerts)
        self.happenings.listen(self.watcher.heard)
        self.courier = Courier(self.alert_store, self.secrets, channels, self.alerts)
        self.conditions = Conditions(self, self.alert_store, self.alerts)
        self.alert_desk = AlertDesk(self.alert_store, self.alerts, self.courier, channels)
        self.tasks += [
            _every(0.5, self.alerts.work),
            _every(0.5, self.courier.work),
            _every(2.0, self.conditions.look_at_journal),
            _every(30.0, self.conditions.look),
        ]

    def trace(self, rule: TelemetryRule | None) -> None:
        """Begin to make traces where somebody takes them.

        Raises:
            ConfigError: What that needs is not installed.
        """
        if rule is not None:
            self.tracer = Tracer(rule, self.secrets)
            self.repeat(2.0, self.tracer.flush)

    async def tell_sinks(self, cursors: SinkCursors) -> None:
        """Begin to tell the audit's sinks what is recorded.

        Raises:
            ConfigError: One cannot be made as it is configured.
        """

        def rules() -> Mapping[str, SinkRule]:
            return self.governance.config.audit.sinks

        self.sinks = Sinks(cursors, self.plugins, self.secrets, rules, self.alerts)
        self.sinks.check(rules())
        await self.sinks.begin()
        self.tasks.append(_every(0.5, self.sinks.work))

    def close_retired(self) -> None:
        """Close replaced connections that no running call uses any more."""
        oldest = min((call.snapshot.version for call in self.live.values()), default=None)
        unused = [one for one in self.retired if oldest is None or one[0] <= oldest]
        self.retired = [one for one in self.retired if one not in unused]
        self.tasks += [asyncio.create_task(provider.aclose()) for _, provider in unused]

    def hourly_costs(self) -> dict[str, HourlyCost]:
        """What connections cost by the hour, by their names."""
        connections = self.governance.config.connections
        return {name: cost for name, rule in connections.items() if (cost := rule.hourly_cost)}

    async def tidy_up(self) -> None:
        """Add up the usage of days that are over, and delete what policy no longer keeps."""
        rule = self.governance.config.audit
        now = datetime.now(UTC)
        await self.history.add_up_usage(now)
        await self.history.prune(now, rule, self.journal.note_pruned)
        await self.history.seal_plain()
        await self.alert_store.prune(now - rule.retain)

    def check(self, config: Config, kind: Kind, name: str) -> None:
        """Raises ConfigError where one object of `config` cannot be used."""
        if kind == "connections":
            self.catalogue.check(name, config.connections[name])
        elif kind in ("guards", "screening", "moderation"):
            guards_of(config, self.plugins)
        elif kind == "general" and name == "audit":
            self._check_audit(config)

    def _check_audit(self, config: Config) -> None:
        self.sinks.check(config.audit.sinks)
        if config.audit.durability != self.catalogue_keeper.snapshot.audit.durability:
            raise ConfigError("`audit.durability` needs a restart: set it in mesh.yaml.")

    async def aclose(self) -> None:
        """Stop background work, close connections, then the store."""
        for task in self.tasks:
            await cancelled(task)
        await self.performance.aclose()
        await self.sinks.aclose()
        if self.tracer is not None:
            await self.tracer.flush()
        with suppress(StoreUnavailable):
            await self.alerts.flush()
        await self.courier.aclose()
        await self.alert_store.aclose()
        await self.governance.aclose()
        await asyncio.gather(*(provider.aclose() for _, provider in self.retired))
        await self.catalogue.aclose()
        await self.state.aclose()
        await self.journal.aclose()
        await self.history.aclose()


async def assemble(
    config: Config,
    state_dir: Path,
    host: Literal["personal", "hub", "standalone"],
    config_file: Path | None,
    environ: Mapping[str, str],
    withhold: Withhold | None,
) -> Parts:
    """Open the store, the connections and the background work.

    Raises:
        ConfigError: The store or a guard cannot be set up as configured.
    """
    await asyncio.to_thread(state_dir.mkdir, parents=True, exist_ok=True, mode=0o700)
    folder = config_file.parent if config_file else None
    store = configured_location(
        config.store.url,
        config.store.password,
        state_dir=state_dir,
        environ=environ,
        folder=folder,
    )
    async with AsyncExitStack() as opened:
        secrets = Secrets(store, environ=environ, folder=folder)
        journal = await asyncio.to_thread(SqlJournal, store, config.audit.durability, secrets.keys)
        opened.push_async_callback(journal.aclose)
        history = SqlHistory(store, secrets.keys)
        opened.push_async_callback(history.aclose)
        await _recover(journal)
        plugins = Plugins()
        catalogue = Catalogue(plugins, standard_prices(), secrets, state_dir, Supervisor)
        opened.push_async_callback(catalogue.aclose)
        keeper = SnapshotKeeper(config, catalogue, plugins)
        state = await open_state(config, secrets)
        opened.push_async_callback(state.aclose)
        happenings = Happenings()
        health = Health(happenings=happenings)
        await _seed(health, history)
        headroom = Headroom(history)
        performance = PerformanceBook(SqlPerformance(store))
        opened.push_async_callback(performance.aclose)
        alert_store = SqlAlerts(store)
        opened.push_async_callback(alert_store.aclose)
        alerts = AlertBook(alert_store, lambda: parts.governance.config.alerts)
        budget = Budget(journal, headroom, happenings)
        live: dict[str, Call] = {}
        nested = NestedCalls(live)
        parts = Parts(
            makers_are_known=host == "standalone",
            journal=journal,
            history=history,
            catalogue=catalogue,
            catalogue_keeper=keeper,
            health=health,
            offers=Offers(history, secrets, environ, withhold),
            pipeline=_pipeline(state, nested, budget, journal, health),
            nested=nested,
            live=live,
            secrets=secrets,
            plugins=plugins,
            state=state,
            performance=performance,
            happenings=happenings,
            alerts=alerts,
            alert_store=alert_store,
        )
        settings = SqlSettings(store, journal)
        opened.push_async_callback(settings.aclose)
        parts.governance = Governance(
            config, config_file, settings, parts.apply, parts.check, state.announce
        )
        await _govern(parts.governance, parts, config)
        parts.tell()
        parts.trace(telemetry_of(config.telemetry, environ))
        await parts.tell_sinks(SinkCursors(store, secrets.keys))
        opened.pop_all()
    parts.tasks += _background(parts, headroom)
    if host == "personal" and config.offers:
        parts.tasks.append(asyncio.create_task(_look(parts)))
    return parts


def _background(parts: Parts, headroom: Headroom) -> list[asyncio.Task[None]]:
    """What a gateway does all the while."""
    state, refresh = parts.state, parts.governance.refresh
    alone = [
        _every(2.0, headroom.refresh),
        _every(10.0, lambda: _recover(parts.journal)),
        _every(60.0, lambda: _retry(parts)),
        _every(1.0, refresh),
        _every(30.0, parts.performance.flush),
        _every(3600.0, parts.tidy_up, at_once=True),
    ]
    if state.shared is None:
        return alone
    follow = asyncio.create_task(state.follow(refresh))
    return [*alone, _every(RENEW_SECONDS, state.renew), follow]


async def _govern(governance: Governance, parts: Parts, config: Config) -> None:
    """Take in what admins set; without a store that can be read, what the file says."""
    try:
        await governance.refresh()
    except MeshError as error:
        _log.error("What admins set is not in force yet: %s", error)
        await parts.apply(config)


def _pipeline(
    state: State, nested: NestedCalls, budget: Budget, journal: SqlJournal, health: Health
) -> Next:
    steps: dict[type[Step], Step] = {
        Audit: Audit(journal),
        Authorize: Authorize(),
        Resolve: Resolve(),
        Limit: Limit(state.limits),
        Screen: Screen(),
        Cached: Cached(state.cache, state.similar, nested),
        Budget: budget,
        Moderate: Moderate(),
        PriceStep: PriceStep(),
    }
    return compose([steps[kind] for kind in ORDER], Route(health, state.limits))


def _every(
    seconds: float, work: Callable[[], Awaitable[object]], *, at_once: bool = False
) -> asyncio.Task[None]:
    async def repeat() -> None:
        pause = 1.0 if at_once else seconds
        while True:
            await asyncio.sleep(pause)
            pause = seconds
            try:
                await work()
            except MeshError as error:
                _log.warning("Background work failed and will be tried again: %s", error)
            except Exception:  # noqa: BLE001 a plugin's fault must not end the loop for good
                _log.exception("Background work failed and will be tried again")

    return asyncio.create_task(repeat())


async def _recover(journal: SqlJournal) -> None:
    """Settle what died with another gateway; a store that cannot be written now is tried again."""
    try:
        settled = await journal.recover(datetime.now(UTC))
    except MeshError as error:
        _log.warning("%s", error)
        return
    if settled:
        _log.warning("%d calls of a gateway that died were settled at their estimate.", settled)


async def _seed(health: Health, history: SqlHistory) -> None:
    """Let measured speed outlive a restart."""
    try:
        timings = await history.recent_timings(datetime.now(UTC) - timedelta(days=1))
    except MeshError as error:
        _log.warning("%s", error)
        return
    for one in timings:
        at = one.started_at.timestamp()
        sample = Sample(at, one.total_ms, one.first_token_ms, one.output_tokens, one.ok)
        health.add(one.model, sample)


async def _retry(parts: Parts) -> None:
    if await parts.catalogue.retry_faulty():
        parts.catalogue_keeper.rebuild()


async def _look(parts: Parts) -> None:
    again = await parts.offers.look()
    configured = parts.governance.config.connections
    again = {name: rule for name, rule in again.items() if name not in configured}
    if again:
        await parts.catalogue.open(again)
        parts.catalogue_keeper.rebuild()
