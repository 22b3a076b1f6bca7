"""What is done to sealed secrets as a whole, each in one commit with its record in the chain."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from ..errors import ConfigError, Conflict, StoreUnavailable
from ..schemas.json import JsonObject
from ..schemas.setting import ChangeKind
from ..spi.faults import fault_point
from . import changes, sealed
from .chain import Chain
from .changes import Change
from .journal import SqlJournal
from .lease import Lease
from .location import Cursor
from .secrets import Secrets
from .values import micros

KEPT_UNUSED = timedelta(hours=1)
"""Longer than any other gateway needs to take up a change, and any call to end."""
MASTER_KEY = "master key"
_KIND: ChangeKind = "secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """How many secrets are under the new key, and which no key opens."""

    count: int
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """Writes through the journal, so that each change is sealed with its record.

    Args:
        secrets: The store's.
        journal: Of the same store.
    """

    secrets: Secrets
    journal: SqlJournal

    async def set(self, name: str, value: str, *, by: str, via: str) -> None:
        """Seal one, over what is there. Raises as `Secrets.set`."""

        def change(cursor: Cursor, chain: Chain) -> None:
            there = sealed.row(cursor, name) is not None
            try:
                self.secrets.put(cursor, name, value)
            except OSError as error:
                raise StoreUnavailable(f"The sealing key cannot be read: {error}.") from error
            before: JsonObject | None = {"sealed": True} if there else None
            _record(cursor, chain, name, before, {"sealed": True, "new": there}, by, via)

        await self.journal.seal(change)
        self.secrets.took(name, value)

    async def remove(self, name: str, *, by: str, via: str) -> bool:
        """Delete one; False where there is none."""

        def change(cursor: Cursor, chain: Chain) -> bool:
            there = sealed.delete(cursor, name)
            if there:
                _record(cursor, chain, name, {"sealed": True}, None, by, via)
            return there

        there = await self.journal.seal(change)
        self.secrets.took(name, None)
        return there

    async def sweep(self, now: datetime, in_use: Collection[str]) -> list[str]:
        """Delete keys typed with a connection that nothing refers to any more; returns their names.

        They are kept for `KEPT_UNUSED` after the last change that named them: calls that run, and
        other gateways, may still use them.
        """

        def change(cursor: Cursor, chain: Chain) -> list[str]:
            names = sealed.unused(cursor, micros(now - KEPT_UNUSED), in_use)
            for name in names:
                sealed.delete(cursor, name)
            recorded = [changes.record(cursor, _removed(name, now)) for name in names]
            for one in recorded:
                one.seal(cursor, chain)
            return names

        names = await self.journal.seal(change)
        for name in names:
            self.secrets.took(name, None)
        return names

    async def rotate(self, *, by: str, via: str) -> Resealed:
        """Seal everything under a new key, while gateways run. The key of the file is made anew; of
        keys that are given from outside the first is the new one.

        Stopped at any moment it loses nothing: until the end every key that seals something is
        still there, and the next rotation goes on with what was begun.

        Raises:
            ConfigError: There is nothing to rotate to.
            Conflict: Somebody else is rotating.
            StoreUnavailable: The store or the key file cannot be written.
        """
        keys = self.secrets.keys
        try:
            if keys.given:
                if len(keys.read()) < 2:
                    raise ConfigError(
                        f"{keys.place} holds one key. Put a new one before it, with a comma "
                        "between them, in every gateway; then rotate; then take the old one away."
                    )
                return await self.journal.seal(partial(self._reseal, by=by, via=via))
            with _alone(keys.file):
                await asyncio.to_thread(keys.put_new_first)
                fault_point("secrets.new_key")
                done = await self.journal.seal(partial(self._reseal, by=by, via=via))
                fault_point("secrets.resealed")
                await asyncio.to_thread(keys.drop_old)
                fault_point("secrets.old_key_gone")
                return done
        except FileNotFoundError:
            raise ConfigError("Nothing is sealed yet, so there is no key to replace.") from None
        except OSError as error:
            raise StoreUnavailable(f"The key file cannot be written: {error.strerror}.") from error

    def _reseal(self, cursor: Cursor, chain: Chain, *, by: str, via: str) -> Resealed:
        keys, lost = self.secrets.keys, list[str]()
        rows = sealed.all_rows(cursor)
        for one in rows:
            found = keys.unseal(one.name, one.nonce, one.sealed)
            if found is None:
                lost.append(one.name)
            elif not found[1]:
                sealed.reseal(cursor, one.name, *keys.seal(one.name, found[0]))
        after: JsonObject = {"secrets": len(rows) - len(lost), "unopened": [*lost]}
        _record(cursor, chain, MASTER_KEY, {}, after, by, via)
        return Resealed(count=len(rows) - len(lost), lost=tuple(lost))


@contextmanager
def _alone(file: Path | None) -> Generator[None]:
    """One rotation of the key file at a time."""
    assert file is not None
    lease = Lease.take(file.with_name(f"{file.name}.rotating"))
    if lease is None:
        raise Conflict("Somebody else is replacing the key at this moment.")
    try:
        yield
    finally:
        lease.release()


def _removed(name: str, now: datetime) -> Change:
    return Change(
        kind=_KIND, name=name, at=now, by="mesh", via="unused", before={"sealed": True}, after=None
    )


def _record(
    cursor: Cursor,
    chain: Chain,
    name: str,
    before: JsonObject | None,
    after: JsonObject | None,
    by: str,
    via: str,
) -> None:
    now = datetime.now(UTC)
    made = Change(kind=_KIND, name=name, at=now, by=by, via=via, before=before, after=after)
    changes.record(cursor, made).seal(cursor, chain)
