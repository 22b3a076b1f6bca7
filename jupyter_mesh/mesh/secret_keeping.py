"""Sealed secrets as admins look after them: what there is and what uses it, never what it says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from ..errors import Conflict, InvalidRequest, NotFound
from ..schemas.json import Json, as_list, as_object
from ..schemas.principal import Principal
from ..schemas.secrets import SealedSecret, SealedSecretList, SecretRotation
from ..storage.rotation import SealedSecrets
from ..storage.values import moment
from .parts import Parts
from .trial import TypedSecrets

_OWN = ("audit.", "guards.key", "offer-")
"""How names of secrets begin that the mesh makes for itself."""
_KEY_WORDS: dict[bool | None, Literal["current", "older", "unknown"]] = {
    True: "current",
    False: "older",
    None: "unknown",
}
_log = logging.getLogger("jupyter_mesh")


class SecretKeeping:
    """Handed out by `Mesh.secrets`; the routes see to it that only admins get here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sealed = SealedSecrets(parts.secrets, parts.journal)

    async def listed(self) -> SealedSecretList:
        """Every sealed secret by name, with what refers to it.

        Raises:
            StoreUnavailable: The store cannot be read.
        """
        used = self._used()
        facts = await asyncio.to_thread(self._parts.secrets.facts)
        return SealedSecretList(
            secrets=[
                SealedSecret(
                    name=one.name,
                    stored_at=moment(one.stored_at),
                    used_by=used.get(f"store:{one.name}", []),
                    key=_KEY_WORDS[one.current],
                )
                for one in facts
            ]
        )

    async def set(self, principal: Principal, name: str, value: str, *, test: bool) -> None:
        """Seal a value, over what is there. New calls use it at once, those that run end with the
        old one.

        Raises:
            InvalidRequest: The name is the mesh's own, or a connection that uses it does not work
                with the new value; the old one stays.
        """
        _refuse_own(name)
        if test:
            await self._try(name, value)
        await self._sealed.set(name, value, by=principal.user, via=principal.via)

    async def remove(self, principal: Principal, name: str) -> None:
        """Delete one that nothing uses.

        Raises:
            Conflict: Something refers to it.
            NotFound: There is none.
        """
        _refuse_own(name)
        if used := self._used().get(f"store:{name}"):
            raise Conflict(f"{name[:80]!r} is used by {', '.join(used)}; change that first.")
        if not await self._sealed.remove(name, by=principal.user, via=principal.via):
            raise NotFound(f"There is no secret {name[:80]!r}.")

    async def rotate(self, principal: Principal) -> SecretRotation:
        """Seal everything under a new key. Raises as `SealedSecrets.rotate`."""
        done = await self._sealed.rotate(by=principal.user, via=principal.via)
        return SecretRotation(secrets=done.count, unopened=list(done.lost))

    async def sweep(self) -> None:
        """Delete keys that were replaced or whose connection is gone."""
        for name in await self._sealed.sweep(datetime.now(UTC), self._used()):
            _log.info("The sealed key %s was used by nothing any more and is deleted.", name)

    async def _try(self, name: str, value: str) -> None:
        secrets = TypedSecrets(self._parts.secrets, {f"store:{name}": value})
        rules = {one.name: one.rule for one in self._parts.catalogue.connections.values()}
        rules |= self._parts.governance.config.connections
        for connection, rule in rules.items():
            if rule.enabled and f"store:{name}" in _references(rule.model_dump(mode="json")):
                tried = await self._parts.catalogue.probe(connection, rule, secrets)
                if tried.fault is not None:
                    raise InvalidRequest(
                        f"The connection {connection!r} does not work with the new value: "
                        f"{tried.fault} The old one stays; `test: false` sets it all the same.",
                        param="value",
                    )

    def _used(self) -> dict[str, list[str]]:
        """What refers to secrets, by reference."""
        found: dict[str, list[str]] = {}
        config = self._parts.governance.config.model_dump(mode="json", by_alias=True)
        places = {name: rule for name, rule in config.items() if name != "connections"}
        places |= {f"connection {n}": rule for n, rule in config["connections"].items()}
        for connection in self._parts.catalogue.connections.values():
            places.setdefault(
                f"connection {connection.name}", connection.rule.model_dump(mode="json")
            )
        for place, rule in places.items():
            for reference in _references(rule):
                users = found.setdefault(reference, [])
                if place not in users:
                    users.append(place)
        return found


def _references(value: Json) -> Iterator[str]:
    """References to sealed secrets, wherever they stand."""
    if isinstance(value, str):
        if value.startswith("store:"):
            yield value
    elif (fields := as_object(value)) is not None:
        for one in fields.values():
            yield from _references(one)
    elif (items := as_list(value)) is not None:
        for one in items:
            yield from _references(one)


def _refuse_own(name: str) -> None:
    if name.startswith(_OWN):
        raise InvalidRequest(
            f"Names that begin with {' or '.join(map(repr, _OWN))} are the mesh's own.",
            param="name",
        )
