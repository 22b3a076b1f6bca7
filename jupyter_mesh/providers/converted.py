"""Answers of vendors whose format is their own, put into OpenAI's shape."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence

import orjson

from ..outbound.faults import Faults
from ..schemas.events import Answer, Chunk, Finished
from ..schemas.json import Json, JsonObject, as_str
from ..schemas.spend import Usage
from ..schemas.tokens import estimate_all
from ..spi.provider import Attempt
from .openai_answer import counted
from .openai_stream import StreamReading, finish_reason_of
from .sse import ServerSentEvent
from .wire_format import Whole

MAX_HELD = 16 * 1024 * 1024
"""Characters of an answer that are kept, to be passed on again when they are whole."""


class ConvertedReading(StreamReading):
    """A stream of a vendor's own events. Each becomes chunks of OpenAI's shape; the usage, which
    the subclass keeps in `usage`, follows when the answer has ended.

    Attributes:
        id: Of the answer; the subclass sets it from the vendor's.
    """

    def __init__(self, attempt: Attempt, faults: Faults) -> None:
        super().__init__(attempt.request, attempt.model, faults)
        self.faults = faults
        self.id = f"chatcmpl-{attempt.call_id}"
        self._created = int(time.time())
        self._begun: set[int] = set()
        self._held = 0

    @abstractmethod
    def convert(self, name: str, data: JsonObject) -> Iterable[JsonObject]:
        """The chunks in an event, made with `text` and its like; sets `usage` and `done`.

        Args:
            name: Of the event's type.
            data: Its JSON.

        Raises:
            ProviderError: It is an error, or nonsense.
        """

    def read(self, event: ServerSentEvent) -> Sequence[Chunk]:
        try:
            data: Json = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            data = None
        if not isinstance(data, dict):
            raise self.faults.protocol("sent an event that is not a JSON object")
        chunks: list[Chunk] = []
        for chunk in self.convert(event.name, data):
            self.note(chunk)
            chunks.append(Chunk(chunk))
        if self.done and self.usage is not None:
            usage: JsonObject = {**self._envelope(), "choices": [], "usage": usage_json(self.usage)}
            chunks.append(Chunk(usage, usage_only=True))
        return chunks

    def hold(self, piece: str) -> str:
        """`piece`, which is kept until the answer's end: no answer may make us keep any amount.

        Raises:
            ProviderProtocolError: It is too much.
        """
        self._held += len(piece)
        if self._held > MAX_HELD:
            raise self.faults.protocol(f"sent more than {MAX_HELD} characters of thinking")
        return piece

    def text(self, text: str, index: int = 0) -> JsonObject:
        """A chunk with words of the answer."""
        return self.delta({"content": text}, index)

    def reasoning(self, text: str, index: int = 0) -> JsonObject:
        """A chunk with words of the model's thinking."""
        return self.delta({"reasoning_content": text}, index)

    def tool_call(
        self, number: int, call_id: str, name: str, arguments: str = "", **extra: Json
    ) -> JsonObject:
        """A chunk with which the answer's tool call `number` (from 0) begins."""
        function: JsonObject = {"name": name, "arguments": arguments}
        call: JsonObject = {"index": number, "id": call_id, "type": "function"}
        return self.delta({"tool_calls": [{**call, "function": function, **extra}]})

    def tool_arguments(self, number: int, piece: str) -> JsonObject:
        """A chunk with more of the arguments of tool call `number`."""
        return self.delta({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})

    def finish(self, reason: str, index: int = 0) -> JsonObject:
        """The chunk that says why the answer ended, in OpenAI's word."""
        choice: JsonObject = {"index": index, "delta": {}, "finish_reason": reason}
        return {**self._envelope(), "choices": [choice]}

    def delta(self, delta: JsonObject, index: int = 0) -> JsonObject:
        """A chunk with anything; the first of each choice says whose it is."""
        if index not in self._begun:
            self._begun.add(index)
            delta = {"role": "assistant", "content": "", **delta}
        choice: JsonObject = {"index": index, "delta": delta, "finish_reason": None}
        return {**self._envelope(), "choices": [choice]}

    def _envelope(self) -> JsonObject:
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
        }


