"""Answers that give away the system prompt: as it is, a part of it, encoded, or turned round."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import Field

from ..schemas.json import Json, JsonObject, as_list, as_object
from ..spi.guard import GuardConfig, GuardedCall, Judge, Verdict
from .decoded import hidden_texts, turned
from .looked_through import LONG
from .plain_words import plain

_WORD = re.compile(r"\w+")
_CATEGORY = "system_prompt"
_SECRET_ROLES = frozenset({"system", "developer"})
_STEP = 4
"""Words that must agree before a run of them is followed."""
_MOST_PLACES = 256
"""Where in a prompt one such group is looked for: more than a run must have at most (`words`), so
that a text that says the same all the time is known as well, and takes no longer.
"""
_MOST_KNOWN, _MOST_WORDS = 64, 200_000
"""Prompts that are kept read, and the words of all of them."""

_Gram: TypeAlias = tuple[str, ...]


class _Prompt(NamedTuple):
    """Its words, and where each group of them stands that nobody else said."""

    length: int
    places: Mapping[_Gram, Sequence[int]]


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
        self._known: OrderedDict[tuple[str, int, int], _Prompt] = OrderedDict()

    def categories(self) -> frozenset[str]:
        return frozenset({_CATEGORY})

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        if direction == "request" or call.request is None:
            return Verdict(0.0)
        prompt = await self._prompt(call.id, call.request.body)
        if not prompt.places:
            return Verdict(0.0)
        if len(text) <= LONG:
            return self._verdict(text, prompt)
        return await asyncio.to_thread(self._verdict, text, prompt)

    def _verdict(self, text: str, prompt: _Prompt) -> Verdict:
        forms = [text]
        if self._settings.encoded:
            forms += [*hidden_texts(text), *turned(text)]
        enough = min(self._settings.words, prompt.length)
        run = max(_longest_run(prompt.places, _words(form), enough) for form in forms)
        return Verdict.of({_CATEGORY: min(1.0, run / enough)})

    async def _prompt(self, call: str, body: JsonObject) -> _Prompt:
        """That of a request, read once for all windows of an answer. Asked again, a model is shown
        a message more, so that the same call is not taken for what it was.
        """
        key = call, id(body), len(as_list(body.get("messages")) or ())
        prompt = self._known.get(key)
        if prompt is None:
            prompt = await asyncio.to_thread(_read, body)
            if call:
                self._known[key] = prompt
            while len(self._known) > _MOST_KNOWN or (
                sum(known.length for known in self._known.values()) > _MOST_WORDS
            ):
                self._known.popitem(last=False)
        return prompt


def _read(body: JsonObject) -> _Prompt:
    """What must not be given away of a request."""
    secret, said = _conversation(body)
    if len(secret) <= _STEP:
        return _Prompt(len(secret), {})
    # In loops of Python, and not in one call into C, which would let no other thread run meanwhile.
    places: dict[_Gram, list[int]] = {}
    for at, gram in enumerate(_grams(secret)):
        if len(known := places.setdefault(gram, [])) < _MOST_PLACES:
            known.append(at)
    for gram in _grams(said):
        places.pop(gram, None)
    return _Prompt(len(secret), places)


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
    # One by one: `findall` over a long text would let no other thread run meanwhile.
    return [found[0] for found in _WORD.finditer(plain(text))]


def _grams(words: Sequence[str]) -> Iterator[_Gram]:
    return zip(*(words[at:] for at in range(_STEP)), strict=False)


def _longest_run(places: Mapping[_Gram, Sequence[int]], answer: Sequence[str], enough: int) -> int:
    """The most words in a row that `answer` has of a prompt and of nobody else; or `enough`."""
    best, before = 0, dict[int, int]()
    for gram in _grams(answer):
        runs: dict[int, int] = {}
        for place in places.get(gram, ()):
            runs[place] = before.get(place - 1, _STEP - 1) + 1
            best = max(best, runs[place])
        if best >= enough:
            return enough
        before = runs
    return best
