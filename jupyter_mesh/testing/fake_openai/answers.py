"""The JSON of answers and chunks, as OpenAI's server would send them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from ...providers.hashed_embedding import as_base64, hashed_embedding
from ...providers.json_instance import json_instance
from ...schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..fake_upstream.behaviour import Behaviour

_WORDS = re.compile(r"\S+\s*|\s+")
_DIMENSIONS = 8


class Answers:
    """What to answer to one request."""

    def __init__(self, body: JsonObject, behaviour: Behaviour, number: int) -> None:
        self._body = body
        self._behaviour = behaviour
        self._chat = "messages" in body
        self._number = number
        pieces = list(behaviour.pieces) or _WORDS.findall(self._text())
        limit = as_int(body.get("max_completion_tokens")) or as_int(body.get("max_tokens"))
        self._cut = limit is not None and limit < len(pieces)
        self._pieces = pieces[:limit] if self._cut else pieces

    def whole(self) -> JsonObject:
        """The answer to a request that is not streamed."""
        if self._behaviour.answer is not None:
            return dict(self._behaviour.answer)
        choices: list[Json] = []
        for index in range(as_int(self._body.get("n")) or 1):
            text = "".join(self._pieces)
            message: JsonObject = {"role": "assistant", "content": text}
            if self._behaviour.reasoning:
                message["reasoning_content"] = self._behaviour.reasoning
            if self._behaviour.tool_calls:
                message = {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [dict(call) for call in self._behaviour.tool_calls],
                }
            said: JsonObject = {"message": message} if self._chat else {"text": text}
            choices.append({**self._choice(index, self._reason()), **said})
        answer: JsonObject = {**self._envelope(streamed=False), "choices": choices}
        return answer if self._silent else {**answer, "usage": self.usage(len(self._pieces))}

    def chunks(self) -> Iterator[JsonObject]:
        """The chunks of a stream, the usage among them where the behaviour wants it."""
        envelope = self._envelope(streamed=True)
        where = self._behaviour.usage_in
        count = as_int(self._body.get("n")) or 1
        for index in range(count):
            deltas = list(self._deltas())
            for position, delta in enumerate(deltas):
                last = position + 1 == len(deltas)
                choice = {**self._choice(index, self._reason() if last else None), **delta}
                chunk: JsonObject = {**envelope, "choices": [choice]}
                ends = last and index + 1 == count
                if where == "every_chunk" or (where == "last_choice" and ends):
                    chunk["usage"] = self.usage(min(position, len(self._pieces)))
                yield chunk
        asked = dig(self._body, "stream_options", "include_usage") is True
        if where == "extra_chunk" and asked:
            yield {**envelope, "choices": [], "usage": self.usage(len(self._pieces))}

    def usage(self, written: int) -> JsonObject:
        """The usage object after `written` pieces."""
        if self._behaviour.usage is not None:
            return dict(self._behaviour.usage)
        read = sum(len(text.split()) for text in _texts(self._body))
        written *= as_int(self._body.get("n")) or 1
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

    def embeddings(self) -> JsonObject:
        """Vectors for every input."""
        value = self._body.get("input")
        inputs = as_list(value) or [value]
        dimensions = as_int(self._body.get("dimensions")) or _DIMENSIONS
        data: list[Json] = []
        for index, one in enumerate(inputs):
            text = one if isinstance(one, str) else orjson.dumps(one).decode()
            vector = hashed_embedding(text, dimensions)
            packed = self._body.get("encoding_format") == "base64"
            shown: Json = as_base64(vector) if packed else [*vector]
            data.append({"object": "embedding", "index": index, "embedding": shown})
        read = sum(len(text.split()) for text in _texts(self._body))
        usage: JsonObject = {"prompt_tokens": read, "total_tokens": read}
        return self._listed(data, usage)

    def ranking(self) -> JsonObject:
        """Documents ordered by the words they share with the query, as vLLM's `/rerank` answers."""
        query = set((as_str(self._body.get("query")) or "").split())
        results: list[Json] = []
        for index, document in enumerate(as_list(self._body.get("documents")) or []):
            words = set(str(document).split())
            score = len(query & words) / max(1, len(query))
            results.append(
                {"index": index, "document": {"text": document}, "relevance_score": score}
            )
        results.sort(key=_negative_score)
        read = sum(len(text.split()) for text in _texts(self._body))
        return {
            "id": f"rerank-{self._number}",
            "model": self._body.get("model"),
            "usage": dict(self._behaviour.usage or {"total_tokens": read}),
            "results": results[: as_int(self._body.get("top_n"))],
        }

    def labels(self) -> JsonObject:
        """A label for every input, as vLLM's `/classify` answers."""
        value = self._body.get("input")
        data: list[Json] = [
            {"index": index, "label": "LABEL_0", "probs": [0.75, 0.25], "num_classes": 2}
            for index, _ in enumerate(as_list(value) or [value])
        ]
        read = sum(len(text.split()) for text in _texts(self._body))
        return self._listed(data, {"prompt_tokens": read, "total_tokens": read})

    @property
    def _silent(self) -> bool:
        return self._behaviour.usage_in == "never"

    def _listed(self, data: list[Json], usage: JsonObject) -> JsonObject:
        answer: JsonObject = {"object": "list", "data": data, "model": self._body.get("model")}
        reported = self._behaviour.usage
        return (
            answer if self._silent else {**answer, "usage": dict(reported) if reported else usage}
        )

    def _text(self) -> str:
        schema = dig(self._body, "response_format", "json_schema", "schema")
        if schema is not None and self._behaviour.text == Behaviour.model_fields["text"].default:
            return orjson.dumps(json_instance(schema)).decode()
        return self._behaviour.text

    def _reason(self) -> str:
        if self._behaviour.tool_calls:
            return "tool_calls"
        return "length" if self._cut else self._behaviour.finish_reason

    def _deltas(self) -> Iterator[JsonObject]:
        if not self._chat:
            for piece in [*self._pieces, ""]:
                yield {"text": piece}
            return
        yield {"delta": {"role": "assistant", "content": ""}}
        for piece in _WORDS.findall(self._behaviour.reasoning):
            yield {"delta": {"reasoning_content": piece}}
        if self._behaviour.tool_calls:
            for index, call in enumerate(self._behaviour.tool_calls):
                yield from _call_deltas(index, call)
        else:
            for piece in self._pieces:
                yield {"delta": {"content": piece}}
        yield {"delta": {}}

    def _choice(self, index: int, reason: str | None) -> JsonObject:
        logprobs: Json = None
        if self._behaviour.logprobs:
            logprobs = {
                "content": [{"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}]
            }
        return {"index": index, "logprobs": logprobs, "finish_reason": reason}

    def _envelope(self, *, streamed: bool) -> JsonObject:
        kind = "text_completion"
        if self._chat:
            kind = "chat.completion.chunk" if streamed else "chat.completion"
        return {
            "id": f"fake-{self._number}",
            "object": kind,
            "created": 1_700_000_000,
            "model": self._body.get("model"),
            **self._behaviour.extra,
        }


def _call_deltas(index: int, call: dict[str, Json]) -> Iterator[JsonObject]:
    """A tool call as OpenAI streams it: name first, then its arguments in pieces."""
    function = as_object(call.get("function")) or {}
    arguments = as_str(function.get("arguments")) or ""
    head: JsonObject = {**call, "index": index, "function": {**function, "arguments": ""}}
    yield {"delta": {"tool_calls": [head]}}
    middle = len(arguments) // 2
    for part in (arguments[:middle], arguments[middle:]):
        piece: JsonObject = {"index": index, "function": {"arguments": part}}
        yield {"delta": {"tool_calls": [piece]}}


def _texts(value: Json) -> Iterator[str]:
    """Every text a request carries for the model."""
    if isinstance(value, dict):
        for name in ("messages", "content", "prompt", "input", "query", "documents", "text"):
            inner = value.get(name)
            if isinstance(inner, str):
                yield inner
            elif inner is not None:
                yield from _texts(inner)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield item
            else:
                yield from _texts(item)


def _negative_score(result: Json) -> float:
    score = dig(result, "relevance_score")
    return -score if isinstance(score, float) else 0.0
