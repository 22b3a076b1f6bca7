"""Screening and judging without a call: the real steps, over an answer that is there already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, TypeAlias

from ..errors import MeshError
from ..pipeline.call import Call
from ..pipeline.chunks import texts
from ..pipeline.moderate import Moderate
from ..pipeline.screen import Screen
from ..pipeline.step import Endpoint, compose
from ..schemas.events import Answer, Chunk, Events, Finished, Metered
from ..schemas.json import Json
from ..schemas.spend import Usage
from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, Judge, Verdict
from ..spi.happenings import Happenings

Said: TypeAlias = tuple[str, Literal["request", "response"]]
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]*)_[0-9]+>")


@dataclass(slots=True)
class Rehearsed:
    """What the steps did.

    Attributes:
        call: As they left it. Its detectors remember what they found, so asking them again for the
            same text costs nothing.
        said: By judge and what it was asked about, its highest score of any text.
        answer: What the client would read.
        stopped: A judge ended the answer.
        error: Why nothing would be sent.
    """

    call: Call
    said: dict[Said, Verdict] = field(default_factory=dict[Said, Verdict])
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
    snapshot = call.snapshot
    call.snapshot = replace(
        snapshot,
        detectors={name: _Watched(name, one, redacted) for name, one in snapshot.detectors.items()},
        judges={name: _heard(name, one, done.said) for name, one in snapshot.judges.items()},
    )
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


class _Watched(Detector):
    """A detector that remembers, and sees what placeholders stand for."""

    def __init__(
        self, name: str, detector: Detector, redacted: Mapping[str, frozenset[str]] | None
    ) -> None:
        super().__init__(GuardConfig())
        self._name = name
        self._detector = detector
        self._redacted = redacted
        self._found: dict[str, list[Finding]] = {}

    def entities(self) -> frozenset[str] | None:
        return self._detector.entities()

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        new = [text for text in dict.fromkeys(texts) if text not in self._found]
        if new:
            results = await self._detector.find(new, call)
            for text, found in zip(new, results, strict=True):
                self._found[text] = [*found, *self._stood_there(text)]
        return [self._found[text] for text in texts]

    def _stood_there(self, text: str) -> Iterable[Finding]:
        if self._redacted is None:
            return
        for match in _PLACEHOLDER.finditer(text):
            entity = match[1]
            by = self._redacted.get(entity)
            known = self._detector.entities()
            if self._name in by if by else known is None or entity in known:
                yield Finding(match.start(), match.end(), entity, 1.0, self._name)


class _Heard(Judge):
    """A judge whose verdicts are put down."""

    def __init__(self, name: str, judge: Judge, said: dict[Said, Verdict]) -> None:
        super().__init__(GuardConfig())
        self._name = name
        self._judge = judge
        self._said = said

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        (verdict,) = await self.judge_all([text], direction, call)
        return verdict

    async def judge_all(
        self, texts: Sequence[str], direction: Literal["request", "response"], call: GuardedCall
    ) -> Sequence[Verdict]:
        verdicts = await self._judge.judge_all(texts, direction, call)
        for verdict in verdicts:
            before = self._said.get((self._name, direction))
            if before is None or verdict.score >= before.score:
                self._said[self._name, direction] = verdict
        return verdicts


class _HeardAtTheEnd(_Heard):
    """One that needs the whole answer."""

    whole = True


def _heard(name: str, judge: Judge, said: dict[Said, Verdict]) -> Judge:
    return (_HeardAtTheEnd if judge.whole else _Heard)(name, judge, said)
