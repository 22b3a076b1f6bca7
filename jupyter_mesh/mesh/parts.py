"""Everything a running mesh is made of, and what is done to it as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..config import Config, HourlyCost
from ..errors import AuditUnavailable, ConfigError, Conflict, ProviderUnavailable, StoreUnavailable
from ..guards.workers import WorkerPool
from ..pipeline.call import Call
from ..pipeline.door import Door
from ..pipeline.headroom import Headroom
from ..pipeline.health import Health
from ..pipeline.step import Next
from ..schemas.record_policy import SinkRule, TelemetryRule
from ..schemas.setting import Kind
from ..spi.guard import Guard
from ..spi.happenings import Happenings
from ..spi.provider import Provider
from ..storage.alerts import Channels, SqlAlerts
from ..storage.history import SqlHistory
from ..storage.journal import SqlJournal
from ..storage.secrets import Secrets
from ..storage.sink_cursors import SinkCursors
from .alerting import AlertBook, AlertDesk, Conditions, Courier, Watcher
from .background import every
from .catalogue import Catalogue
from .governance import Governance
from .guard_troubles import GuardTroubles
from .guards import Guards, check_guards
from .key_holders import KeyHolder, key_holders
from .metrics import Metrics
from .nested import NestedCalls
from .offers import Offers, cancelled
from .performance import PerformanceBook
from .plugins import Plugins
from .sign_outs import SignOuts
from .sinks import Sinks
from .snapshots import SnapshotKeeper
from .state import State
from .tracing import Tracer
from .turned_away import FLUSH_SECONDS, TurnedAway


@dataclass(slots=True, kw_only=True)
class Parts:
    """Everything a running mesh is made of."""

    journal: SqlJournal
    history: SqlHistory
    catalogue: Catalogue
    catalogue_keeper: SnapshotKeeper
    guards: Guards
    workers: WorkerPool
    health: Health
    headroom: Headroom
    offers: Offers = field(init=False)
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
    guard_troubles: GuardTroubles = field(default_factory=GuardTroubles)
    metrics: Metrics = field(default_factory=Metrics)
    turned_away: TurnedAway = field(init=False)
    sinks: Sinks = field(init=False)
    sign_outs: SignOuts
    makers_are_known: bool = True
    tracer: Tracer | None = None
    key_holders: dict[str, KeyHolder] = field(default_factory=dict[str, KeyHolder])
    live: dict[str, Call]
    nested: NestedCalls
    retired: list[tuple[int, Provider | Guard]] = field(
        default_factory=list[tuple[int, Provider | Guard]]
    )
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
        self.tasks.append(every(seconds, work))

    async def apply(self, config: Config) -> None:
        """Put a configuration in force for new calls; those that run end under the old one."""
        retired = await self.catalogue.configure(config.connections)
        guards = self.catalogue_keeper.configure(config)
        self.key_holders = key_holders(config, makers_are_known=self.makers_are_known)
        self.state.resize(config.cache)
        version = self.catalogue_keeper.snapshot.version
        self.retired += [(version, one) for one in (*retired, *guards)]
        self.close_retired()

    def tell(self) -> None:
        """Begin to keep alerts and to tell channels of them."""

        def channels() -> Channels:
            return self.governance.config.alerts

        self.watcher = Watcher(self.alerts)
        self.happenings.listen(self.watcher.heard)
        self.happenings.listen(self.guard_troubles.heard)
        self.courier = Courier(self.alert_store, self.secrets, channels, self.alerts)
        self.conditions = Conditions(self, self.alert_store, self.alerts)
        self.alert_desk = AlertDesk(self.alert_store, self.alerts, self.courier, channels)
        self.tasks += [
            every(0.5, self.alerts.work),
            every(0.5, self.courier.work),
            every(2.0, self.conditions.look_at_journal),
            every(30.0, self.conditions.look),
        ]

    def keep_the_door(self) -> None:
        """Begin to turn away whom a limit has just refused, and to record it."""
        door = Door(self.state.limits)
        self.turned_away = TurnedAway(door, self.journal, self.watcher, self.metrics)
        self.repeat(FLUSH_SECONDS, self.turned_away.flush)

    def trace(self, rule: TelemetryRule | None) -> None:
        """Begin to make traces where somebody takes them.

        Raises:
            ConfigError: What that needs is not installed.
        """
        if rule is not None:
            self.tracer = Tracer(rule, self.secrets)
            self.repeat(2.0, self.tracer.flush)

    def sinks_over(self, cursors: SinkCursors) -> Sinks:
        """What tells the audit's sinks; nobody is told yet."""

        def rules() -> Mapping[str, SinkRule]:
            return self.governance.config.audit.sinks

        return Sinks(cursors, self.plugins, self.secrets, rules, self.alerts)

    async def tell_sinks(self) -> None:
        """Begin to tell the audit's sinks what is recorded.

        Raises:
            ConfigError: One cannot be made as it is configured.
        """
        self.sinks.check(self.governance.config.audit.sinks)
        await self.sinks.begin()
        self.tasks.append(every(0.5, self.sinks.work))

    def close_retired(self) -> None:
        """Close replaced connections and guards that no running call uses any more."""
        oldest = min((call.snapshot.version for call in self.live.values()), default=None)
        unused = [one for one in self.retired if oldest is None or one[0] <= oldest]
        self.retired = [one for one in self.retired if one not in unused]
        self.tasks += [asyncio.create_task(one.aclose()) for _, one in unused]

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
            check_guards(config, self.plugins)
        elif kind == "general" and name == "audit":
            self._check_audit(config)
        elif kind == "raises" and config.raises[name].until <= datetime.now(UTC):
            raise ConfigError(f"raises.{name}.until is over already; give a moment to come.")

    def check_file(self, config: Config) -> None:
        """Raises ConfigError where any object of `config` cannot be used."""
        for name, rule in config.connections.items():
            self.catalogue.check(name, rule)
        check_guards(config, self.plugins)
        self.sinks.check(config.audit.sinks)

    def _check_audit(self, config: Config) -> None:
        self.sinks.check(config.audit.sinks)
        if config.audit.durability != self.catalogue_keeper.snapshot.audit.durability:
            raise ConfigError("`audit.durability` needs a restart: set it in mesh.yaml.")

    async def aclose(self) -> None:
        """Stop background work, close connections, then the store."""
        for task in self.tasks:
            await cancelled(task)
        with suppress(AuditUnavailable):
            await self.turned_away.flush()
        await self.performance.aclose()
        await self.sinks.aclose()
        if self.tracer is not None:
            await self.tracer.flush()
        with suppress(StoreUnavailable):
            await self.alerts.flush()
        await self.courier.aclose()
        await self.sign_outs.aclose()
        await self.alert_store.aclose()
        await self.governance.aclose()
        await asyncio.gather(*(one.aclose() for _, one in self.retired))
        await self.guards.aclose()
        await self.workers.aclose()
        await self.catalogue.aclose()
        await self.state.aclose()
        await self.journal.aclose()
        await self.history.aclose()
