"""Toxic language by a classifier: a model of the mesh that labels texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ..errors import ModerationUnavailable
from ..spi.guard import GuardConfig, GuardedCall, Verdict
from .asked_models import REMEMBER_SECONDS, labels_of
from .batch_judge import BatchJudge
from .remembered import Remembered
from .windows import windows

_HARMLESS = frozenset(
    {
        "neutral", "none", "normal", "ok", "safe", "harmless", "clean", "benign", "other",
        "non-toxic", "non_toxic", "not_toxic", "nontoxic", "not toxic", "non-hate", "nothate",
        "not_hate", "label_0", "legit", "positive", "acceptable", "unharmful",
    }
)  # fmt: skip


class ClassifierConfig(GuardConfig):
    """Which model, and what its labels are called here.

    Attributes:
        model: `connection/name` of a classifier, marked `internal`.
        labels: Categories by label: what each label of the model counts as; labels that are
            not named do not count. Without any every label counts that does not sound harmless.
        order: The model's labels in their order, where its server does not name them.
        window: Characters that the model reads at once; longer texts are read in pieces. With too
            many for its context window calls are closed.
        overlap: Characters of a piece that the next one repeats.
    """

    model: str = Field(pattern=r"^[^/]+/.+")
    labels: dict[str, str] = Field(default_factory=dict[str, str])
    order: tuple[str, ...] = ()
    window: int = Field(default=500, ge=50, le=100_000)
    overlap: int = Field(default=100, ge=0, le=10_000)


class Classifier(BatchJudge):
    """Judges by what a model of the mesh says; the worst piece of a text decides."""

    Config: type[GuardConfig] = ClassifierConfig
    name: ClassVar[str] = "classifier"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, ClassifierConfig)
        self._settings = config
        self._known: Remembered[dict[str, float]] = Remembered(REMEMBER_SECONDS)

    def categories(self) -> frozenset[str] | None:
        """What the labels are called; which ones a model has is not known here."""
        return frozenset(self._settings.labels.values()) or None

    async def judge_all(
        self,
        texts: Sequence[str],
        direction: Literal["request", "response"],
        call: GuardedCall,
    ) -> list[Verdict]:
        said = self._settings
        pieces = {text: windows(text, said.window, said.overlap) for text in texts if text.strip()}
        scores = await self._scores({one for each in pieces.values() for one in each}, call)
        return [Verdict.of(_worst(scores[one] for one in pieces.get(text, ()))) for text in texts]

    async def _scores(
        self, pieces: Iterable[str], call: GuardedCall
    ) -> dict[str, dict[str, float]]:
        if self._tools is None:
            raise ModerationUnavailable("The classifier was not started.")
        found = {one: known for one in pieces if (known := self._known.get(one)) is not None}
        new = [one for one in pieces if one not in found]
        if new:
            said = self._settings
            models = self._tools.models
            labels = await labels_of(models, said.model, new, call.id, said.order)
            for piece, one in zip(new, labels, strict=True):
                found[piece] = self._by_category(one)
                self._known.keep(piece, found[piece])
        return found

    def _by_category(self, labels: Mapping[str, float]) -> dict[str, float]:
        named = self._settings.labels
        found: dict[str, float] = {}
        for label, score in labels.items():
            category = named.get(label) if named else _category(label)
            if category is not None:
                found[category] = max(score, found.get(category, 0.0))
        return found


def _category(label: str) -> str | None:
    word = label.strip().lower()
    return None if word in _HARMLESS else word.replace(" ", "_")


def _worst(scores: Iterable[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in scores:
        for category, score in one.items():
            found[category] = max(score, found.get(category, 0.0))
    return found
