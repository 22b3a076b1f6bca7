"""Names, places and organizations by a model of the mesh that labels words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from ..errors import ScreeningUnavailable
from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, GuardTools
from .asked_models import REMEMBER_SECONDS, LabelledSpan, spans_of
from .presidio_settings import LABELS
from .remembered import Remembered
from .windows import placed_windows

_BEGIN_OR_INSIDE = re.compile(r"^[BILESU]-")
_WORD_BEFORE = re.compile(r"\w*\Z")
_WORD_AFTER = re.compile(r"\w*")
_LONGEST_WORD = 64


class NerConfig(GuardConfig):
    """Which model, and what policy calls its labels.

    Attributes:
        model: `connection/name` of a model for token classification, marked `internal`.
        labels: Entities by label; without any the usual labels are understood (`PER`, `LOC`,
            `ORG`, `GPE` and others), and those that are not usual do not count.
        thresholds: Least score by entity, and `default` for the others (0.5).
        window: Characters that the model reads at once; longer texts are read in pieces.
        overlap: Characters of a piece that the next one repeats.
    """

    model: str = Field(pattern=r"^[^/]+/.+")
    labels: dict[str, Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]] = Field(
        default_factory=dict[str, str]
    )
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict[str, float]
    )
    window: int = Field(default=1_000, ge=100, le=100_000)
    overlap: int = Field(default=200, ge=0, le=10_000)


class Ner(Detector):
    """Finds what a model of the mesh labels; a name that is cut in two by its tokens is whole."""

    Config: type[GuardConfig] = NerConfig
    name: ClassVar[str] = "ner"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, NerConfig)
        self._said = config
        self._labels: Mapping[str, str] = config.labels or LABELS
        self._tools: GuardTools | None = None
        self._known: Remembered[list[LabelledSpan]] = Remembered(REMEMBER_SECONDS)

    def start(self, name: str, tools: GuardTools) -> None:
        self._tools = tools

    def entities(self) -> frozenset[str] | None:
        """What the labels are called; which of the usual ones a model has is not known here."""
        return frozenset(self._said.labels.values()) or None

    def remedy(self, entity: str) -> str | None:
        return f"let `labels` of the guard `ner` call a label of {self._said.model} {entity}"

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        said = self._said
        pieces = {
            text: placed_windows(text, said.window, said.overlap) if text.strip() else []
            for text in texts
        }
        read = await self._read({one for each in pieces.values() for _, one in each}, call)
        found: list[list[Finding]] = []
        for text in texts:
            spans = {
                finding
                for start, piece in pieces[text]
                for finding in self._findings(text, start, read[piece])
            }
            found.append(sorted(spans, key=lambda one: (one.start, one.end, one.entity)))
        return found

    async def _read(
        self, pieces: set[str], call: GuardedCall
    ) -> Mapping[str, Sequence[LabelledSpan]]:
        if self._tools is None:
            raise ScreeningUnavailable("The guard `ner` was not started.")
        found = {one: known for one in pieces if (known := self._known.get(one)) is not None}
        new = sorted(pieces - found.keys())
        if new:
            spans = await spans_of(self._tools.models, self._said.model, new, call.id)
            for piece, one in zip(new, spans, strict=True):
                found[piece] = one
                self._known.keep(piece, one)
        return found

    def _findings(self, text: str, offset: int, spans: Sequence[LabelledSpan]) -> Iterator[Finding]:
        for label, start, end, score in spans:
            entity = self._labels.get(_BEGIN_OR_INSIDE.sub("", label))
            thresholds = self._said.thresholds
            if entity is None or score < thresholds.get(entity, thresholds.get("default", 0.5)):
                continue
            first, last = _whole_words(text, offset + start, offset + end)
            if first < last:
                yield Finding(first, last, entity, score, self.name)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """`text[start:end]` up to the borders of its first and last word, without space around it."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end and text[start].isalnum():
        before = _WORD_BEFORE.search(text, max(0, start - _LONGEST_WORD), start)
        start = before.start() if before else start
    if start < end and text[end - 1].isalnum():
        after = _WORD_AFTER.match(text, end, end + _LONGEST_WORD)
        end = after.end() if after else end
    return start, end
