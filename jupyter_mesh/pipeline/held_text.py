"""Pieces of an answer on their way to the client, and what is still to be judged of them."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from string import ascii_letters, digits

from ..schemas.events import Answer, Chunk, Event
from ..schemas.frozen import frozen
from .chunks import Channel, map_texts, texts

_RUN = ascii_letters + digits + "_-./+=%~:@&?#!$*\\"
"""What tokens, keys and addresses are written with: none of it is known before its end."""

_SHORT = 100
"""Characters of what is known again by what is left of it to look at, when more of it comes."""


@frozen
class Replacement:
    """From where to where in a channel's text, and what is let go instead."""

    start: int
    end: int
    instead: str


@dataclass(slots=True, eq=False)
class Piece:
    """One text in one event, as it came, and what is let go of it."""

    channel: Channel
    text: str
    shown: str = ""


@dataclass(slots=True, eq=False)
class Held:
    """An event that waits, and when it came (`time.perf_counter`)."""

    event: Event
    came: float
    pieces: list[Piece] = field(default_factory=list[Piece])

    def released(self) -> Event:
        """The event with what became of its texts."""
        event = self.event
        changed = any(piece.shown != piece.text for piece in self.pieces)
        if not changed or not isinstance(event, Chunk | Answer):
            return event
        pieces = iter(self.pieces)

        def written(_channel: Channel, _text: str) -> str:
            return next(pieces).shown

        return replace(event, data=map_texts(event.data, written), raw=None)


@dataclass(slots=True)
class Stretch:
    """One channel's text that waits. What is taken out of it stays here until it is let go, so that
    more of the same is known when it comes.

    Attributes:
        before: The end of what has been let go, as it came; detectors look at it again.
        seen: The same as the client got it; judges look at it again.
        start: Where in the channel's text the waiting begins.
        fresh: Characters that nobody has judged.
        replacements: In order, apart from one another.
    """

    before: str = ""
    seen: str = ""
    start: int = 0
    held: deque[Piece] = field(default_factory=deque[Piece])
    fresh: int = 0
    replacements: list[Replacement] = field(default_factory=list[Replacement])

    @property
    def text(self) -> str:
        """All that waits, as it came."""
        return "".join(piece.text for piece in self.held)

    @property
    def shown(self) -> str:
        """All that waits, as it would be let go."""
        return self._shown(self.text)

    def _shown(self, text: str) -> str:
        """`text`, with which the waiting begins, as it is let go."""
        at = self.start
        end = at + len(text)
        parts: list[str] = []
        for one in islice(self.replacements, bisect_right(self.replacements, at, key=_end), None):
            if one.start >= end:
                break
            parts.append(text[at - self.start : max(one.start, at) - self.start])
            if one.start >= self.start:
                parts.append(one.instead)
            at = min(one.end, end)
        return "".join([*parts, text[at - self.start :]]) if parts else text

    def is_taken_out(self, start: int, end: int) -> bool:
        """Whether all of this, counted from the beginning of `before`, is replaced already."""
        offset = self.start - len(self.before)
        start, end = max(start + offset, self.start), end + offset
        place = bisect_right(self.replacements, start, key=_end)
        first = next(islice(self.replacements, place, None), None)
        return first is not None and first.start <= start and end <= first.end

    def take_out(self, places: Iterable[tuple[int, int, str]]) -> None:
        """Replace these, counted from the beginning of `before`, with all that overlaps them; they
        are in order and do not overlap one another.
        """
        offset = self.start - len(self.before)
        new = [
            Replacement(max(start + offset, self.start), end + offset, instead)
            for start, end, instead in places
        ]
        apart: list[Replacement] = []
        for one in sorted([*self.replacements, *new], key=lambda one: one.start):
            last = apart[-1] if apart else None
            if last is None or last.end <= one.start:
                apart.append(one)
            else:
                longer = one if one.end - one.start > last.end - last.start else last
                apart[-1] = Replacement(last.start, max(last.end, one.end), longer.instead)
        self.replacements = apart

    def uncut(self, place: int, *, runs: bool) -> int:
        """The last place up to `place`, both counted in `text`, that lies in nothing that is
        replaced, nor with `runs` in what may become a token.
        """
        text = self.text
        if place >= len(text):
            return place  # the choice went on elsewhere
        unfinished = len(text.rstrip(_RUN))
        while True:
            at = place
            for one in self.replacements:
                if one.start < self.start + at < one.end and one.end - one.start > _SHORT:
                    at = max(one.start - self.start, 0)
            if runs and at >= unfinished:
                at = len(text[:at].rstrip(_RUN))
            if at == place:
                return place
            place = at

    def let_go(self, shown_again: int) -> None:
        """Let go of the first piece."""
        piece = self.held.popleft()
        piece.shown = self._shown(piece.text)
        self.before = (self.before + piece.text)[-shown_again:]
        self.seen = (self.seen + piece.shown)[-shown_again:]
        self.start += len(piece.text)
        del self.replacements[: bisect_right(self.replacements, self.start, key=_end)]


