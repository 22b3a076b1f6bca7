"""Placeholders in the place of what was found. No policy here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import orjson

from ..spi.guard import Finding
from .readings import is_json, said_by
from .threads import Numbers


@dataclass(slots=True)
class Placeholders:
    """One call's map between originals and placeholders. Never shared between calls."""

    taken: Iterable[str] = ()
    """Texts that may already hold look-alikes; those are passed over."""
    for_good: AbstractSet[str] = frozenset()
    """Entities that never come back: look-alikes of theirs are what earlier answers left over."""
    thread: Numbers | None = None
    """The numbers that were given in the conversation so far."""
    by_value: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    originals: dict[str, str] = field(default_factory=dict[str, str])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])
    _look_alikes: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def placeholder(self, entity: str, value: str) -> str:
        """The same placeholder for the same value, numbered from 1 in reading order."""
        known = self.by_value.get((entity, value))
        if known is not None:
            return known
        if entity not in self._look_alikes:
            self._look_alikes[entity] = self._find_look_alikes(entity)
        name = self._of_the_thread(entity, value) or self._next(entity, value)
        self.by_value[entity, value] = name
        self.originals[name] = value
        return name

    def _of_the_thread(self, entity: str, value: str) -> str | None:
        number = self.thread.of(entity, value) if self.thread else None
        name = None if number is None else f"<{entity}_{number}>"
        return None if name in self._look_alikes[entity] else name

    def _next(self, entity: str, value: str) -> str:
        number = self._numbers.get(entity)
        if number is None:
            number = self.thread.last(entity) if self.thread else 0
        while True:
            number += 1
            if (name := f"<{entity}_{number}>") not in self._look_alikes[entity]:
                break
        self._numbers[entity] = number
        if self.thread:
            self.thread.give(entity, value, number)
        return name

    def redact(
        self,
        text: str,
        findings: Iterable[Finding],
        stand_in: Callable[[Finding, str], str] | None = None,
    ) -> str:
        """`text` with every finding replaced, by its placeholder or what `stand_in` says; they are
        in reading order and do not overlap. What JSON writes with escapes stands for what it says.
        """
        instead = stand_in or self._instead
        parts: list[str] = []
        at = 0
        object_: bool | None = None
        for finding in findings:
            written = text[finding.start : finding.end]
            said = None
            if "\\" in written:
                object_ = is_json(text) if object_ is None else object_
                said = said_by(written) if object_ else None
            new = instead(finding, written if said is None else said)
            parts.append(text[at : finding.start])
            parts.append(new if said is None else orjson.dumps(new).decode()[1:-1])
            at = finding.end
        parts.append(text[at:])
        return "".join(parts)

    def _instead(self, finding: Finding, value: str) -> str:
        return self.placeholder(finding.entity, value)

    def _find_look_alikes(self, entity: str) -> set[str]:
        if entity in self.for_good:
            return set()
        beginning = f"<{entity}_"
        pattern = re.compile(rf"{re.escape(beginning)}[0-9]+>")
        return {name for text in self.taken if beginning in text for name in pattern.findall(text)}
