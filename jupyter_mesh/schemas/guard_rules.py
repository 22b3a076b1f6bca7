"""Rules for guards as `mesh.yaml` and the admin API write them: which calls, what is done."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field, model_validator

from .catalog import Residency
from .policy import Rule

Action: TypeAlias = Literal["redact", "pseudonymise", "mask", "hash", "block", "alert", "allow"]
"""What happens to what is found. `redact`: a numbered placeholder; `pseudonymise`: an invented
value of the same kind; `mask`: a few characters of it stay; `hash`: a code that is always the same
for the same value; `block`: nothing is sent; `alert`: it is sent and an admin is told; `allow`: it
is sent.
"""


class Target(Rule):
    """Which calls a guard rule applies to: every field that is set must match (`model`,
    `connection` and `application` take globs).
    """

    connection: str | None = None
    model: str | None = None
    residency: Residency | None = None
    group: str | None = None
    application: str | None = None
    """What the caller's API key names, or `notebook`."""


class ScreeningRule(Rule):
    """Which detectors look for what in a request, and what happens on a hit."""

    name: str | None = None
    """What people call it, in messages and in the list of rules."""
    target: Target = Field(default=Target(), alias="for")
    detectors: tuple[str, ...] = ("standard",)
    """Names of detectors; `standard` stands for `patterns`, `secrets` and, where it is installed,
    `presidio`.
    """
    entities: dict[str, Action] = Field(default_factory=dict)
    """Action per entity type; `"*"` is the default for the rest (which is `redact`)."""
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict[str, float]
    )
    """Findings of an entity that score less are passed over; `"*"` is for the rest (0)."""
    mode: Literal["enforce", "monitor"] = "enforce"
    """`monitor`: nothing is changed or refused; what would have happened is recorded, and a
    detector that fails lets the call pass.
    """
    text_stays: Residency | None = None
    """How far the text may go to be looked through, before anything in it is redacted: `local`, not
    off machines of one's own; `region`, not out of it; `external`, anywhere. A rule whose detectors
    go farther is refused.
    """
    reversible: bool = True
    """Put the originals back into the answer; what is masked stays so."""
    prefer_exempt: bool = False
    """On a hit, do without the candidates this rule covers when others are left, instead of
    changing
    the text. Off: the strictest rule over all candidates changes the text for every one of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def action(self, entity: str) -> Action:
        """What to do with a finding of `entity`."""
        return self.entities.get(entity, self.entities.get("*", "redact"))

    def threshold(self, entity: str) -> float:
        """The least score that a finding of `entity` must have."""
        return self.thresholds.get(entity, self.thresholds.get("*", 0.0))


class ModerationTarget(Target):
    """A target, and which way the text flows."""

    direction: Literal["request", "response"] = "response"


class ModerationRule(Rule):
    """A judge over the prompt or the answer, or detectors over the answer."""

    name: str | None = None
    """What people call it, in messages and in the list of rules."""
    target: ModerationTarget = Field(default=ModerationTarget(), alias="for")
    guard: str | None = None
    """The judge; a rule has one, or `detectors`."""
    detectors: tuple[str, ...] = ()
    """What they find in an answer is a hit; `standard` stands for `patterns` and `secrets`."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    categories: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict[str, float]
    )
    """Only these categories (of detectors: entities) are hits, each from its own score on; without
    any all are, from `threshold` on.
    """
    action: Literal["block", "redact", "alert", "retry"] = "block"
    """`redact`: what was found is taken out of an answer, of a judge the window it judged. `retry`:
    the model is asked again, once; both answers are charged, the client sees only the second, and
    none where that is a hit too.
    """
    mode: Literal["enforce", "monitor"] = "enforce"
    """`monitor`: nothing is changed or held up; what would have happened is recorded, and a guard
    that fails lets the call pass.
    """
    text_stays: Residency | None = None
    """How far the text may go to be judged: `local`, not off machines of one's own; `region`, not
    out of it; `external`, anywhere. A rule whose guard goes farther is refused.
    """
    hold_back: int = Field(default=200, ge=1, le=20_000)
    """Characters of an answer judged at once; half of them are held back until more has come, so
    that nothing up to this half gets out in two halves. Detectors look at no less than twice the
    longest they find, and at tokens as a whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _can_be_kept(self) -> ModerationRule:
        if (self.guard is None) == (not self.detectors):
            raise ValueError("a moderation rule has a `guard` or `detectors`: name one of them")
        if self.target.direction == "request":
            if self.detectors:
                raise ValueError(
                    "`detectors` here look at answers; for what is sent use `screening`"
                )
            if self.action in ("redact", "retry"):
                raise ValueError(
                    f"`action: {self.action}` is for answers (`for: {{direction: response}}`)"
                )
        return self

    @property
    def guards(self) -> tuple[str, ...]:
        """The guards it asks."""
        return self.detectors or ((self.guard,) if self.guard else ())

    @property
    def enforced(self) -> bool:
        """Whether a hit has consequences."""
        return self.mode == "enforce"
