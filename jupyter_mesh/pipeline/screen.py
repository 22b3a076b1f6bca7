"""Personal data and secrets: found in every text of a request, then redacted, blocked or alerted.
Fails closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import aclosing

from ..errors import Blocked
from ..schemas.events import Answer, Chunk, Event, Events, Finished
from ..schemas.json import JsonObject
from ..schemas.policy import Action, ScreeningRule
from ..schemas.request import Operation
from ..spi.guard import Finding
from .call import Call
from .chunks import map_texts, text_chunk
from .redaction import Placeholders, Restorer, change_texts, find
from .snapshot import Candidate, covers
from .step import Next, Step

_STRICTNESS: dict[Action, int] = {"allow": 0, "alert": 1, "redact": 2, "block": 3}
_AUDIT_DETECTORS = ("patterns", "secrets")


class Screen(Step):
    """The strictest rule over all candidates decides, so that a fallback can never see more than
    was
    screened.

    Hands the audit what was sent and what came back, redacted, never the raw text.
    """

    def __call__(self, call: Call, next: Next) -> Events:
        return self._screened(call, next) if call.guarded else next(call)

    async def _screened(self, call: Call, next: Next) -> Events:
        originals = await screen(call)
        if originals:
            kinds = ", ".join(sorted({name[1:].rpartition("_")[0] for name in originals}))
            yield call.notice("redacted", f"Redacted before sending: {kinds}.")
        restorer = Restorer(originals) if originals else None
        try:
            async with aclosing(next(call)) as events:
                last: JsonObject = {}
                async for event in events:
                    if isinstance(event, Finished):
                        if restorer:
                            for chunk in _flush(restorer, last):
                                yield chunk
                        await _keep_response(call)
                    elif isinstance(event, Chunk):
                        last = event.data
                    yield event if restorer is None else _restored(restorer, event)
        finally:
            await _keep_response(call)


async def screen(call: Call) -> dict[str, str]:
    """Screen `call.request` in place; returns the originals to put back, by placeholder.

    Raises:
        Blocked: A rule forbids what was found. Names kinds, never the text.
        ScreeningUnavailable: A detector failed.
    """
    rules = {one.id: _covering(call, one) for one in call.candidates}
    every = _distinct(rule for covering in rules.values() for rule in covering)
    audited = call.snapshot.audit.content == "redacted"
    names = dict.fromkeys(name for rule in every for name in rule.detectors)
    if audited:
        names |= dict.fromkeys(n for n in _AUDIT_DETECTORS if n in call.snapshot.detectors)
    if not names:
        call.report.screened = "no rule applies"
        return {}
    texts = list(call.request.texts())
    findings = await find([call.snapshot.detectors[name] for name in names], texts)
    if every:
        call.report.screened = "yes"
        _do_without_stricter(call, rules, findings)
        every = _distinct(rule for one in call.candidates for rule in rules[one.id])
    else:
        call.report.screened = "no rule applies"
    originals = _apply(call, every, texts, findings)
    if audited:
        call.content = _for_audit(call, originals, texts, findings)
    return originals


def _distinct(rules: Iterable[ScreeningRule]) -> tuple[ScreeningRule, ...]:
    return tuple({id(rule): rule for rule in rules}.values())


def _covering(call: Call, candidate: Candidate) -> tuple[ScreeningRule, ...]:
    return tuple(r for r in call.snapshot.screening if covers(r.target, candidate, call.groups))


def _action(rules: Sequence[ScreeningRule], finding: Finding) -> Action:
    strictest: Action = "allow"
    for rule in rules:
        if finding.detector in rule.detectors:
            action = rule.action(finding.entity)
            if _STRICTNESS[action] > _STRICTNESS[strictest]:
                strictest = action
    return strictest


def _do_without_stricter(
    call: Call,
    rules: dict[str, tuple[ScreeningRule, ...]],
    findings: Sequence[Sequence[Finding]],
) -> None:
    """Drop candidates whose `prefer_exempt` rule was hit, if any candidate is left without one."""
    found = [finding for per_text in findings for finding in per_text]
    hit = {
        candidate.id
        for candidate in call.candidates
        for rule in rules[candidate.id]
        if rule.prefer_exempt
        and any(_STRICTNESS[_action((rule,), finding)] >= 2 for finding in found)
    }
    kept = tuple(one for one in call.candidates if one.id not in hit)
    if hit and kept:
        dropped = ", ".join(sorted(hit))
        call.candidates = kept
        call.notice("kept_inside", f"Not offered to {dropped}: the text holds protected data.")


def _apply(
    call: Call,
    rules: Sequence[ScreeningRule],
    texts: Sequence[str],
    findings: Sequence[Sequence[Finding]],
) -> dict[str, str]:
    counts: Counter[tuple[str, str, Action]] = Counter()
    to_redact: list[list[Finding]] = []
    irreversible: set[str] = set()
    for per_text in findings:
        chosen: list[Finding] = []
        for finding in per_text:
            action = _action(rules, finding)
            if action == "allow":
                continue
            counts[finding.detector, finding.entity, action] += 1
            if action == "redact":
                chosen.append(finding)
                if any(not r.reversible for r in rules if finding.detector in r.detectors):
                    irreversible.add(finding.entity)
        to_redact.append(chosen)
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
    if not any(to_redact):
        return {}
    placeholders = Placeholders(taken="\n".join(texts))
    redacted = [placeholders.redact(t, found) for t, found in zip(texts, to_redact, strict=True)]
    call.request = call.request.map_texts(change_texts(texts, redacted))
    return {
        name: value
        for name, value in placeholders.originals.items()
        if name[1:].rpartition("_")[0] not in irreversible
    }


def _for_audit(
    call: Call,
    originals: dict[str, str],
    texts: Sequence[str],
    findings: Sequence[Sequence[Finding]],
) -> JsonObject:
    """The body for the audit: everything found is replaced, also what policy let pass."""
    if not any(findings):
        return call.request.body
    placeholders = Placeholders(taken="\n".join(texts))
    redacted = [placeholders.redact(t, found) for t, found in zip(texts, findings, strict=True)]
    sent = list(call.request.texts())
    if sent == redacted:
        return call.request.body
    return call.request.map_texts(change_texts(sent, redacted)).body


async def _keep_response(call: Call) -> None:
    """Redact what came back for the audit, once."""
    if call.response is not None or call.content is None:
        return
    text = "".join(call.produced.text)
    if not text or call.request.operation not in (Operation.CHAT, Operation.COMPLETION):
        return
    detectors = [d for n in _AUDIT_DETECTORS if (d := call.snapshot.detectors.get(n))]
    findings = await find(detectors, [text])
    call.response = {"text": Placeholders(taken=text).redact(text, findings[0])}


def _restored(restorer: Restorer, event: Event) -> Event:
    if isinstance(event, Chunk):
        data = map_texts(event.data, restorer.feed)
        return event if data is event.data else Chunk(data, usage_only=event.usage_only)
    if isinstance(event, Answer):
        data = map_texts(event.data, restorer.restore)
        return event if data is event.data else Answer(data)
    return event


def _flush(restorer: Restorer, like: JsonObject) -> list[Chunk]:
    return [text_chunk(like, channel, text) for channel, text in restorer.rest().items()]
