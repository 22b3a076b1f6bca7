"""Which rules hold for a call, and which detectors look: of what the snapshot and the caller alone
decide, worked out once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..schemas.frozen import frozen
from ..schemas.guard_rules import ScreeningRule
from ..spi.guard import Detector
from .call import Call
from .snapshot import Candidate, covers
from .treatment import acts, of_mode

_AUDIT_DETECTORS = ("patterns", "secrets")


@frozen
class ScreeningPlan:
    """How the calls of some callers to some models are screened.

    Attributes:
        rules: Those that hold, by candidate; `every` are all of them.
        detectors: Those that the rules name, and the standard ones for what the audit keeps.
        strict: Of these, those that must not fail.
        lenient: The others, which rules use that only monitor.
        acts: Whether a rule does something with some finding.
        screened: What the record says.
    """

    rules: Mapping[str, tuple[ScreeningRule, ...]]
    every: tuple[ScreeningRule, ...]
    detectors: Mapping[str, Detector]
    strict: Mapping[str, Detector]
    lenient: Mapping[str, Detector]
    acts: bool
    screened: str


def plan_of(call: Call, audited: bool) -> ScreeningPlan:
    """How `call` is screened; `audited` where what is kept is redacted."""
    ids = tuple([one.id for one in call.candidates])
    key = ("screening", ids, call.groups, call.principal.application, audited)
    return call.snapshot.once(key, lambda: _plan(call, audited))


def _plan(call: Call, audited: bool) -> ScreeningPlan:
    rules = {one.id: covering(call, one) for one in call.candidates}
    every = distinct(rules.values())
    enforced = of_mode(every, "enforce")
    known = call.snapshot.detectors
    named = {name: known[name] for rule in every for name in rule.detectors}
    standard = {name: known[name] for name in _AUDIT_DETECTORS if audited and name in known}
    detectors = named | standard
    needed = {name for rule in enforced for name in rule.detectors}
    all_strict = len(enforced) == len(every)
    lenient = {} if all_strict else {n: one for n, one in detectors.items() if n not in needed}
    return ScreeningPlan(
        rules=rules,
        every=every,
        detectors=detectors,
        strict={name: one for name, one in detectors.items() if name not in lenient},
        lenient=lenient,
        acts=any(map(acts, enforced)),
        screened="yes" if enforced else "monitor",
    )


def distinct(rules: Iterable[Sequence[ScreeningRule]]) -> tuple[ScreeningRule, ...]:
    """Each of them once."""
    return tuple({id(rule): rule for covering in rules for rule in covering}.values())


def covering(call: Call, candidate: Candidate) -> tuple[ScreeningRule, ...]:
    """The rules that hold for text on its way to `candidate`; the default among them where none of
    the others is enforced.
    """
    snapshot, groups = call.snapshot, call.groups
    app = call.principal.application
    rules = tuple(r for r in snapshot.screening if covers(r.target, candidate, groups, app))
    default = snapshot.default_screening
    if default is None or of_mode(rules, "enforce"):
        return rules
    return (*rules, default) if covers(default.target, candidate, groups, app) else rules
