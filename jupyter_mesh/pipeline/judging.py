"""What judges and detectors say of texts, held against the rules of moderation. Fails closed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, TypeAlias

from ..errors import MeshError, ModerationUnavailable, Unavailable
from ..schemas.frozen import frozen
from ..schemas.guard_rules import ModerationRule
from ..schemas.json import JsonObject
from ..spi.guard import Finding, GuardedCall, Judge, Verdict
from .call import Call
from .findings import find
from .guard_faults import because_of
from .snapshot import covers

Direction: TypeAlias = Literal["request", "response"]

ASKED_AGAIN = "asked_again"
"""The notice that the first answer was set aside."""
_SECONDS = 20.0
"""For all texts that one rule looks at together."""


@frozen
class Hit:
    """A text that a rule is against.

    Attributes:
        guard: The configured name of who says so.
        categories: What it is; of detectors the entities.
        findings: Where it stands; of a judge, which sees the whole, nowhere.
        advice: What to tell the model if it is asked again.
    """

    rule: ModerationRule
    guard: str
    score: float
    categories: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    advice: str = ""


def rules_for(call: Call, direction: Direction) -> list[ModerationRule]:
    """The rules that hold for any of the models that may answer."""
    return [
        rule
        for rule in call.snapshot.moderation
        if rule.target.direction == direction
        and any(
            covers(rule.target, candidate, call.groups, call.principal.application)
            for candidate in call.candidates
        )
    ]


def all_rules_for(call: Call) -> tuple[int, ...]:
    """The places in the policy of the rules that hold for `call`, either way the text flows."""
    rules = call.snapshot.moderation
    if not rules:
        return ()
    ids = tuple([one.id for one in call.candidates])
    key = ("moderation", ids, call.groups, call.principal.application)
    return call.snapshot.once(key, lambda: _places(call))


def _places(call: Call) -> tuple[int, ...]:
    held = [*rules_for(call, "request"), *rules_for(call, "response")]
    return tuple(n for n, rule in enumerate(call.snapshot.moderation) if rule in held)


def tries(call: Call) -> int:
    """How often a model may be asked for one call."""
    if not call.snapshot.moderation or not call.guarded:
        return 1
    rules = rules_for(call, "response")
    return 2 if any(rule.action == "retry" and rule.enforced for rule in rules) else 1


async def hits(
    call: Call, rule: ModerationRule, texts: Sequence[str], direction: Direction, part: str = ""
) -> list[Hit | None]:
    """For each text how it offends against `rule`; None where it does not.

    Of a rule that only monitors, a guard that fails is noted on the call, and is no hit.

    Raises:
        ModerationUnavailable: A guard failed.
    """
    guarded = GuardedCall(call.id, call.request, part)
    try:
        if rule.guard is None:
            return await _found(call, rule, texts, guarded)
        judge = call.snapshot.judges[rule.guard]
        verdicts = await verdicts_on(rule.guard, judge, texts, direction, guarded)
        return [offence(rule, rule.guard, verdict) for verdict in verdicts]
    except ModerationUnavailable:
        if rule.enforced:
            raise
        _note_failure(call, rule, direction)
        return [None] * len(texts)


async def verdicts_on(
    name: str, judge: Judge, texts: Sequence[str], direction: Direction, call: GuardedCall
) -> list[Verdict]:
    """What a judge says of each text.

    Raises:
        ModerationUnavailable: It failed, hung or answered garbage.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            verdicts = list(await judge.judge_all(texts, direction, call))
        if len(verdicts) != len(texts) or not all(map(_plausible, verdicts)):
            raise ValueError("a verdict for each text, with scores between 0 and 1")
    except Exception as error:  # whatever a guard does wrong closes the call
        raise because_of(_unavailable(name, direction), name, error, texts) from error
    return verdicts


def _plausible(verdict: Verdict) -> bool:
    """Whether its scores lie between 0 and 1; what is "not a number" does not."""
    return all(0.0 <= score <= 1.0 for score in (verdict.score, *verdict.scores.values()))


async def _found(
    call: Call, rule: ModerationRule, texts: Sequence[str], guarded: GuardedCall
) -> list[Hit | None]:
    known = call.snapshot.detectors
    try:
        found = await find({name: known[name] for name in rule.detectors}, texts, guarded)
    except MeshError as error:
        closed = _unavailable(" and ".join(rule.detectors), "response")
        if isinstance(error, Unavailable):
            closed.guard, closed.why = error.guard, error.why
        raise closed from error
    return [_hit_at(rule, [one for one in found[text] if _counts(rule, one)]) for text in texts]


def narrowed(hit: Hit, findings: Sequence[Finding]) -> Hit | None:
    """The hit as if detectors had found no more than `findings`."""
    return hit if len(findings) == len(hit.findings) else _hit_at(hit.rule, findings)


def _counts(rule: ModerationRule, finding: Finding) -> bool:
    if rule.categories:
        least = rule.categories.get(finding.entity)
        return least is not None and finding.score >= least
    return finding.score >= rule.threshold


def _hit_at(rule: ModerationRule, findings: Sequence[Finding]) -> Hit | None:
    if not findings:
        return None
    surest = max(findings, key=lambda one: one.score)
    entities = tuple(sorted({one.entity for one in findings}))
    return Hit(rule, surest.detector, surest.score, entities, tuple(findings))


def offence(rule: ModerationRule, guard: str, verdict: Verdict) -> Hit | None:
    """How a text that `guard` judged so offends against `rule`; None where it does not."""
    if not rule.categories:
        if verdict.score < rule.threshold:
            return None
        return Hit(rule, guard, verdict.score, verdict.categories, advice=verdict.advice)
    over = {
        name: score
        for name, least in rule.categories.items()
        if (score := verdict.score_of(name)) >= least
    }
    if not over:
        return None
    named = tuple(sorted(over, key=lambda name: -over[name]))
    return Hit(rule, guard, max(over.values()), named, advice=verdict.advice)


def record(call: Call, hit: Hit, direction: Direction) -> None:
    """Put a hit down, once for all windows that show the same; the surest counts."""
    rule = hit.rule
    action = rule.action if rule.enforced else "monitor"
    if action == "retry" and any(one.code == ASKED_AGAIN for one in call.report.notices):
        action = "block"  # the second answer is a hit too
    said: JsonObject = {
        "guard": hit.guard,
        "direction": direction,
        "action": action,
        "score": round(hit.score, 3),
        "categories": list(hit.categories),
    }
    if rule.name is not None:
        said["rule"] = rule.name
    if not rule.enforced:
        said["would"] = rule.action
    for known in call.report.verdicts:
        if {**known, "score": 0} == {**said, "score": 0}:
            known["score"] = max(float(f"{known['score']}"), round(hit.score, 3))
            return
    call.report.verdicts.append(said)


def _note_failure(call: Call, rule: ModerationRule, direction: Direction) -> None:
    said: JsonObject = {
        "guard": ", ".join(rule.guards),
        "direction": direction,
        "action": "monitor",
        "would": "fail",
    }
    if said in call.report.verdicts:
        return
    call.report.verdicts.append(said)
    call.notice(
        "not_moderated",
        f"The guard {' and '.join(map(repr, rule.guards))} failed, so the {direction} was not "
        "judged by it; its rule only monitors.",
    )


def _unavailable(name: str, direction: Direction) -> ModerationUnavailable:
    return ModerationUnavailable(
        f"The guard {name!r} failed, so the {direction} could not be judged. Try again, or tell "
        "your admin."
    )
