"""The guards that work for a gateway: made, started and replaced as its configuration says."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeAlias

from ..config import Config, standard_detectors
from ..errors import ConfigError
from ..guards.remote_config import RemoteGuardConfig
from ..references import fault_of_asked
from ..schemas.catalog import Residency
from ..spi.guard import Detector, Guard, GuardTools, Judge
from ..spi.happenings import Happenings
from ..spi.secrets import SecretStore
from .findable import unfindable
from .plugins import Plugins, validate_settings
from .text_stays import check_text_stays, farthest, reach

_log = logging.getLogger("jupyter_mesh")
_Declared: TypeAlias = tuple[str, dict[str, object]]
"""A plugin's name and the settings it gets."""


class Rehearsing(NamedTuple):
    """Guards of a policy that is tried.

    Attributes:
        every: By the names the policy gives them.
        warming: Names of those that were started for it and may not be ready yet. Who asks a model
            or a service is as ready as that is; asking again would ask that again.
    """

    every: Mapping[str, Guard]
    warming: frozenset[str]


class Guards:
    """Those that are in force, by the names policy gives them. One whose settings did not change
    goes on, with what it has loaded.

    Args:
        tools: What they are lent.

    Attributes:
        detectors: Replaced as a whole, never changed.
        judges: The same.
        doubts: What rules on trial name in vain.
    """

    def __init__(self, plugins: Plugins, tools: GuardTools) -> None:
        self._plugins = plugins
        self._tools = tools
        self._declared: dict[str, _Declared] = {}
        self.detectors: Mapping[str, Detector] = {}
        self.judges: Mapping[str, Judge] = {}
        self.doubts: list[str] = []

    def adopt(self, config: Config) -> list[Guard]:
        """Put the guards of `config` in force; those that no longer are, to be closed when no call
        that began before runs any more.

        Raises:
            ConfigError: One cannot be made, or a rule cannot be kept; the old ones stay.
        """
        declared = _declared_in(config)
        before: dict[str, Guard] = {**self.detectors, **self.judges}
        kept = {name: one for name, one in before.items() if self._is_unchanged(name, declared)}
        every = kept | {
            name: _made(name, said, self._plugins)
            for name, said in declared.items()
            if name not in kept
        }
        self.doubts = check_rules(config, every)
        for doubt in (*self.doubts, *check_text_stays(config, every, self._plugins)):
            _log.warning("%s", doubt)
        for name, guard in every.items():
            if name not in kept:
                guard.start(name, self._tools)
        self._declared = declared
        self.detectors, self.judges = by_kind(every)
        return [one for name, one in before.items() if name not in kept]

    def judges_reach(self, config: Config) -> Residency:
        """How far texts go that every judge in force is shown."""
        return farthest(self.judges.values(), config, self._plugins)

    @asynccontextmanager
    async def lent(
        self, config: Config, secrets: SecretStore, *, inside: bool = False
    ) -> AsyncGenerator[Rehearsing]:
        """The guards of a configuration that is not in force: those that are the same anyway, and
        others that work for as long as this lasts, with a folder and `secrets` of their own, and
        raise no alerts. `inside`: no other one may show what it sees to a service, wherever that
        is said to be.

        Raises:
            ConfigError: One cannot be made, or a rule cannot be kept, or one is a service although
                none may be.
        """
        declared = _declared_in(config)
        present: dict[str, Guard] = {**self.detectors, **self.judges}
        every = {
            name: present[name]
            if self._is_unchanged(name, declared)
            else _made(name, said, self._plugins)
            for name, said in declared.items()
        }
        check_rules(config, every)
        check_text_stays(config, every, self._plugins)
        fresh = [name for name, one in every.items() if one is not present.get(name)]
        if inside:
            self._refuse_services({name: every[name] for name in fresh}, config)
        with TemporaryDirectory(prefix="mesh-draft-") as folder:
            own = Happenings()
            tools = replace(self._tools, secrets=secrets, folder=Path(folder), happenings=own)
            begun: list[Guard] = []
            try:
                for name in fresh:
                    begun.append(every[name])
                    every[name].start(name, tools)
                warming = frozenset(name for name in fresh if not _asks(every[name]))
                yield Rehearsing(every, warming)
            finally:
                for guard in begun:
                    await guard.aclose()

    def _refuse_services(self, guards: Mapping[str, Guard], config: Config) -> None:
        for name, one in guards.items():
            far = reach(one, config, self._plugins) is not Residency.LOCAL
            if far or isinstance(one.config, RemoteGuardConfig):
                raise ConfigError(
                    f"guards.{name}: this guard shows texts to a service and is not in force, so "
                    "it is shown none that is kept. Save it first, or leave it out."
                )

    def _is_unchanged(self, name: str, declared: Mapping[str, _Declared]) -> bool:
        return name in declared and declared[name] == self._declared.get(name)

    async def aclose(self) -> None:
        """Close those in force."""
        every: list[Guard] = [*self.detectors.values(), *self.judges.values()]
        self.detectors, self.judges = {}, {}
        for guard in every:
            await guard.aclose()


