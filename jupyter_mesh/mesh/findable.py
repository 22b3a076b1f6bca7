"""Whether the detectors of a rule can find what it names: an action for what nobody looks for would
never be taken, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import NamedTuple

from ..config import Config, standard_detectors
from ..guards.presidio import Presidio, PresidioConfig
from ..references import near
from ..spi.guard import Detector, Guard


class Unfindable(NamedTuple):
    """What a rule asks for in vain, and what to install or set. `enforced`: it is no trial."""

    message: str
    enforced: bool


class _Asked(NamedTuple):
    place: str
    detectors: tuple[str, ...]
    entities: AbstractSet[str]
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
        for message in _faults(asked, names, detectors):
            yield Unfindable(f"{asked.place}: {message}", asked.enforced)


def _asked(config: Config) -> Iterator[_Asked]:
    for n, rule in enumerate(config.screening):
        entities = {
            entity
            for entity, action in rule.entities.items()
            if entity != "*" and action != "allow"
        }
        yield _Asked(f"screening[{n}]", rule.detectors, entities, rule.mode == "enforce")
    for n, rule in enumerate(config.moderation):
        if rule.detectors:
            entities = set(rule.categories)
            yield _Asked(f"moderation[{n}]", rule.detectors, entities, rule.mode == "enforce")


def _faults(asked: _Asked, names: Sequence[str], detectors: Sequence[Detector]) -> Iterator[str]:
    known: set[str] = set()
    told = True
    for name, one in zip(names, detectors, strict=True):
        entities = one.entities()
        if entities is None:
            told = False
        elif entities:
            known |= entities
        else:
            wanted = min(asked.entities, default="PERSON")
            yield f"the detector {name!r} can find nothing{_after(one.remedy(wanted))}"
    for entity in sorted(asked.entities - known) if told else ():
        remedies = "; or ".join(dict.fromkeys(_remedies(entity, asked, names, detectors)))
        hint = "" if remedies else near(entity, known)
        yield f"none of its detectors can find {entity}{hint}{_after(remedies)}"


def _remedies(
    entity: str, asked: _Asked, names: Sequence[str], detectors: Sequence[Detector]
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
    return f": {remedy}." if remedy else "."
