"""Judges over prompts and answers. Text that a judge must see is held back until it is judged.
Fails
closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal

from ..errors import Blocked, ModerationUnavailable
from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered
from ..schemas.json import JsonObject
from ..schemas.policy import ModerationRule
from .call import Call
from .chunks import chunk_text, finish_reason
from .price import metered_so_far
from .snapshot import covers
from .step import Next, Step

_JUDGE_SECONDS = 20.0
_OVERLAP = 200
"""Characters of already judged text shown again, so that nothing hides across two windows."""


class Moderate(Step):
    """Without a rule for the answer nothing is held back."""

    def __call__(self, call: Call, next: Next) -> Events:
        if not call.guarded or not call.snapshot.moderation:
            return next(call)
        return self._moderated(call, next)

    async def _moderated(self, call: Call, next: Next) -> Events:
        await _judge_request(call)
        rules = _rules(call, "response")
        async with aclosing(next(call)) as events:
            if not rules:
                async for event in events:
                    yield event
                return
            window = _Window(call, rules)
            async for event in events:
                for released in await window.take(event):
                    yield released
                if window.blocked:
                    break
        if window.blocked:
            for event in window.ending():
                yield event


def _rules(call: Call, direction: Literal["request", "response"]) -> list[ModerationRule]:
    return [
        rule
        for rule in call.snapshot.moderation
        if rule.target.direction == direction
        and any(covers(rule.target, candidate, call.groups) for candidate in call.candidates)
    ]


async def _judge_request(call: Call) -> None:
    for rule in _rules(call, "request"):
        for text in call.request.texts():
            if await _hit(call, rule, text, "request") and rule.action == "block":
                raise Blocked(
                    f"The guard {rule.guard!r} refused the request. Rephrase it; nothing was sent."
                )


async def _hit(
    call: Call, rule: ModerationRule, text: str, direction: Literal["request", "response"]
) -> bool:
    judge = call.snapshot.judges[rule.guard]
    try:
        async with asyncio.timeout(_JUDGE_SECONDS):
            verdict = await judge.judge(text, direction)
        hit = verdict.score >= rule.threshold
    except Exception as error:  # whatever a guard does wrong closes the call
        raise ModerationUnavailable(
            f"The guard {rule.guard!r} failed, so the {direction} could not be judged. Try again, "
            "or tell your admin."
        ) from error
    if hit:
        call.report.verdicts.append(
            {
                "guard": rule.guard,
                "direction": direction,
                "action": rule.action,
                "score": round(verdict.score, 3),
                "categories": list(verdict.categories),
            }
        )
    return hit


class _Window:
    """Events held back until the text in them is judged."""

    def __init__(self, call: Call, rules: Sequence[ModerationRule]) -> None:
        self._call = call
        self._rules = rules
        self._size = min(rule.hold_back for rule in rules)
        self._held: list[Event] = []
        self._text = ""
        self._before = ""
        self._last: JsonObject = {}
        self.blocked = False

    async def take(self, event: Event) -> list[Event]:
        """Hold `event` or release what is judged, in order."""
        self._held.append(event)
        # A whole answer is judged when its usage is known too, so that a blocked one costs what it
        # cost.
        ends = isinstance(event, Finished)
        if isinstance(event, Chunk | Answer):
            self._text += chunk_text(event.data)
            if isinstance(event, Chunk):
                self._last = event.data
                ends = finish_reason(event.data) is not None
        if not self._text:
            return self._release()
        if len(self._text) < self._size and not ends:
            return []
        seen = self._before + self._text
        for rule in self._rules:
            if await _hit(self._call, rule, seen, "response") and rule.action == "block":
                self.blocked = True
                return []
        self._before, self._text = seen[-_OVERLAP:], ""
        return self._release()

    def _release(self) -> list[Event]:
        released, self._held = self._held, []
        return released

    def ending(self) -> list[Event]:
        """What the client gets instead of the text that was held back."""
        call = self._call
        notice = call.notice("content_filter", "The answer was stopped by a content guard.")
        events: list[Event] = [notice]
        choice: JsonObject = {"index": 0, "finish_reason": "content_filter"}
        whole = next((e for e in self._held if isinstance(e, Answer)), None)
        if whole is not None:
            message: JsonObject = {"role": "assistant", "content": "", "refusal": None}
            events.append(Answer({**whole.data, "choices": [{**choice, "message": message}]}))
        elif self._last:
            kept = {k: v for k, v in self._last.items() if k not in ("choices", "usage")}
            events.append(Chunk({**kept, "choices": [{**choice, "delta": {}}]}))
        metered = next((e for e in self._held if isinstance(e, Metered) and e.final), None)
        if metered is None:
            estimate = metered_so_far(call)
            metered = Metered(estimate.usage, estimate.model, estimate.cost)
            call.report.usage, call.report.cost = metered.usage, metered.cost
        return [*events, metered, Finished("content_filter")]
