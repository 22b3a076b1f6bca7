"""Personal data and secrets: found in every text of a request, then redacted, blocked or alerted.
Fails closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import field
from typing import TypeAlias

from ..errors import Blocked
from ..schemas.events import Answer, Chunk, Events, Finished
from ..schemas.frozen import frozen
from ..schemas.json import JsonObject
from ..schemas.policy import Action, ScreeningRule
from ..spi.guard import Detector, Finding
from .call import Call
from .chunks import map_texts
from .findings import Findings, find_in, merged
from .kept_content import (
    keep_in_full,
    keep_request,
    keep_response,
    keep_unscreened,
    least_kept,
)
from .redaction import Placeholders, Restorer
from .snapshot import Candidate, covers
from .step import Next, Step

Kind: TypeAlias = tuple[str, str]
"""The configured name of a detector, and an entity it finds."""

_STRICTEST_FIRST: tuple[Action, ...] = ("block", "redact", "alert")
_NO_RULE = "no rule applies"
_AUDIT_DETECTORS = ("patterns", "secrets")


@frozen
class Screened:
    """What a call was screened with, and what to put back into the answer, by placeholder."""

    detectors: Mapping[str, Detector] = field(default_factory=dict[str, Detector])
    originals: Mapping[str, str] = field(default_factory=dict[str, str])


class Screen(Step):
    """The strictest rule over all candidates decides, so that a fallback can never see more than
    was screened.

    Hands the audit what was sent and what came back, redacted, never the raw text.
    """

    async def __call__(self, call: Call, next: Next) -> Events:
        if not call.guarded:
            return await next(call)
        if not call.snapshot.screens:
            call.report.screened = _NO_RULE
            return await next(call)
        return self._screened(call, next)

    async def _screened(self, call: Call, next: Next) -> Events:
        screened = await screen(call)
        originals = screened.originals
        if originals:
            kinds = ", ".join(sorted({name[1:].rpartition("_")[0] for name in originals}))
            yield call.notice("redacted", f"Redacted before sending: {kinds}.")
        inner = await next(call)
        try:
            async with aclosing(_restored(inner, originals) if originals else inner) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        await keep_response(call, screened.detectors)
                    yield event
        finally:
            await keep_response(call, screened.detectors)


async def _restored(events: Events, originals: Mapping[str, str]) -> Events:
    restorer = Restorer(originals)
    last: JsonObject = {}
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Chunk):
                last = event.data
                for chunk in restorer.chunks(event):
                    yield chunk
                continue
            if isinstance(event, Finished):
                for chunk in restorer.rest(last):
                    yield chunk
            elif isinstance(event, Answer):
                data = map_texts(event.data, restorer.restore)
                event = event if data is event.data else Answer(data)
            yield event


async def screen(call: Call) -> Screened:
    """Screen `call.request` in place.

    Raises:
        Blocked: A rule forbids what was found. Names kinds, never the text.
        InvalidRequest: The text came as token numbers, which cannot be screened.
        ScreeningUnavailable: A detector failed.
    """
    rules = {one.id: covering(call, one) for one in call.candidates}
    every = _distinct(rules.values())
    audit = call.snapshot.audit
    kept = least_kept(call) if audit.content_for else audit.content
    audited = kept == "redacted"
    detectors = _detectors(call, every, audited)
    if kept == "full":
        await keep_in_full(call)
    if not every:
        call.report.screened = _NO_RULE
        if audited:
            await keep_unscreened(call, detectors)
        return Screened(detectors)
    if any(map(_acts, every)):
        call.request.require_text()
    found = await find_in(detectors, call.request, call.id)
    call.report.screened = "yes"
    kinds = {(one.detector, one.entity) for findings in found.values() for one in findings}
    _do_without_stricter(call, rules, kinds)
    every = _distinct(rules[one.id] for one in call.candidates)
    request = call.request
    actions: dict[Kind, Action] = {kind: _action(every, kind) for kind in kinds}
    originals = _apply(call, every, actions, found)
    if audited:
        sent = all(action == "redact" for action in actions.values())
        await keep_request(call, request, {} if sent else found)
    return Screened(detectors, originals)


def _distinct(rules: Iterable[Sequence[ScreeningRule]]) -> tuple[ScreeningRule, ...]:
    return tuple({id(rule): rule for covering in rules for rule in covering}.values())


def covering(call: Call, candidate: Candidate) -> tuple[ScreeningRule, ...]:
    """The rules that hold for text on its way to `candidate`."""
    snapshot = call.snapshot
    rules = tuple(r for r in snapshot.screening if covers(r.target, candidate, call.groups))
    default = snapshot.default_screening
    if not rules and default is not None and covers(default.target, candidate, call.groups):
        return (default,)
    return rules


def _detectors(call: Call, rules: Sequence[ScreeningRule], audited: bool) -> dict[str, Detector]:
    """Those that the rules name, and the standard ones for what the audit keeps."""
    known = call.snapshot.detectors
    named = {name: known[name] for rule in rules for name in rule.detectors}
    standard = {name: known[name] for name in _AUDIT_DETECTORS if audited and name in known}
    return named | standard


def _acts(rule: ScreeningRule) -> bool:
    return any(action != "allow" for action in {"*": "redact", **rule.entities}.values())


def _action(rules: Iterable[ScreeningRule], kind: Kind) -> Action:
    """The strictest that a rule asks for."""
    detector, entity = kind
    asked = {rule.action(entity) for rule in rules if detector in rule.detectors}
    for action in _STRICTEST_FIRST:
        if action in asked:
            return action
    return "allow"


def _do_without_stricter(
    call: Call, rules: Mapping[str, Sequence[ScreeningRule]], kinds: AbstractSet[Kind]
) -> None:
    """Drop candidates whose `prefer_exempt` rule was hit, if any candidate is left without one."""
    hit = {
        candidate.id
        for candidate in call.candidates
        for rule in rules[candidate.id]
        if rule.prefer_exempt
        and any(_action((rule,), kind) in ("redact", "block") for kind in kinds)
    }
    kept = tuple(one for one in call.candidates if one.id not in hit)
    if hit and kept:
        dropped = ", ".join(sorted(hit))
        call.candidates = kept
        call.notice("kept_inside", f"Not offered to {dropped}: the text holds protected data.")


def _apply(
    call: Call, rules: Sequence[ScreeningRule], actions: Mapping[Kind, Action], found: Findings
) -> dict[str, str]:
    """Block, or redact what is to be redacted; the originals that may be put back."""
    irreversible = _irreversible(rules, actions)
    spans: Findings = {}
    counts: Counter[tuple[str, str, Action]] = Counter()
    for text, findings in found.items():
        to_redact: list[Finding] = []
        for finding in findings:
            action = actions[finding.detector, finding.entity]
            if action == "redact":
                to_redact.append(finding)
            elif action != "allow":
                counts[finding.detector, finding.entity, action] += 1
        if to_redact:
            spans[text] = merged(to_redact, irreversible)
            counts.update((one.detector, one.entity, "redact") for one in spans[text])
    _report(call, counts)
    if not spans:
        return {}
    placeholders = Placeholders(taken=found)
    call.request = call.request.change(
        lambda text: placeholders.redact(text, spans[text]) if text in spans else text
    )
    return {
        name: value
        for name, value in placeholders.originals.items()
        if name[1:].rpartition("_")[0] not in irreversible
    }


def _irreversible(rules: Iterable[ScreeningRule], actions: Mapping[Kind, Action]) -> frozenset[str]:
    """Entities that some rule redacts for good."""
    for_good = [rule for rule in rules if not rule.reversible]
    return frozenset(kind[1] for kind in actions if _action(for_good, kind) == "redact")


def _report(call: Call, counts: Mapping[tuple[str, str, Action], int]) -> None:
    """Note what was found and done.

    Raises:
        Blocked: A rule forbids it.
    """
    for (guard, entity, action), count in counts.items():
        call.report.verdicts.append(
            {"guard": guard, "entity": entity, "action": action, "count": count}
        )
    blocked = sorted({entity for _, entity, action in counts if action == "block"})
    if blocked:
        raise Blocked(
            f"The request holds {', '.join(blocked)}, which policy does not let out. Nothing was "
            "sent; remove it and try again."
        )
