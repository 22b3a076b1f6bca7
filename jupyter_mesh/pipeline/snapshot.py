"""Policy, catalogue and prices at one moment: immutable, swapped as a whole, read without locks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TypeAlias, TypeVar, cast

from ..schemas.catalog import ModelFacts
from ..schemas.guard_rules import ModerationRule, ScreeningRule, Target
from ..schemas.policy import (
    AliasRule,
    BudgetRule,
    ExactCacheRule,
    GroupRule,
    LimitRule,
    SemanticCacheRule,
)
from ..schemas.principal import Principal
from ..schemas.raises import RaiseRule
from ..schemas.record_policy import AuditRule
from ..schemas.spend import Price, dearest
from ..schemas.use_case import UseCaseRule
from ..spi.guard import Detector, Judge
from ..spi.provider import Provider

T = TypeVar("T")
_Caller: TypeAlias = "tuple[str, frozenset[str], tuple[str, ...] | None]"
"""User, groups, and what the credential is narrowed to."""
OWN_GUARDS = "mesh/guards"
"""What is asked what the mesh's guards say of a text."""
_ALSO_CALLED = ("omni-moderation-", "text-moderation-")
"""How the names begin that OpenAI's clients ask for."""
_MOST_REMEMBERED = 10_000
"""Callers whose groups and models a snapshot keeps worked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How patiently a connection is used. Times in seconds."""

    timeout: float = 120.0
    idle_timeout: float = 60.0
    retries: int = 2
    parallel: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One model that could answer, with the connection it is reached through.

    Attributes:
        sends_trace: Whether who answers is told the trace that a call is a part of.
    """

    facts: ModelFacts
    provider: Provider
    limits: ConnectionLimits = ConnectionLimits()
    sends_trace: bool = False

    @property
    def id(self) -> str:
        """`connection/name`."""
        return self.facts.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a call is decided by.

    Attributes:
        version: Grows with every change in this process.
        policy: A hash of what decides which answers come of a request; the same in every gateway
            that has the same configuration. Cache keys hold it.
    """

    version: int = 1
    policy: str = ""
    models: Mapping[str, Candidate] = field(default_factory=dict[str, Candidate])
    aliases: Mapping[str, AliasRule] = field(default_factory=dict[str, AliasRule])
    groups: Mapping[str, GroupRule] = field(default_factory=dict[str, GroupRule])
    budgets: tuple[BudgetRule, ...] = ()
    raises: tuple[RaiseRule, ...] = ()
    limits: tuple[LimitRule, ...] = ()
    screening: tuple[ScreeningRule, ...] = ()
    default_screening: ScreeningRule | None = None
    """For calls to models that no enforced rule of `screening` covers."""
    moderation: tuple[ModerationRule, ...] = ()
    own_guards: Candidate | None = None
    """Answers what the guards say of a text."""
    detectors: Mapping[str, Detector] = field(default_factory=dict[str, Detector])
    judges: Mapping[str, Judge] = field(default_factory=dict[str, Judge])
    cache: ExactCacheRule = field(default_factory=ExactCacheRule)
    semantic: SemanticCacheRule = field(default_factory=SemanticCacheRule)
    audit: AuditRule = field(default_factory=AuditRule)
    disguise_key: bytes = b""
    """What hashes and invented values are made with; empty where no rule needs it."""
    stopped: tuple[UseCaseRule, ...] = ()
    """Uses whose calls are refused."""
    admin_contact: str | None = None
    """Whom people ask for what they may not."""
    by_purpose: bool = field(init=False)
    """Whether some group opens a model for some purposes only."""
    screens: bool = field(init=False)
    """Whether some text must be looked at, or some of what is said be kept."""
    _once: dict[tuple[Hashable, ...], object] = field(
        init=False, default_factory=dict[tuple[Hashable, ...], object], compare=False
    )
    _groups: dict[tuple[str, frozenset[str]], frozenset[str]] = field(
        default_factory=dict[tuple[str, frozenset[str]], frozenset[str]], compare=False
    )
    _models: dict[frozenset[str], frozenset[str]] = field(
        default_factory=dict[frozenset[str], frozenset[str]], compare=False
    )
    _visible: dict[_Caller, frozenset[str]] = field(
        default_factory=dict[_Caller, frozenset[str]], compare=False
    )
    _dearest: list[Price | None] = field(default_factory=list["Price | None"], compare=False)
    _charged: dict[tuple[frozenset[str], str], str] = field(
        default_factory=dict[tuple[frozenset[str], str], str], compare=False
    )

    def __post_init__(self) -> None:
        narrowed = any(rule.purposes_for for rule in self.groups.values())
        object.__setattr__(self, "by_purpose", narrowed)
        rules = self.screening or self.default_screening is not None
        object.__setattr__(self, "screens", bool(rules) or self.audit.keeps_content)

    def once(self, key: tuple[Hashable, ...], work: Callable[[], T]) -> T:
        """What `work` gives, done once for each `key`: of what the snapshot and the key alone
        decide.
        """
        done = self._once.get(key)
        if done is None:
            if len(self._once) > _MOST_REMEMBERED:
                self._once.clear()
            done = self._once[key] = work()
        return cast(T, done)

    @property
    def partial_budgets(self) -> tuple[BudgetRule, ...]:
        """Those that need not pay for whatever answers."""
        return self.once(("partial budgets",), self._find_partial)

    def _find_partial(self) -> tuple[BudgetRule, ...]:
        return tuple(
            rule
            for rule in self.budgets
            if rule.scope.connection or rule.scope.model or rule.fallback
        )

    @property
    def dearest(self) -> Price | None:
        """Of every class of tokens the highest price of any model; None where none costs
        anything.
        """
        if not self._dearest:
            prices = [one.facts.price for one in self.models.values() if one.facts.price]
            tiers = [tier for price in prices for _, tier in price.above]
            self._dearest.append(dearest([*prices, *tiers]))
        return self._dearest[0]

    def groups_of(self, principal: Principal) -> frozenset[str]:
        """The caller's groups: those the identity source gave, mapped to and joined with the
        policy's.
        """
        if not self.groups:
            return principal.groups
        key = (principal.user, principal.groups)
        groups = self._groups.get(key)
        if groups is None:
            if len(self._groups) > _MOST_REMEMBERED:
                self._groups.clear()
            groups = self._groups[key] = self._find_groups(principal)
        return groups

    def _find_groups(self, principal: Principal) -> frozenset[str]:
        handles = {principal.user, "*", *(f"hub:{group}" for group in principal.groups)}
        declared = {
            name for name, rule in self.groups.items() if not handles.isdisjoint(rule.members)
        }
        return frozenset(declared | principal.groups)

    def visible(self, principal: Principal) -> frozenset[str]:
        """Models and aliases the caller may use. Without any `groups` everything is open."""
        groups = self.groups_of(principal)
        key = (principal.user, groups, principal.models)
        names = self._visible.get(key)
        if names is None:
            if len(self._visible) > _MOST_REMEMBERED:
                self._visible.clear()
            names = self._visible[key] = self._compute_visible(groups, principal.models)
        return names

    def _compute_visible(
        self, groups: frozenset[str], narrowed: tuple[str, ...] | None
    ) -> frozenset[str]:
        usable = self._usable(groups)
        names = [*usable]
        for alias in self.aliases:
            behind = self.behind(alias)
            if self._allowed(alias, groups) and (
                not behind or any(one.id in usable for one in behind)
            ):
                names.append(alias)
        if narrowed is None:
            return frozenset(names)
        return frozenset(
            name for name in names if any(fnmatchcase(name, glob) for glob in narrowed)
        )

    def _usable(self, groups: frozenset[str]) -> frozenset[str]:
        """The models that callers of these groups may be answered by, whatever name they ask."""
        usable = self._models.get(groups)
        if usable is None:
            if len(self._models) > _MOST_REMEMBERED:
                self._models.clear()
            usable = self._models[groups] = frozenset(
                name
                for name, one in self.models.items()
                if not one.facts.internal and self._allowed(name, groups, one.facts)
            )
        return usable

    def _allowed(self, name: str, groups: frozenset[str], facts: ModelFacts | None = None) -> bool:
        if not self.groups:
            return True
        rules = [self.groups[group] for group in groups if group in self.groups]
        if facts is not None:
            return any(opens(rule, facts) for rule in rules)
        return any(fnmatchcase(name, glob) for rule in rules for glob in rule.allow)

    def judging(self, name: str, principal: Principal) -> Candidate | None:
        """What answers moderation requests to `name`; None where that is not open to the caller."""
        own = name == OWN_GUARDS or name.startswith(_ALSO_CALLED)
        narrowed = principal.models
        may = narrowed is None or any(fnmatchcase(OWN_GUARDS, glob) for glob in narrowed)
        return self.own_guards if own and may else None

    def charged_group(self, groups: frozenset[str], name: str) -> str:
        """Which one of a caller's groups pays for a call to `name`: the first, in the order of the
        configuration, whose rule opens it; else the first at all; empty where there is none.
        """
        if not groups:
            return ""
        key = (groups, name)
        group = self._charged.get(key)
        if group is None:
            if len(self._charged) > _MOST_REMEMBERED:
                self._charged.clear()
            group = self._charged[key] = self._find_charged(groups, name)
        return group

    def _find_charged(self, groups: frozenset[str], name: str) -> str:
        for group, rule in self.groups.items():
            if group in groups and any(fnmatchcase(name, glob) for glob in rule.allow):
                return group
        known = [group for group in self.groups if group in groups]
        return known[0] if known else min(groups)

    def behind(self, name: str) -> tuple[Candidate, ...]:
        """The candidates behind a model or alias, in the order written, unknown ones left out."""
        alias = self.aliases.get(name)
        if alias is None:
            return (self.models[name],) if name in self.models else ()
        found = [self.models[one] for one in alias.models if one in self.models]
        return tuple(one for one in found if _meets(alias, one.facts))

    def candidates(self, name: str, principal: Principal) -> tuple[Candidate, ...]:
        """Those of them that the caller may use: an alias opens no model by itself."""
        groups = self.groups_of(principal)

        def find() -> tuple[Candidate, ...]:
            usable = self._usable(groups)
            return tuple(one for one in self.behind(name) if one.id in usable)

        return self.once(("candidates", name, groups), find)

    def purposes(self, groups: frozenset[str]) -> tuple[tuple[str, ...], bool]:
        """(purposes the groups may declare; empty means free, whether one must be declared)."""
        return self.once(("purposes", groups), lambda: self._find_purposes(groups))

    def _find_purposes(self, groups: frozenset[str]) -> tuple[tuple[str, ...], bool]:
        rules = [self.groups[name] for name in groups if name in self.groups]
        listed = tuple(dict.fromkeys(purpose for rule in rules for purpose in rule.purposes))
        return listed, any(rule.purpose_required for rule in rules)

    def purposes_of(self, facts: ModelFacts, groups: frozenset[str]) -> tuple[str, ...]:
        """What callers of these groups may use a model for; empty: whatever they may declare."""
        found: dict[str, None] = {}
        for name, rule in self.groups.items():
            if name in groups and opens(rule, facts):
                purposes = rule.purposes_of(facts.id)
                if not purposes:
                    return ()
                found |= dict.fromkeys(purposes)
        return tuple(found)


def opens(rule: GroupRule, facts: ModelFacts) -> bool:
    """Whether a group opens a model to its members."""
    return any(fnmatchcase(facts.id, glob) for glob in rule.allow) and _meets(rule, facts)


def _meets(rule: GroupRule | AliasRule, facts: ModelFacts) -> bool:
    """Whether a model is what a group or an alias asks of the models it names."""
    return rule.require is None or rule.require.met_by(facts)


def covers(target: Target, candidate: Candidate, groups: frozenset[str], application: str) -> bool:
    """Whether a guard rule applies to text on its way to `candidate` for a caller in `groups` that
    uses `application`.
    """
    facts = candidate.facts
    return (
        (target.connection is None or fnmatchcase(facts.connection, target.connection))
        and (target.model is None or fnmatchcase(facts.id, target.model))
        and (target.residency is None or facts.residency is target.residency)
        and (target.group is None or target.group in groups)
        and (target.application is None or fnmatchcase(application, target.application))
    )
