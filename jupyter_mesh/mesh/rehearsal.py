"""Screening and judging without a call: the real steps, over an answer that is there already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from ..errors import MeshError
from ..pipeline.call import Call
from ..pipeline.chunks import texts
from ..pipeline.moderate import Moderate
from ..pipeline.screen import Screen
from ..pipeline.snapshot import Snapshot
from ..pipeline.step import Endpoint, compose
from ..schemas.events import Answer, Chunk, Events, Finished, Metered
from ..schemas.json import Json
from ..schemas.spend import Usage
from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, Judge, Verdict
from ..spi.happenings import Happenings

_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]*)_[0-9]+>")


@dataclass(slots=True)
class Rehearsed:
    """What the steps did.

    Attributes:
        call: As they left it.
        found: By text, what detectors found.
        said: By judge, its highest score of any text.
        answer: What the client would read.
        stopped: A judge ended the answer.
        error: Why nothing would be sent.
    """

    call: Call
    found: dict[str, list[Finding]] = field(default_factory=dict[str, list[Finding]])
    said: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    answer: str = ""
    stopped: bool = False
    error: MeshError | None = None


async def rehearse(
    call: Call, answers: Sequence[str], redacted: Mapping[str, frozenset[str]] | None = None
) -> Rehearsed:
    """Screen and judge `call`, whose candidates are known, and `answers` as what comes back.

    Args:
        call: Its request is changed as it would be.
        answers: One for each choice.
        redacted: The request has placeholders where something stood: by entity, which detectors had
            found it, where that is known. They are found again by these, else by all that may know
            the entity. None: what looks like one is text.
    """
    done = Rehearsed(call)
    call.snapshot = _observed(call.snapshot, done, redacted)
    run = compose([Screen(Happenings()), Moderate()], _Given(answers))
    try:
        async with aclosing(await run(call)) as events:
            async for event in events:
                if isinstance(event, Chunk | Answer):
                    done.answer += "".join(text for _, _, text in texts(event.data))
                elif isinstance(event, Finished):
                    done.stopped = event.reason == "content_filter"
    except MeshError as error:
        done.error = error
    return done


class _Given(Endpoint):
    """Answers with texts that are there already."""

    def __init__(self, answers: Sequence[str]) -> None:
        choices: list[Json] = [
            {
                "index": number,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
            for number, text in enumerate(answers)
        ]
        self._answer = Answer({"object": "chat.completion", "choices": choices})

    async def __call__(self, call: Call) -> Events:
        return self._events()

    async def _events(self) -> Events:
        yield self._answer
        yield Metered(Usage(), cost=Decimal(0))
        yield Finished()


def _observed(
    snapshot: Snapshot, done: Rehearsed, redacted: Mapping[str, frozenset[str]] | None
) -> Snapshot:
    return replace(
        snapshot,
        detectors={
            name: _Watched(name, one, done.found, redacted)
            for name, one in snapshot.detectors.items()
        },
        judges={name: _Heard(name, one, done.said) for name, one in snapshot.judges.items()},
    )


class _Watched(Detector):
    """A detector whose findings are put down."""

    def __init__(
        self,
        name: str,
        detector: Detector,
        found: dict[str, list[Finding]],
        redacted: Mapping[str, frozenset[str]] | None,
    ) -> None:
        super().__init__(GuardConfig())
        self._name = name
        self._detector = detector
        self._found = found
        self._redacted = redacted

    def entities(self) -> frozenset[str] | None:
        return self._detector.entities()

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        results: Sequence[Sequence[Finding]] = await self._detector.find(texts, call)
        if self._redacted is not None:
            results = [
                [*found, *self._stood_there(text, self._redacted)]
                for text, found in zip(texts, results, strict=True)
            ]
        for text, found in zip(texts, results, strict=True):
            named = (replace(one, detector=self._name) for one in found)
            self._found.setdefault(text, []).extend(named)
        return results

    def _stood_there(self, text: str, redacted: Mapping[str, frozenset[str]]) -> Iterable[Finding]:
        for match in _PLACEHOLDER.finditer(text):
            entity = match[1]
            by = redacted.get(entity)
            known = self._detector.entities()
            if self._name in by if by else known is None or entity in known:
                yield Finding(match.start(), match.end(), entity, 1.0, self._name)


class _Heard(Judge):
    """A judge whose verdicts are put down."""

    def __init__(self, name: str, judge: Judge, said: dict[str, Verdict]) -> None:
        super().__init__(GuardConfig())
        self._name = name
        self._judge = judge
        self._said = said

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        verdict = await self._judge.judge(text, direction, call)
        before = self._said.get(self._name)
        if before is None or verdict.score >= before.score:
            self._said[self._name] = verdict
        return verdict
