"""Judges over prompts and answers. Text that a judge must see is held back until it is judged.
Fails closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal

from ..errors import Blocked, ModerationUnavailable
from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered
from ..schemas.json import Json, JsonObject
from ..schemas.policy import ModerationRule
from ..spi.guard import GuardedCall
from .call import Call
from .chunks import Channel, choice_numbers, finished, text_chunk, texts
from .findings import JOINTS
from .price import metered_so_far
from .snapshot import covers
from .step import Next, Step

_JUDGE_SECONDS = 20.0
_OVERLAP = 200
"""Characters of already judged text shown again, so that nothing hides across two windows."""


class Moderate(Step):
    """Without a rule for the answer nothing is held back."""

    async def __call__(self, call: Call, next: Next) -> Events:
        if not call.guarded or not call.snapshot.moderation:
            return await next(call)
        return self._moderated(call, next)

    async def _moderated(self, call: Call, next: Next) -> Events:
        await _judge_request(call)
        rules = _rules(call, "response")
        async with aclosing(await next(call)) as events:
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
        and any(
            covers(rule.target, candidate, call.groups, call.principal.application)
            for candidate in call.candidates
        )
    ]


async def _judge_request(call: Call) -> None:
    rules = _rules(call, "request")
    if not rules:
        return
    call.request.require_text()
    joined = [joint.join(parts) for parts in call.request.split_texts() for joint in JOINTS]
    for text in dict.fromkeys([*call.request.texts(), *joined]):
        for rule in rules:
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
            guarded = GuardedCall(call.id, call.request)
            verdict = await judge.judge(text, direction, guarded)
        if not 0.0 <= verdict.score <= 1.0:  # nor is "not a number"
            raise ValueError("a score lies between 0 and 1")
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
    """Events held back until the text in them is judged: each choice's, and each kind of text of a
    choice, on its own.
    """

    def __init__(self, call: Call, rules: Sequence[ModerationRule]) -> None:
        self._call = call
        self._rules = rules
        self._size = min(rule.hold_back for rule in rules)
        self._held: list[Event] = []
        self._texts: dict[Channel, str] = {}
        self._before: dict[Channel, str] = {}
        self._last: JsonObject = {}
        self._open: dict[int, bool] = {}
        """The choices seen so far, and whether they still go on."""
        self.blocked = False

    async def take(self, event: Event) -> list[Event]:
        """Hold `event` or release what is judged, in order."""
        self._held.append(event)
        ends = isinstance(event, Finished)
        if isinstance(event, Chunk | Answer):
            for channel, _, text in texts(event.data):
                self._texts[channel] = self._texts.get(channel, "") + text
        if isinstance(event, Chunk):
            ends = self._follow(event.data)
        if not self._texts:
            return self._release()
        # What comes whole is judged when its usage is known too: blocked, it costs what it cost.
        whole = any(isinstance(held, Answer) for held in self._held)
        if not ends and (whole or all(len(text) < self._size for text in self._texts.values())):
            return []
        for channel, text in self._texts.items():
            seen = self._before.get(channel, "") + text
            for rule in self._rules:
                if await _hit(self._call, rule, seen, "response") and rule.action == "block":
                    self.blocked = True
                    return []
            self._before[channel] = seen[-_OVERLAP:]
        self._texts.clear()
        return self._release()

    def _follow(self, data: JsonObject) -> bool:
        """Note which choices go on; whether one ends."""
        ended = finished(data)
        self._open |= dict.fromkeys(choice_numbers(data), True) | dict.fromkeys(ended, False)
        self._last = data
        return bool(ended)

    def _release(self) -> list[Event]:
        released, self._held = self._held, []
        return released

    def ending(self) -> list[Event]:
        """What the client gets instead of the text that was held back."""
        call = self._call
        notice = call.notice("content_filter", "The answer was stopped by a content guard.")
        events: list[Event] = [notice]
        whole = next((e for e in self._held if isinstance(e, Answer)), None)
        if whole is not None:
            message: JsonObject = {"role": "assistant", "content": "", "refusal": None}
            empty: list[Json] = [
                {"index": number, "finish_reason": "content_filter", "message": message}
                for number in choice_numbers(whole.data)
            ]
            events.append(Answer({**whole.data, "choices": empty}))
        for number in [number for number, goes_on in self._open.items() if goes_on]:
            events.append(text_chunk(self._last, (number, "content"), "", "content_filter"))
        metered = next((e for e in self._held if isinstance(e, Metered) and e.final), None)
        if metered is None:
            estimate = metered_so_far(call)
            metered = Metered(estimate.usage, estimate.model, estimate.cost)
            call.report.usage, call.report.cost = metered.usage, metered.cost
        return [*events, metered, Finished("content_filter")]
