"""What is configured now: the file, what admins set over it, and every change, in force at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ..config import Config, load
from ..errors import ConfigError, Conflict, InvalidRequest, NotFound
from ..schemas.json import JsonObject
from ..schemas.principal import Principal
from ..schemas.setting import ChangeKind, Kind, Setting, SettingChange
from ..storage.settings import SqlSettings, changed_meanwhile
from .merge import GENERAL, declared, held_by_file, merge, merge_all
from .revisions import Revisions
from .without_secrets import recorded

_log = logging.getLogger("jupyter_mesh")
_LONGEST_NAME = 100

Apply = Callable[[Config], Awaitable[None]]
Check = Callable[[Config, Kind, str], None]
CheckFile = Callable[[Config], None]
Announce = Callable[[], Awaitable[None]]


class Governance:
    """Holds the configuration in force, and changes it.

    Several gateways may share a store: each asks `refresh` every second or so, and takes over what
    another changed. A `mesh.yaml` that was edited is taken over as well, once that is recorded;
    one that is wrong is logged, and the last good one stays in force.

    Args:
        base: What the file says.
        file: Where it was read from; None where there is none.
        settings: What admins set.
        apply: Puts a configuration in force.
        check: Raises ConfigError where one object of a configuration cannot be used: what the
            configuration's own validation does not see, such as a provider's settings.
        check_file: The same for all that a file says.
        announce: Tells the other gateways that something was changed, if they can be told.

    Attributes:
        config: What is in force.
        faults: Settings that were left out, with the reason.
        revisions: Tells who waits that something else is in force.
    """

    def __init__(
        self,
        base: Config,
        file: Path | None,
        settings: SqlSettings,
        apply: Apply,
        check: Check,
        check_file: CheckFile,
        announce: Announce,
    ) -> None:
        self._base = base
        self._file = file
        self._modified = _modified(file)
        self._to_record = self._modified is not None
        self._settings = settings
        self._apply = apply
        self._check = check
        self._check_file = check_file
        self._announce = announce
        self._revision = -1
        self._stored: dict[tuple[Kind, str], Setting] = {}
        self._lock = asyncio.Lock()
        self.config = base
        self.faults: dict[tuple[Kind, str], str] = {}
        self.revisions = Revisions()
        self.file_fault: str | None = None

    async def refresh(self, *, reread: bool = False) -> None:
        """Take over what was changed elsewhere; cheap when nothing was.

        Args:
            reread: Read the file also where it looks as it was.

        Raises:
            StoreUnavailable: The store cannot be read; what was in force stays so.
        """
        async with self._lock:
            edited = await self._reread(reread)
            self._to_record |= edited
            if self._to_record:
                await self._record_file()
            if edited or await self._settings.revision() != self._revision:
                await self._load()

    def listed(self, kind: Kind) -> list[tuple[str, object, Setting | None]]:
        """The objects of a kind in force: name, rule, and the setting unless it is the file's."""
        if kind == "general":
            return [
                (name, getattr(self.config, name), self._stored.get((kind, name)))
                for name in GENERAL
            ]
        return [
            (name, rule, self._stored.get((kind, name)))
            for name, rule in declared(self.config, kind).items()
        ]

    def stored(self, kind: Kind, name: str) -> Setting | None:
        """What admins set, whether or not it could be taken in."""
        return self._stored.get((kind, name))

    async def put(
        self,
        principal: Principal,
        kind: Kind,
        name: str,
        body: JsonObject | None,
        version: int | None,
    ) -> Setting | None:
        """Set one object or, with `body` None, remove it; in force when this returns. What raised a
        budget that is no more ends with it.

        Raises:
            ConfigError: It is managed by the file, or does not fit; nothing was changed.
            Conflict: Somebody else changed it since `version`.
            NotFound: There is nothing to remove.
            StoreUnavailable: The store cannot be written; nothing was changed.
        """
        await self.check(kind, name, body, version)
        async with self._lock:
            for one in self._left_without_budget(kind, name, body):
                await self._settings.put(
                    *("raises", one.name, None),
                    expected=one.version,
                    by=principal.user,
                    via=principal.via,
                )
            await self._settings.put(
                kind, name, body, expected=version, by=principal.user, via=principal.via
            )
            await self._load()
        await self._announce()
        return self._stored.get((kind, name))

    async def check(
        self, kind: Kind, name: str, body: JsonObject | None, version: int | None
    ) -> None:
        """Whether `put` would do it. Raises as `put`."""
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise InvalidRequest(f"A name has 1 to {_LONGEST_NAME} printable characters.")
        if held_by_file(self._base, kind, name):
            raise ConfigError(f"{kind} {name!r} is managed by mesh.yaml; change it there.")
        async with self._lock:
            if await self._settings.revision() != self._revision:
                await self._load()
        present = self._stored.get((kind, name))
        if body is None and present is None:
            raise NotFound(f"There is no {kind} {name!r}.")
        if (present.version if present else None) != version:
            raise Conflict(changed_meanwhile(kind, name))
        self._try(kind, name, body)

    def managed_by(self, kind: Kind, name: str) -> Literal["mesh.yaml", "admin", "default"]:
        """Where what is in force comes from."""
        if held_by_file(self._base, kind, name):
            return "mesh.yaml" if self._file else "default"
        return "admin" if (kind, name) in self._stored else "default"

    async def changes(
        self, *, kind: ChangeKind | None, name: str | None, before: int | None, limit: int
    ) -> list[SettingChange]:
        """Who changed what, newest first."""
        return await self._settings.changes(kind=kind, name=name, before=before, limit=limit)

    def _try(self, kind: Kind, name: str, body: JsonObject | None) -> None:
        """Raises ConfigError where the change would not leave a configuration that works."""
        ending = self._left_without_budget(kind, name, body)
        others = [one for one in self._others(kind, name) if one not in ending]
        if body is None:
            merge_all(self._base, others)
            return
        self._check(merge_all(self._base, [*others, _draft(kind, name, body)]), kind, name)

    def drafted(self, drafts: Sequence[tuple[Kind, str, JsonObject | None]]) -> Config:
        """The configuration as it would be with some objects set or, with None, removed. Nothing is
        changed.

        Raises:
            ConfigError: One is managed by the file, or does not fit.
        """
        named = {(kind, name) for kind, name, _ in drafts}
        others = [
            one for key, one in self._stored.items() if key not in named and key not in self.faults
        ]
        new = [_draft(kind, name, body) for kind, name, body in drafts if body is not None]
        return merge_all(self._base, [*others, *new])

    def _others(self, kind: Kind, name: str) -> list[Setting]:
        """What else is set and could be taken in."""
        return [
            one
            for key, one in self._stored.items()
            if key != (kind, name) and key not in self.faults
        ]

    def _left_without_budget(self, kind: Kind, name: str, body: JsonObject | None) -> list[Setting]:
        """The raises whose budget would be no more after a change."""
        if kind not in ("budgets", "keys"):
            return []
        others = self._others(kind, name)
        raises = [one for one in others if one.kind == "raises"]
        if not raises:
            return []
        kept = [one for one in others if one.kind != "raises"]
        if body is not None:
            kept.append(_draft(kind, name, body))
        left = {rule.name for rule in merge_all(self._base, kept).all_budgets}
        return [one for one in raises if one.body["budget"] not in left]

    async def _load(self) -> None:
        self._revision, stored = await self._settings.all()
        self._stored = {(one.kind, one.name): one for one in stored}
        self.config, self.faults = merge(self._base, stored)
        for (kind, name), reason in self.faults.items():
            _log.warning("The setting %s %r is left out: %s", kind, name, reason)
        await self._apply(self.config)
        self.revisions.reach(self._revision)

    async def _record_file(self) -> None:
        """Note what the file says, unless the last that was noted of it says the same."""
        said = recorded(self._base)
        await self._settings.note("file", str(self._file), said, by="mesh.yaml", via="file")
        self._to_record = False

    async def _reread(self, asked: bool) -> bool:
        """Read the file again if it was edited, or somebody asked; True when it is to be taken
        over. What is wrong in one place is not taken over in another.
        """
        modified = await asyncio.to_thread(_modified, self._file)
        if self._file is None or (modified == self._modified and not asked):
            return False
        self._modified = modified
        try:
            edited = await asyncio.to_thread(load, self._file)
            self._check_file(edited)
        except ConfigError as error:
            self.file_fault = error.message
            _log.error("What was in force stays so: %s", error)
            return False
        self.file_fault = None
        self._base = edited
        return True

    async def aclose(self) -> None:
        """Close the store's connection."""
        await self._settings.aclose()


def _draft(kind: Kind, name: str, body: JsonObject) -> Setting:
    now = datetime.now(UTC)
    return Setting(kind=kind, name=name, body=body, version=0, changed_at=now, changed_by="")


def _modified(file: Path | None) -> tuple[int, int] | None:
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found else None
