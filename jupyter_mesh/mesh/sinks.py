"""Tells the audit's sinks what was recorded: from the store, a batch at a time, at least once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from ..errors import MeshError, StoreUnavailable
from ..schemas.alerts import Signal
from ..schemas.record_policy import SinkRule
from ..spi.secrets import SecretStore
from ..spi.sink import AuditSink
from ..storage.sink_cursors import Batch, SinkCursors
from .alerting import AlertBook
from .plugins import Plugins, validate_settings

_LEASE = timedelta(seconds=60)
"""Longer by this than a batch may take; then another gateway goes on."""
_LONGEST_PAUSE = 60.0
"""Seconds between two tries of a sink that does not take records."""
_PATIENCE = 300.0
"""Seconds a sink may be down before somebody is told."""

_log = logging.getLogger("jupyter_mesh")


@dataclass(slots=True)
class _Told:
    """What is known of one sink."""

    rule: SinkRule
    sink: AuditSink | None = None
    failures: int = 0
    failing_since: float | None = None
    next_try: float = 0.0
    mine_until: float = 0.0
    lag: float = 0.0
    written: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Sinks:
    """Args:
    cursors: How far each sink was told.
    plugins: Finds their classes.
    secrets: Resolves what their settings refer to.
    rules: Those in force now, by name.
    book: Takes the alert that one is down for long.
    """

    def __init__(
        self,
        cursors: SinkCursors,
        plugins: Plugins,
        secrets: SecretStore,
        rules: Callable[[], Mapping[str, SinkRule]],
        book: AlertBook,
    ) -> None:
        self._cursors = cursors
        self._plugins = plugins
        self._secrets = secrets
        self._rules = rules
        self._book = book
        self._owner = token_hex(8)
        self._told: dict[str, _Told] = {}

    @property
    def lags(self) -> dict[str, float]:
        """By sink, for how many seconds the oldest record waits that it was not told; 0: none."""
        return {name: one.lag for name, one in self._told.items()}

    @property
    def written(self) -> dict[str, int]:
        """By sink, how many records this gateway has told it."""
        return {name: one.written for name, one in self._told.items()}

    def begun(self, name: str) -> bool:
        """Whether this gateway tells the sink."""
        return name in self._told and self._told[name].mine_until > 0

    def check(self, rules: Mapping[str, SinkRule]) -> None:
        """Raises ConfigError where a sink cannot be made as it is written."""
        for name, rule in rules.items():
            self._make(name, rule)

    async def begin(self) -> None:
        """Mark from where sinks that are new are told, before anything is recorded."""
        for name, rule in self._rules().items():
            one = self._told.setdefault(name, _Told(rule))
            with suppress(StoreUnavailable):
                await self._is_mine(name, one, datetime.now(UTC))

    async def work(self) -> None:
        """Begin a round for each sink that has none under way; waits for nobody."""
        rules = self._rules()
        for name in [name for name, one in self._told.items() if rules.get(name) != one.rule]:
            await self._forget(name)
        now = time.monotonic()
        for name, rule in rules.items():
            one = self._told.setdefault(name, _Told(rule))
            if now >= one.next_try and (one.task is None or one.task.done()):
                one.task = asyncio.create_task(self._round(name, one))

    async def aclose(self) -> None:
        """Stop; what was not told is told after the next start."""
        for name in list(self._told):
            await self._forget(name)
        await self._cursors.aclose()

    async def _forget(self, name: str) -> None:
        one = self._told.pop(name)
        if one.task is not None:
            one.task.cancel()
            await asyncio.wait((one.task,))
        if one.mine_until:
            with suppress(StoreUnavailable):
                await self._cursors.release(name, self._owner)
        if one.sink is not None:
            await one.sink.aclose()

    def _make(self, name: str, rule: SinkRule) -> AuditSink:
        plugin = self._plugins.sink(rule.sink)
        settings = validate_settings(plugin.Config, rule.options, f"audit.sinks.{name}")
        return plugin(settings, self._secrets)

    async def _round(self, name: str, one: _Told) -> None:
        """Tell the sink all there is, or note that it does not take it."""
        try:
            one.sink = one.sink or self._make(name, one.rule)
            while await self._batch(name, one, one.sink):
                self._worked(name, one)
            self._worked(name, one)
            one.next_try = time.monotonic() + 1.0
        except Exception as error:  # noqa: BLE001 a plugin's edge: whatever it does, it is tried again
            said = error.message if isinstance(error, MeshError) else type(error).__name__
            self._failed(name, one, said)

    async def _batch(self, name: str, one: _Told, sink: AuditSink) -> bool:
        """Tell one batch; False when nothing is left, or another gateway tells this sink."""
        now, rule = datetime.now(UTC), one.rule
        if not await self._is_mine(name, one, now):
            one.lag = 0.0
            return False
        batch: Batch = await self._cursors.batch(name, rule.batch, content=rule.content)
        if batch.oldest is None:
            one.lag = 0.0
            return False
        one.lag = max(0.0, (now - batch.oldest).total_seconds())
        if batch.records:
            async with asyncio.timeout(rule.seconds):
                await sink.write(batch.records)
            one.written += len(batch.records)
        return await self._cursors.advance(name, self._owner, batch.ends)

    async def _is_mine(self, name: str, one: _Told, now: datetime) -> bool:
        """Whether this gateway tells the sink; renewed when less is left than a batch may take."""
        lease = _LEASE + timedelta(seconds=one.rule.seconds)
        if time.monotonic() + one.rule.seconds + _LEASE.total_seconds() / 2 < one.mine_until:
            return True
        mine = await self._cursors.take(name, self._owner, now, lease, backfill=one.rule.backfill)
        one.mine_until = time.monotonic() + lease.total_seconds() if mine else 0.0
        return mine

    def _worked(self, name: str, one: _Told) -> None:
        if one.failing_since is not None:
            _log.warning("The sink %r takes records again.", name)
            self._book.ended("sink", name)
        one.failures, one.failing_since = 0, None

    def _failed(self, name: str, one: _Told, said: str) -> None:
        now = time.monotonic()
        if one.failing_since is None:
            one.failing_since = now
            _log.warning("The sink %r does not take records: %s", name, said)
        one.failures += 1
        one.next_try = now + min(_LONGEST_PAUSE, 2.0 ** min(one.failures, 6))
        if now - one.failing_since >= _PATIENCE:
            self._book.raised(
                Signal(
                    kind="sink",
                    subject=name,
                    severity="critical",
                    title=f"The audit's sink {name} does not take records",
                    text=f"{said} Nothing is lost: records wait in the store until it does. Look "
                    f"at `audit.sinks.{name}` and at what is behind it.",
                )
            )
