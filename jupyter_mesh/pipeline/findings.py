"""What detectors find in texts, under the names policy gives them. No policy here."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, chain
from typing import TypeAlias

from ..errors import ScreeningUnavailable
from ..schemas.frozen import frozen
from ..schemas.request import Request
from ..spi.guard import MOST_FINDINGS, Detector, Finding, GuardedCall
from .guard_faults import because_of
from .off_loop import off_loop, size_of
from .readings import Reading, Room, TooMuch, readings, whole_escapes

Findings: TypeAlias = dict[str, list[Finding]]
"""By text: the same text holds the same wherever it stands."""

_SECONDS = 20.0
"""For all readings and all detectors together."""
_BORDER = 128
"""Characters of two messages that are looked at together."""
JOINTS = ("", "\n")
"""What a model may read between two parts of a message."""


async def find_in(detectors: Mapping[str, Detector], request: Request, call: str) -> Findings:
    """All findings in each text of the request of `call`, also those that run over the parts of a
    message.

    Raises:
        ScreeningUnavailable, TooMuch: As for `find`.
    """
    size = size_of(request.body)
    seams = await off_loop(size, lambda: _seams(request))
    found = await find(detectors, seams.all(), GuardedCall(call, request))
    if not seams.joined and not seams.borders:
        return found
    return await off_loop(size, lambda: _shared_out(found, seams))


@frozen
class _Seams:
    """What is looked through of a request.

    Attributes:
        texts: Each by itself.
        joined: Of each message in parts all of them as one, and how many characters join them.
        borders: Where two messages meet, the messages, and how many characters join them.
    """

    texts: Mapping[str, None]
    joined: Mapping[str, tuple[tuple[str, ...], int]]
    borders: Mapping[str, tuple[str, str, int]]

    def all(self) -> Iterable[str]:
        return chain(self.texts, self.joined, self.borders)


def _seams(request: Request) -> _Seams:
    texts = dict.fromkeys(request.texts())
    joined = {
        joint.join(parts): (parts, len(joint))
        for parts in request.split_texts()
        for joint in JOINTS
    }
    borders = {
        joint.join((left[-_BORDER:], right[:_BORDER])): (left, right, len(joint))
        for left, right in request.neighbours()
        if _goes_on(left.rstrip()[-1:]) and _goes_on(right.lstrip()[:1])
        for joint in JOINTS
    }
    return _Seams(texts, joined, borders)


def _shared_out(found: Findings, seams: _Seams) -> Findings:
    """Give each text its share of what was found over the seams."""
    for whole, (parts, gap) in seams.joined.items():
        _share_out(found[whole], parts, gap, found)
    for whole, (left, right, gap) in seams.borders.items():
        _cut_between(found[whole], left, right, gap, found)
    return {text: found[text] for text in seams.texts}


def _goes_on(char: str) -> bool:
    """Whether a value may be cut here: sentences seldom end or begin so."""
    return char.isalnum() or char in ("@", "_", "-", "+", "/")


def _cut_between(
    findings: Sequence[Finding], left: str, right: str, gap: int, into: Findings
) -> None:
    """Give two messages their shares of what is cut between them, unless one of them has the same
    there by itself: then it is no more than what happens to follow.
    """
    border = min(len(left), _BORDER)
    offset = len(left) - border
    for one in findings:
        end = one.end - border - gap
        if one.start >= border or end <= 0:
            continue
        share = replace(one, start=one.start + offset, end=len(left))
        rest = replace(one, start=0, end=min(end, len(right)))
        if not _has(into[left], share) and not _has(into[right], rest):
            into[left].append(share)
            into[right].append(rest)


def _has(findings: Iterable[Finding], share: Finding) -> bool:
    return any(
        one.entity == share.entity and one.start < share.end and share.start < one.end
        for one in findings
    )


async def find(
    detectors: Mapping[str, Detector], texts: Iterable[str], call: GuardedCall
) -> Findings:
    """All findings of all detectors in each text, however it is read, each with the configured name
    of its detector.

    Raises:
        ScreeningUnavailable: A detector failed, hung or answered garbage.
        TooMuch: More was found, or written in code, than is looked through.
    """
    name = "readings"
    sought = dict.fromkeys(texts)
    listed = [*sought]
    try:
        async with asyncio.timeout(_SECONDS):
            size = sum(map(len, sought)) + 32 * len(sought)
            ways = await off_loop(size, lambda: _other_readings(sought))
            results = await off_loop(size, lambda: _nothing_yet(sought, ways))
            listed = [*results]
            count = 0
            for name, detector in detectors.items():
                spans = await detector.find(listed, call)
                more = sum(map(len, spans))
                count += more
                if count > MOST_FINDINGS:
                    raise _too_much()
                work = partial(_take, results, listed, spans, name)
                await off_loop(len(listed) + 50 * more, work)
            if not ways:
                return results
            return await off_loop(size, lambda: _told_of_each(sought, ways, results))
    except TooMuch:
        raise
    except Exception as error:  # a third edge: whatever a guard does wrong closes the call
        closed = ScreeningUnavailable(
            f"The detector {name!r} failed, so the text could not be screened and nothing was "
            "sent. Try again, or tell your admin."
        )
        raise because_of(closed, name, error, listed) from error


def _too_much() -> TooMuch:
    return TooMuch(
        f"The request holds more than {MOST_FINDINGS} pieces of personal data or secrets. "
        "Nothing was sent; send it in smaller parts."
    )


_Ways: TypeAlias = Mapping[str, Sequence[Reading]]
"""The other readings of a text, by the text."""


def _other_readings(texts: Iterable[str]) -> _Ways:
    room = Room()
    return {text: ways for text in texts if (ways := readings(text, room))}


def _nothing_yet(texts: Iterable[str], ways: _Ways) -> Findings:
    """What detectors are shown, each once: not the letters of what everybody reads otherwise."""
    read = {text for text, others in ways.items() if any(one.escaped for one in others)}
    found: Findings = {text: [] for text in texts if text not in read}
    for others in ways.values():
        found.update((one.text, []) for one in others)
    return found


def _told_of_each(texts: Iterable[str], ways: _Ways, results: Findings) -> Findings:
    return {
        text: _joined(text, ways[text], results) if text in ways else results[text]
        for text in texts
    }


def _joined(text: str, ways: Iterable[Reading], results: Findings) -> list[Finding]:
    return list(dict.fromkeys([*results.get(text, ()), *_told(ways, results)]))


def _told(ways: Iterable[Reading], results: Findings) -> Iterator[Finding]:
    """What was found in the other readings of a text, where it stands in the text itself."""
    for way in ways:
        for finding in results[way.text]:
            start, end = finding.start, finding.end
            if way.escaped:
                start, end = whole_escapes(way.text, start, end)
            start, end = way.span(start, end)
            yield replace(finding, start=start, end=end)


def _take(
    found: Findings, listed: Sequence[str], results: Sequence[Sequence[Finding]], name: str
) -> None:
    for text, findings in zip(listed, results, strict=True):
        if findings:
            found[text] += [_checked(one, text, name) for one in findings]


def _checked(finding: Finding, text: str, name: str) -> Finding:
    if not 0 <= finding.start < finding.end <= len(text):
        raise ValueError("a finding lies outside its text")
    return finding if finding.detector == name else replace(finding, detector=name)


def _share_out(findings: Sequence[Finding], parts: Sequence[str], gap: int, into: Findings) -> None:
    """Give each part its share of what was found in all of them joined, if that is new."""
    starts = [0, *accumulate(len(part) + gap for part in parts)]
    known = {part: set(into[part]) for part in parts}
    for finding in findings:
        place = bisect_right(starts, finding.start) - 1
        while place < len(parts) and starts[place] < finding.end:
            part, offset = parts[place], starts[place]
            start = max(finding.start - offset, 0)
            end = min(finding.end - offset, len(part))
            share = replace(finding, start=start, end=end)
            if start < end and share not in known[part]:
                known[part].add(share)
                into[part].append(share)
            place += 1


def weight(found: Findings) -> int:
    """How much work it is to replace what was found, in characters."""
    return sum(len(text) + 50 * len(findings) for text, findings in found.items() if findings)
