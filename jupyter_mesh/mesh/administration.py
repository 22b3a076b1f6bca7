"""What admins do while the mesh runs: see and change settings, try connections."""

from __future__ import annotations

import secrets as random
import time
from collections.abc import Mapping
from typing import Literal, cast

from pydantic import BaseModel

from ..config import ConnectionRule
from ..errors import ConfigError, InvalidRequest, NotFound
from ..schemas.admin import (
    Connections,
    ConnectionStatus,
    ConnectionTest,
    ProviderKind,
    ProviderKinds,
    SettingBody,
    SettingChangeBody,
    SettingChanges,
    Settings,
    SettingUpdate,
)
from ..schemas.json import Json, JsonObject
from ..schemas.principal import Principal
from ..schemas.setting import KINDS, Kind, Setting
from ..spi import PROVIDER_GROUP
from ..spi.secrets import REFERENCES
from .assembly import Parts
from .plugins import validate_settings

_HIDDEN = "(hidden)"


class Administration:
    """Handed out by `Mesh.administration`; the routes see to it that only admins get here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._governance = parts.governance

    def settings(self, kind: str) -> Settings:
        """Every object of a section: what is in force, and what is not with the reason.

        Raises:
            NotFound: There is no such section.
        """
        known = _kind(kind)
        governance = self._governance
        shown = [
            _shown(known, name, _body(known, rule), governance.managed_by(known, name), setting)
            for name, rule, setting in governance.listed(known)
        ]
        for (fault_kind, name), reason in governance.faults.items():
            setting = governance.stored(fault_kind, name)
            if fault_kind == known and setting is not None:
                shown.append(_shown(known, name, setting.body, "admin", setting, reason))
        return Settings(settings=shown)

    async def put(
        self, principal: Principal, kind: str, name: str, update: SettingUpdate
    ) -> SettingBody:
        """Set one object. Keys among its secrets are sealed first, under names of their own, so
        that a change that is refused leaves the old ones as they were.

        Raises:
            ConfigError: It does not fit, or is managed by mesh.yaml; nothing was changed.
            Conflict: Somebody else changed it in between.
        """
        known = _kind(kind)
        if known == "keys":
            raise InvalidRequest("Keys are made with POST /mesh/api/keys.")
        body = cast(JsonObject, dict(update.body))
        if known == "connections":
            _refuse_plain_keys(body)
        sealed = {f"{name}.{field}.{random.token_hex(4)}": field for field in update.secrets}
        for secret, field in sealed.items():
            _set_field(body, field, f"store:{secret}")
        await self._governance.check(known, name, body, update.version)
        for secret, field in sealed.items():
            self._parts.secrets.set(secret, update.secrets[field])
        await self._governance.put(principal, known, name, body, update.version)
        return self._one(known, name)

    async def remove(self, principal: Principal, kind: str, name: str, version: int | None) -> None:
        """Remove one object. Raises as `put`, and NotFound."""
        await self._governance.put(principal, _kind(kind), name, None, version)

    async def changes(
        self, *, kind: str | None, name: str | None, before: int | None, limit: int
    ) -> SettingChanges:
        """Who changed what, newest first."""
        known = None if kind is None else _kind(kind)
        found = await self._governance.changes(kind=known, name=name, before=before, limit=limit)
        shown = [
            SettingChangeBody(
                version=one.version,
                kind=one.kind,
                name=one.name,
                changed_at=one.changed_at,
                changed_by=one.changed_by,
                via=one.via,
                before=None if one.before is None else _without_keys(one.before),
                after=None if one.after is None else _without_keys(one.after),
            )
            for one in found
        ]
        return SettingChanges(
            changes=shown, next=found[-1].version if len(found) == limit else None
        )

    def providers(self) -> ProviderKinds:
        """Every provider that is installed, with the form of its connections."""
        return ProviderKinds(
            providers=[self._provider(name) for name in self._parts.plugins.names(PROVIDER_GROUP)]
        )

    def connections(self) -> Connections:
        """Every connection as it is now."""
        opened = self._parts.catalogue.connections
        rules = {**self._governance.config.connections, **{n: c.rule for n, c in opened.items()}}
        return Connections(
            connections=[
                ConnectionStatus(
                    name=name,
                    provider=rule.provider,
                    enabled=rule.enabled,
                    models=sorted(opened[name].candidates) if name in opened else [],
                    fault=opened[name].fault if name in opened else None,
                )
                for name, rule in sorted(rules.items())
            ]
        )

    async def test(self, name: str, written: JsonObject | None = None) -> ConnectionTest:
        """Try a connection, as it is or as it is `written`: is it reached, is the key right,
        which models are there. Asks no model.

        Raises:
            NotFound: There is none of this name.
            ConfigError: It is not written as a connection is.
        """
        rule = None if written is None else validate_settings(ConnectionRule, written, "connection")
        if rule is None:
            found = self._governance.config.connections.get(name)
            opened = self._parts.catalogue.connections.get(name)
            rule = found or (opened.rule if opened else None)
        if rule is None:
            raise NotFound(f"There is no connection {name[:80]!r}.")
        began = time.perf_counter()
        tried = await self._parts.catalogue.probe(name, rule)
        return ConnectionTest(
            ok=tried.fault is None,
            latency_ms=(time.perf_counter() - began) * 1000,
            models=sorted(one.facts.name for one in tried.candidates.values()),
            fault=tried.fault,
        )

    def _one(self, kind: Kind, name: str) -> SettingBody:
        return next(one for one in self.settings(kind).settings if one.name == name)

    def _provider(self, name: str) -> ProviderKind:
        try:
            provider = self._parts.plugins.provider(name)
        except ConfigError as error:
            return ProviderKind(
                name=name, title=name, local=False, config_schema={}, fault=error.message
            )
        title = (provider.__doc__ or name).strip().splitlines()[0].rstrip(".")
        schema = cast("dict[str, Json]", provider.Config.model_json_schema())
        return ProviderKind(name=name, title=title, local=provider.local, config_schema=schema)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound(f"There are no settings {name[:40]!r}; there are {', '.join(KINDS)}.")
    return name


def _body(kind: Kind, rule: object) -> JsonObject:
    """What was written of a rule, no defaults; with the settings a plugin reads."""
    if isinstance(rule, BaseModel):
        written = rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
    else:
        written = rule
    return cast(JsonObject, {"value": written} if kind == "general" else written)


def _shown(
    kind: Kind,
    name: str,
    body: JsonObject,
    managed_by: Literal["mesh.yaml", "admin", "default"],
    setting: Setting | None,
    fault: str | None = None,
) -> SettingBody:
    return SettingBody(
        kind=kind,
        name=name,
        body=_without_keys(body),
        managed_by=managed_by,
        version=setting.version if setting else None,
        changed_at=setting.changed_at if setting else None,
        changed_by=setting.changed_by if setting else None,
        fault=fault,
    )


def _without_keys(body: JsonObject) -> JsonObject:
    """A body as it may be shown: no hash of a key, and in headers only references."""
    shown = {field: value for field, value in body.items() if field != "hash"}
    headers = shown.get("headers")
    if isinstance(headers, dict):
        shown["headers"] = {
            name: value if _is_reference(value) else _HIDDEN for name, value in headers.items()
        }
    return shown


def _refuse_plain_keys(body: Mapping[str, Json]) -> None:
    headers = body.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if not _is_reference(value):
            raise InvalidRequest(
                f"Give the value of the header {name!r} under `secrets` as `headers.{name}`, or as "
                "a reference such as env:NAME; it may be a key.",
                param=f"headers.{name}",
            )


def _is_reference(value: Json) -> bool:
    return isinstance(value, str) and value.startswith(REFERENCES)


def _set_field(body: JsonObject, path: str, value: str) -> None:
    *parents, last = path.split(".", 1)
    place = body
    for parent in parents:
        inner = place.get(parent)
        place[parent] = inner = dict(inner) if isinstance(inner, dict) else {}
        place = inner
    place[last] = value
