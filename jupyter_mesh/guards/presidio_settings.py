"""What a worker is told of a `presidio` guard: plain values, every default filled in."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from pydantic import BaseModel, ConfigDict

COMMONPLACE = frozenset({"DATE_TIME", "URL", "UUID"})
"""What most texts hold and what tells of nobody by itself: looked for where it is asked for."""

LABELS = {
    **dict.fromkeys(("PER", "PERSON", "PATIENT", "STAFF", "HCW"), "PERSON"),
    **dict.fromkeys(("LOC", "LOCATION", "GPE", "FAC"), "LOCATION"),
    **dict.fromkeys(("ORG", "ORGANIZATION", "HOSP", "PATORG", "HOSPITAL"), "ORGANIZATION"),
    **dict.fromkeys(("DATE", "TIME", "DATE_TIME"), "DATE_TIME"),
    **dict.fromkeys(("NORP", "NRP"), "NRP"),
    **dict.fromkeys(("STREET_ADDRESS", "ADDRESS"), "STREET_ADDRESS"),
    "AGE": "AGE",
    "ID": "ID",
    "EMAIL": "EMAIL_ADDRESS",
    "PHONE": "PHONE_NUMBER",
}
"""Labels of common models for names, and what policy calls them."""


class PresidioSettings(BaseModel):
    """Attributes:
    languages: Of the recognizers that are asked; None: those that a text is written in.
    countries: Whose numbers are looked for, ISO 3166-1 in lower case; None: of all.
    entities: What is looked for; None: all but the commonplace.
    thresholds: Least score by entity; `default` for the others.
    context: Further words that make an entity surer.
    context_words: Whether words before a finding make it surer.
    models: A spaCy pipeline by language: the name of a package, or a folder.
    labels: What policy calls the labels of those.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: tuple[str, ...] | None = None
    countries: frozenset[str] | None = None
    entities: frozenset[str] | None = None
    thresholds: dict[str, float] = {"default": 0.5}
    context: dict[str, tuple[str, ...]] = {}
    context_words: bool = True
    models: dict[str, str] = {}
    labels: dict[str, str] = LABELS

    @property
    def first_language(self) -> str:
        """Whose recognizers also look for what is the same everywhere."""
        return self.languages[0] if self.languages else "en"

    def threshold(self, entity: str) -> float:
        """Least score that a finding of `entity` must have."""
        return self.thresholds.get(entity, self.thresholds.get("default", 0.5))

    def wanted(self, entities: AbstractSet[str]) -> AbstractSet[str]:
        """Those of `entities` that are looked for."""
        return entities - COMMONPLACE if self.entities is None else entities & self.entities
