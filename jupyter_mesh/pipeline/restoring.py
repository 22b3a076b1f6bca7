"""Putting originals back into an answer, also where a stand-in is cut by chunk borders."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping

import orjson

from ..schemas.events import Chunk
from ..schemas.json import JsonObject
from .chunks import Channel, finished, map_texts, text_chunk


class Restorer:
    """It holds back only a tail that could still grow into a stand-in.

    Args:
        originals: By what stands for them.
        json: The model was told to write JSON, so originals are escaped as such.
    """

    def __init__(self, originals: Mapping[str, str], *, json: bool = False) -> None:
        self._originals = originals
        self._json = json
        self._names = sorted(originals)
        self._longest = max(map(len, originals), default=0)
        lengths: dict[str, set[int]] = defaultdict(set)
        for name in originals:
            lengths[name[0]].add(len(name))
        self._lengths = {first: sorted(some, reverse=True) for first, some in lengths.items()}
        self._starts = re.compile(f"[{re.escape(''.join(lengths))}]" if lengths else r"(?!)")
        self._held: dict[Channel, str] = {}
        self._before: dict[Channel, str] = {}
        """The last character that was released."""

    def restore(self, channel: Channel, text: str) -> str:
        """`text`, which is all there is, with originals. Inside the arguments of a tool call, which
        are JSON, they are escaped as such.
        """
        return self._restored(channel, text, "")

    def chunks(self, chunk: Chunk) -> list[Chunk]:
        """What may be released now that `chunk` has come; nothing of a choice stays behind its
        end.
        """
        ending = finished(chunk.data)

        def change(channel: Channel, text: str) -> str:
            return self._feed(channel, text, last=channel[0] in ending)

        data = map_texts(chunk.data, change)
        if data is not chunk.data:
            chunk = Chunk(data, usage_only=chunk.usage_only)
        late = [channel for channel in self._held if channel[0] in ending]
        return [*self._released(late, data), chunk] if late else [chunk]

    def rest(self, like: JsonObject) -> list[Chunk]:
        """What is still held when the stream ends, in chunks in the manner of `like`."""
        return self._released([*self._held], like)

    def _released(self, channels: Iterable[Channel], like: JsonObject) -> list[Chunk]:
        texts = ((channel, self._feed(channel, "", last=True)) for channel in channels)
        return [text_chunk(like, channel, text) for channel, text in texts]

    def _feed(self, channel: Channel, text: str, *, last: bool) -> str:
        """What may be released of the text so far; all of it, if this is the last."""
        before = self._before.get(channel, "")
        self._before[channel] = text[-1:] or before
        if channel not in self._held and self._starts.search(text) is None:
            return text
        text = self._held.pop(channel, "") + text
        start = len(text) if last else self._tail(text, before)
        if start < len(text):
            self._held[channel] = text[start:]
            self._before[channel] = text[start - 1] if start else before
        return self._restored(channel, text[:start], before)

    def _tail(self, text: str, before: str) -> int:
        """Where a tail of `text` begins that could grow into a stand-in, or its end."""
        at = 0
        for match in self._starts.finditer(text):
            if (start := match.start()) < at or not self._may_begin(text, start, before):
                continue
            if len(text) - start <= self._longest and self._may_grow(text[start:]):
                return start
            if (name := self._name_at(text, start)) is not None:
                at = start + len(name)
        return len(text)

    def _may_grow(self, tail: str) -> bool:
        place = bisect_left(self._names, tail)
        if place == len(self._names) or not self._names[place].startswith(tail):
            return False
        return self._names[place] != tail or _is_word(tail[-1])

    def _restored(self, channel: Channel, text: str, before: str) -> str:
        parts: list[str] = []
        at = 0
        for match in self._starts.finditer(text):
            if (start := match.start()) < at or not self._may_begin(text, start, before):
                continue
            if (name := self._name_at(text, start)) is not None:
                parts += (text[at:start], self._original(channel, name))
                at = start + len(name)
        return "".join([*parts, text[at:]]) if parts else text

    def _name_at(self, text: str, start: int) -> str | None:
        for length in self._lengths[text[start]]:
            end = start + length
            if (name := text[start:end]) in self._originals:
                after = text[end : end + 1]
                if not (_is_word(name[-1]) and _is_word(after)):
                    return name
        return None

    def _may_begin(self, text: str, start: int, before: str) -> bool:
        """Not in the midst of a word."""
        previous = text[start - 1] if start else before
        return not (_is_word(text[start]) and _is_word(previous))

    def _original(self, channel: Channel, name: str) -> str:
        original = self._originals[name]
        if self._json or channel[-1] == "arguments":
            return orjson.dumps(original).decode()[1:-1]
        return original


def _is_word(one: str) -> bool:
    return one.isalnum() or one == "_"
