"""What is configured in the hub, and what it would be with more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

from pydantic import BaseModel, ValidationError

from ...config import Config
from ...schemas.json import Json, JsonObject
from ...schemas.setting import Kind, Setting
from ..catalogue import check_connection
from ..guards import check_guards
from ..merge import declared, held_by_file, merge, merge_all
from ..plugins import Plugins
from .references import SEALED, sealed_names, with_sealed

_NAMED_BY_FIELD = ("keys", "budgets", "limits", "screening", "moderation", "slos")


class HubPolicy:
    """Args:
    base: What the hub's `mesh.yaml` says.
    settings: What admins set.
    secrets: Its sealed secrets by name; None where no key opens one.
    plugins: Check what is particular to them.
    """

    def __init__(
        self,
        base: Config,
        settings: Iterable[Setting],
        secrets: Mapping[str, str | None],
        plugins: Plugins,
    ) -> None:
        self._base = base
        self._settings = {(one.kind, one.name): one for one in settings}
        self._plugins = plugins
        self.secrets = dict(secrets)
        self.config, self._faults = merge(base, self._settings.values())

    def copy(self) -> HubPolicy:
        """Another, to try things with."""
        return HubPolicy(self._base, self._settings.values(), self.secrets, self._plugins)

    @property
    def referred(self) -> set[str]:
        """Names of sealed secrets that something refers to, sealed or not."""
        whole = self.config.model_dump(mode="json", by_alias=True)
        bodies = [whole, *(one.body for one in self._settings.values())]
        return {name for body in bodies for name in sealed_names(cast(JsonObject, body))}

    def held_by_file(self, kind: Kind, name: str) -> bool:
        """Whether `mesh.yaml` declares it."""
        return held_by_file(self._base, kind, name)

    def version(self, kind: Kind, name: str) -> int | None:
        """Of what admins set."""
        found = self._settings.get((kind, name))
        return found.version if found else None

    def body_of(self, kind: Kind, name: str) -> JsonObject | None:
        """As it stands in the store, or would in `mesh.yaml`; None: there is none."""
        if (found := self._settings.get((kind, name))) is not None:
            return found.body
        rule = declared(self.config, kind).get(name)
        return None if rule is None else _dumped(rule, exclude_unset=True)

    def rule(self, kind: Kind, name: str) -> object | None:
        """The object in force, or what stands for it where it is left out."""
        if (kind, name) in self._faults:
            return self._settings[kind, name].body
        return declared(self.config, kind).get(name)

    def says(self, kind: Kind, name: str, body: JsonObject, values: Mapping[str, str]) -> bool:
        """Whether what is there says the same as `body`, whose sealed secrets have `values`."""
        there = self.rule(kind, name)
        if not isinstance(there, BaseModel):
            mine, theirs = body, cast(JsonObject, there)
        else:
            named = {**body, "name": cast(Json, name)} if kind in _NAMED_BY_FIELD else body
            try:
                mine = _dumped(type(there).model_validate(named))
            except ValidationError:
                return False
            theirs = _dumped(there)
        # A name says nothing: it is the value that counts.
        return with_sealed(mine, lambda one: _shown(values.get(one), f"mine {one}")) == with_sealed(
            theirs, lambda one: _shown(self.secrets.get(one), f"theirs {one}")
        )

    def put(self, kind: Kind, name: str, body: JsonObject) -> None:
        """Set one, as `Governance.put` would.

        Raises:
            ConfigError: It does not fit; nothing was changed.
        """
        others = [
            one
            for key, one in self._settings.items()
            if key != (kind, name) and key not in self._faults
        ]
        now = datetime.now(UTC)
        draft = Setting(kind=kind, name=name, body=body, version=0, changed_at=now, changed_by="")
        config = merge_all(self._base, [*others, draft])
        check_object(self._plugins, config, kind, name)
        self._settings[kind, name] = draft
        self._faults.pop((kind, name), None)
        self.config = config


def check_object(plugins: Plugins, config: Config, kind: Kind, name: str) -> None:
    """Raises ConfigError where one object of a configuration cannot be used."""
    if kind == "connections":
        check_connection(plugins, name, config.connections[name])
    elif kind in ("guards", "screening", "moderation"):
        check_guards(config, plugins)


def _shown(value: str | None, unknown: str) -> str:
    return f"value {value}" if value is not None else f"{SEALED}{unknown}"


def _dumped(rule: object, *, exclude_unset: bool = False) -> JsonObject:
    assert isinstance(rule, BaseModel)
    written = rule.model_dump(mode="json", by_alias=True, exclude_unset=exclude_unset)
    return cast(JsonObject, written)
