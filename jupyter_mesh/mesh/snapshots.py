"""Making snapshots of policy and catalogue, and swapping them as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import orjson

from .. import __version__
from ..config import SCREEN_WHAT_LEAVES, STANDARD_DETECTORS, Config
from ..errors import ConfigError
from ..pipeline.snapshot import Snapshot
from ..schemas.policy import ScreeningRule
from ..spi.guard import Detector, Judge
from .catalogue import Catalogue
from .plugins import Plugins, validate_settings


class SnapshotKeeper:
    """Holds the snapshot that new calls take; running calls keep theirs."""

    def __init__(self, config: Config, catalogue: Catalogue, plugins: Plugins) -> None:
        self._config = config
        self._catalogue = catalogue
        self._plugins = plugins
        self._detectors, self._judges = guards_of(config, plugins)
        self._policy = _policy_of(config)
        self.snapshot = Snapshot()
        self._version = 0

    def configure(self, config: Config) -> None:
        """Take over another configuration; a new version.

        Raises:
            ConfigError: A guard cannot be set up; the old snapshot stays.
        """
        if config.guards != self._config.guards:
            self._detectors, self._judges = guards_of(config, self._plugins)
        self._config = config
        self._policy = _policy_of(config)
        self.rebuild()

    def rebuild(self) -> None:
        """Take in what the catalogue holds now; a new version."""
        self._version += 1
        config = self._config
        self.snapshot = Snapshot(
            version=self._version,
            policy=self._policy,
            models={
                candidate.id: candidate
                for connection in self._catalogue.connections.values()
                for candidate in connection.candidates.values()
            },
            aliases=config.aliases,
            groups=config.groups,
            budgets=config.all_budgets,
            raises=tuple(config.raises.values()),
            limits=config.limits,
            screening=tuple(_expanded(rule) for rule in config.screening),
            default_screening=_expanded(SCREEN_WHAT_LEAVES) if config.screening else None,
            moderation=config.moderation,
            detectors=self._detectors,
            judges=self._judges,
            cache=config.cache.exact,
            semantic=config.cache.semantic,
            audit=config.audit,
            stopped=tuple(one for one in config.use_cases.values() if not one.enabled),
            admin_contact=config.admin_contact,
        )


def _policy_of(config: Config) -> str:
    """A hash of what decides which answers come of a request, and for whom."""
    sections = {"connections", "aliases", "groups", "guards", "screening", "moderation"}
    said = config.model_dump(mode="json", include=sections, by_alias=True)
    whole = orjson.dumps([__version__, said], option=orjson.OPT_SORT_KEYS, default=str)
    return sha256(whole).hexdigest()


def guards_of(config: Config, plugins: Plugins) -> tuple[dict[str, Detector], dict[str, Judge]]:
    """The guards a configuration names, made; by name.

    Raises:
        ConfigError: One cannot be made, or a rule uses one for what it is not.
    """
    detectors: dict[str, Detector] = {}
    judges: dict[str, Judge] = {}
    declared = {
        name: (rule.guard, dict(rule.model_extra or {})) for name, rule in config.guards.items()
    }
    for name in STANDARD_DETECTORS:
        declared.setdefault(name, (name, {}))
    for name, (kind, settings) in declared.items():
        plugin = plugins.guard(kind)
        guard = plugin(validate_settings(plugin.Config, settings, f"guards.{name}"))
        if isinstance(guard, Detector):
            detectors[name] = guard
        else:
            judges[name] = guard
    _check_kinds(config, detectors, judges)
    return detectors, judges


def _check_kinds(config: Config, detectors: dict[str, Detector], judges: dict[str, Judge]) -> None:
    for rule in config.screening:
        for name in rule.detectors:
            if name != "standard" and name not in detectors:
                raise ConfigError(
                    f"screening: {name!r} judges whole texts; use it under `moderation`."
                )
    for rule in config.moderation:
        if rule.guard not in judges:
            raise ConfigError(f"moderation: {rule.guard!r} finds spans; use it under `screening`.")


def _expanded(rule: ScreeningRule) -> ScreeningRule:
    if "standard" not in rule.detectors:
        return rule
    names: Sequence[str] = [
        name
        for written in rule.detectors
        for name in (STANDARD_DETECTORS if written == "standard" else (written,))
    ]
    return rule.model_copy(update={"detectors": tuple(dict.fromkeys(names))})
