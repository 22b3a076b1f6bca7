"""Reading a stream of `streamGenerateContent`. It has no end mark: its last event says why each
candidate ended, and what they used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from ..outbound.faults import Faults
from ..schemas.events import Finished, Metered
from ..schemas.json import Json, JsonObject, as_int, as_list, as_str
from ..schemas.spend import Usage
from ..spi.provider import Attempt
from .converted import ConvertedReading
from .gemini_answer import (
    Said,
    blocked,
    extra_content,
    logprobs_of,
    parts_of,
    reason_of,
    usage_from_gemini,
)

_UNCOUNTED = frozenset({"trafficType"})
"""What `usageMetadata` holds before the end."""


class GeminiReading(ConvertedReading):
    """A stream of `GenerateContentResponse`s."""

    def __init__(self, attempt: Attempt, faults: Faults) -> None:
        super().__init__(attempt, faults)
        self._awaited = attempt.request.choices
        self._ended: set[int] = set()
        self._calls: dict[int, int] = {}
        self._blocked = False

    def convert(self, name: str, data: JsonObject) -> Iterable[JsonObject]:
        if error := data.get("error"):
            raise self.faults.from_error(error)
        self.id = as_str(data.get("responseId")) or self.id
        candidates = as_list(data.get("candidates")) or []
        chunks = [
            chunk for one in candidates if isinstance(one, dict) for chunk in self._candidate(one)
        ]
        if not candidates and (refusal := blocked(data)) is not None:
            chunks += [self.delta({"refusal": refusal}), self.finish("content_filter")]
            self._blocked = True
        metadata = data.get("usageMetadata")
        if isinstance(metadata, dict) and metadata.keys() != _UNCOUNTED:
            self.usage = usage_from_gemini(metadata) or self.usage
        ended = len(self._ended) >= self._awaited
        self.done = self._blocked or (ended and self.usage is not None)
        return chunks

    def end(self) -> tuple[Metered, Finished]:
        metered, finished = super().end()
        if self._blocked:  # the words are Google's own, and nobody pays for them
            read = Usage(input=metered.usage.input, estimated=True)
            metered = Metered(self.usage or read, model=self._model)
        return metered, finished

    def _candidate(self, candidate: JsonObject) -> Iterator[JsonObject]:
        index = as_int(candidate.get("index")) or 0
        logprobs = logprobs_of(candidate)
        for said in parts_of(candidate):
            chunk = self._part(said, index)
            if logprobs is not None:
                chunk = _with_logprobs(chunk, logprobs)
                logprobs = None
            yield chunk
        word = as_str(candidate.get("finishReason"))
        if word is not None and word != "FINISH_REASON_UNSPECIFIED":
            self._ended.add(index)
            detail = candidate.get("finishMessage")
            called = index in self._calls
            yield self.finish(
                reason_of(word, called=called, detail=detail, faults=self.faults), index
            )

    def _part(self, said: Said, index: int) -> JsonObject:
        if said.kind == "thought":
            return self.reasoning(said.text, index)
        beside = extra_content(said.signature)
        if said.kind == "text":
            return self.delta({"content": said.text, **beside}, index)
        number = self._calls.get(index, 0)
        self._calls[index] = number + 1
        call: JsonObject = {
            "index": number,
            "id": call_id(self.id, index, number),
            "type": "function",
            "function": {"name": said.name, "arguments": said.text},
        }
        return self.delta({"tool_calls": [{**call, **beside}]}, index)


def call_id(answer: str, index: int, number: int) -> str:
    """A name for a tool call, as this API gives none; no two calls of a conversation share one, and
    other vendors take it too.
    """
    return f"call_{blake2b(answer.encode(), digest_size=10).hexdigest()}_{index}_{number}"


def _with_logprobs(chunk: JsonObject, logprobs: Json) -> JsonObject:
    choices = as_list(chunk.get("choices")) or []
    return {
        **chunk,
        "choices": [{**one, "logprobs": logprobs} for one in choices if isinstance(one, dict)],
    }
