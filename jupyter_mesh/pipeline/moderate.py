"""Judges over prompts and answers. Text that a judge must see is held back until it is judged.
Fails closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from ..errors import Blocked
from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered, Notice
from ..schemas.guard_rules import ModerationRule
from ..schemas.json import Json, as_list
from ..schemas.request import Operation, Request
from .answer_window import Window
from .call import Call, Produced
from .chunks import without_logprobs
from .findings import JOINTS
from .judging import ASKED_AGAIN, Hit, hits, record, rules_for
from .moderation_report import naming_the_guard, taken_out
from .off_loop import off_loop, size_of
from .price import settled
from .step import Next, Step

_NOTABLE_MS = 1000.0
"""How long text must have waited for the client to be told."""


class Moderate(Step):
    """Without a rule for the answer nothing is held back."""

    async def __call__(self, call: Call, next: Next) -> Events:
        if not call.guarded or not call.snapshot.moderation:
            return await next(call)
        if call.request.operation is Operation.MODERATION:
            return await next(call)  # the answer is what the guards say
        return self._moderated(call, next)

    async def _moderated(self, call: Call, next: Next) -> Events:
        await _judge_request(call)
        rules = rules_for(call, "response")
        enforced = [rule for rule in rules if rule.enforced]
        window = Window(call, enforced, again=True) if enforced else None
        async with aclosing(_answer(call, next, window, rules)) as events:
            async for event in events:
                yield event
        if window is not None and window.retry is not None:
            yield _ask_again(call, window.retry)
            window = Window(call, enforced, again=False)
            async with aclosing(_answer(call, next, window, rules)) as events:
                async for event in events:
                    yield event
        if window is not None and window.blocked:
            for event in window.ending():
                yield naming_the_guard(call, event) if isinstance(event, Notice) else event


async def _judge_request(call: Call) -> None:
    rules = rules_for(call, "request")
    if not rules:
        return
    request = call.request
    size = size_of(request.body)
    if any(rule.enforced for rule in rules):
        await off_loop(size, request.require_text)
    texts = await off_loop(size, lambda: _texts_of(request))
    for rule in rules:
        for hit in await hits(call, rule, texts, "request"):
            if hit is None:
                continue
            record(call, hit, "request")
            if rule.enforced and rule.action == "block":
                raise _refused(hit)


def _texts_of(request: Request) -> list[str]:
    """Each text, and those of a message in parts as one."""
    joined = [joint.join(parts) for parts in request.split_texts() for joint in JOINTS]
    return list(dict.fromkeys([*request.texts(), *joined]))


def _refused(hit: Hit) -> Blocked:
    kinds = f" ({', '.join(hit.categories)})" if hit.categories else ""
    return Blocked(
        f"The guard {hit.guard!r} refused the request{kinds}. Rephrase it; nothing was sent."
    )


async def _answer(
    call: Call, next: Next, window: Window | None, rules: Sequence[ModerationRule]
) -> Events:
    """What may be let go of an answer; nothing more once it is blocked."""
    shown, written = Produced(), Produced()
    monitors = any(not rule.enforced for rule in rules)
    redacts = any(rule.enforced and rule.action == "redact" for rule in rules)
    try:
        async with aclosing(await next(call)) as events:
            async for event in events:
                if redacts and (bare := _without_logprobs(event)) is not event:
                    event = bare
                    if (notice := _told_of_logprobs(call)) is not None:
                        yield notice
                if isinstance(event, Finished):
                    await _watch(call, rules, written)
                elif monitors and isinstance(event, Chunk | Answer):
                    written.add(event.data)
                for released in [event] if window is None else await window.take(event):
                    if window is not None and isinstance(released, Finished):
                        if redacts:
                            call.produced.said = shown.said  # what the audit keeps
                            if (taken := taken_out(call)) is not None:
                                yield taken
                        if (notice := _told_of_the_wait(call, window)) is not None:
                            yield notice
                    elif redacts and isinstance(released, Chunk | Answer):
                        shown.add(released.data)
                    yield released
                if window is not None and window.blocked:
                    return
    finally:
        if redacts:
            call.produced.said = shown.said


async def _watch(call: Call, rules: Sequence[ModerationRule], written: Produced) -> None:
    """Hold an answer, whatever of it was let go, against the rules that only monitor."""
    texts = {channel: "".join(pieces) for channel, pieces in written.said.items()}
    for rule in rules:
        if rule.enforced:
            continue
        for channel, text in texts.items():
            part = next((name for name in reversed(channel) if isinstance(name, str)), "")
            [hit] = await hits(call, rule, [text], "response", part)
            if hit is not None:
                record(call, hit, "response")


def _without_logprobs(event: Event) -> Event:
    """The tokens of an answer say again what is taken out of its text, or stands before it."""
    if not isinstance(event, Chunk | Answer):
        return event
    data = without_logprobs(event.data)
    return event if data is event.data else replace(event, data=data, raw=None)


def _told_of_logprobs(call: Call) -> Notice | None:
    if any(notice.code == "no_logprobs" for notice in call.report.notices):
        return None
    return call.notice(
        "no_logprobs",
        "`logprobs` are left out of this answer: a content guard may take things out of its text, "
        "and they would say them again.",
    )


def _told_of_the_wait(call: Call, window: Window) -> Notice | None:
    if window.longest_ms < _NOTABLE_MS:
        return None
    return call.notice(
        "held_back",
        f"Text of this answer waited up to {window.longest_ms / 1000:.1f} s to be judged.",
        {"longest_ms": round(window.longest_ms, 1)},
    )


def _ask_again(call: Call, hit: Hit) -> Notice:
    """Make the call ready to be sent once more; what it has cost so far is charged too."""
    usage, cost = settled(call)
    report = call.report
    call.lost = [Metered(usage, report.model or "", cost, final=False)]
    call.sent = False
    report.usage = report.cost = None
    report.cost_classes = {}
    call.produced = Produced()
    if call.request.operation is Operation.CHAT:
        advice = hit.advice or _advice(hit)
        messages: list[Json] = [*(as_list(call.request.body.get("messages")) or ())]
        call.request = call.request.with_body(
            messages=[*messages, {"role": "user", "content": advice}]
        )
    kinds = f" ({', '.join(hit.categories)})" if hit.categories else ""
    return call.notice(
        ASKED_AGAIN,
        f"The guard {hit.guard!r} set the first answer aside{kinds}; the model was asked again, "
        "and both answers are charged.",
    )


def _advice(hit: Hit) -> str:
    kinds = f": {', '.join(hit.categories)}" if hit.categories else ""
    return (
        f"Your last answer to this was held back by a content policy{kinds}. Answer again, in a "
        "way that keeps to it."
    )
