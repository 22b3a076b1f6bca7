"""Personal data by Microsoft's Presidio: its recognizers for all its countries, and names where a
language model is installed. It runs in workers; nothing of it is loaded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from ..errors import ScreeningUnavailable
from ..schemas.json import JsonObject
from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, GuardTools
from ..spi.workers import ScannedSpan, Scanner, Workers
from .languages import DETECTED
from .presidio_known import KNOWN
from .presidio_settings import COMMONPLACE, LABELS, PresidioSettings
from .spacy_models import installed, labels_of

EXTRA = "pip install 'jupyter-mesh[presidio]'"
_DEFAULT_THRESHOLDS = {"default": 0.4, "IN_PAN": 0.5, "US_DRIVER_LICENSE": 0.5}
_Score = Annotated[float, Field(ge=0, le=1)]
_ENTITY = r"^[A-Z][A-Z0-9_]*$"
_Entity = Annotated[str, Field(pattern=_ENTITY)]
_COUNTRIES = frozenset(known.country for known in KNOWN.values() if known.country)


class PresidioConfig(GuardConfig):
    """Settings of the Presidio detector.

    Attributes:
        languages: Of the texts; by default each text's own are recognised, and English is always
            among them.
        countries: Whose numbers are looked for, such as `us`, `uk`, `de`; by default all of them.
            What belongs to no country is always looked for.
        entities: What to look for; by default everything but `DATE_TIME`, `URL` and `UUID`, which
            most texts hold.
        thresholds: Least score by entity, and `default` for the others.
        context: Further words by entity that make it surer when they stand before it.
        models: A spaCy pipeline by language, a package or a folder; by default those installed.
        labels: What policy calls the labels of those pipelines, beside the usual ones.
    """

    languages: tuple[str, ...] | None = Field(default=None, min_length=1)
    countries: frozenset[str] | None = None
    entities: frozenset[_Entity] | None = Field(default=None, min_length=1)
    thresholds: dict[str, _Score] = Field(default_factory=dict)
    context: dict[_Entity, tuple[str, ...]] = Field(default_factory=dict)
    models: dict[str, str] | None = None
    labels: dict[str, _Entity] = Field(default_factory=dict)

    @field_validator("countries")
    @classmethod
    def _countries_exist(cls, countries: frozenset[str] | None) -> frozenset[str] | None:
        if wrong := sorted((countries or frozenset()) - _COUNTRIES):
            known = ", ".join(sorted(_COUNTRIES))
            raise ValueError(
                f"Presidio knows no numbers of {', '.join(wrong)} (there are: {known})"
            )
        return countries

    def settings(self) -> PresidioSettings:
        """With every default filled in."""
        return PresidioSettings(
            languages=self.languages,
            countries=self.countries,
            entities=self.entities,
            thresholds=_DEFAULT_THRESHOLDS | self.thresholds,
            context=self.context,
            models=dict(installed() if self.models is None else self.models),
            labels=LABELS | self.labels,
        )


class PresidioScanner(Scanner):
    """Presidio in a worker: loaded there, and only there."""

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        from .presidio_engine import Engine

        self._engine = Engine(PresidioSettings.model_validate(settings))

    def scan(self, text: str) -> Sequence[ScannedSpan]:
        """What Presidio would find."""
        return self._engine.scan(text)


class Presidio(Detector):
    """Finds what Presidio finds. Needs the extra `presidio`."""

    Config: type[GuardConfig] = PresidioConfig
    name: ClassVar[str] = "presidio"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, PresidioConfig)
        self._said = config.settings()
        self._settings: JsonObject = self._said.model_dump(mode="json")
        self._workers: Workers | None = None

    def start(self, name: str, tools: GuardTools) -> None:
        """Nothing is loaded before the first text."""
        if is_installed():
            self._workers = tools.workers

    def entities(self) -> frozenset[str]:
        """What the recognizers and the language models can find; nothing where they are missing."""
        if not is_installed():
            return frozenset()
        said = self._said
        by_form = {entity for entity in KNOWN if self._why_not(entity) is None}
        return frozenset(by_form | said.wanted(_named(said.models, said.labels)))

    def remedy(self, entity: str) -> str | None:
        """What to install or to set."""
        if entity not in KNOWN and entity not in self._said.labels.values():
            return None
        if not is_installed():
            return f"install it: {EXTRA}"
        if entity in KNOWN:
            return self._why_not(entity)
        missing = [name for name in self._said.models.values() if labels_of(name) is None]
        if missing:
            return f"install the spaCy pipeline {missing[0]!r} that `models` names"
        if self._said.entities is not None and entity not in self._said.entities:
            return f"add {entity} to `entities` of the guard `presidio`"
        return (
            "install a spaCy pipeline that names it, such as `python -m spacy download "
            "en_core_web_lg`, or use a guard `ner` with a model of the mesh"
        )

    def _why_not(self, entity: str) -> str | None:
        """What keeps a recognizer that there is from finding `entity`."""
        known, said = KNOWN[entity], self._said
        if not said.wanted({entity}):
            asked = sorted((said.entities or set(KNOWN) - COMMONPLACE) | {entity})
            few = ", ".join(asked) if said.entities is not None else f"{entity} and all others"
            return f"let `entities` of the guard `presidio` name {few}"
        if known.country and said.countries is not None and known.country not in said.countries:
            return f"add {known.country!r} to `countries` of the guard `presidio`"
        languages = DETECTED if said.languages is None else said.languages
        if known.country and known.language not in languages:
            return f"add {known.language!r} to `languages` of the guard `presidio`"
        if known.surest < said.threshold(entity):
            return f"set `thresholds.{entity}` of the guard `presidio` to {known.surest} or less"
        return None

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        if self._workers is None:
            raise ScreeningUnavailable(f"Presidio is not there: {EXTRA}.")
        found = await self._workers.scan(PresidioScanner, self._settings, texts)
        return [
            [Finding(one.start, one.end, one.entity, one.score, self.name) for one in sorted(spans)]
            for spans in found
        ]


def is_installed() -> bool:
    """Whether Presidio can be loaded, which takes a second and is not done to know it."""
    return find_spec("presidio_analyzer") is not None


def _named(models: Mapping[str, str], labels: Mapping[str, str]) -> set[str]:
    """What the language models can name, as policy calls it."""
    said = {label for model in models.values() for label in labels_of(model) or ()}
    return {labels[label] for label in said if label in labels}
