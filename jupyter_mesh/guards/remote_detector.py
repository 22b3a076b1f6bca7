"""Detectors that are services: long texts in slices, several at once, results under our names."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import ClassVar

from ..outbound.http import Deadline
from ..schemas.frozen import frozen
from ..spi.guard import MOST_FINDINGS, Detector, Finding, GuardConfig, GuardedCall
from .recent_results import RecentResults
from .remote_guard import RemoteGuard, together
from .remote_slices import Slice, slices

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


@frozen
class Spotted:
    """What a service found: `text[start:end]`, in characters, under our name for its entity."""

    start: int
    end: int
    entity: str
    score: float


class RemoteDetector(RemoteGuard, Detector):
    """A detector that is a service. A vendor's own file says how it is asked."""

    most_texts: int = 1
    """So many slices go into one request."""
    names: ClassVar[Mapping[str, str]] = {}
    """Presidio's names for the vendor's entities; others are put into their form."""

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        self._recent = RecentResults[Sequence[Spotted]](self._remote.remember)

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        found: list[dict[Spotted, None]] = [{} for _ in texts]
        deadline = self.service.deadline()
        unknown: dict[str, list[Slice]] = {}
        for part in slices(texts, self.most_characters):
            if (known := self._recent.get(part.text)) is not None:
                _add(found, part, known)
            else:
                unknown.setdefault(part.text, []).append(part)
        batches = _batches(list(unknown), self.most_texts)
        for answers in await together(self._looked_up(one, deadline) for one in batches):
            for text, spotted in answers.items():
                for part in unknown[text]:
                    _add(found, part, spotted)
        return [
            [Finding(one.start, one.end, one.entity, one.score, self.name) for one in spans]
            for spans in (list(islice(each, MOST_FINDINGS + 1)) for each in found)
        ]

    @abstractmethod
    def most_characters(self, text: str) -> int:
        """How many characters of `text` may go into one request."""

    @abstractmethod
    async def look(self, texts: Sequence[str], deadline: Deadline) -> list[list[Spotted]]:
        """What the service finds in each of at most `most_texts` texts, none longer than
        `most_characters` said.

        Raises:
            MeshError: It does not say.
        """

    async def _looked_up(
        self, texts: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Spotted]]:
        answers = dict(zip(texts, await self.look(texts, deadline), strict=True))
        for text, spotted in answers.items():
            self._recent.keep(text, spotted, len(spotted))
        return answers


def spotted(start: int, end: int, entity: str, score: object, text: str) -> Spotted:
    """A finding in `text` as a service says it, if it can be one.

    Raises:
        ValueError: It cannot.
    """
    number = score if isinstance(score, int | float) and not isinstance(score, bool) else -1.0
    if not 0 <= start < end <= len(text):
        raise ValueError("sent a finding that lies outside of its text")
    if not 0 <= number <= 1:
        raise ValueError("sent a finding with a score that is none")
    if not _NAME.fullmatch(entity):
        raise ValueError("sent a finding of an entity with no proper name")
    return Spotted(start, end, entity, float(number))


def entity_name(said: str, names: Mapping[str, str]) -> str:
    """Our name for a vendor's entity: `USDriverLicense` is `US_DRIVER_LICENSE`."""
    return names.get(said) or _WORD_BORDER.sub("_", said).upper()


def _add(found: list[dict[Spotted, None]], part: Slice, spots: Sequence[Spotted]) -> None:
    """Add what was found in a slice, once where slices overlap."""
    for one in spots:
        moved = Spotted(one.start + part.start, one.end + part.start, one.entity, one.score)
        found[part.number][moved] = None


def _batches(texts: list[str], size: int) -> list[list[str]]:
    return [texts[at : at + size] for at in range(0, len(texts), size)]
