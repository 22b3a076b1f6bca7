"""The JSON of answers and events, as Gemini would send them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from ...providers.json_instance import json_instance
from ...schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..fake_upstream.behaviour import Behaviour

_WORDS = re.compile(r"\S+\s*|\s+")
_REASONS = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
}


class Answers:
    """What to answer to one request."""

    def __init__(self, body: JsonObject, behaviour: Behaviour, model: str, number: int) -> None:
        self._body = body
        self._settings = as_object(body.get("generationConfig")) or {}
        self._behaviour = behaviour
        self._model = model
        self._number = number
        pieces = list(behaviour.pieces) or _WORDS.findall(self._text())
        limit = as_int(self._settings.get("maxOutputTokens"))
        self._cut = limit is not None and limit < len(pieces)
        self._pieces = pieces[:limit] if self._cut else pieces
        self._count = as_int(self._settings.get("candidateCount")) or 1

    def whole(self) -> JsonObject:
        """The answer to a request that is not streamed."""
        if self._behaviour.answer is not None:
            return dict(self._behaviour.answer)
        parts: list[Json] = []
        if self._behaviour.reasoning:
            parts.append({"text": self._behaviour.reasoning, "thought": True})
        parts += self._calls() or [{"text": "".join(self._pieces)}]
        candidates: list[Json] = [self._ended(parts, index) for index in range(self._count)]
        counted = self._behaviour.usage_in != "never"
        usage: JsonObject = {"usageMetadata": self.usage(len(self._pieces))} if counted else {}
        return {**self._envelope(), "candidates": candidates, **usage}

    def events(self) -> Iterator[JsonObject]:
        """The events of a stream; the last one of each candidate says why it ended."""
        if self._behaviour.answer is not None:
            yield dict(self._behaviour.answer)
            return
        where = self._behaviour.usage_in
        for index in range(self._count):
            parts = list(self._streamed())
            for written, part in enumerate(parts):
                event: JsonObject = {
                    **self._envelope(),
                    "candidates": [self._candidate([part], index)],
                    "usageMetadata": {"trafficType": "ON_DEMAND"},
                }
                if where == "every_chunk":
                    event["usageMetadata"] = self.usage(min(written, len(self._pieces)))
                yield event
            last: JsonObject = {
                **self._envelope(),
                "candidates": [self._ended([{"text": ""}], index)],
            }
            if index + 1 == self._count and where != "never":
                last["usageMetadata"] = self.usage(len(self._pieces))
            yield last

    def usage(self, written: int) -> JsonObject:
        """The counts after `written` pieces."""
        told = self._behaviour.usage
        if told is not None:
            return usage_metadata(dict(told))
        read = sum(len(text.split()) for text in _texts(self._body))
        thought = len(self._behaviour.reasoning.split())
        written *= self._count
        counts: JsonObject = {
            "promptTokenCount": read,
            "candidatesTokenCount": written,
            "totalTokenCount": read + written + thought,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": read}],
            "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": written}],
            "trafficType": "ON_DEMAND",
        }
        return {**counts, "thoughtsTokenCount": thought} if thought else counts

    def _streamed(self) -> Iterator[JsonObject]:
        for word in _WORDS.findall(self._behaviour.reasoning):
            yield {"text": word, "thought": True}
        yield from self._calls() or ({"text": piece} for piece in self._pieces)

    def _calls(self) -> list[JsonObject]:
        parts: list[JsonObject] = []
        for call in self._behaviour.tool_calls:
            arguments: Json = orjson.loads(as_str(dig(call, "function", "arguments")) or "{}")
            named: JsonObject = {"name": dig(call, "function", "name"), "args": arguments}
            part: JsonObject = {"functionCall": named}
            signature = dig(call, "extra_content", "google", "thought_signature")
            parts.append(part if signature is None else {**part, "thoughtSignature": signature})
        return parts

    def _text(self) -> str:
        schema = self._settings.get("responseJsonSchema")
        if schema is not None and self._behaviour.text == Behaviour.model_fields["text"].default:
            return orjson.dumps(json_instance(schema)).decode()
        return self._behaviour.text

    def _ended(self, parts: list[Json], index: int) -> JsonObject:
        word = self._behaviour.finish_reason
        reason = "MAX_TOKENS" if self._cut else _REASONS.get(word, word)
        return {**self._candidate([*parts], index), "finishReason": reason}

    def _candidate(self, parts: list[JsonObject] | list[Json], index: int) -> JsonObject:
        candidate: JsonObject = {"content": {"role": "model", "parts": [*parts]}}
        if index:  # as in all of Google's JSON, a zero is not written
            candidate["index"] = index
        if self._behaviour.logprobs and self._settings.get("responseLogprobs") is True:
            token: JsonObject = {"token": "a", "logProbability": -0.5, "tokenId": 5}
            candidate["logprobsResult"] = {
                "chosenCandidates": [token],
                "topCandidates": [{"candidates": [token]}],
            }
        return candidate

    def _envelope(self) -> JsonObject:
        return {
            "modelVersion": self._model,
            "createTime": "2026-01-01T00:00:00.000000Z",
            "responseId": f"fake-{self._number}",
            **self._behaviour.extra,
        }


def usage_metadata(told: JsonObject) -> JsonObject:
    """Counts in OpenAI's words as Google gives them; its own words stay as they are."""
    if "prompt_tokens" not in told:
        return told
    written = as_int(told.get("completion_tokens")) or 0
    thought = as_int(dig(told, "completion_tokens_details", "reasoning_tokens")) or 0
    counts: JsonObject = {
        "promptTokenCount": told["prompt_tokens"],
        "candidatesTokenCount": written - thought,
        "totalTokenCount": (as_int(told["prompt_tokens"]) or 0) + written,
    }
    if thought:
        counts["thoughtsTokenCount"] = thought
    if cached := dig(told, "prompt_tokens_details", "cached_tokens"):
        counts["cachedContentTokenCount"] = cached
    return counts


def _texts(body: JsonObject) -> Iterator[str]:
    """Every text a request carries for the model."""
    contents = [body.get("systemInstruction"), *(as_list(body.get("contents")) or [])]
    for content in contents:
        for part in as_list(dig(content, "parts")) or []:
            yield as_str(dig(part, "text")) or ""