def chat_answer(
    attempt: Attempt, message: JsonObject, reason: str, usage: Usage | None, *, answer_id: str = ""
) -> Whole:
    """A whole chat answer in OpenAI's shape.

    Args:
        attempt: What was asked.
        message: `content`, `tool_calls` and so on, without the role.
        reason: OpenAI's word for why it ended.
        usage: What the vendor reported; None: it is estimated, and marked so.
        answer_id: The vendor's.
    """
    return choices_answer(attempt, [choice_of(message, reason)], usage, answer_id=answer_id)


def choice_of(
    message: JsonObject, reason: str, *, index: int = 0, logprobs: Json = None
) -> JsonObject:
    """One of the choices of a whole chat answer; arguments as of `chat_answer`."""
    said: JsonObject = {"role": "assistant", "content": None, **message}
    return {"index": index, "message": said, "logprobs": logprobs, "finish_reason": reason}


def choices_answer(
    attempt: Attempt, choices: Sequence[JsonObject], usage: Usage | None, *, answer_id: str = ""
) -> Whole:
    """`chat_answer` of several choices, at least one, made with `choice_of`."""
    usage = counted(usage, choices, attempt)
    data: JsonObject = {
        "id": answer_id or f"chatcmpl-{attempt.call_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": attempt.model,
        "choices": [*choices],
        "usage": usage_json(usage),
    }
    reason = finish_reason_of(as_str(choices[0].get("finish_reason")))
    return Whole(answer=Answer(data), usage=usage, finished=Finished(reason))


def embedding_answer(attempt: Attempt, vectors: Sequence[Json], usage: Usage | None) -> Whole:
    """Vectors in OpenAI's shape, in the order of the inputs."""
    usage = usage or estimated(attempt)
    rows: list[Json] = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    counted: JsonObject = {"prompt_tokens": usage.input, "total_tokens": usage.total}
    data: JsonObject = {
        "object": "list", "data": rows, "model": attempt.model, "usage": counted,
    }  # fmt: skip
    return Whole(answer=Answer(data), usage=usage, finished=Finished())


def ranking_answer(
    attempt: Attempt, scores: Sequence[tuple[int, float]], usage: Usage | None
) -> Whole:
    """Documents by relevance, best first, in the shape that vLLM's `/rerank` answers.

    Args:
        attempt: What was asked.
        scores: The document's place in the request and how relevant it is.
        usage: What the vendor reported.
    """
    usage = usage or estimated(attempt)
    documents = attempt.request.body.get("documents")
    texts = documents if isinstance(documents, list) else []
    results: list[Json] = []
    for index, score in scores:
        result: JsonObject = {"index": index, "relevance_score": score}
        if attempt.request.body.get("return_documents") is not False and index < len(texts):
            text = texts[index]
            result["document"] = text if isinstance(text, dict) else {"text": text}
        results.append(result)
    data: JsonObject = {
        "id": f"rerank-{attempt.call_id}",
        "model": attempt.model,
        "usage": {"total_tokens": usage.total},
        "results": results,
    }
    return Whole(answer=Answer(data), usage=usage, finished=Finished())


def estimated(attempt: Attempt) -> Usage:
    """What a call that writes nothing used, where its vendor does not say."""
    return Usage(input=estimate_all(attempt.request.texts()), estimated=True)


def usage_json(usage: Usage) -> JsonObject:
    """Tokens by class as OpenAI's `usage` says them."""
    lasting: JsonObject = {"cache_write_1h_tokens": usage.cache_write_1h}
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
            **(lasting if usage.cache_write_1h else {}),
            "audio_tokens": usage.input_audio,
            "image_tokens": usage.input_image,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.output_audio,
        },
    }
