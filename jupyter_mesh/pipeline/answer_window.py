"""An answer judged in overlapping windows, each before any of it is let go."""

from __future__ import annotations

import math

from ..schemas.events import Answer, Chunk, Event, Finished, Metered
from ..schemas.guard_rules import ModerationRule
from ..schemas.json import Json, JsonObject
from ..schemas.request import Operation
from ..spi.guard import Finding
from .call import Call
from .chunks import Channel, choice_numbers, finished, text_chunk
from .held_text import Stretch, Waiting
from .judging import Hit, hits, narrowed, record
from .overlaps import merged
from .price import metered_so_far

_SHOWN_AGAIN = 200
"""Characters of text that has been let go which judges see once more, for the context."""
_REMOVED = "[removed]"
_EMPTY: JsonObject = {"role": "assistant", "content": "", "refusal": None}


class Window:
    """Events held back until the text in them is judged: each choice's, and each kind of text of a
    choice, on its own. Of a choice that goes on, the last half of a window waits for what follows,
    and with it what it may be the end of: whatever is taken out, and where detectors look, a token.

    Args:
        call: Whose answer it is.
        rules: Those for its answer that are enforced.
        again: Whether the model may be asked again.

    Attributes:
        blocked: Nothing more comes.
        retry: Why the model is to be asked again; nothing of this answer is let go.
    """

    def __init__(self, call: Call, rules: list[ModerationRule], *, again: bool) -> None:
        self._call = call
        self._rules = rules
        self._again = again
        self._size = _size(call, rules)
        self._runs = any(rule.detectors for rule in rules)
        self._waiting = Waiting(_SHOWN_AGAIN)
        self._last: JsonObject = {}
        self._open: dict[int, bool] = {}
        """The choices seen so far, and whether they still go on."""
        self.blocked = False
        self.retry: Hit | None = None

    @property
    def longest_ms(self) -> float:
        """How long the piece of text that waited longest did."""
        return self._waiting.longest_ms

    async def take(self, event: Event) -> list[Event]:
        """Hold `event`, or let go what is judged, in order."""
        if isinstance(event, Metered) and not event.final:
            return [event]  # a budget counts by it while the text waits
        if self.retry is not None:
            return []  # this answer only runs to its end, so that it is charged exactly
        waiting = self._waiting
        waiting.add(event)
        over = isinstance(event, Finished)
        choice_ends = isinstance(event, Chunk) and self._follow(event.data)
        if self._size is math.inf and not over:
            return []
        if not waiting.length and not waiting.fresh:
            return waiting.release(0, ())
        if not over and not choice_ends and not self._is_full():
            return []
        await self._judge()
        if self.blocked or self.retry is not None:
            return []
        ended = [number for number, goes_on in self._open.items() if not goes_on]
        released = waiting.release(0 if over else self._kept, ended, runs=self._runs)
        report = self._call.report
        report.held_back_ms = max(report.held_back_ms or 0.0, waiting.longest_ms)
        return released

    @property
    def _kept(self) -> int:
        return 0 if self._size is math.inf else int(self._size) // 2

    def _is_full(self) -> bool:
        size, waiting = self._size, self._waiting
        # What waits for longer is not looked at again for every little that comes.
        least = max(size - self._kept, waiting.length // 3)
        if waiting.length < size or waiting.fresh < least:
            return False
        # What comes whole is judged when its usage is known too: blocked, it costs what it cost.
        return not any(isinstance(held, Answer) for held in waiting.events)

    def _follow(self, data: JsonObject) -> bool:
        """Note which choices go on; whether one ends."""
        ended = finished(data)
        self._open |= dict.fromkeys(choice_numbers(data), True) | dict.fromkeys(ended, False)
        self._last = data
        return bool(ended)

    async def _judge(self) -> None:
        for channel, stretch in self._waiting.stretches.items():
            if not stretch.fresh:
                continue
            stretch.fresh = 0
            for rule in self._rules:
                await self._hold_against(rule, channel, stretch)
                if self.blocked or self.retry is not None:
                    return

    async def _hold_against(self, rule: ModerationRule, channel: Channel, stretch: Stretch) -> None:
        before, text = stretch.before, stretch.text
        if rule.guard is not None:
            before, text = stretch.seen, stretch.shown
        [hit] = await hits(self._call, rule, [before + text], "response", _part(channel))
        if hit is not None and hit.findings:
            hit = narrowed(hit, _new(hit, stretch))
        if hit is None:
            return
        record(self._call, hit, "response")
        if rule.action == "alert":
            return
        if rule.action == "retry" and self._again:
            self.retry = hit
        elif rule.action == "redact":
            _take_out(hit, stretch)
        else:
            self.blocked = True

    def ending(self) -> list[Event]:
        """What the client gets instead of the text that was held back."""
        call = self._call
        notice = call.notice("content_filter", "The answer was stopped by a content guard.")
        events: list[Event] = [notice]
        held = list(self._waiting.events)
        continues = call.request.operation is Operation.COMPLETION
        whole = next((e for e in held if isinstance(e, Answer)), None)
        if whole is not None:
            said: JsonObject = {"text": ""} if continues else {"message": dict(_EMPTY)}
            empty: list[Json] = [
                {"index": number, "finish_reason": "content_filter", **said}
                for number in choice_numbers(whole.data)
            ]
            events.append(Answer({**whole.data, "choices": empty}))
        held_ends = {number for e in held if isinstance(e, Chunk) for number in finished(e.data)}
        for number, goes_on in self._open.items():
            if goes_on or number in held_ends:
                place = (number, "text" if continues else "content")
                events.append(text_chunk(self._last, place, "", "content_filter"))
        metered = next((e for e in held if isinstance(e, Metered) and e.final), None)
        if metered is None:
            estimate = metered_so_far(call)
            metered = Metered(estimate.usage, estimate.model, estimate.cost)
            call.report.usage, call.report.cost = metered.usage, metered.cost
        return [*events, metered, Finished("content_filter")]


def _size(call: Call, rules: list[ModerationRule]) -> float:
    """Characters of a window; without end where an answer is held until all of it is there."""
    judges, detectors = call.snapshot.judges, call.snapshot.detectors
    for rule in rules:
        if rule.action == "retry" or (rule.guard is not None and judges[rule.guard].whole):
            return math.inf
    whole = [2 * detectors[name].longest for rule in rules for name in rule.detectors]
    return max([*whole, *(rule.hold_back for rule in rules)])


def _part(channel: Channel) -> str:
    """What a judge is told of where in an answer a text stands."""
    named = [name for name in channel if isinstance(name, str)]
    return named[-1] if named else ""


def _new(hit: Hit, stretch: Stretch) -> list[Finding]:
    """What does not lie wholly in text that has been let go, or is taken out, already."""
    before = len(stretch.before)
    return [
        one
        for one in hit.findings
        if one.end > before and not stretch.is_taken_out(one.start, one.end)
    ]


def _take_out(hit: Hit, stretch: Stretch) -> None:
    if hit.findings:
        found = merged(hit.findings)
        stretch.take_out((one.start, one.end, f"<{one.entity}>") for one in found)
        return
    before = len(stretch.before)
    stretch.take_out([(before, before + len(stretch.text), _REMOVED)])
    stretch.seen = ""
