"""Making snapshots of policy and catalogue, and swapping them as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

import orjson

from .. import __version__
from ..config import SCREEN_WHAT_LEAVES, Config, standard_detectors
from ..pipeline.snapshot import Candidate, Snapshot
from ..schemas.guard_rules import ModerationRule, ScreeningRule
from ..spi.guard import Guard
from .catalogue import Catalogue
from .guards import Guards, by_kind

R = TypeVar("R", ScreeningRule, ModerationRule)


class SnapshotKeeper:
    """Holds the snapshot that new calls take; running calls keep theirs.

    Args:
        key: What hashes and invented values are made with; asked for only where a rule needs it.
        own_guards: What answers moderation requests.
    """

    def __init__(
        self,
        config: Config,
        catalogue: Catalogue,
        guards: Guards,
        key: Callable[[], bytes],
        own_guards: Candidate | None = None,
    ) -> None:
        self._config = config
        self._catalogue = catalogue
        self._guards = guards
        self._key = key
        self._own_guards = own_guards
        guards.adopt(config)
        self._policy = _policy_of(config)
        self.snapshot = Snapshot()
        self._version = 0

    def configure(self, config: Config) -> list[Guard]:
        """Take over another configuration; a new version. Returns the guards that it does without.

        Raises:
            ConfigError: A guard cannot be set up; the old snapshot stays.
        """
        retired = self._guards.adopt(config)
        self._config = config
        self._policy = _policy_of(config)
        self.rebuild()
        return retired

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
            moderation=tuple(_expanded(rule) for rule in config.moderation),
            own_guards=self._moderator(),
            detectors=self._guards.detectors,
            judges=self._guards.judges,
            cache=config.cache.exact,
            semantic=config.cache.semantic,
            audit=config.audit,
            disguise_key=self._disguise_key(config),
            stopped=tuple(one for one in config.use_cases.values() if not one.enabled),
            admin_contact=config.admin_contact,
        )

    def _moderator(self) -> Candidate | None:
        """What answers moderation requests is as far away as any of the judges it asks, so that
        rules for what leaves hold for it.
        """
        own = self._own_guards
        if own is None:
            return None
        residency = self._guards.judges_reach(self._config)
        return replace(own, facts=replace(own.facts, residency=residency))

    def drafted(self, config: Config, guards: Mapping[str, Guard]) -> Snapshot:
        """The present catalogue under the guards and rules of another configuration, for a
        rehearsal: nothing of it is put in force, and nothing that is said under it is kept.
        """
        detectors, judges = by_kind(guards)
        return replace(
            self.snapshot,
            policy=_policy_of(config),
            screening=tuple(_expanded(rule) for rule in config.screening),
            default_screening=_expanded(SCREEN_WHAT_LEAVES) if config.screening else None,
            disguise_key=self._disguise_key(config),
            moderation=tuple(_expanded(rule) for rule in config.moderation),
            detectors=detectors,
            judges=judges,
            audit=config.audit.model_copy(update={"content": "none", "content_for": ()}),
        )

    def _disguise_key(self, config: Config) -> bytes:
        return self._key() if any(map(_disguises, config.screening)) else b""


def _disguises(rule: ScreeningRule) -> bool:
    return not {"hash", "pseudonymise"}.isdisjoint(rule.entities.values())


def _policy_of(config: Config) -> str:
    """A hash of what decides which answers come of a request, and for whom."""
    sections = {"connections", "aliases", "groups", "guards", "screening", "moderation"}
    said = config.model_dump(mode="json", include=sections, by_alias=True)
    whole = orjson.dumps([__version__, said], option=orjson.OPT_SORT_KEYS, default=str)
    return sha256(whole).hexdigest()


def _expanded(rule: R) -> R:
    if "standard" not in rule.detectors:
        return rule
    names: Sequence[str] = [
        name
        for written in rule.detectors
        for name in (standard_detectors() if written == "standard" else (written,))
    ]
    return rule.model_copy(update={"detectors": tuple(dict.fromkeys(names))})
