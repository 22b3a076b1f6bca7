"""Answers that give away the system prompt: as it is, a part of it, encoded, or turned round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ..schemas.json import Json, JsonObject, as_list, as_object
from ..spi.guard import GuardConfig, GuardedCall, Judge, Verdict
from .decoded import hidden_texts, turned
from .plain_words import plain

_WORD = re.compile(r"\w+")
_CATEGORY = "system_prompt"
_SECRET_ROLES = frozenset({"system", "developer"})
_STEP = 4
"""Words that must agree before a run of them is followed."""


class SystemPromptConfig(GuardConfig):
    """How much of it is too much.

    Attributes:
        words: So many words of it in a row score 1; fewer, and shorter prompts, in proportion.
        encoded: Also look at what stands in base64, backwards or in ROT13.
    """

    words: int = Field(default=12, ge=5, le=200)
    encoded: bool = True


class SystemPrompt(Judge):
    """Judges answers by the longest run of words they share with the system prompt, but for what
    the others in the conversation said themselves.
    """

    Config: type[GuardConfig] = SystemPromptConfig
    name: ClassVar[str] = "system_prompt"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, SystemPromptConfig)
        self._settings = config

    def categories(self) -> frozenset[str]:
        return frozenset({_CATEGORY})

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        if direction == "request" or call.request is None:
            return Verdict(0.0)
        secret, said = _conversation(call.request.body)
        if len(secret) <= _STEP:
            return Verdict(0.0)
        public = _grams(said)
        forms = [text]
        if self._settings.encoded:
            forms += [*hidden_texts(text), *turned(text)]
        run = max(_longest_run(secret, _words(form), public) for form in forms)
        enough = min(self._settings.words, len(secret))
        return Verdict.of({_CATEGORY: min(1.0, run / enough)})


def _conversation(body: JsonObject) -> tuple[list[str], list[str]]:
    """The words of the system prompt, and those of everybody else."""
    secret: list[str] = []
    said: list[str] = []
    for message in as_list(body.get("messages")) or ():
        fields = as_object(message) or {}
        into = secret if fields.get("role") in _SECRET_ROLES else said
        for text in _texts(fields.get("content")):
            into += _words(text)
    return secret, said


def _texts(content: Json) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in as_list(content) or ():
        if isinstance(text := (as_object(part) or {}).get("text"), str):
            yield text


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def _grams(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[at : at + _STEP]) for at in range(len(words) - _STEP + 1))


def _longest_run(
    secret: Sequence[str], answer: Sequence[str], public: frozenset[tuple[str, ...]]
) -> int:
    """The most words in a row that `answer` has of `secret` and of nobody else."""
    places: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(secret) - _STEP + 1):
        gram = tuple(secret[at : at + _STEP])
        if gram not in public:
            places.setdefault(gram, []).append(at)
    best, before = 0, dict[int, int]()
    for at in range(len(answer) - _STEP + 1):
        runs: dict[int, int] = {}
        for place in places.get(tuple(answer[at : at + _STEP]), ()):
            runs[place] = before.get(place - 1, _STEP - 1) + 1
            best = max(best, runs[place])
        before = runs
    return best
