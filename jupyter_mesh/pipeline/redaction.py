"""Replacing what was found by placeholders, and putting it back. No policy here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from ..schemas.events import Chunk
from ..schemas.json import JsonObject
from ..spi.guard import Finding
from .chunks import Channel, finished, map_texts, text_chunk


@dataclass(slots=True)
class Placeholders:
    """One call's map between originals and placeholders. Never shared between calls."""

    taken: Iterable[str] = ()
    """Texts that may already hold look-alikes; those are passed over."""
    by_value: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    originals: dict[str, str] = field(default_factory=dict[str, str])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])
    _look_alikes: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def placeholder(self, entity: str, value: str) -> str:
        """The same placeholder for the same value, numbered from 1 in reading order."""
        known = self.by_value.get((entity, value))
        if known is not None:
            return known
        if entity not in self._look_alikes:
            self._look_alikes[entity] = self._find_look_alikes(entity)
        while True:
            number = self._numbers[entity] = self._numbers.get(entity, 0) + 1
            name = f"<{entity}_{number}>"
            if name not in self._look_alikes[entity]:
                break
        self.by_value[entity, value] = name
        self.originals[name] = value
        return name

    def redact(self, text: str, findings: Iterable[Finding]) -> str:
        """`text` with every finding replaced; they are in reading order and do not overlap."""
        parts: list[str] = []
        at = 0
        for finding in findings:
            parts.append(text[at : finding.start])
            parts.append(self.placeholder(finding.entity, text[finding.start : finding.end]))
            at = finding.end
        parts.append(text[at:])
        return "".join(parts)

    def _find_look_alikes(self, entity: str) -> set[str]:
        beginning = f"<{entity}_"
        pattern = re.compile(rf"{re.escape(beginning)}[0-9]+>")
        return {name for text in self.taken if beginning in text for name in pattern.findall(text)}


class Restorer:
    """Puts originals back into an answer, also where a placeholder is cut by chunk borders.

    It holds back only a tail that could still grow into a placeholder.
    """

    def __init__(self, originals: Mapping[str, str]) -> None:
        self._originals = originals
        self._beginnings = sorted({name.rstrip("0123456789>") for name in originals})
        self._longest = max(map(len, originals), default=0)
        either = "|".join(map(re.escape, self._beginnings))
        self._pattern = re.compile(rf"(?:{either})[0-9]+>")
        self._held: dict[Channel, str] = {}

    def restore(self, channel: Channel, text: str) -> str:
        """`text` with originals. Inside the arguments of a tool call, which are JSON, they are
        escaped as such.
        """
        replace = self._escaped if channel[-1] == "arguments" else self._plain
        return self._pattern.sub(replace, text)

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
        if "<" not in text and channel not in self._held:
            return text
        text = self._held.pop(channel, "") + text
        start = len(text) if last else self._tail(text)
        if start < len(text):
            self._held[channel] = text[start:]
        return self.restore(channel, text[:start])

    def _tail(self, text: str) -> int:
        """Where a tail of `text` begins that could grow into a placeholder, or its end."""
        start = text.rfind("<", max(0, len(text) - self._longest))
        if start < 0:
            return len(text)
        tail = text[start:]
        for beginning in self._beginnings:
            if beginning.startswith(tail):
                return start
            if tail.startswith(beginning) and tail[len(beginning) :].isdecimal():
                return start
        return len(text)

    def _plain(self, match: re.Match[str]) -> str:
        return self._originals.get(match[0], match[0])

    def _escaped(self, match: re.Match[str]) -> str:
        return orjson.dumps(self._plain(match)).decode()[1:-1]
