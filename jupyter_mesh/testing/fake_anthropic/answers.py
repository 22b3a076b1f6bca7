"""The JSON of answers and events, as Anthropic's server would send them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from ...providers.json_instance import json_instance
from ...schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..fake_upstream.behaviour import Behaviour
from .checks import blocks_of
from .thoughts import signed

_WORDS = re.compile(r"\S+\s*|\s+")
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


class Answers:
    """What to answer to one request."""

    def __init__(self, body: JsonObject, behaviour: Behaviour, number: int) -> None:
        self._body = body
        self._behaviour = behaviour
        self._number = number
        self._stopped: str | None = None
        pieces = list(behaviour.pieces) or _WORDS.findall(self._until_stop(self._text()))
        limit = as_int(body.get("max_tokens"))
        self._cut = limit is not None and limit < len(pieces)
        self._pieces = pieces[:limit] if self._cut else pieces

    def whole(self) -> JsonObject:
        """The message of a request that is not streamed."""
        if self._behaviour.answer is not None:
            return dict(self._behaviour.answer)
        content: list[Json] = [block for block, _ in self._blocks()]
        message: JsonObject = {**self._message(), "content": content, **self._ending()}
        return message if self._silent else {**message, "usage": self.usage()}

    def events(self) -> Iterator[JsonObject]:
        """The events of a stream; the last one says only that it is over."""
        usage = self.usage()
        begun: JsonObject = {**usage, "output_tokens": 1}
        begun.pop("output_tokens_details", None)
        message: JsonObject = {
            **self._message(), "content": [], "stop_reason": None, "stop_sequence": None,
        }  # fmt: skip
        yield {"type": "message_start", "message": _used(message, begun, self._silent)}
        for index, block in enumerate(self._blocks()):
            yield from _block_events(index, block)
            if index == 0:
                yield {"type": "ping"}
        delta: JsonObject = {"type": "message_delta", "delta": self._ending()}
        yield _used(delta, usage, self._silent)
        yield {"type": "message_stop"}

    def usage(self) -> JsonObject:
        """The usage object, which may be scripted in OpenAI's words or in the vendor's own."""
        told = self._behaviour.usage
        if told is None:
            written = len(self._pieces) + len(self._behaviour.reasoning.split())
            return {"input_tokens": self.input_tokens(), "output_tokens": max(written, 1)}
        if "prompt_tokens" not in told:
            return dict(told)
        read = as_int(dig(told, "prompt_tokens_details", "cached_tokens")) or 0
        written = as_int(dig(told, "prompt_tokens_details", "cache_write_tokens")) or 0
        usage: JsonObject = {
            "input_tokens": (as_int(told.get("prompt_tokens")) or 0) - read - written,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "output_tokens": told.get("completion_tokens"),
        }
        thought = as_int(dig(told, "completion_tokens_details", "reasoning_tokens"))
        if thought is not None:
            usage["output_tokens_details"] = {"thinking_tokens": thought}
        return usage

    def input_tokens(self) -> int:
        """The words of a request, as its tokens."""
        said = [self._body.get("system"), *_contents(self._body)]
        texts = (as_str(block.get("text")) or "" for one in said for block in blocks_of(one))
        return max(1, sum(len(text.split()) for text in texts))

    @property
    def _silent(self) -> bool:
        return self._behaviour.usage_in == "never"

    def _text(self) -> str:
        text = self._behaviour.text
        schema = dig(self._body, "output_config", "format", "schema")
        if schema is not None and text == Behaviour.model_fields["text"].default:
            return orjson.dumps(json_instance(schema)).decode()
        return text

    def _until_stop(self, text: str) -> str:
        for stop in as_list(self._body.get("stop_sequences")) or []:
            if isinstance(stop, str) and stop in text:
                self._stopped = stop
                text = text.partition(stop)[0]
        return text

    def _blocks(self) -> Iterator[tuple[JsonObject, list[str]]]:
        """Each block as it is when it ends, and the pieces in which a stream sends it."""
        if thinking := self._behaviour.reasoning:
            yield signed(thinking), _WORDS.findall(thinking)
        calls = [_tool_use(call) for call in self._behaviour.tool_calls]
        if not calls and (forced := self._forced()) is not None:
            calls = [forced]
        for call in calls:
            text = orjson.dumps(call["input"]).decode()
            yield call, ["", text[: len(text) // 2], text[len(text) // 2 :]]
        if not calls:
            yield {"type": "text", "text": "".join(self._pieces)}, self._pieces

    def _forced(self) -> JsonObject | None:
        """The call of the tool that is forced upon the model."""
        tools = [as_object(one) or {} for one in as_list(self._body.get("tools")) or []]
        match dig(self._body, "tool_choice", "type"):
            case "any":
                tool = tools[-1]
            case "tool":
                name = dig(self._body, "tool_choice", "name")
                tool = next(one for one in tools if one.get("name") == name)
            case _:
                return None
        try:
            value: Json = orjson.loads("".join(self._pieces))
        except orjson.JSONDecodeError:
            value = json_instance(tool.get("input_schema"))
        return {
            "type": "tool_use", "id": f"toolu_{self._number}", "name": tool.get("name"),
            "input": value if isinstance(value, dict) else {},
        }  # fmt: skip

    def _ending(self) -> JsonObject:
        calls = bool(self._behaviour.tool_calls) or self._forced() is not None
        reason = _REASONS.get(self._behaviour.finish_reason, self._behaviour.finish_reason)
        if calls:
            reason = "tool_use"
        elif self._cut:
            reason = "max_tokens"
        elif self._stopped is not None:
            reason = "stop_sequence"
        return {"stop_reason": reason, "stop_sequence": self._stopped}

    def _message(self) -> JsonObject:
        return {
            "id": f"msg_{self._number}",
            "type": "message",
            "role": "assistant",
            "model": self._body.get("model"),
            **self._behaviour.extra,
        }


def _used(fields: JsonObject, usage: JsonObject, silent: bool) -> JsonObject:
    return fields if silent else {**fields, "usage": usage}


def _contents(body: JsonObject) -> Iterator[Json]:
    for message in as_list(body.get("messages")) or []:
        yield dig(message, "content")


def _tool_use(call: dict[str, Json]) -> JsonObject:
    """A call scripted in OpenAI's shape, in the vendor's."""
    arguments = as_str(dig(call, "function", "arguments")) or "{}"
    return {
        "type": "tool_use",
        "id": call.get("id"),
        "name": dig(call, "function", "name"),
        "input": orjson.loads(arguments),
    }


def _block_events(index: int, block: tuple[JsonObject, list[str]]) -> Iterator[JsonObject]:
    whole, pieces = block
    match whole["type"]:
        case "thinking":
            empty: JsonObject = {"type": "thinking", "thinking": "", "signature": ""}
            kind, name = "thinking_delta", "thinking"
        case "tool_use":
            empty = {**whole, "input": {}}
            kind, name = "input_json_delta", "partial_json"
        case _:
            empty = {"type": "text", "text": ""}
            kind, name = "text_delta", "text"
    yield {"type": "content_block_start", "index": index, "content_block": empty}
    deltas: list[JsonObject] = [{"type": kind, name: piece} for piece in pieces]
    if "signature" in whole:
        deltas.append({"type": "signature_delta", "signature": whole["signature"]})
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}
