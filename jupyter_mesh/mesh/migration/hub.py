"""The hub's store: what is configured there, and setting more, each object as its own change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from ...config import Config
from ...errors import ConfigError, Conflict, InvalidRequest, StoreUnavailable
from ...schemas.principal import Principal
from ...schemas.setting import Setting
from ...spi.faults import fault_point
from ...storage import sealed
from ...storage.journal import SqlJournal
from ...storage.location import Location
from ...storage.reader import Reader
from ...storage.rotation import SealedSecrets
from ...storage.schema import REVISIONS, revision, upgrade
from ...storage.secrets import Secrets
from ...storage.settings import SqlSettings, all_settings
from ..governance import Governance
from ..plugins import Plugins
from .hub_policy import HubPolicy, check_object
from .plan import Plan, PlannedObject


class Hub:
    """Args:
    config: What the hub's `mesh.yaml` says.
    store: Its store; gateways over it may run meanwhile.
    environ: Where its sealing key is looked for.
    folder: What relative `file:` paths start from.
    """

    def __init__(
        self, config: Config, store: Location, environ: Mapping[str, str], folder: Path | None
    ) -> None:
        self._config = config
        self._store = store
        self._secrets = Secrets(store, environ=environ, folder=folder)
        self._plugins = Plugins()

    async def policy(self, *, sealing: bool) -> HubPolicy:
        """What is configured there now; changes nothing, and makes no store.

        Args:
            sealing: Its key must be there, as something is to be sealed.

        Raises:
            ConfigError: The key is not there, or the store is not of this version.
            StoreUnavailable: The store cannot be read.
        """
        if sealing:
            await asyncio.to_thread(self._secrets.keys.check)
        settings, rows = await self._read()
        values = {one.name: self._opened(one) for one in rows}
        return HubPolicy(self._config, settings, values, self._plugins)

    def prepare(self) -> None:
        """Make the store, or bring it to this version's tables. Raises as `schema.upgrade`."""
        upgrade(self._store)

    async def carry_out(
        self, plan: Plan, principal: Principal
    ) -> AsyncGenerator[tuple[PlannedObject, str | None]]:
        """Set what is planned; each object with None, or why it could not be set after all.

        Raises:
            StoreUnavailable: The store cannot be written; what was set by then stays.
        """
        async with AsyncExitStack() as opened:
            keys = self._secrets.keys
            durability = self._config.audit.durability
            journal = await asyncio.to_thread(SqlJournal, self._store, durability, keys)
            opened.push_async_callback(journal.aclose)
            settings = SqlSettings(self._store, journal)
            governance = Governance(
                self._config,
                None,  # the gateways record what their file says
                settings,
                _in_force_elsewhere,
                lambda config, kind, name: check_object(self._plugins, config, kind, name),
                _not_read_again,
                _found_by_looking,
            )
            opened.push_async_callback(governance.aclose)
            await governance.refresh()
            sealing = _Sealing(SealedSecrets(self._secrets, journal), plan.secrets, principal)
            for one in plan.to_set:
                yield one, await _set(governance, sealing, one, principal)

    async def _read(self) -> tuple[list[Setting], list[sealed.SealedRow]]:
        store = self._store
        try:
            found = await asyncio.to_thread(revision, store)
        except store.errors as error:
            reason = store.failure_of(error).reason
            raise StoreUnavailable(f"The hub's store cannot be read: {reason}.") from error
        if found is None:
            return [], []
        if found != REVISIONS[-1]:
            raise ConfigError(
                f"The hub's store is of revision {found}: bring it to this version's tables with "
                "`jupyter mesh db upgrade`, then look again."
            )
        reader = Reader(store, threads=1)
        try:
            return await reader.read(lambda cursor: (all_settings(cursor), sealed.all_rows(cursor)))
        finally:
            await reader.aclose()

    def _opened(self, one: sealed.SealedRow) -> str | None:
        try:
            found = self._secrets.keys.unseal(one.name, bytes(one.nonce), bytes(one.sealed))
        except (ConfigError, OSError):
            return None
        return None if found is None else found[0]


class _Sealing:
    """Seals each secret once, before the first object that needs it."""

    def __init__(
        self, secrets: SealedSecrets, values: Mapping[str, str], principal: Principal
    ) -> None:
        self._secrets = secrets
        self._waiting = dict(values)
        self._principal = principal

    async def seal(self, name: str) -> None:
        value = self._waiting.pop(name, None)
        if value is not None:
            by, via = self._principal.user, self._principal.via
            await self._secrets.set(name, value, by=by, via=via)
            fault_point("migration.sealed")


async def _set(
    governance: Governance, sealing: _Sealing, one: PlannedObject, principal: Principal
) -> str | None:
    try:
        for name in one.seals:
            await sealing.seal(name)
        if one.setting is not None and one.body is not None:
            await governance.put(principal, one.setting, one.name, one.body, one.version)
            fault_point("migration.set")
    except (ConfigError, Conflict, InvalidRequest) as error:
        return error.message
    return None


async def _in_force_elsewhere(_config: Config) -> None:
    """No call is answered here."""


def _not_read_again(_config: Config) -> None:
    """The hub's file is read once."""


async def _found_by_looking() -> None:
    """Gateways look every second whether something was changed."""
