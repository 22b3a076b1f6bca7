"""Pieces of an answer on their way to the client, and what is still to be judged of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..schemas.events import Answer, Chunk, Event
from .chunks import Channel, map_texts, texts

Replacement = tuple[int, int, str]
"""From where to where in a text, and what to put there."""


@dataclass(slots=True, eq=False)
class Piece:
    """One text in one event."""

    channel: Channel
    text: str


@dataclass(slots=True, eq=False)
class Held:
    """An event that waits, and when it came (`time.perf_counter`)."""

    event: Event
    came: float
    pieces: list[Piece] = field(default_factory=list[Piece])
    changed: bool = False

    def released(self) -> Event:
        """The event with what became of its texts."""
        event = self.event
        if not self.changed or not isinstance(event, Chunk | Answer):
            return event
        pieces = iter(self.pieces)

        def written(_channel: Channel, _text: str) -> str:
            return next(pieces).text

        return replace(event, data=map_texts(event.data, written), raw=None)


@dataclass(slots=True)
class Stretch:
    """One channel's text that waits.

    Attributes:
        before: The end of what has been let go, shown again to judges.
        fresh: Characters that nobody has judged.
    """

    before: str = ""
    held: deque[tuple[Held, Piece]] = field(default_factory=deque["tuple[Held, Piece]"])
    fresh: int = 0

    @property
    def text(self) -> str:
        """All that waits."""
        return "".join(piece.text for _, piece in self.held)

    def rewrite(self, changes: Sequence[Replacement]) -> None:
        """Put something else at places of `text`; they are in order and do not overlap."""
        at = 0
        for holder, piece in self.held:
            end = at + len(piece.text)
            new = _rewritten(piece.text, at, changes)
            if new != piece.text:
                piece.text, holder.changed = new, True
            at = end


def _rewritten(text: str, start: int, changes: Iterable[Replacement]) -> str:
    parts: list[str] = []
    at, end = start, start + len(text)
    for left, right, instead in changes:
        if right <= at or left >= end:
            continue
        parts.append(text[at - start : max(left, at) - start])
        if left >= start:
            parts.append(instead)
        at = min(right, end)
    parts.append(text[at - start :])
    return "".join(parts)


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
                stretch.held.append((held, piece))
                stretch.fresh += len(text)
                number = int(channel[0])
                self._lengths[number] = self._lengths.get(number, 0) + len(text)
        self._events.append(held)

    def remeasure(self) -> None:
        """Count anew, after texts were changed."""
        self._lengths = dict.fromkeys(self._lengths, 0)
        for held in self._events:
            for piece in held.pieces:
                self._lengths[int(piece.channel[0])] += len(piece.text)

    def release(self, keep: int, ended: Iterable[int]) -> list[Event]:
        """Let go what has been judged, but for the last `keep` characters of each choice that goes
        on; in the order the events came.
        """
        over = frozenset(ended)
        out: list[Event] = []
        while self._events and self._may_go(self._events[0], keep, over):
            out.append(self._let_go(self._events.popleft()))
        return out

    def _may_go(self, held: Held, keep: int, over: frozenset[int]) -> bool:
        for piece in held.pieces:
            number = int(piece.channel[0])
            if number in over:
                continue
            own = sum(len(one.text) for one in held.pieces if one.channel[0] == number)
            if self._lengths[number] - own < keep:
                return False
        return True

    def _let_go(self, held: Held) -> Event:
        for piece in held.pieces:
            self._lengths[int(piece.channel[0])] -= len(piece.text)
            stretch = self.stretches[piece.channel]
            stretch.held.popleft()
            stretch.before = (stretch.before + piece.text)[-self._shown_again :]
        if held.pieces:
            waited = (time.perf_counter() - held.came) * 1000
            self.longest_ms = max(self.longest_ms, waited)
        return held.released()
