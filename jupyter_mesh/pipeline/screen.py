"""Personal data and secrets: found in every text of a request, then replaced, blocked or alerted.
Fails closed, but for rules that only monitor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import field
from functools import partial

from ..errors import Blocked, ScreeningUnavailable
from ..schemas.events import Answer, Chunk, Events, Finished
from ..schemas.frozen import frozen
from ..schemas.guard_rules import ScreeningRule
from ..schemas.json import JsonObject, dig
from ..spi.guard import Detector, Finding
from ..spi.happenings import Happenings
from .call import Call
from .chunks import Channel, map_documents, map_texts
from .disguise import Disguise
from .exempting import keep_inside
from .findings import Findings, find_in, weight
from .kept_content import (
    keep_in_full,
    keep_request,
    keep_response,
    keep_unscreened,
    least_kept,
    withhold,
)
from .off_loop import off_loop, size_of
from .overlaps import merged
from .pseudonyms import Pseudonyms
from .redaction import Placeholders
from .restoring import Restorer
from .screening_plan import distinct, plan_of
from .screening_report import Tally, notices_of, tell
from .step import Next, Step
from .threads import Numbers, Threads
from .treatment import CHANGES, Kind, Treatment, kind_of, of_mode, strictness, treatment

_NO_RULE = "no rule applies"
_DOCUMENT: Channel = (0, "document")
_NOTHING: Mapping[str, str] = {}


@frozen
class Screened:
    """What a call was screened with, and what to put back into the answer, by its stand-in."""

    detectors: Mapping[str, Detector] = field(default_factory=dict[str, Detector])
    originals: Mapping[str, str] = field(default_factory=dict[str, str])


class Screen(Step):
    """The strictest rule over all candidates decides, so that a fallback can never see more than
    was screened.

    Hands the audit what was sent and what came back, redacted, never the raw text.

    Args:
        happenings: Told of what is blocked or alerted.
    """

    def __init__(self, happenings: Happenings) -> None:
        self._happenings = happenings
        self._threads = Threads()

    async def __call__(self, call: Call, next: Next) -> Events:
        if not call.guarded:
            return await next(call)
        if not call.snapshot.screens:
            call.report.screened = _NO_RULE
            return await next(call)
        return self._screened(call, next)

    async def _screened(self, call: Call, next: Next) -> Events:
        try:
            screened = await screen(call, self._numbers(call))
        finally:
            if call.report.verdicts:
                tell(call, self._happenings)
        if call.report.verdicts:
            for notice in notices_of(call):
                yield notice
        originals = screened.originals
        inner = await next(call)
        try:
            async with aclosing(
                _restored(inner, call, originals) if originals else inner
            ) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        await keep_response(call, screened.detectors)
                    yield event
        finally:
            await keep_response(call, screened.detectors)

    def _numbers(self, call: Call) -> Numbers | None:
        # A retry is the same in every gateway, but another gateway gave other numbers.
        if call.thread is None or call.idempotency_key is not None:
            return None
        principal = call.principal
        return self._threads.numbers((principal.user, principal.application, call.thread))


async def _restored(events: Events, call: Call, originals: Mapping[str, str]) -> Events:
    kind = dig(call.request.body, "response_format", "type")
    restorer = Restorer(originals, json=kind in ("json_object", "json_schema"))
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
                data = map_documents(data, partial(restorer.restore, _DOCUMENT))
                event = event if data is event.data else Answer(data)
            yield event


async def screen(call: Call, thread: Numbers | None = None) -> Screened:
    """Screen `call.request` in place; `thread` are the numbers its conversation has given.

    Raises:
        Blocked: A rule forbids what was found. Names kinds, never the text.
        InvalidRequest: The text came as token numbers, which cannot be screened.
        ScreeningUnavailable: A detector failed.
    """
    audit = call.snapshot.audit
    kept = least_kept(call) if audit.content_for else audit.content
    audited = kept == "redacted"
    plan = plan_of(call, audited)
    if kept == "full":
        await keep_in_full(call)
    if not plan.every:
        call.report.screened = _NO_RULE
        if audited:
            await keep_unscreened(call, plan.detectors)
        return Screened(plan.detectors)
    if plan.acts:
        await off_loop(size_of(call.request.body), call.request.require_text)
    call.report.screened = plan.screened
    found = await find_in(plan.strict, call.request, call.id)
    failed = bool(plan.lenient) and await _look_on(call, plan.lenient, found)
    kinds = {kind_of(one) for findings in found.values() for one in findings}
    request, originals = call.request, _NOTHING
    sent = True
    treatments: Mapping[Kind, Treatment] = {}
    if kinds:
        if any(rule.prefer_exempt for rule in plan.every):
            await off_loop(weight(found), partial(keep_inside, call, plan.rules, found))
        every = distinct(plan.rules[one.id] for one in call.candidates)
        enforced = of_mode(every, "enforce")
        treatments = {kind: treatment(enforced, kind) for kind in kinds}
        work = partial(_apply, call, every, treatments, found, thread)
        originals = await off_loop(max(weight(found), size_of(request.body)), work)
        sent = all(one.action == "redact" for one in treatments.values())
    if audited and failed:
        withhold(call)
    elif audited:
        await keep_request(call, request, {} if sent else found, partial(strictness, treatments))
    return Screened(plan.detectors, originals)


async def _look_on(call: Call, detectors: Mapping[str, Detector], found: Findings) -> bool:
    """Add what detectors find that no enforced rule needs; whether one of them failed."""
    failed = False
    for name, detector in detectors.items():
        try:
            more = await find_in({name: detector}, call.request, call.id)
        except (Blocked, ScreeningUnavailable):
            failed = True
            call.report.verdicts.append({"guard": name, "action": "monitor", "would": "fail"})
        else:
            for text, findings in more.items():
                found[text] += findings
    return failed


def _apply(
    call: Call,
    rules: Sequence[ScreeningRule],
    treatments: Mapping[Kind, Treatment],
    found: Findings,
    thread: Numbers | None,
) -> Mapping[str, str]:
    """Block, or replace what is to be replaced; the originals that may be put back."""
    tally = Tally(call.snapshot.screening)
    spans: Findings = {}
    monitored = of_mode(rules, "monitor")
    would = {kind: treatment(monitored, kind) for kind in treatments} if monitored else {}
    for place, (text, findings) in enumerate(found.items()):
        if not findings:
            continue
        changed = _noted(tally, place, text, findings, treatments, monitor=False)
        if changed:
            spans[text] = changed
        if monitored:
            _noted(tally, place, text, findings, would, monitor=True)
    tally.report(call)
    return _replaced(call, treatments, spans, [*found], thread) if spans else {}


def _noted(
    tally: Tally,
    place: int,
    text: str,
    findings: Iterable[Finding],
    treatments: Mapping[Kind, Treatment],
    *,
    monitor: bool,
) -> list[Finding]:
    """Take note of each finding; those that are replaced, overlaps merged."""
    changed: list[Finding] = []
    for finding in findings:
        done = treatments[kind_of(finding)]
        if done.action in CHANGES:
            changed.append(finding)
        elif done.action != "allow":
            tally.add(place, finding, done, monitor=monitor)
    whole = merged(changed, partial(strictness, treatments), text) if changed else []
    for finding in whole:
        tally.add(place, finding, treatments[kind_of(finding)], monitor=monitor)
    return whole


def _replaced(
    call: Call,
    treatments: Mapping[Kind, Treatment],
    spans: Findings,
    texts: Sequence[str],
    thread: Numbers | None,
) -> Mapping[str, str]:
    """Send other text; what may be put back, by what stands for it."""
    for_good = {kind[1] for kind, one in treatments.items() if one.for_good}
    key = call.snapshot.disguise_key
    placeholders = Placeholders(texts, for_good, thread)
    pseudonyms = Pseudonyms(key, call.principal.user, texts)
    disguise = Disguise(treatments, for_good, placeholders, pseudonyms, key)
    new = {
        text: placeholders.redact(text, spans[text], disguise.stand_in)
        for text in call.request.texts_as_numbered()
        if text in spans
    }
    call.request = call.request.change(lambda text: new.get(text, text))
    return disguise.originals
