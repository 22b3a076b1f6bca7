"""What admins do while the mesh runs: see and change settings, try connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from pydantic import BaseModel

from ..config import ConnectionRule
from ..errors import ConfigError, InvalidRequest, NotFound
from ..pipeline.snapshot import Candidate
from ..schemas.admin import (
    BudgetUses,
    Connections,
    ConnectionStatus,
    ConnectionTest,
    ConnectionTrial,
    ProviderKind,
    ProviderKinds,
    SettingBody,
    SettingChangeBody,
    SettingChanges,
    Settings,
    SettingUpdate,
)
from ..schemas.api import ModelCard
from ..schemas.json import JsonObject
from ..schemas.principal import Principal
from ..schemas.setting import CHANGE_KINDS, KINDS, ChangeKind, Kind, Setting
from ..spi import PROVIDER_GROUP
from .budget_use import budget_use
from .cards import model_card
from .forms import first_paragraph, form_of
from .kept_keys import refuse_moved_keys
from .merge import declared
from .parts import Parts
from .plugins import validate_settings
from .trial import TypedSecrets
from .typed_keys import refer_to, refuse_plain_keys
from .without_secrets import without_secrets

_AS_IT_IS = ConnectionTrial()


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
            if (known, name) not in governance.faults
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
        if known in ("connections", "guards"):
            refuse_plain_keys(body)
        sealed = refer_to(body, name, update.secrets)
        if known in ("connections", "alerts", "guards"):
            refuse_moved_keys(body, self._as_it_is(known, name), sealed)
        if known == "connections" and update.test:
            await self._try(name, body, sealed)
        await self._governance.check(known, name, body, update.version)
        for secret, value in sealed.items():
            await asyncio.to_thread(self._parts.secrets.set, secret, value)
        await self._governance.put(principal, known, name, body, update.version)
        return self._one(known, name)

    async def _try(self, name: str, body: JsonObject, typed: Mapping[str, str]) -> None:
        rule = validate_settings(ConnectionRule, body, "connection")
        tried = await self._parts.catalogue.probe(name, rule, self._typed(typed))
        if tried.fault is not None:
            raise InvalidRequest(f"It does not work, so nothing was changed: {tried.fault}")

    def _typed(self, typed: Mapping[str, str]) -> TypedSecrets:
        references = {f"store:{secret}": value for secret, value in typed.items()}
        return TypedSecrets(self._parts.secrets, references)

    def _as_it_is(
        self, kind: Literal["connections", "alerts", "guards"], name: str
    ) -> JsonObject | None:
        rule = declared(self._governance.config, kind).get(name)
        return None if rule is None else _body(kind, rule)

    async def remove(self, principal: Principal, kind: str, name: str, version: int | None) -> None:
        """Remove one object. Raises as `put`, and NotFound."""
        await self._governance.put(principal, _kind(kind), name, None, version)

    async def budget_use(self) -> BudgetUses:
        """How full each budget is. Raises StoreUnavailable where that cannot be read."""
        return BudgetUses(budgets=await budget_use(self._parts))

    async def changes(
        self, *, kind: str | None, name: str | None, before: int | None, limit: int
    ) -> SettingChanges:
        """Who changed what, newest first."""
        known = None if kind is None else _change_kind(kind)
        found = await self._governance.changes(kind=known, name=name, before=before, limit=limit)
        shown = [
            SettingChangeBody(
                version=one.version,
                kind=one.kind,
                name=one.name,
                changed_at=one.changed_at,
                changed_by=one.changed_by,
                via=one.via,
                before=None if one.before is None else without_secrets(one.before),
                after=None if one.after is None else without_secrets(one.after),
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
        models = {name: one.candidates for name, one in opened.items()}
        return Connections(
            connections=[
                ConnectionStatus(
                    name=name,
                    provider=rule.provider,
                    enabled=rule.enabled,
                    models=sorted(models.get(name, ())),
                    cards=self._cards(models.get(name, {}).values()),
                    fault=opened[name].fault if name in opened else None,
                )
                for name, rule in sorted(rules.items())
            ]
        )

    async def test(self, name: str, trial: ConnectionTrial = _AS_IT_IS) -> ConnectionTest:
        """Try a connection, as it is or as it is written: is it reached, is the key right,
        which models are there. Asks no model, and keeps nothing.

        Raises:
            NotFound: There is none of this name.
            ConfigError: It is not written as a connection is.
        """
        typed: dict[str, str] = {}
        if trial.connection is None:
            rule = self._present(name)
        else:
            body = cast(JsonObject, dict(trial.connection))
            typed = refer_to(body, name, trial.secrets)
            refuse_moved_keys(body, self._as_it_is("connections", name), typed)
            rule = validate_settings(ConnectionRule, body, "connection")
        began = time.perf_counter()
        tried = await self._parts.catalogue.probe(name, rule, self._typed(typed))
        return ConnectionTest(
            ok=tried.fault is None,
            latency_ms=(time.perf_counter() - began) * 1000,
            models=sorted(one.facts.name for one in tried.candidates.values()),
            cards=self._cards(tried.candidates.values()),
            fault=tried.fault,
        )

    def _present(self, name: str) -> ConnectionRule:
        opened = self._parts.catalogue.connections.get(name)
        rule = self._governance.config.connections.get(name) or (opened.rule if opened else None)
        if rule is None:
            raise NotFound(f"There is no connection {name[:80]!r}.")
        return rule

    def _cards(self, models: Iterable[Candidate]) -> list[ModelCard]:
        """Cards of models, whoever may use them."""
        ordered = sorted(models, key=lambda one: one.id)
        return [model_card(one, self._parts.health) for one in ordered]

    def _one(self, kind: Kind, name: str) -> SettingBody:
        return next(one for one in self.settings(kind).settings if one.name == name)

    def label_of(self, provider: str) -> str:
        """What people call a provider, as it stands in records."""
        return self._provider(provider).label

    def _provider(self, name: str) -> ProviderKind:
        try:
            provider = self._parts.plugins.provider(name)
        except ConfigError as error:
            return ProviderKind(
                name=name,
                label=name,
                title=name,
                local=False,
                config_schema={},
                fault=error.message,
            )
        return ProviderKind(
            name=name,
            label=provider.label or name,
            title=first_paragraph(provider).rstrip(".") or name,
            local=provider.local,
            config_schema=form_of(provider.Config),
        )


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound(f"There are no settings {name[:40]!r}; there are {_listed(KINDS)}.")
    return name


def _change_kind(name: str) -> ChangeKind:
    if name not in CHANGE_KINDS:
        raise NotFound(f"There are no changes of {name[:40]!r}; there are {_listed(CHANGE_KINDS)}.")
    return name


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


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
        body=without_secrets(body),
        managed_by=managed_by,
        version=setting.version if setting else None,
        changed_at=setting.changed_at if setting else None,
        changed_by=setting.changed_by if setting else None,
        fault=fault,
    )