class Waiting:
    """All events of an answer that wait, in the order they came.

    Args:
        shown_again: Characters of what has been let go that judges see once more.
    """

    def __init__(self, shown_again: int) -> None:
        self._shown_again = shown_again
        self._events: deque[Held] = deque()
        self._lengths: dict[int, int] = {}
        self.stretches: dict[Channel, Stretch] = {}
        self.longest_ms = 0.0

    def __bool__(self) -> bool:
        return bool(self._events)

    @property
    def events(self) -> Iterator[Event]:
        """What waits."""
        return (held.event for held in self._events)

    @property
    def length(self) -> int:
        """Characters that wait in the choice that has most of them."""
        return max(self._lengths.values(), default=0)

    @property
    def fresh(self) -> int:
        """Characters that nobody has judged, in the choice that has most of them."""
        fresh: dict[int, int] = {}
        for channel, stretch in self.stretches.items():
            number = int(channel[0])
            fresh[number] = fresh.get(number, 0) + stretch.fresh
        return max(fresh.values(), default=0)

    def add(self, event: Event) -> None:
        """Let an event wait."""
        held = Held(event, time.perf_counter())
        if isinstance(event, Chunk | Answer):
            for channel, _, text in texts(event.data):
                piece = Piece(channel, text)
                held.pieces.append(piece)
                stretch = self.stretches.setdefault(channel, Stretch())
                stretch.held.append(piece)
                stretch.fresh += len(text)
                number = int(channel[0])
                self._lengths[number] = self._lengths.get(number, 0) + len(text)
        self._events.append(held)

    def release(self, keep: int, ended: Iterable[int], *, runs: bool = False) -> list[Event]:
        """Let go what has been judged, but for the last `keep` characters of each choice that goes
        on and what they are the end of; in the order the events came.
        """
        count = len(self._events)
        if keep:
            over = frozenset(ended)
            count = self._uncut(self._may_go(keep, over), over, runs=runs)
        return [self._let_go(self._events.popleft()) for _ in range(count)]

    def _may_go(self, keep: int, over: frozenset[int]) -> int:
        """How many of the events, as far as their number of characters goes."""
        left = dict(self._lengths)
        for count, held in enumerate(self._events):
            for piece in held.pieces:
                left[int(piece.channel[0])] -= len(piece.text)
            numbers = {int(piece.channel[0]) for piece in held.pieces}
            if any(left[number] < keep for number in numbers - over):
                return count
        return len(self._events)

    def _uncut(self, count: int, over: frozenset[int], *, runs: bool) -> int:
        """How many of the first `count` events, so that nothing is cut that belongs together."""
        while True:
            gone = count
            ends: dict[Channel, int] = {}
            for held in islice(self._events, count):
                for piece in held.pieces:
                    ends[piece.channel] = ends.get(piece.channel, 0) + len(piece.text)
            limits = {
                channel: self.stretches[channel].uncut(end, runs=runs)
                for channel, end in ends.items()
                if channel[0] not in over
            }
            count = self._within(limits, count)
            if count == gone:
                return count

    def _within(self, limits: Mapping[Channel, int], count: int) -> int:
        """How many of the first `count` events lie before all the limits."""
        ends = dict.fromkeys(limits, 0)
        for n, held in enumerate(islice(self._events, count)):
            for piece in held.pieces:
                if piece.channel in limits:
                    ends[piece.channel] += len(piece.text)
                    if ends[piece.channel] > limits[piece.channel]:
                        return n
        return count

    def _let_go(self, held: Held) -> Event:
        for piece in held.pieces:
            self._lengths[int(piece.channel[0])] -= len(piece.text)
            self.stretches[piece.channel].let_go(self._shown_again)
        if held.pieces:
            waited = (time.perf_counter() - held.came) * 1000
            self.longest_ms = max(self.longest_ms, waited)
        return held.released()


def _end(one: Replacement) -> int:
    return one.end
