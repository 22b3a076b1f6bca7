"""Answers to questions that are nearly the same: opt-in, told, and never between tenants.

Fails open: what goes wrong here is a miss, and where a model could not be asked the caller is told.
"""

from __future__ import annotations

import base64
import math
import secrets
import time
from array import array
from contextlib import aclosing
from typing import cast

from ..errors import MeshError
from ..schemas.events import Answer
from ..schemas.json import Json, JsonObject, as_list, as_object, dig
from ..schemas.request import Operation, Request
from ..spi.cache import CacheEntry
from ..spi.models import Models
from ..spi.similar import Question, SimilarQuestions
from .cache_names import key_of
from .call import Call
from .kept_answers import OpenCache, fresh
from .screening_plan import covering
from .traits import traits_of

_LONGEST = 8_000
"""Characters of a question that is compared; a longer one is a document."""


class NearQuestion:
    """The last question of one call: looked for among those that were answered, and kept.

    Compared is only what has the same scope, rights, model, parameters, system prompt, tools and
    earlier messages, and was redacted alike.

    Args:
        similar: Where questions are kept.
        models: Asked for what the question means.
        cache: Where answers are kept.
        call: Whose question it is.
        text: The question.
    """

    def __init__(
        self, similar: SimilarQuestions, models: Models, cache: OpenCache, call: Call, text: str
    ) -> None:
        self._similar = similar
        self._models = models
        self._cache = cache
        self._call = call
        self._text = text
        self._rule = call.snapshot.semantic
        self._vector: array[float] | None = None
        messages = as_list(call.request.body.get("messages")) or []
        last: JsonObject = {**(as_object(messages[-1]) or {}), "content": None}
        rest: list[Json] = [*messages[:-1], last]
        self._key = key_of(call, self._rule.scope, messages=rest)

    async def find(self) -> CacheEntry | None:
        """The answer to the question that is nearest, if it is near enough. Tells the caller."""
        try:
            self._vector = await self._meaning()
            if self._vector is None:
                return None
            partitions = [f"{self._key}|{one.id}" for one in self._call.candidates]
            found = await self._similar.nearest(
                partitions, self._vector, traits_of(self._text), self._rule.threshold
            )
        except (MeshError, OSError) as error:
            self._skip(error.message if isinstance(error, MeshError) else "The store failed.")
            return None
        if found is None:
            return None
        question, cosine = found
        entry = (await self._cache.get([question.id])).get(question.id)
        if entry is None or not fresh(self._call, entry):
            return None
        shown = f": “{question.text}”" if question.text else ""
        self._call.notice(
            "similar_answer",
            f"This answers an earlier question that is {cosine:.1%} alike{shown}",
            {"similarity": round(cosine, 6), "question": question.text},
        )
        return entry

    async def keep(self, entry: CacheEntry) -> None:
        """Keep the answer for those who ask nearly the same."""
        if self._vector is None:
            return
        ttl = self._rule.ttl.total_seconds()
        name = f"similar|{secrets.token_hex(16)}"
        question = Question(
            id=name,
            partition=f"{self._key}|{entry.model}",
            vector=self._vector,
            traits=traits_of(self._text),
            text=self._shown(),
            model=entry.model,
            owner=entry.owner,
            expires=time.time() + ttl,
        )
        await self._cache.put({name: entry}, ttl)
        try:
            await self._similar.put(question)
        except (MeshError, OSError):
            return

    async def _meaning(self) -> array[float] | None:
        """The question as a vector of length 1."""
        embedder = self._call.snapshot.models.get(self._rule.embedding or "")
        if embedder is None:
            self._skip(f"There is no model {self._rule.embedding!r} at the moment.")
            return None
        # The text was screened for the models that may answer it. If another rule holds for the one
        # that compares, it has not been screened for that.
        screened = [rule for one in self._call.candidates for rule in covering(self._call, one)]
        if any(rule not in screened for rule in covering(self._call, embedder)):
            self._skip(f"The question was not screened for {embedder.id}.")
            return None
        body: JsonObject = {"model": embedder.id, "input": self._text}
        request = Request(Operation.EMBEDDING, body)
        vector: Json = None
        asked = self._models.stream(request, parent=self._call.id, purpose="cache")
        async with aclosing(asked) as events:
            async for event in events:
                if isinstance(event, Answer):
                    vector = dig(event.data, "data", 0, "embedding")
        return _unit(vector)

    def _shown(self) -> str:
        """The question as the audit keeps it, redacted; empty where it keeps none so."""
        if self._call.snapshot.audit.content != "redacted":
            return ""
        return question_of(self._call.content or {}) or ""

    def _skip(self, reason: str) -> None:
        self._call.notice(
            "similar_skipped", f"Earlier questions were not compared with this one. {reason}"
        )


def question_of(body: JsonObject) -> str | None:
    """The text of the last message; None where that is not a person's, or not only text."""
    messages = as_list(body.get("messages"))
    last = as_object(messages[-1]) if messages else None
    if last is None or last.get("role") != "user":
        return None
    content = last.get("content")
    if isinstance(content, list):
        parts = [as_object(part) or {} for part in content]
        if any(part.get("type") != "text" for part in parts):
            return None
        content = "\n".join(str(part.get("text")) for part in parts)
    if not isinstance(content, str) or not 0 < len(content.strip()) <= len(content) <= _LONGEST:
        return None
    return content


def _unit(vector: Json) -> array[float] | None:
    """As a vector of length 1; None where it is none."""
    values = array("f")
    try:
        if isinstance(vector, str):
            values.frombytes(base64.b64decode(vector))
        else:
            values.extend(cast("list[float]", vector))
    except (TypeError, ValueError, OverflowError):
        return None
    length = math.sqrt(math.fsum(value * value for value in values))
    if not length or not math.isfinite(length):
        return None
    return array("f", (value / length for value in values))
