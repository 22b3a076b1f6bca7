"""What came of a text that was tried, as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ..errors import Blocked, MeshError, Unavailable
from ..pipeline.findings import find_in
from ..pipeline.judging import hits, rules_for
from ..pipeline.screening_plan import covering, distinct
from ..pipeline.treatment import kind_of, of_mode, title, treatment
from ..schemas.guard_rules import ModerationRule, ScreeningRule
from ..schemas.guards import GuardTrial, GuardTrialResult, TriedFinding, TriedVerdict
from ..schemas.json import as_list, as_str, dig
from ..spi.guard import Finding
from .rehearsal import Rehearsed


async def trial_result(trial: GuardTrial, done: Rehearsed, milliseconds: float) -> GuardTrialResult:
    """Everything that was found in the text of a trial, and what comes of it.

    Raises:
        MeshError: What was tried cannot be sent for a reason that is no guard's.
    """
    if done.error is not None and not isinstance(done.error, Blocked | Unavailable):
        raise done.error
    result = _result(trial, done)
    asks = trial.direction == "request"
    return GuardTrialResult(
        outcome=_outcome(trial, done, result),
        reason=_why(done.error) if done.error else _stopped(done),
        screened=bool(rules_for(done.call, trial.direction)) or (asks and bool(_rules(done))),
        findings=await (_in_request(trial, done) if asks else _in_answer(trial, done)),
        verdicts=_verdicts(trial, done),
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


def _why(error: MeshError) -> str:
    """In the caller's words, and what only admins are told."""
    why = error.why if isinstance(error, Unavailable) else ""
    return str(error) if why in str(error) else f"{error} ({why.rstrip('.')})"


def _stopped(done: Rehearsed) -> str | None:
    if not done.stopped:
        return None
    notices = done.call.report.notices
    return next((one.message for one in notices if one.code == "content_filter"), None)


def _result(trial: GuardTrial, done: Rehearsed) -> str | None:
    if done.error is not None or done.stopped:
        return None
    if trial.direction == "response":
        return done.answer
    messages = as_list(done.call.request.body.get("messages")) or []
    return as_str(dig(messages[0], "content")) if messages else None


def _rules(done: Rehearsed) -> tuple[ScreeningRule, ...]:
    return distinct(covering(done.call, one) for one in done.call.candidates)


async def _in_request(trial: GuardTrial, done: Rehearsed) -> list[TriedFinding]:
    """What the rules' detectors found, with what the strictest rule does."""
    if isinstance(done.error, Unavailable):
        return []
    call, rules = done.call, _rules(done)
    known = call.snapshot.detectors
    named = {name: known[name] for rule in rules for name in rule.detectors}
    asked = replace(
        call.request, body={"model": "", "messages": [{"role": "user", "content": trial.text}]}
    )
    found = await find_in(named, asked, call.id)
    shown: list[TriedFinding] = []
    for one in _in_order(found.get(trial.text, ())):
        done_to = treatment(of_mode(rules, "enforce"), kind_of(one))
        would = treatment(of_mode(rules, "monitor"), kind_of(one))
        rule = title(done_to.rule, call.snapshot.screening) if done_to.rule else None
        watched = would.action if would.rule else None
        shown.append(_shown(one, done_to.action, rule, watched))
    return shown


async def _in_answer(trial: GuardTrial, done: Rehearsed) -> list[TriedFinding]:
    """What the detectors of moderation found."""
    if isinstance(done.error, Unavailable):
        return []
    shown: list[TriedFinding] = []
    for rule in rules_for(done.call, "response"):
        if not rule.detectors:
            continue
        (hit,) = await hits(done.call, rule, [trial.text], "response")
        action, watched = (rule.action, None) if rule.enforced else ("allow", rule.action)
        for one in _in_order(hit.findings if hit else ()):
            shown.append(_shown(one, action, _name_of(rule), watched))
    return shown


def _name_of(rule: ModerationRule) -> str | None:
    return rule.name if rule.enforced else None


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    once = {(one.start, one.end, one.entity, one.detector): one for one in findings}
    return sorted(once.values(), key=lambda one: (one.start, -one.end, one.entity))


def _shown(finding: Finding, action: str, rule: str | None, would: str | None) -> TriedFinding:
    return TriedFinding(
        start=finding.start,
        end=finding.end,
        entity=finding.entity,
        score=round(finding.score, 3),
        detector=finding.detector,
        action=action,
        rule=rule,
        would=would,
    )


def _verdicts(trial: GuardTrial, done: Rehearsed) -> list[TriedVerdict]:
    """Of each judge that was asked about the text what it said, and what a rule makes of it."""
    recorded = {
        as_str(one.get("guard")): one
        for one in done.call.report.verdicts
        if one.get("entity") is None and one.get("direction") == trial.direction
    }
    shown: list[TriedVerdict] = []
    for (name, direction), verdict in sorted(done.said.items(), key=lambda one: one[0]):
        if direction != trial.direction:
            continue  # of an answer that is tried the request is empty
        hit = recorded.get(name, {})
        action = as_str(hit.get("action"))
        shown.append(
            TriedVerdict(
                guard=name,
                score=round(verdict.score, 3),
                categories=list(verdict.categories),
                action=None if action == "monitor" else action,
                would=as_str(hit.get("would")),
            )
        )
    return shown
