"""What of a personal mesh can be set in the hub's, what is there already, and what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ...errors import ConfigError
from ...schemas.json import JsonObject
from ...schemas.setting import KINDS, Kind
from .hub_policy import HubPolicy
from .opening import allowed_by, notices_of
from .people import Person, narrowed, people, renamed
from .personal import Found, PersonalMesh
from .references import SEALED, receiver, references, sealed_names, with_sealed
from .rights import too_much
from .secret_names import SecretNames

Verdict: TypeAlias = Literal["new", "replace", "same", "differs", "unusable"]
"""It is set; it is set over another; it is there, the same; it is there, another, which stays; it
cannot be used there.
"""
TAKEN: tuple[Verdict, ...] = ("new", "replace")

_ORDER: tuple[Kind, ...] = (
    *("guards", "service_accounts", "groups", "screening", "moderation", "budgets", "limits"),
    *("connections", "aliases", "keys", "slos", "use_cases", "alerts", "raises"),
)
"""What guards a connection comes before it, so that it is never open without."""
_NEEDED_BY_OTHERS = ("connections", "guards")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What whoever migrates has chosen.

    Attributes:
        only: Kinds to take over, `secrets` among them; empty: all.
        users: What users of the personal mesh are called in the hub.
        group: Opens what is taken over; budgets and limits of everybody become those of it.
        replace: Take over what is there and differs, too.
        with_rights: Take over keys and groups that administer, audit, or enter a group of the hub.
    """

    only: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict[str, str])
    group: str | None = None
    replace: bool = False
    with_rights: bool = False

    def takes(self, kind: str) -> bool:
        """Whether objects of this kind are wanted."""
        return not self.only or kind in self.only


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedObject:
    """One object of the personal mesh, and what becomes of it.

    Attributes:
        reason: Why it is not set, or what changes with it.
        body: What is set, with the hub's names of users and secrets.
        version: What it is set over.
        seals: Sealed secrets that it needs, by the hub's names.
    """

    kind: str
    name: str
    verdict: Verdict
    reason: str = ""
    body: JsonObject | None = field(default=None, repr=False)
    version: int | None = None
    seals: tuple[str, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether something is to be set."""
        return self.verdict in TAKEN

    @property
    def setting(self) -> Kind | None:
        """Its kind, where it is an object and not a secret."""
        return next((kind for kind in KINDS if kind == self.kind), None)


@dataclass(slots=True)
class Plan:
    """All of it, in the order in which it is set.

    Attributes:
        references: To what must exist in the hub's environment, with what uses it.
        people: Whom rules name.
        secrets: Values to seal, by the hub's names; never shown.
    """

    objects: list[PlannedObject] = field(default_factory=list[PlannedObject])
    references: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    people: list[Person] = field(default_factory=list[Person])
    notices: list[str] = field(default_factory=list[str])
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def to_set(self) -> list[PlannedObject]:
        """What is to be set."""
        return [one for one in self.objects if one.taken]


def make_plan(personal: PersonalMesh, hub: HubPolicy, choices: Choices) -> Plan:
    """Decide about everything; changes nothing."""
    names = SecretNames(personal.secrets, hub)
    planner = _Planner(personal, hub.copy(), names, choices)
    plan = planner.plan(personal.objects)
    if choices.group is not None and choices.takes("groups"):
        opened = allowed_by(plan.objects)
        if opened:  # once more, now that it is known what the group is to open
            planner = _Planner(personal, hub.copy(), names, choices)
            objects = _with_group(personal.objects, choices, choices.group, hub, opened)
            plan = planner.plan(objects)
    plan.notices = notices_of(plan.objects, hub, planner.hub)
    return plan


def _with_group(
    objects: Sequence[Found], choices: Choices, name: str, hub: HubPolicy, opened: Sequence[str]
) -> list[Found]:
    """The objects, with the group that opens what is taken over; one of the hub only gains that."""
    body = hub.body_of("groups", name)
    if body is None:
        own = [one.body for one in objects if (one.kind, one.name) == ("groups", name)]
        empty: JsonObject = {"members": [], "allow": []}
        body = renamed("groups", own[0], choices.users) if own else empty
    said = body.get("allow")
    allow = [*said] if isinstance(said, list) else []
    more = [one for one in opened if one not in allow]
    whole: JsonObject = body if "allow" not in body else {**body, "allow": [*allow, *more]}
    others = [one for one in objects if (one.kind, one.name) != ("groups", name)]
    return [Found("groups", name, whole), *others]


class _Planner:
    def __init__(
        self, personal: PersonalMesh, hub: HubPolicy, names: SecretNames, choices: Choices
    ) -> None:
        self.hub = hub
        self._before = hub.copy()
        self._personal = personal
        self._names = names
        self._choices = choices
        self._plan = Plan()

    def plan(self, objects: Sequence[Found]) -> Plan:
        """Decide about each; what needs another comes after it."""
        wanted = [one for one in objects if self._choices.takes(one.kind)]
        wanted.sort(key=lambda one: (_ORDER.index(one.kind), one.name))
        waiting: list[tuple[Found, PlannedObject]] = []
        for one in wanted:
            decided = self._decide(one)
            if decided.verdict == "unusable":
                waiting.append((one, decided))
                continue
            self._take(one, decided)
            if decided.taken and one.kind in _NEEDED_BY_OTHERS:
                waiting = self._again(waiting)
        for one, decided in waiting:
            self._take(one, decided)
        self._others()
        return self._plan

    def _again(
        self, waiting: list[tuple[Found, PlannedObject]]
    ) -> list[tuple[Found, PlannedObject]]:
        """Those that still cannot be used."""
        left: list[tuple[Found, PlannedObject]] = []
        for one, _ in waiting:
            decided = self._decide(one)
            if decided.verdict == "unusable":
                left.append((one, decided))
            else:
                self._take(one, decided)
        return left

    def _decide(self, one: Found) -> PlannedObject:
        if one.kind == "raises":
            return _unusable(one, "a raise is for a while: raise the hub's budget if it is wanted")
        own = self._is_the_group(one)
        body = one.body if own else self._in_hub(one)
        missing = [name for name in sealed_names(body) if name not in self._personal.secrets]
        if missing:
            return _unusable(one, self._why_missing(missing[0]))
        there = self._before.rule(one.kind, one.name)
        if there is not None and self._before.says(one.kind, one.name, body, self._names.values):
            return PlannedObject(kind=one.kind, name=one.name, verdict="same", body=body)
        if self.hub.held_by_file(one.kind, one.name):
            return _unusable(one, "the hub's mesh.yaml has another of this name: change it there")
        rights = too_much(one, body, self._before, self._names.values)
        if rights and not own and not self._choices.with_rights:
            return _unusable(one, f"{rights}; --with-rights takes it over")
        return self._set(one, body, own)

    def _in_hub(self, one: Found) -> JsonObject:
        body = renamed(one.kind, one.body, self._choices.users)
        group = self._choices.group
        return body if group is None else narrowed(one.kind, body, group)

    def _set(self, one: Found, body: JsonObject, own: bool) -> PlannedObject:
        version = self._before.version(one.kind, one.name)
        if version is not None and not self._choices.replace and not own:
            reason = "another of this name is there and stays; --replace takes this one over"
            return PlannedObject(kind=one.kind, name=one.name, verdict="differs", reason=reason)
        final = with_sealed(body, lambda name: SEALED + self._names.in_hub(name))
        try:
            self.hub.put(one.kind, one.name, final)
        except ConfigError as error:
            return _unusable(one, error.message)
        return PlannedObject(
            kind=one.kind,
            name=one.name,
            verdict="new" if version is None else "replace",
            reason="opens what is taken over" if own else "",
            body=final,
            version=version,
            seals=tuple(name for name in sealed_names(final) if self._names.to_seal(name)),
        )

    def _take(self, one: Found, decided: PlannedObject) -> None:
        plan = self._plan
        plan.objects.append(decided)
        plan.secrets |= {name: self._names.value_of(name) for name in decided.seals}
        if decided.body is None:
            return
        if decided.taken:
            label = f"{decided.kind} {decided.name}"
            if (host := receiver(decided.body)) is not None:
                label += f" (to {host})"
            for reference in dict.fromkeys(references(decided.body)):
                if not reference.startswith(SEALED):
                    plan.references.setdefault(reference, []).append(label)
        plan.people += people(one.kind, one.name, one.body, decided.body)

    def _is_the_group(self, one: Found) -> bool:
        return one.kind == "groups" and one.name == self._choices.group

    def _why_missing(self, name: str) -> str:
        if reason := self._personal.lost.get(name):
            return f"its secret {name!r} cannot be opened: {reason}"
        return f"its secret {name!r} is not sealed in the personal mesh"

    def _others(self) -> None:
        """Secrets that nothing taken over refers to, and what means nothing in the hub."""
        plan, choices = self._plan, self._choices
        for kind, name, reason in self._personal.unusable:
            if choices.takes(kind):
                plan.objects.append(_unusable_named(kind, name, reason))
        if not choices.takes("secrets"):
            return
        used = {name for one in self._personal.objects for name in sealed_names(one.body)}
        for name in sorted({*self._personal.secrets, *self._personal.lost} - used):
            if (reason := self._personal.lost.get(name)) is not None:
                reason = f"it cannot be opened: {reason}"
                plan.objects.append(_unusable_named("secrets", name, reason))
            elif (planned := self._names.unused(name, replace=choices.replace)) is not None:
                verdict, reason = planned
                seals = (name,) if verdict in TAKEN else ()
                plan.objects.append(
                    PlannedObject(
                        kind="secrets", name=name, verdict=verdict, reason=reason, seals=seals
                    )
                )
                plan.secrets |= dict.fromkeys(seals, self._personal.secrets[name])


def _unusable(one: Found, reason: str) -> PlannedObject:
    return _unusable_named(one.kind, one.name, reason)


def _unusable_named(kind: str, name: str, reason: str) -> PlannedObject:
    return PlannedObject(kind=kind, name=name, verdict="unusable", reason=reason)
