"""What policy does with what is found: of all rules that hold, the strictest decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, TypeAlias

from ..schemas.frozen import frozen
from ..schemas.guard_rules import Action, ScreeningRule
from ..spi.guard import Finding

Kind: TypeAlias = tuple[str, str, float]
"""The configured name of a detector, an entity it finds, and how sure it is."""

STRICTEST_FIRST: tuple[Action, ...] = (
    "block",
    "redact",
    "hash",
    "pseudonymise",
    "mask",
    "alert",
    "allow",
)
CHANGES: frozenset[Action] = frozenset({"redact", "hash", "pseudonymise", "mask"})
"""What puts something else in the place of a finding."""


@frozen
class Treatment:
    """What happens to a finding.

    Attributes:
        rule: Which one says so; None where none does.
        for_good: Some rule changes it and does not want it back in the answer.
    """

    action: Action = "allow"
    rule: ScreeningRule | None = None
    for_good: bool = False

    @property
    def strictness(self) -> int:
        """More is stricter; what is changed for good counts more than what comes back."""
        return -STRICTEST_FIRST.index(self.action) * 2 + self.for_good


def kind_of(finding: Finding) -> Kind:
    """What decides how it is treated."""
    return finding.detector, finding.entity, finding.score


def strictness(treatments: Mapping[Kind, Treatment], finding: Finding) -> int:
    """How strictly it is treated."""
    return treatments[kind_of(finding)].strictness


def of_mode(
    rules: Iterable[ScreeningRule], mode: Literal["enforce", "monitor"]
) -> tuple[ScreeningRule, ...]:
    """Those that are meant so."""
    return tuple(rule for rule in rules if rule.mode == mode)


def treatment(rules: Sequence[ScreeningRule], kind: Kind) -> Treatment:
    """The strictest that one of `rules` asks for."""
    detector, entity, score = kind
    asking = [
        rule for rule in rules if detector in rule.detectors and score >= rule.threshold(entity)
    ]
    if not asking:
        return Treatment()
    strictest = min(asking, key=lambda rule: STRICTEST_FIRST.index(rule.action(entity)))
    for_good = any(not rule.reversible and rule.action(entity) in CHANGES for rule in asking)
    return Treatment(strictest.action(entity), strictest, for_good)


def acts(rule: ScreeningRule) -> bool:
    """Whether it does anything with some finding."""
    return any(action != "allow" for action in {"*": "redact", **rule.entities}.values())


def is_hit(rule: ScreeningRule, kinds: AbstractSet[Kind]) -> bool:
    """Whether it would not let everything in `kinds` out as it is."""
    return any(treatment((rule,), kind).action in CHANGES | {"block"} for kind in kinds)


def title(rule: ScreeningRule | None, rules: Sequence[ScreeningRule]) -> str:
    """What people call a rule: its name, or its place among `rules`."""
    if rule is not None and rule.name:
        return rule.name
    for place, one in enumerate(rules):
        if one is rule:
            return f"screening {place + 1}"
    return "the default"
