"""The JSON of answers and events, as Cohere would send them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from ...providers.json_instance import json_instance
from ...schemas.json import Json, JsonObject, as_int, as_list, as_str, dig
from ..fake_upstream.behaviour import Behaviour

_WORDS = re.compile(r"\S+\s*|\s+")
_REASONS = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
}
_ADDED = 60
"""Tokens that Cohere adds to a prompt itself, and does not charge."""


class Answers:
    """What to answer to one request."""

    def __init__(self, body: JsonObject, behaviour: Behaviour, number: int) -> None:
        self._body = body
        self._behaviour = behaviour
        self._id = f"fake-{number}"
        pieces = list(behaviour.pieces) or _WORDS.findall(self._text())
        limit = as_int(body.get("max_tokens"))
        self._cut = limit is not None and limit < len(pieces)
        self._pieces = pieces[:limit] if self._cut else pieces

    def whole(self) -> JsonObject:
        """The answer to a request that is not streamed."""
        if self._behaviour.answer is not None:
            return dict(self._behaviour.answer)
        message: JsonObject = {"role": "assistant"}
        content: list[Json] = []
        if self._behaviour.reasoning:
            content.append({"type": "thinking", "thinking": self._behaviour.reasoning})
        if self._behaviour.tool_calls:
            message["tool_plan"] = "I will use a tool."
            message["tool_calls"] = [_call(call) for call in self._behaviour.tool_calls]
        else:
            content.append({"type": "text", "text": "".join(self._pieces)})
        if content:
            message["content"] = content
        answer: JsonObject = {
            "id": self._id,
            "finish_reason": self._reason(),
            "message": message,
            **self._behaviour.extra,
        }
        if self._likely:
            answer["logprobs"] = [_likelihood(piece) for piece in self._pieces]
        if self._behaviour.usage_in != "never":
            answer["usage"] = self.usage()
        return answer

    def events(self) -> Iterator[JsonObject]:
        """The events of a stream."""
        start: JsonObject = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
        yield {"id": self._id, "type": "message-start", "delta": {"message": start}}
        index = 0
        if self._behaviour.reasoning:
            yield from self._block(index, "thinking", _WORDS.findall(self._behaviour.reasoning))
            index += 1
        if self._behaviour.tool_calls:
            for word in ("I will ", "use a tool."):
                yield _event("tool-plan-delta", None, {"tool_plan": word})
            for number, call in enumerate(self._behaviour.tool_calls):
                yield from _called(number, call)
        else:
            yield from self._block(index, "text", self._pieces)
        end: JsonObject = {"finish_reason": self._reason()}
        if self._behaviour.usage_in != "never":
            end["usage"] = self.usage()
        yield {"id": self._id, "type": "message-end", "delta": end}

    def usage(self) -> JsonObject:
        """What was used; charged are the billed units."""
        told = self._behaviour.usage
        if told is not None:
            return usage_of(dict(told))
        read = sum(len(text.split()) for text in _texts(self._body))
        return _counted(read, len(self._pieces) + len(self._behaviour.reasoning.split()))

    @property
    def _likely(self) -> bool:
        return self._behaviour.logprobs and self._body.get("logprobs") is True

    def _block(self, index: int, kind: str, pieces: list[str]) -> Iterator[JsonObject]:
        empty: JsonObject = {"type": kind, kind: ""}
        yield _event("content-start", index, {"content": empty})
        for piece in pieces:
            event = _event("content-delta", index, {"content": {kind: piece}})
            if self._likely and kind == "text":
                event["logprobs"] = _likelihood(piece)
            yield event
        yield {"type": "content-end", "index": index}

    def _text(self) -> str:
        schema = dig(self._body, "response_format", "json_schema")
        if schema is not None and self._behaviour.text == Behaviour.model_fields["text"].default:
            return orjson.dumps(json_instance(schema)).decode()
        return self._behaviour.text

    def _reason(self) -> str:
        if self._cut:
            return "MAX_TOKENS"
        if self._behaviour.tool_calls:
            return "TOOL_CALL"
        word = self._behaviour.finish_reason
        return _REASONS.get(word, word)


def usage_of(told: JsonObject) -> JsonObject:
    """Counts in OpenAI's words as Cohere gives them; its own words stay as they are."""
    if "prompt_tokens" not in told:
        return told
    read, written = as_int(told["prompt_tokens"]) or 0, as_int(told.get("completion_tokens")) or 0
    counted = _counted(read, written)
    if cached := dig(told, "prompt_tokens_details", "cached_tokens"):
        counted["cached_tokens"] = cached
    return counted


def _counted(read: int, written: int) -> JsonObject:
    return {
        "billed_units": {"input_tokens": read, "output_tokens": written},
        "tokens": {"input_tokens": read + _ADDED, "output_tokens": written},
    }


def _call(call: dict[str, Json]) -> JsonObject:
    return {name: call[name] for name in ("id", "type", "function") if name in call}


def _called(number: int, call: dict[str, Json]) -> Iterator[JsonObject]:
    """A tool call as Cohere streams it: name first, then its arguments in pieces."""
    arguments = as_str(dig(call, "function", "arguments")) or ""
    named: JsonObject = {"name": dig(call, "function", "name"), "arguments": ""}
    head: JsonObject = {"id": call.get("id"), "type": "function", "function": named}
    yield _event("tool-call-start", number, {"tool_calls": head})
    middle = len(arguments) // 2
    for part in (arguments[:middle], arguments[middle:]):
        piece: JsonObject = {"function": {"arguments": part}}
        yield _event("tool-call-delta", number, {"tool_calls": piece})
    yield {"type": "tool-call-end", "index": number}


def _event(kind: str, index: int | None, message: JsonObject) -> JsonObject:
    place: JsonObject = {} if index is None else {"index": index}
    return {"type": kind, **place, "delta": {"message": message}}


def _likelihood(piece: str) -> JsonObject:
    return {"text": piece, "token_ids": [5], "logprobs": [-0.5]}


def _texts(body: JsonObject) -> Iterator[str]:
    """Every text a request carries for the model."""
    for message in as_list(body.get("messages")) or []:
        content = dig(message, "content")
        if isinstance(content, str):
            yield content
        for block in as_list(content) or []:
            yield as_str(dig(block, "text")) or ""
