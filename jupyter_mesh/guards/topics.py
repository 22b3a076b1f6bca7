"""What is talked about: topics that are allowed, or denied, by examples of what people say."""

from __future__ import annotations

import asyncio
import math
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, model_validator

from ..errors import ModerationUnavailable
from ..schemas.json import Json, JsonObject, as_list, as_object
from ..spi.guard import GuardConfig, GuardedCall, Verdict
from .asked_models import REMEMBER_SECONDS, vectors_of
from .batch_judge import BatchJudge
from .remembered import Remembered
from .windows import windows

_OFF_TOPIC = "off_topic"
_WINDOW, _OVERLAP = 500, 50
_WORDS = 3
"""A text of fewer words is about nothing."""
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af"
)
"""Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese: written without spaces between words."""
_WORD = re.compile(f"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\\W_])+")

Examples = Annotated[tuple[str, ...], Field(min_length=1)]
Vector: TypeAlias = "array[float]"


class TopicsConfig(GuardConfig):
    """What the topics are.

    Attributes:
        model: `connection/name` of an embedding model, marked `internal`.
        deny: By topic what people say about it; a text scores as near as it comes to one of them.
        allow: The same for what is allowed; a text that comes near none of them scores as
            `off_topic`.
    """

    model: str = Field(pattern=r"^[^/]+/.+")
    deny: dict[str, Examples] = Field(default_factory=dict[str, Examples])
    allow: dict[str, Examples] = Field(default_factory=dict[str, Examples])

    @model_validator(mode="after")
    def _has_topics(self) -> TopicsConfig:
        if not self.deny and not self.allow:
            raise ValueError("name topics to `deny` or to `allow`, with examples of each")
        if _OFF_TOPIC in self.deny:
            raise ValueError(f"{_OFF_TOPIC!r} is what is far from everything in `allow`")
        return self


class Topics(BatchJudge):
    """Judges by nearness: the cosine of the embeddings, from 0 to 1.

    Of a request it reads what people and tools say, and holds only the last question against
    `allow`.
    """

    Config: type[GuardConfig] = TopicsConfig
    name: ClassVar[str] = "topics"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, TopicsConfig)
        self._settings = config
        self._known: Remembered[Vector] = Remembered(REMEMBER_SECONDS)
        self._learned: dict[str, list[tuple[str, Vector]]] = {}
        self._learning = asyncio.Lock()

    def categories(self) -> frozenset[str]:
        return frozenset({*self._settings.deny, *((_OFF_TOPIC,) if self._settings.allow else ())})

    async def judge_all(
        self,
        texts: Sequence[str],
        direction: Literal["request", "response"],
        call: GuardedCall,
    ) -> list[Verdict]:
        said, last = _said(call) if direction == "request" else (None, None)
        judged = [
            text for text in texts if (said is None or text in said) and _says_something(text)
        ]
        pieces = {text: windows(text, _WINDOW, _OVERLAP) for text in judged}
        learned = await self._examples(call)
        every = dict.fromkeys(one for each in pieces.values() for one in each)
        near = await self._vectors([*every], call)
        return [
            self._verdict(
                [near[one] for one in pieces.get(text, ())], learned, last is None or text == last
            )
            for text in texts
        ]

    def _verdict(
        self,
        vectors: Sequence[Vector],
        learned: Mapping[str, Sequence[tuple[str, Vector]]],
        must_be_allowed: bool,
    ) -> Verdict:
        scores: dict[str, float] = {}
        for vector in vectors:
            for topic, example in learned["deny"]:
                scores[topic] = max(_cosine(vector, example), scores.get(topic, 0.0))
            if learned["allow"] and must_be_allowed:
                far = 1.0 - max(_cosine(vector, example) for _, example in learned["allow"])
                scores[_OFF_TOPIC] = max(far, scores.get(_OFF_TOPIC, 0.0))
        return Verdict.of(scores)

    async def _examples(self, call: GuardedCall) -> Mapping[str, Sequence[tuple[str, Vector]]]:
        """The examples' vectors, asked for with the first call."""
        async with self._learning:
            if not self._learned:
                said = self._settings
                learned: dict[str, list[tuple[str, Vector]]] = {}
                for kind, topics in (("deny", said.deny), ("allow", said.allow)):
                    named = [(topic, text) for topic, some in topics.items() for text in some]
                    vectors = await self._vectors([text for _, text in named], call)
                    learned[kind] = [(topic, vectors[text]) for topic, text in named]
                self._learned = learned
        return self._learned

    async def _vectors(self, texts: Sequence[str], call: GuardedCall) -> dict[str, Vector]:
        if self._tools is None:
            raise ModerationUnavailable("The guard for topics was not started.")
        found = {text: known for text in texts if (known := self._known.get(text)) is not None}
        new = [text for text in texts if text not in found]
        if new:
            vectors = await vectors_of(self._tools.models, self._settings.model, new, call.id)
            for text, vector in zip(new, vectors, strict=True):
                found[text] = _unit(vector)
                self._known.keep(text, found[text])
        return found


def _says_something(text: str) -> bool:
    """Whether it has enough words; each character is one where words are written together."""
    return len(list(islice(_WORD.finditer(text), _WORDS))) == _WORDS


def _said(call: GuardedCall) -> tuple[frozenset[str] | None, str | None]:
    """What people and tools say in a request, and the last question; None where it has no roles."""
    body: JsonObject = call.request.body if call.request is not None else {}
    messages = [as_object(one) or {} for one in as_list(body.get("messages")) or ()]
    if not messages:
        return None, None
    found: list[str] = []
    last: str | None = None
    for message in messages:
        if message.get("role") in ("user", "tool", "function"):
            texts = list(_texts(message.get("content")))
            found += texts
            if message.get("role") == "user" and texts:
                last = texts[-1]
    return frozenset(found), last


def _texts(content: Json) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    parts = [as_object(part) or {} for part in as_list(content) or ()]
    texts = [text for part in parts if isinstance(text := part.get("text"), str)]
    yield from texts
    if len(texts) > 1:
        yield "\n".join(texts)


def _unit(vector: Vector) -> Vector:
    length = math.sqrt(math.fsum(value * value for value in vector))
    if not length or not math.isfinite(length):
        raise ModerationUnavailable("The embedding model answered with no vector.")
    return array("f", (value / length for value in vector))


def _cosine(one: Vector, other: Vector) -> float:
    if len(one) != len(other):
        raise ModerationUnavailable("The embedding model's vectors differ in length.")
    return min(1.0, max(0.0, math.fsum(a * b for a, b in zip(one, other, strict=True))))
