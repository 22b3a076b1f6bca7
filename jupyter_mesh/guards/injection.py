"""Attempts to turn a model against its instructions: in what people write, in what tools bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ..errors import ModerationUnavailable
from ..schemas.json import Json, JsonObject, as_list, as_object
from ..spi.guard import GuardConfig, GuardedCall, Verdict
from .asked_models import REMEMBER_SECONDS, labels_of
from .batch_judge import BatchJudge
from .injection_signs import CATEGORIES, InjectionScanner, signs
from .looked_through import looked_through
from .remembered import Remembered
from .windows import windows

_WINDOW, _OVERLAP = 500, 100
_NO_SETTINGS: JsonObject = {}
Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


_BY_MODEL = "prompt_injection"
"""What a classifier finds counts as."""


class InjectionConfig(GuardConfig):
    """What is looked at, and by whom.

    Attributes:
        trusted: Roles whose messages are not judged. What a tool brought and what a person wrote
            should never be among them.
        phrases: Look for known phrases, also hidden in base64 or invisible characters.
        model: `connection/name` of a classifier, marked `internal`, that is asked besides.
        labels: Its labels that mean an attempt.
        order: Its labels in their order, where its server does not name them.
    """

    trusted: tuple[Role, ...] = ("system", "developer", "assistant")
    phrases: bool = True
    model: str | None = Field(default=None, pattern=r"^[^/]+/.+")
    labels: tuple[str, ...] = ("INJECTION", "JAILBREAK", "MALICIOUS", "injection", "jailbreak")
    order: tuple[str, ...] = ()


class Injection(BatchJudge):
    """Judges by phrases, and by a classifier where there is one; the surer of both counts."""

    Config: type[GuardConfig] = InjectionConfig
    name: ClassVar[str] = "injection"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, InjectionConfig)
        self._settings = config
        self._known: Remembered[float] = Remembered(REMEMBER_SECONDS)

    def categories(self) -> frozenset[str]:
        by_model = {_BY_MODEL} if self._settings.model is not None else set[str]()
        return frozenset(by_model | (CATEGORIES if self._settings.phrases else set[str]()))

    async def judge_all(
        self,
        texts: Sequence[str],
        direction: Literal["request", "response"],
        call: GuardedCall,
    ) -> list[Verdict]:
        trusted = self._trusted(call) if direction == "request" else frozenset[str]()
        told = [text for text in dict.fromkeys(texts) if text.strip() and text not in trusted]
        scores = dict(zip(told, await self._by_phrases(told), strict=True))
        if self._settings.model is not None:
            for text, score in (await self._by_model(told, call)).items():
                known = scores[text].get(_BY_MODEL, 0.0)
                scores[text][_BY_MODEL] = max(score, known)
        return [Verdict.of(scores.get(text, {})) for text in texts]

    async def _by_phrases(self, texts: Sequence[str]) -> list[dict[str, float]]:
        if not self._settings.phrases:
            return [{} for _ in texts]
        return await looked_through(texts, signs, self._tools, InjectionScanner, _NO_SETTINGS)

    async def _by_model(self, texts: Sequence[str], call: GuardedCall) -> dict[str, float]:
        model, said = self._settings.model, self._settings
        if self._tools is None or model is None:
            raise ModerationUnavailable("The guard against injection was not started.")
        pieces = {text: windows(text, _WINDOW, _OVERLAP) for text in texts}
        every = dict.fromkeys(one for each in pieces.values() for one in each)
        new = [one for one in every if self._known.get(one) is None]
        scores = {one: self._known.get(one) or 0.0 for one in every}
        if new:
            labels = await labels_of(self._tools.models, model, new, call.id, said.order)
            for piece, one in zip(new, labels, strict=True):
                scores[piece] = max((one.get(label, 0.0) for label in said.labels), default=0.0)
                self._known.keep(piece, scores[piece])
        return {text: max(scores[one] for one in pieces[text]) for text in texts}

    def _trusted(self, call: GuardedCall) -> frozenset[str]:
        """The texts of messages in trusted roles, and of nobody else's."""
        body = call.request.body if call.request is not None else {}
        by_whom: dict[bool, set[str]] = {True: set(), False: set()}
        for message in as_list(body.get("messages")) or ():
            fields = as_object(message) or {}
            trusted = fields.get("role") in self._settings.trusted
            by_whom[trusted].update(_texts(fields.get("content")))
        return frozenset(by_whom[True] - by_whom[False])


def _texts(content: Json) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    parts = [as_object(part) or {} for part in as_list(content) or ()]
    texts = [text for part in parts if isinstance(text := part.get("text"), str)]
    yield from texts
    yield "".join(texts)
    yield "\n".join(texts)
