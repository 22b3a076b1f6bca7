"""Presidio's pattern recognizers, asked only where a text can hold what they look for. Imported in
workers only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import regex
from phonenumbers import region_code_for_number
from presidio_analyzer import EntityRecognizer, PatternRecognizer
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from .digit_need import Need, Runs, need_of
from .presidio_phones import Numbers
from .presidio_words import BOOST, LEAST
from .span import Span

_DIGITS = regex.compile(r"\d+")
_LAST_WORD = regex.compile(r"(?r)\S+\Z")
_SPACE = regex.compile(r"\s")
_LINES = ("REGION", "target_classification", "_classify")
_MAX, _MIN = EntityRecognizer.MAX_SCORE, EntityRecognizer.MIN_SCORE


class Text:
    """A text, and what every recognizer asks of it, found once."""

    def __init__(self, text: str) -> None:
        self.whole = text
        self.runs: Runs = [match.span() for match in _DIGITS.finditer(text)]
        self.most = max((end - start for start, end in self.runs), default=0)
        self._numbers: Numbers | None = None
        self._windows: dict[tuple[int, int | None], list[tuple[int, int]]] = {}
        self._words: dict[frozenset[str], list[tuple[int, int]]] = {}

    @property
    def numbers(self) -> Numbers:
        """What may be telephone numbers."""
        if self._numbers is None:
            self._numbers = Numbers(self.whole)
        return self._numbers

    def windows(self, need: Need) -> list[tuple[int, int]]:
        """Where something with this need can be."""
        if need.digits > self.most or any(mark not in self.whole for mark in need.marks):
            return []
        if need.one_word and need.marks and not need.digits:
            return self._words_with(need.marks)
        key = need.digits, need.reach
        found = self._windows.get(key)
        if found is None:
            found = self._windows[key] = list(need.windows(self.runs, len(self.whole)))
        return found

    def _words_with(self, marks: frozenset[str]) -> list[tuple[int, int]]:
        found = self._words.get(marks)
        if found is None:
            found = self._words[marks] = list(self._words_around(marks))
        return found

    def _words_around(self, marks: frozenset[str]) -> Iterator[tuple[int, int]]:
        """The words that hold all marks, found by the one that is seldom."""
        text = self.whole
        seldom = min(marks, key=text.count)
        place, end = text.find(seldom), 0
        while place >= 0:
            left = _LAST_WORD.search(text, end, place)
            start = left.start() if left else place
            right = _SPACE.search(text, place)
            end = right.start() if right else len(text)
            if all(mark in text[start:end] for mark in marks):
                yield start, end
            place = text.find(seldom, end)


class _Pattern(NamedTuple):
    compiled: Any
    score: float
    need: Need


class Recognizer:
    """One of Presidio's, and how to ask it quickly.

    Args:
        own: Presidio's object.
        threshold: Findings with a lower score are dropped later: what cannot reach it is not
            looked for.

    Attributes:
        context: Words that make its findings surer, in lower case.
    """

    def __init__(self, own: EntityRecognizer, threshold: float) -> None:
        self.own: Any = own
        self.entity: str = own.supported_entities[0]
        self.context = tuple(word.lower() for word in (own.context or ()))
        self._is_pattern = _has(own, PatternRecognizer, "analyze")
        self._is_phone = _has(own, PhoneRecognizer, "analyze")
        self._is_line = all(hasattr(own, name) for name in _LINES)
        self._patterns = list(self._compiled(threshold)) if self._is_pattern else []
        self._checks = self._is_pattern and not _has(own, PatternRecognizer, "validate_result")
        self._needs = [need_of(one.regex) for one in getattr(own, "patterns", [])]

    @property
    def may_find(self) -> bool:
        """Whether anything it finds can be sure enough."""
        return bool(self._patterns) or not self._is_pattern

    def _compiled(self, threshold: float) -> Iterator[_Pattern]:
        surest = not _has(self.own, PatternRecognizer, "validate_result")
        for one in self.own.patterns:
            reached = max(one.score + BOOST, LEAST) if self.context else one.score
            if surest or round(reached, 6) >= threshold:  # 0.3 + 0.35 is a little below 0.65
                compiled = regex.compile(one.regex, flags=self.own.global_regex_flags)
                yield _Pattern(compiled, one.score, need_of(one.regex))

    def find(self, text: Text, artifacts: Any = None) -> list[Span]:
        """What Presidio's recognizer finds, before context and thresholds."""
        if self._is_pattern:
            return without_contained(self._matches(text))
        if self._is_phone:
            return without_contained(self._telephones(text))
        if self._is_line:
            return without_contained(self._lines(text))
        if self._needs and not any(text.windows(need) for need in self._needs):
            return []
        found = self.own.analyze(text.whole, self.own.supported_entities, artifacts)
        return [Span(one.start, one.end, one.entity_type, one.score) for one in found or ()]

    def _matches(self, text: Text) -> Iterator[Span]:
        for pattern in self._patterns:
            for first, last in text.windows(pattern.need):
                for match in pattern.compiled.finditer(text.whole, first, last):
                    start, end = match.span()
                    score = self._score(match[0], pattern.score) if end > start else _MIN
                    if score > _MIN:
                        yield Span(start, end, self.entity, score)

    def _score(self, matched: str, score: float) -> float:
        valid = self.own.validate_result(matched)
        if valid is not None:
            score = _MAX if valid else _MIN
        return _MIN if self.own.invalidate_result(matched) else score

    def _telephones(self, text: Text) -> Iterator[Span]:
        for region in self.own.supported_regions:
            for match in text.numbers.as_in(region, self.own.leniency):
                yield Span(match.start, match.end, self.entity, self.own.SCORE)

    def _lines(self, text: Text) -> Iterator[Span]:
        """Of one country's numbers, those of mobile telephones or the others."""
        for match in text.numbers.as_in(self.own.REGION, self.own.leniency):
            at_home = region_code_for_number(match.number) == self.own.REGION
            if at_home and self.own._classify(match.number) == self.own.target_classification:
                yield Span(match.start, match.end, self.entity, self.own.SCORE)


def _has(own: EntityRecognizer, base: type, method: str) -> bool:
    """Whether `own` is a `base` whose `method` is not its own."""
    return isinstance(own, base) and getattr(type(own), method) is getattr(base, method)


def without_contained(spans: Iterable[Span]) -> list[Span]:
    """Without those that lie within another of their kind that is as sure, as Presidio does."""
    kept: list[Span] = []
    active: list[Span] = []
    for span in sorted(
        set(spans), key=lambda one: (one.entity, one.start, one.start - one.end, -one.score)
    ):
        if active and active[0].entity != span.entity:
            active = []
        active = [one for one in active if one.end >= span.start]
        if not any(span.end <= one.end and span.score <= one.score for one in active):
            kept.append(span)
            active.append(span)
    return kept