def _asks(guard: Guard) -> bool:
    return bool(guard.asks) or isinstance(guard.config, RemoteGuardConfig)


def check_guards(config: Config, plugins: Plugins) -> None:
    """Raises ConfigError where a guard cannot be made, or a rule cannot be kept."""
    made = {name: _made(name, said, plugins) for name, said in _declared_in(config).items()}
    check_rules(config, made)
    check_text_stays(config, made, plugins)


def check_rules(config: Config, guards: Mapping[str, Guard]) -> list[str]:
    """What rules on trial name that none of their detectors can find, in words.

    Raises:
        ConfigError: A rule uses a guard for what it is not, or one in force names what none of its
            detectors can find.
    """
    for rule in config.screening:
        for name in rule.detectors:
            if name != "standard" and not isinstance(guards[name], Detector):
                raise ConfigError(
                    f"screening: {name!r} judges whole texts; use it under `moderation`."
                )
    for rule in config.moderation:
        if rule.guard is not None and not isinstance(guards[rule.guard], Judge):
            raise ConfigError(
                f"moderation: {rule.guard!r} finds spans; name it under `detectors`, or use it "
                "under `screening`."
            )
        for name in rule.detectors:
            if name != "standard" and not isinstance(guards[name], Detector):
                raise ConfigError(f"moderation: {name!r} judges whole texts; name it as `guard`.")
    unknown = [
        f"guards.{name}: {fault}"
        for name, guard in guards.items()
        for model in guard.asks
        if (fault := fault_of_asked(config, model))
    ]
    if unknown:
        raise ConfigError(" ".join(f"{fault}." for fault in unknown))
    faults = list(unfindable(config, guards))
    if enforced := [fault.message for fault in faults if fault.enforced]:
        raise ConfigError(" ".join(enforced))
    return [fault.message for fault in faults]


def _declared_in(config: Config) -> dict[str, _Declared]:
    declared = {
        name: (rule.guard, dict(rule.model_extra or {})) for name, rule in config.guards.items()
    }
    for name in standard_detectors():
        declared.setdefault(name, (name, {}))
    return declared


def _made(name: str, said: _Declared, plugins: Plugins) -> Guard:
    kind, settings = said
    plugin = plugins.guard(kind)
    return plugin(validate_settings(plugin.Config, settings, f"guards.{name}"))


def by_kind(guards: Mapping[str, Guard]) -> tuple[dict[str, Detector], dict[str, Judge]]:
    """Those that find spans, and those that judge texts."""
    detectors = {name: one for name, one in guards.items() if isinstance(one, Detector)}
    judges = {name: one for name, one in guards.items() if isinstance(one, Judge)}
    return detectors, judges
