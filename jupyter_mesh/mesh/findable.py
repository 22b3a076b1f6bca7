"""Whether the guards of a rule can find what it names, as surely as it asks: an action for what
nobody looks for would never be taken, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import chain
from typing import NamedTuple

from ..config import Config, standard_detectors
from ..guards.presidio import Presidio, PresidioConfig
from ..guards.presidio_known import KNOWN
from ..guards.presidio_settings import LABELS
from ..references import near
from ..schemas.guard_rules import ModerationRule
from ..spi.guard import Detector, Guard, Judge


class Unfindable(NamedTuple):
    """What a rule asks for in vain, and what to install or set. `enforced`: it is no trial."""

    message: str
    enforced: bool


class _Asked(NamedTuple):
    """Of one rule: `entities` it does something with, the least score `for_sure` that one of any
    entity must have, and the entities that have a threshold of their own.
    """

    place: str
    detectors: tuple[str, ...]
    entities: AbstractSet[str]
    for_sure: Callable[[str], float]
    own: AbstractSet[str]
    enforced: bool


def unfindable(config: Config, guards: Mapping[str, Guard]) -> Iterator[Unfindable]:
    """Each thing that a rule of `config` names and none of its detectors can find."""
    for asked in _asked(config):
        names = list(
            chain.from_iterable(
                standard_detectors() if name == "standard" else (name,) for name in asked.detectors
            )
        )
        detectors = [one for name in names if isinstance(one := guards[name], Detector)]
        found = chain(_faults(asked, names, guards), _doubted(asked, detectors))
        for message in found:
            yield Unfindable(f"{asked.place}: {message}", asked.enforced)
    yield from _unjudged(config, guards)


def _unjudged(config: Config, guards: Mapping[str, Guard]) -> Iterator[Unfindable]:
    for n, rule in enumerate(config.moderation):
        judge = guards[rule.guard] if rule.guard else None
        known = judge.categories() if isinstance(judge, Judge) else None
        for category in sorted(rule.categories.keys() - known) if known is not None else ():
            message = f"the guard {rule.guard!r} names no {category!r}{near(category, known or ())}"
            yield Unfindable(f"moderation[{n}]: {message}.", rule.mode == "enforce")


def _asked(config: Config) -> Iterator[_Asked]:
    for n, rule in enumerate(config.screening):
        entities = {
            entity
            for entity, action in rule.entities.items()
            if entity != "*" and action != "allow"
        }
        yield _Asked(
            f"screening[{n}]",
            rule.detectors,
            entities,
            rule.threshold,
            rule.thresholds.keys() - {"*"},
            rule.mode == "enforce",
        )
    for n, rule in enumerate(config.moderation):
        if rule.detectors:
            entities = set(rule.categories)
            yield _Asked(
                f"moderation[{n}]",
                rule.detectors,
                entities,
                partial(_least, rule),
                entities,
                rule.mode == "enforce",
            )


def _least(rule: ModerationRule, entity: str) -> float:
    return rule.categories.get(entity, rule.threshold)


def _doubted(asked: _Asked, detectors: Sequence[Detector]) -> Iterator[str]:
    """Thresholds for what there is not, and those that hardly anything reaches."""
    finders: dict[str, list[Detector]] = {}
    for one in detectors:
        for entity in one.entities() or ():
            finders.setdefault(entity, []).append(one)
    if any(one.entities() is None for one in detectors):
        return
    for entity in sorted(asked.own - asked.entities - finders.keys() - _known_to_presidio()):
        hint = near(entity, finders)
        yield f"`thresholds`: none of its detectors can find {entity}{hint}."
    named = (asked.entities | asked.own) & finders.keys()
    passed_over = {one for one in finders if _too_unsure(one, asked, finders[one])}
    if finders and passed_over == finders.keys():
        yield "its thresholds are higher than the scores of all that its detectors find."
        return
    for entity in sorted(named & passed_over):
        yield (
            f"what is found of {entity} scores less than its threshold, "
            f"{asked.for_sure(entity):g}: lower that, or leave {entity} out."
        )


def _too_unsure(entity: str, asked: _Asked, finders: Iterable[Detector]) -> bool:
    scores = [one.surest(entity) for one in finders]
    least = asked.for_sure(entity)
    return all(score is not None and score < least for score in scores)


def _known_to_presidio() -> AbstractSet[str]:
    """What has a name although the detector for it is not installed or not named."""
    return KNOWN.keys() | frozenset(LABELS.values())


def _faults(asked: _Asked, names: Sequence[str], guards: Mapping[str, Guard]) -> Iterator[str]:
    known: set[str] = set()
    told = True
    every = {name: one for name, one in guards.items() if isinstance(one, Detector)}
    detectors = {name: one for name, one in every.items() if name in names}
    for name, one in detectors.items():
        entities = one.entities()
        if entities is None:
            told = False
        elif entities:
            known |= entities
        else:
            wanted = min(asked.entities, default="PERSON")
            yield f"the detector {name!r} can find nothing{_after(one.remedy(wanted))}"
    for entity in sorted(asked.entities - known) if told else ():
        others = [name for name, one in every.items() if entity in (one.entities() or ())]
        ways = [f"name `{name}` among its detectors" for name in sorted(others)]
        ways += _remedies(entity, asked, names, detectors.values())
        remedies = "; or ".join(dict.fromkeys(ways))
        elsewhere = known.union(*(one.entities() or () for one in every.values()))
        hint = "" if others else near(entity, elsewhere)
        if "did you mean" not in hint:
            hint = "" if remedies else near(entity, known)
        yield f"none of its detectors can find {entity}{hint}{_after(remedies)}"


def _remedies(
    entity: str, asked: _Asked, names: Sequence[str], detectors: Iterable[Detector]
) -> Iterator[str]:
    for one in detectors:
        if remedy := one.remedy(entity):
            yield remedy
    if "presidio" in names:
        return
    presidio = Presidio(PresidioConfig())
    if entity in (presidio.entities() or ()):
        yield "name `presidio` among its detectors"
    elif "standard" in asked.detectors and (remedy := presidio.remedy(entity)):
        yield remedy


def _after(remedy: str | None) -> str:
    return f": {remedy.rstrip('.')}." if remedy else "."
