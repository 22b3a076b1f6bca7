"""Bodies of `/mesh/api/guards…`: the forms of policy, what it would do, and what it did."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field, JsonValue

from .api import Body

JsonBody: TypeAlias = dict[str, JsonValue]
PolicyKind: TypeAlias = Literal["guards", "screening", "moderation"]
"""The sections of `mesh.yaml` that say what is looked for, and what happens then."""

MOST_REPLAYED = 500
"""Calls that a policy is tried on at once."""
LONGEST_TRIAL = 200_000
"""Characters of a text that is tried."""


class GuardKind(Body):
    """A guard that is installed, and the form of its settings."""

    name: str
    title: str
    finds: Literal["spans", "verdicts"] | None = Field(
        description="`spans`: a detector, for `screening`. `verdicts`: a judge, for `moderation`. "
        "None: it does not load."
    )
    config_schema: JsonBody = Field(
        description="JSON Schema; fields of format `secret` take a key."
    )
    fault: str | None = Field(default=None, description="Why it cannot be used.")


class GuardRead(Body):
    """What a guard has read from elsewhere, such as names from a database."""

    entries: int
    at: datetime = Field(description="When reading them began.")


class GuardInForce(Body):
    """A guard that works now, under the name that policy gives it."""

    name: str
    guard: str
    finds: Literal["spans", "verdicts"]
    entities: list[str] | None = Field(
        description="What it can find as it is set and installed; null where that cannot be told."
    )
    residency: Literal["local", "region", "external"] = Field(
        description="How far the texts go that it is shown, before anything in them is redacted."
    )
    standard: bool = Field(description="Part of `standard`, which is there without being set.")
    read: GuardRead | None = Field(
        default=None,
        description="What this gateway has read for it; null: nothing yet, or it reads nothing.",
    )


class GuardForms(Body):
    """What policy is made of: guards that are installed, those that work, the forms of rules."""

    kinds: list[GuardKind]
    in_force: list[GuardInForce]
    screening_schema: JsonBody
    moderation_schema: JsonBody


class DraftObject(Body):
    """One object of a policy that is not saved."""

    kind: PolicyKind
    name: str = Field(min_length=1, max_length=100)
    body: JsonBody | None = Field(description="As it would stand in mesh.yaml; null: without it.")
    secrets: dict[str, str] = Field(
        default_factory=dict,
        description="Keys by the field of `body` they belong to; used once, not kept.",
    )


class GuardTrial(Body):
    """A text to look at as policy would, or as a draft of it would."""

    text: str = Field(max_length=LONGEST_TRIAL)
    direction: Literal["request", "response"] = "request"
    model: str | None = Field(
        default=None, description="On its way to this model or alias; null: to any of them."
    )
    groups: list[str] = Field(
        default_factory=list, max_length=50, description="Groups of who sends it."
    )
    application: str | None = Field(default=None, description="From which; null: the caller's own.")
    draft: list[DraftObject] = Field(default_factory=list[DraftObject], max_length=50)


class TriedFinding(Body):
    """A span that was found, in code points of the text."""

    start: int
    end: int
    entity: str
    score: float
    detector: str
    action: str = Field(description="What comes of it: the strictest that a rule asks for.")
    rule: str | None = Field(description="The rule that asks for it.")
    would: str | None = Field(
        description="What a rule that only watches would do; null: there is none."
    )


class TriedVerdict(Body):
    """What a judge said of the text."""

    guard: str
    score: float
    categories: list[str]
    action: str | None = Field(description="What comes of it; null: nothing.")
    would: str | None = Field(
        description="What a rule that only watches would do; null: there is none."
    )


class GuardTrialResult(Body):
    """What policy does with a text."""

    outcome: Literal["passes", "changed", "blocked", "unavailable"]
    reason: str | None = Field(description="Why it is blocked, or cannot be screened.")
    screened: bool = Field(description="Some rule of `screening` or `moderation` covers the call.")
    findings: list[TriedFinding]
    verdicts: list[TriedVerdict]
    result: str | None = Field(description="The text as it goes on; null where it does not.")
    notices: list[str] = Field(description="What the user would be told.")
    milliseconds: float = Field(description="What screening and judging took.")


class PolicyReplay(Body):
    """Past calls to hold a draft against."""

    draft: list[DraftObject] = Field(default_factory=list[DraftObject], max_length=50)
    calls: int = Field(
        default=100, ge=1, le=MOST_REPLAYED, description="The newest so many whose text is kept."
    )


class ReplayedCall(Body):
    """One call to which something would have happened."""

    id: str
    started_at: datetime
    user: str
    model: str | None
    outcome: Literal["changed", "blocked", "alerted", "unavailable"]
    was: str = Field(description="What had become of the call.")
    found: list[str] = Field(description="Entities, and names of judges; never the text.")


class ReplayedEntity(Body):
    """What would have come of everything of one kind."""

    subject: str = Field(description="An entity, or the name of a judge.")
    action: str
    watched: bool = Field(description="A rule that only watches would have done it.")
    calls: int
    hits: int


class PolicyReplayResult(Body):
    """What a policy would have done to past calls."""

    calls: int = Field(description="Calls it was tried on.")
    looked_at: int = Field(description="The newest so many calls were looked through for these.")
    redacted_before: int = Field(
        description="Of `calls`, those whose text is kept redacted: their placeholders count as "
        "what had stood there."
    )
    gone: int = Field(description="Calls left out, for no model that could have answered is left.")
    blocked: int
    changed: int = Field(description="Redacted, masked or otherwise changed.")
    alerted: int
    unavailable: int = Field(description="Refused, for a guard failed.")
    passed: int
    complete: bool = Field(description="False: time was up before all were looked at.")
    by_subject: list[ReplayedEntity]
    examples: list[ReplayedCall] = Field(description="Some of them, the newest first.")


class GuardHits(Body):
    """What a guard found of one kind, and what came of it."""

    guard: str
    subject: str = Field(description="An entity, or which way a judged text went.")
    action: str
    mode: str = Field(description="`enforce`, or `monitor`: it was watched only.")
    calls: int
    hits: int


class GuardHitsHour(Body):
    """Hits of an hour."""

    hour: datetime
    hits: dict[str, int] = Field(description="By what came of them.")


class GuardUse(Body):
    """What guards found in a time."""

    since: datetime
    until: datetime
    rows: list[GuardHits]
    hours: list[GuardHitsHour] = Field(description="Hours in which something was found.")
