"""Placeholders in the place of what was found. No policy here."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from ..spi.guard import Finding
from .readings import is_json, said_by
from .threads import Numbers

_IN_NUMBER = re.compile(r"[-+.0-9eE]+")
_STRING_OR_NUMBER = re.compile(
    r'"(?>(?:[^"\\]++|\\.)*)"|(?P<number>-?[0-9][-+.0-9eE]*+)', re.DOTALL
)


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
        in reading order and do not overlap. What JSON writes with escapes stands for what it says,
        and what replaces a number of JSON is a string, so that JSON stays JSON.
        """
        instead = stand_in or self._instead
        parts: list[str] = []
        at = 0
        for finding, place in _places(text, findings):
            if place.start < at:  # in a number that is gone as a whole
                continue
            new = place.write(instead(finding, place.value))
            parts += (text[at : place.start], new)
            at = place.end
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


class _Place(NamedTuple):
    """Where a value stands, what it says, and how another one is written there."""

    start: int
    end: int
    value: str
    write: Callable[[str], str] = str


def _places(text: str, findings: Iterable[Finding]) -> Iterator[tuple[Finding, _Place]]:
    numbers: Sequence[tuple[int, int]] | None = None
    object_: bool | None = None
    for finding in findings:
        start, end = finding.start, finding.end
        written = text[start:end]
        place = _Place(start, end, written)
        bare = _IN_NUMBER.fullmatch(written) is not None
        if bare or "\\" in written:
            object_ = is_json(text) if object_ is None else object_
            if object_ and bare:
                numbers = _numbers(text) if numbers is None else numbers
                before = bisect_right(numbers, (start, len(text))) - 1
                if before >= 0 and end <= numbers[before][1]:
                    place = _Place(*numbers[before], written, _string)
            elif object_ and (said := said_by(written)) is not None:
                place = _Place(start, end, said, _inside_string)
        yield finding, place


def _numbers(text: str) -> list[tuple[int, int]]:
    """Where each number of JSON begins and ends that is not inside a string."""
    found = (one.span("number") for one in _STRING_OR_NUMBER.finditer(text))
    return [span for span in found if span[0] >= 0]


def _string(value: str) -> str:
    return orjson.dumps(value).decode()


def _inside_string(value: str) -> str:
    return _string(value)[1:-1]
