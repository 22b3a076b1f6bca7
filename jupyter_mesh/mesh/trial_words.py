"""What came of a text that was tried, as it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from ..errors import Blocked, Unavailable
from ..pipeline.screening_plan import covering, distinct
from ..pipeline.treatment import kind_of, of_mode, title, treatment
from ..schemas.guards import GuardTrial, GuardTrialResult, TriedFinding, TriedVerdict
from ..schemas.json import as_list, as_str, dig
from ..schemas.policy import ScreeningRule
from ..spi.guard import Finding
from .rehearsal import Rehearsed


def trial_result(trial: GuardTrial, done: Rehearsed, milliseconds: float) -> GuardTrialResult:
    """Everything that was found in the text of a trial, and what comes of it.

    Raises:
        MeshError: What was tried cannot be sent for a reason that is no guard's.
    """
    if done.error is not None and not isinstance(done.error, Blocked | Unavailable):
        raise done.error
    rules = _rules(done)
    result = _result(trial, done)
    return GuardTrialResult(
        outcome=_outcome(trial, done, result),
        reason=str(done.error) if done.error else _stopped(done),
        screened=bool(rules) or bool(_judges(trial, done)),
        findings=[
            _shown(one, rules, done.call.snapshot.screening)
            for one in _in_order(done.found.get(trial.text, ()))
        ],
        verdicts=_verdicts(done),
        result=result,
        notices=[notice.message for notice in done.call.report.notices],
        milliseconds=milliseconds,
    )


def _outcome(
    trial: GuardTrial, done: Rehearsed, result: str | None
) -> Literal["passes", "changed", "blocked", "unavailable"]:
    if isinstance(done.error, Unavailable):
        return "unavailable"
    if done.error is not None or done.stopped:
        return "blocked"
    return "passes" if result == trial.text else "changed"


def _stopped(done: Rehearsed) -> str | None:
    return "The answer was stopped by a content guard." if done.stopped else None


def _result(trial: GuardTrial, done: Rehearsed) -> str | None:
    if done.error is not None or done.stopped:
        return None
    if trial.direction == "response":
        return done.answer
    messages = as_list(done.call.request.body.get("messages")) or []
    return as_str(dig(messages[0], "content")) if messages else None


def _rules(done: Rehearsed) -> tuple[ScreeningRule, ...]:
    return distinct(covering(done.call, one) for one in done.call.candidates)


def _judges(trial: GuardTrial, done: Rehearsed) -> list[str]:
    rules = done.call.snapshot.moderation
    return [rule.guard for rule in rules if rule.target.direction == trial.direction]


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    once = {(one.start, one.end, one.entity, one.detector): one for one in findings}
    return sorted(once.values(), key=lambda one: (one.start, -one.end, one.entity))


def _shown(
    finding: Finding, rules: Sequence[ScreeningRule], every: Sequence[ScreeningRule]
) -> TriedFinding:
    """With what the strictest rule does."""
    done = treatment(of_mode(rules, "enforce"), kind_of(finding))
    would = treatment(of_mode(rules, "monitor"), kind_of(finding))
    return TriedFinding(
        start=finding.start,
        end=finding.end,
        entity=finding.entity,
        score=round(finding.score, 3),
        detector=finding.detector,
        action=done.action,
        rule=title(done.rule, every) if done.rule else None,
        would=would.action if would.rule else None,
    )


def _verdicts(done: Rehearsed) -> list[TriedVerdict]:
    """Of each judge what it said, and what a rule makes of it."""
    hits = {
        as_str(one.get("guard")): as_str(one.get("action"))
        for one in done.call.report.verdicts
        if one.get("entity") is None
    }
    return [
        TriedVerdict(
            guard=name,
            score=round(verdict.score, 3),
            categories=list(verdict.categories),
            action=hits.get(name),
        )
        for name, verdict in sorted(done.said.items())
    ]
