"""The public set of generated texts with marked entities, and how findings are held against it."""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias, cast

from .report import Row

SET = Path(__file__).parents[2] / "shared" / "data" / "pii" / "synth_dataset_v2.json"
NAME = "presidio-research synth_dataset_v2, 1,500 generated English texts"
_RESAMPLES = 200
_Z = 1.96

_ALSO = {
    "PERSON": {"PERSON"},
    "STREET_ADDRESS": {"STREET_ADDRESS", "LOCATION"},
    "GPE": {"GPE", "LOCATION", "CITY"},
    "ORGANIZATION": {"ORGANIZATION"},
    "TITLE": {"TITLE"},
    "ZIP_CODE": {"ZIP_CODE", "CA_POSTAL_CODE", "UK_POSTCODE", "DE_PLZ"},
    "DOMAIN_NAME": {"DOMAIN_NAME", "URL"},
    "PHONE_NUMBER": {"PHONE_NUMBER", "ZA_MOBILE_NUMBER", "ZA_TELEPHONE_NUMBER"},
}
"""What a finding may be called to be right, where that is not the mark's own name."""


class Span(NamedTuple):
    """`text[start:end]` is an `entity`."""

    start: int
    end: int
    entity: str


class Marked(NamedTuple):
    """A text, what is marked in it, and the template it was made from."""

    text: str
    spans: tuple[Span, ...]
    template: int


Finder: TypeAlias = Callable[[Sequence[str]], Sequence[Sequence[Span]]]


def load() -> list[Marked]:
    """The whole set."""
    data = cast("list[dict[str, object]]", json.loads(SET.read_text("utf-8")))
    return [_marked(one) for one in data]


def _marked(one: Mapping[str, object]) -> Marked:
    spans = (
        Span(int(str(s["start_position"])), int(str(s["end_position"])), str(s["entity_type"]))
        for s in cast("list[dict[str, object]]", one["spans"])
    )
    return Marked(str(one["full_text"]), tuple(sorted(spans)), int(str(one["template_id"])))


def halves(texts: Sequence[Marked]) -> tuple[list[Marked], list[Marked]]:
    """To learn from and to score on: no template is in both."""
    templates = sorted({one.template for one in texts})
    random.Random(1).shuffle(templates)
    first = set(templates[: len(templates) // 2])
    learnt = [one for one in texts if one.template in first]
    return learnt, [one for one in texts if one.template not in first]


class _Tally(NamedTuple):
    """Of one entity in one text: marked, found under its name, covered in full by any findings;
    findings under its name, and those of them that are right.
    """

    marked: int = 0
    found: int = 0
    covered: int = 0
    findings: int = 0
    right: int = 0


def score(texts: Sequence[Marked], results: Sequence[Sequence[Span]]) -> dict[str, list[_Tally]]:
    """By entity, a tally of each text."""
    entities = sorted({span.entity for one in texts for span in one.spans})
    scored: dict[str, list[_Tally]] = {entity: [] for entity in entities}
    for one, found in zip(texts, results, strict=True):
        for entity in entities:
            scored[entity].append(_tally(one, found, entity))
    return scored


def _tally(one: Marked, found: Sequence[Span], entity: str) -> _Tally:
    names = _ALSO.get(entity, {entity})
    marks = [span for span in one.spans if span.entity == entity]
    named = [span for span in found if span.entity in names]
    # A place is right for an address and the other way round: which it is, is no mistake here.
    right = [
        span
        for span in named
        if any(
            _overlap(span, mark) and span.entity in _ALSO.get(mark.entity, {mark.entity})
            for mark in one.spans
        )
    ]
    return _Tally(
        marked=len(marks),
        found=sum(_share(mark, named) >= 0.5 for mark in marks),
        covered=sum(_share(mark, found) == 1 for mark in marks),
        findings=len(named),
        right=len(right),
    )


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _share(mark: Span, found: Iterable[Span]) -> float:
    """Which part of a mark's characters lie within findings."""
    inside: set[int] = set()
    for span in found:
        inside.update(range(max(mark.start, span.start), min(mark.end, span.end)))
    return len(inside) / (mark.end - mark.start)


def rows(scored: Mapping[str, Sequence[_Tally]], engine: str) -> list[Row]:
    """Recall, precision and F2 of each entity and of all, with 95 % intervals."""
    every = list(zip(*scored.values(), strict=True))
    total = [_Tally(*map(sum, zip(*each, strict=True))) for each in every]
    ordered = sorted(scored.items(), key=lambda item: -sum(one.marked for one in item[1]))
    return [_row(engine, "all", total), *(_row(engine, *item) for item in ordered)]


def _row(engine: str, entity: str, tallies: Sequence[_Tally]) -> Row:
    sums = _Tally(*map(sum, zip(*tallies, strict=True)))
    return {
        "engine": engine,
        "entity": entity,
        "marked": str(sums.marked),
        "recall": _with_interval(sums.found, sums.marked),
        "covered in full": _with_interval(sums.covered, sums.marked),
        "precision": _with_interval(sums.right, sums.findings),
        "F2": _f2_with_interval(tallies, sums),
    }


def _with_interval(hits: int, of: int) -> str:
    """A share with Wilson's interval."""
    if not of:
        return "none"
    share = hits / of
    middle = (share + _Z**2 / (2 * of)) / (1 + _Z**2 / of)
    half = _Z / (1 + _Z**2 / of) * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))
    return f"{share:.3f} ({max(0.0, middle - half):.2f}–{min(1.0, middle + half):.2f})"


def _f2_with_interval(tallies: Sequence[_Tally], sums: _Tally) -> str:
    """With the interval of texts drawn again."""
    chance = random.Random(2)
    worth = [one for one in tallies if any(one)]
    drawn: list[float] = []
    for _ in range(_RESAMPLES if worth else 0):
        again = _Tally(*map(sum, zip(*chance.choices(worth, k=len(worth)), strict=True)))
        drawn.append(_f2(again))
    drawn.sort()
    low, high = (drawn[int(len(drawn) * at)] for at in (0.025, 0.975)) if drawn else (0.0, 0.0)
    return f"{_f2(sums):.3f} ({low:.2f}–{high:.2f})"


def _f2(sums: _Tally) -> float:
    recall = sums.found / sums.marked if sums.marked else 0.0
    precision = sums.right / sums.findings if sums.findings else 0.0
    weighed = 4 * precision + recall
    return 5 * precision * recall / weighed if weighed else 0.0


def values(texts: Iterable[Marked]) -> dict[str, list[str]]:
    """What is marked, by entity: what a list of names, places and addresses would hold."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in texts:
        for span in one.spans:
            found[span.entity].append(one.text[span.start : span.end])
    return found
