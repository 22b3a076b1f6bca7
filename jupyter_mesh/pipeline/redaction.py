"""Finding, replacing and putting back: the arithmetic of screening, without policy."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from ..errors import ScreeningUnavailable
from ..spi.guard import Detector, Finding
from .chunks import Channel

_DETECTOR_SECONDS = 20.0
_PARTIAL = re.compile(r"<(?:[A-Z][A-Z_0-9]*)?$")
"""A tail that could grow into a placeholder such as `<EMAIL_ADDRESS_1>`."""
_LONGEST_PLACEHOLDER = 64


async def find(detectors: Sequence[Detector], texts: Sequence[str]) -> list[list[Finding]]:
    """All findings of all detectors, per text, overlaps merged (the longest, then the surest,
    wins).

    Raises:
        ScreeningUnavailable: A detector failed, hung or answered garbage.
    """
    merged: list[list[Finding]] = [[] for _ in texts]
    for detector in detectors:
        try:
            async with asyncio.timeout(_DETECTOR_SECONDS):
                found = await detector.find(texts)
            for into, text, findings in zip(merged, texts, found, strict=True):
                for finding in findings:
                    if not 0 <= finding.start < finding.end <= len(text):
                        raise ValueError("a finding lies outside its text")
                    into.append(finding)
        except Exception as error:  # a third edge: whatever a guard does wrong closes the call
            raise ScreeningUnavailable(
                f"The detector {detector.name!r} failed, so the text could not be screened and "
                "nothing was sent. Try again, or tell your admin."
            ) from error
    return [_without_overlaps(findings) for findings in merged]


def _without_overlaps(findings: list[Finding]) -> list[Finding]:
    if len(findings) < 2:
        return findings
    chosen: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.start - f.end, -f.score)):
        if all(finding.end <= other.start or other.end <= finding.start for other in chosen):
            chosen.append(finding)
    return sorted(chosen, key=lambda f: f.start)


@dataclass(slots=True)
class Placeholders:
    """One call's map between originals and placeholders. Never shared between calls."""

    taken: str = ""
    """Text that may already hold look-alikes; their numbers are passed over."""
    by_value: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    originals: dict[str, str] = field(default_factory=dict[str, str])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])

    def placeholder(self, entity: str, value: str) -> str:
        """The same placeholder for the same value, numbered from 1 in reading order."""
        known = self.by_value.get((entity, value))
        if known is not None:
            return known
        while True:
            number = self._numbers[entity] = self._numbers.get(entity, 0) + 1
            name = f"<{entity}_{number}>"
            if name not in self.taken:
                break
        self.by_value[entity, value] = name
        self.originals[name] = value
        return name

    def redact(self, text: str, findings: Iterable[Finding]) -> str:
        """`text` with every finding replaced."""
        parts: list[str] = []
        at = 0
        for finding in findings:
            parts.append(text[at : finding.start])
            parts.append(self.placeholder(finding.entity, text[finding.start : finding.end]))
            at = finding.end
        parts.append(text[at:])
        return "".join(parts)


class Restorer:
    """Puts originals back into a streamed answer, also where a placeholder is cut by chunk borders.

    It holds back only a tail that could still grow into a placeholder.
    """

    def __init__(self, originals: Mapping[str, str]) -> None:
        self._originals = originals
        self._pattern = re.compile("|".join(re.escape(name) for name in originals))
        self._held: dict[Channel, str] = {}

    def restore(self, channel: Channel, text: str) -> str:
        """`text` with originals. Inside tool-call arguments, which are JSON, they are escaped as
        such.
        """
        replace = self._escaped if channel[1].startswith("arguments:") else self._plain
        return self._pattern.sub(replace, text)

    def feed(self, channel: Channel, text: str) -> str:
        """What may be released of the text so far."""
        text = self._held.pop(channel, "") + text
        tail = _PARTIAL.search(text, max(0, len(text) - _LONGEST_PLACEHOLDER))
        if tail is not None:
            self._held[channel] = tail.group()
            text = text[: tail.start()]
        return self.restore(channel, text)

    def rest(self) -> dict[Channel, str]:
        """What is still held when the stream ends."""
        held, self._held = self._held, {}
        return {channel: self.restore(channel, text) for channel, text in held.items()}

    def _plain(self, match: re.Match[str]) -> str:
        return self._originals[match.group()]

    def _escaped(self, match: re.Match[str]) -> str:
        return orjson.dumps(self._originals[match.group()]).decode()[1:-1]


def change_texts(texts: Sequence[str], redacted: Sequence[str]) -> Callable[[str], str]:
    """A function for `Request.map_texts` that swaps the texts, visited in the same order."""
    remaining = iter(zip(texts, redacted, strict=True))

    def change(text: str) -> str:
        expected, new = next(remaining)
        if expected != text:
            raise AssertionError("texts were not visited in the order they were listed")
        return new

    return change
