"""Putting the parts together: the only place that knows them all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from ..config import Config
from ..errors import MeshError
from ..guards.workers import WorkerPool
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
from ..serving import Supervisor
from ..spi.guard import GuardTools
from ..spi.happenings import Happenings
from ..storage.alerts import SqlAlerts
from ..storage.configured import configured_location
from ..storage.ended_sessions import EndedSessions
from ..storage.history import SqlHistory
from ..storage.journal import SqlJournal
from ..storage.location import Location
from ..storage.performance import SqlPerformance
from ..storage.purpose_keys import PurposeKeys
from ..storage.secrets import Secrets
from ..storage.settings import SqlSettings
from ..storage.sink_cursors import SinkCursors
from .alerting import AlertBook
from .background import every
from .catalogue import Catalogue
from .governance import Governance
from .guards import Guards
from .moderator import Moderator
from .nested import NestedCalls
from .offers import Offers, Withhold
from .parts import Parts
from .performance import PerformanceBook
from .plugins import Plugins
from .sign_outs import LOOK_SECONDS, SignOuts
from .snapshots import SnapshotKeeper
from .state import RENEW_SECONDS, State, open_state
from .tracing import telemetry_of

_log = logging.getLogger("jupyter_mesh")


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
    secrets = Secrets(store, environ=environ, folder=folder)
    if config.audit.keeps_content:
        await asyncio.to_thread(secrets.keys.check)
    async with AsyncExitStack() as opened:
        parts = await _open(opened, config, state_dir, store, secrets)
        # On a Hub it is the Hub that says who is an admin, and mesh.yaml knows nothing of it.
        parts.makers_are_known = host != "hub"
        parts.offers = Offers(parts.history, secrets, environ, withhold)
        settings = SqlSettings(store, parts.journal)
        opened.push_async_callback(settings.aclose)
        parts.sinks = parts.sinks_over(SinkCursors(store, secrets.keys))
        parts.governance = Governance(
            config,
            config_file,
            settings,
            parts.apply,
            parts.check,
            parts.check_file,
            parts.state.announce,
        )
        await _govern(parts.governance, parts, config)
        parts.tell()
        parts.keep_the_door()
        parts.trace(telemetry_of(config.telemetry, environ))
        await parts.tell_sinks()
        opened.pop_all()
    parts.tasks += _background(parts)
    if host != "personal":  # a personal mesh has no pages that one signs in to
        parts.repeat(LOOK_SECONDS, parts.sign_outs.look)
    if host == "personal" and config.offers:
        parts.tasks.append(asyncio.create_task(_look(parts)))
    return parts


async def _open(
    opened: AsyncExitStack, config: Config, state_dir: Path, store: Location, secrets: Secrets
) -> Parts:
    """Open what keeps a state; `opened` closes it again should the rest fail."""
    journal = await asyncio.to_thread(SqlJournal, store, config.audit.durability, secrets.keys)
    opened.push_async_callback(journal.aclose)
    history = SqlHistory(store, secrets.keys)
    opened.push_async_callback(history.aclose)
    await _recover(journal)
    plugins = Plugins()
    catalogue = Catalogue(plugins, standard_prices(), secrets, state_dir, Supervisor)
    opened.push_async_callback(catalogue.aclose)
    state = await open_state(config, secrets)
    opened.push_async_callback(state.aclose)
    performance = PerformanceBook(SqlPerformance(store))
    opened.push_async_callback(performance.aclose)
    alert_store = SqlAlerts(store)
    opened.push_async_callback(alert_store.aclose)
    sign_outs = SignOuts(EndedSessions(store))
    opened.push_async_callback(sign_outs.aclose)
    happenings = Happenings()
    health = Health(happenings=happenings)
    await _seed(health, history)
    headroom = Headroom(history)
    live: dict[str, Call] = {}
    nested = NestedCalls(live)
    budget = Budget(journal, headroom, happenings)
    workers = _workers(opened, config, happenings)
    key = PurposeKeys(secrets).key
    tools = GuardTools(nested, secrets, workers, state_dir / "guards", happenings, key)
    guards = Guards(plugins, tools)
    opened.push_async_callback(guards.aclose)
    parts = Parts(
        journal=journal,
        history=history,
        catalogue=catalogue,
        catalogue_keeper=SnapshotKeeper(
            config,
            catalogue,
            guards,
            lambda: key("screening.disguise"),
            Moderator(live, tools).candidate(),
        ),
        guards=guards,
        workers=workers,
        health=health,
        headroom=headroom,
        pipeline=_pipeline(state, nested, budget, journal, health, happenings),
        nested=nested,
        live=live,
        secrets=secrets,
        plugins=plugins,
        state=state,
        performance=performance,
        happenings=happenings,
        alerts=AlertBook(alert_store, lambda: parts.governance.config.alerts),
        alert_store=alert_store,
        sign_outs=sign_outs,
    )
    return parts


def _workers(opened: AsyncExitStack, config: Config, happenings: Happenings) -> WorkerPool:
    rule = config.workers
    workers = WorkerPool(happenings, count=rule.processes, memory=rule.memory_mb)
    opened.push_async_callback(workers.aclose)
    return workers


def _background(parts: Parts) -> list[asyncio.Task[None]]:
    """What a gateway does all the while."""
    state, refresh = parts.state, parts.governance.refresh
    alone = [
        every(2.0, parts.headroom.refresh),
        every(10.0, lambda: _recover(parts.journal)),
        every(60.0, lambda: _retry(parts)),
        every(1.0, refresh),
        every(30.0, parts.performance.flush),
        every(3600.0, parts.tidy_up, at_once=True),
    ]
    if state.shared is None:
        return alone
    follow = asyncio.create_task(state.follow(refresh))
    return [*alone, every(RENEW_SECONDS, state.renew), follow]


async def _govern(governance: Governance, parts: Parts, config: Config) -> None:
    """Take in what admins set; without a store that can be read, what the file says."""
    try:
        await governance.refresh()
    except MeshError as error:
        _log.error("What admins set is not in force yet: %s", error)
        await parts.apply(config)


def _pipeline(
    state: State,
    nested: NestedCalls,
    budget: Budget,
    journal: SqlJournal,
    health: Health,
    happenings: Happenings,
) -> Next:
    steps: dict[type[Step], Step] = {
        Audit: Audit(journal),
        Authorize: Authorize(),
        Resolve: Resolve(),
        Limit: Limit(state.limits),
        Screen: Screen(happenings),
        Cached: Cached(state.cache, state.similar, nested),
        Budget: budget,
        Moderate: Moderate(),
        PriceStep: PriceStep(),
    }
    return compose([steps[kind] for kind in ORDER], Route(health, state.limits))


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
