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
from .held_text import Replacement, Stretch, Waiting
from .judging import Hit, hits, record
from .overlaps import merged
from .price import metered_so_far

_SHOWN_AGAIN = 200
"""Characters of text that has been let go which judges see once more, for the context."""
_REMOVED = "[removed]"
_EMPTY: JsonObject = {"role": "assistant", "content": "", "refusal": None}


class Window:
    """Events held back until the text in them is judged: each choice's, and each kind of text of a
    choice, on its own. Of a choice that goes on, the last half of a window waits for what follows.

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
        released = waiting.release(0 if over else self._kept, ended)
        report = self._call.report
        report.held_back_ms = max(report.held_back_ms or 0.0, waiting.longest_ms)
        return released

    @property
    def _kept(self) -> int:
        return 0 if self._size is math.inf else int(self._size) // 2

    def _is_full(self) -> bool:
        # What comes whole is judged when its usage is known too: blocked, it costs what it cost.
        if any(isinstance(held, Answer) for held in self._waiting.events):
            return False
        size = self._size
        return self._waiting.length >= size and self._waiting.fresh >= size - self._kept

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
        text = stretch.text
        part = _part(channel)
        [hit] = await hits(self._call, rule, [stretch.before + text], "response", part)
        if hit is None or (hit.findings and not _new(hit, len(stretch.before))):
            return
        record(self._call, hit, "response")
        if rule.action == "alert":
            return
        if rule.action == "retry" and self._again:
            self.retry = hit
        elif rule.action == "redact":
            self._take_out(hit, stretch, text)
        else:
            self.blocked = True

    def _take_out(self, hit: Hit, stretch: Stretch, text: str) -> None:
        offset = len(stretch.before)
        if hit.findings:
            changes = [_instead(one, offset, len(text)) for one in merged(_new(hit, offset))]
        else:
            changes, stretch.before = [(0, len(text), _REMOVED)], ""
        stretch.rewrite(changes)
        self._waiting.remeasure()

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
    judges = call.snapshot.judges
    for rule in rules:
        if rule.action == "retry" or (rule.guard is not None and judges[rule.guard].whole):
            return math.inf
    return min(rule.hold_back for rule in rules)


def _part(channel: Channel) -> str:
    """What a judge is told of where in an answer a text stands."""
    named = [name for name in channel if isinstance(name, str)]
    return named[-1] if named else ""


def _new(hit: Hit, before: int) -> list[Finding]:
    """What does not lie wholly in text that has been let go already."""
    return [one for one in hit.findings if one.end > before]


def _instead(finding: Finding, offset: int, length: int) -> Replacement:
    start, end = max(finding.start - offset, 0), min(finding.end - offset, length)
    return start, end, f"<{finding.entity}>"
