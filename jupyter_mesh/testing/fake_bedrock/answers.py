"""The JSON of answers and events, as Bedrock would send them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from ...providers.bedrock_answer import JSON_TOOL
from ...providers.json_instance import json_instance
from ...schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..fake_upstream.behaviour import Behaviour
from .frames import event

_WORDS = re.compile(r"\S+\s*|\s+")
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "guardrail_intervened",
}
_SIGNATURE = "EqQBCgIYAhIkMWJlZDBmYWtlLXNpZ25hdHVyZQ=="


class ConverseAnswer:
    """What to answer to one request."""

    def __init__(self, body: JsonObject, behaviour: Behaviour) -> None:
        self._body = body
        self._behaviour = behaviour
        pieces = list(behaviour.pieces) or _WORDS.findall(self._text())
        limit = as_int(dig(body, "inferenceConfig", "maxTokens"))
        self._cut = limit is not None and limit < len(pieces)
        self._pieces = pieces[:limit] if self._cut else pieces

    def whole(self) -> JsonObject:
        """The answer to `Converse`."""
        if self._behaviour.answer is not None:
            return dict(self._behaviour.answer)
        answer: JsonObject = {
            "output": {"message": {"role": "assistant", "content": [*self._blocks()]}},
            "stopReason": self._reason(),
            "metrics": {"latencyMs": 12},
            **self._behaviour.extra,
        }
        return answer if self._silent else {**answer, "usage": self._usage()}

    def events(self) -> Iterator[bytes]:
        """The answer to `ConverseStream`."""
        yield event("messageStart", {"role": "assistant", **self._behaviour.extra})
        for number, block in enumerate(self._blocks()):
            at: JsonObject = {"contentBlockIndex": number}
            if (use := as_object(block.get("toolUse"))) is not None:
                start: JsonObject = {"toolUseId": use["toolUseId"], "name": use["name"]}
                yield event("contentBlockStart", {**at, "start": {"toolUse": start}})
            for delta in self._deltas(block):
                yield event("contentBlockDelta", {**at, "delta": delta})
            yield event("contentBlockStop", at)
        yield event("messageStop", {"stopReason": self._reason()})
        metadata: JsonObject = {"metrics": {"latencyMs": 12}}
        yield event("metadata", metadata if self._silent else {**metadata, "usage": self._usage()})

    @property
    def _silent(self) -> bool:
        return self._behaviour.usage_in == "never"

    @property
    def _json_tool(self) -> JsonObject | None:
        """The tool that is forced upon the model so that it answers in JSON."""
        for one in as_list(dig(self._body, "toolConfig", "tools")) or []:
            spec = as_object(dig(one, "toolSpec"))
            if spec is not None and spec.get("name") == JSON_TOOL:
                return spec
        return None

    def _text(self) -> str:
        written = as_str(
            dig(self._body, "outputConfig", "textFormat", "structure", "jsonSchema", "schema")
        )
        schema: Json = orjson.loads(written) if written else None
        if self._json_tool is not None:
            schema = dig(self._json_tool, "inputSchema", "json")
        own = self._behaviour.text != Behaviour.model_fields["text"].default
        return self._behaviour.text if own or schema is None else _written(json_instance(schema))

    def _blocks(self) -> Iterator[JsonObject]:
        if thoughts := self._behaviour.reasoning:
            said: JsonObject = {"text": thoughts, "signature": _SIGNATURE}
            yield {"reasoningContent": {"reasoningText": said}}
        for call in self._behaviour.tool_calls:
            arguments = as_str(dig(call, "function", "arguments")) or "{}"
            yield _use(call.get("id"), dig(call, "function", "name"), orjson.loads(arguments))
        if self._behaviour.tool_calls:
            return
        text = "".join(self._pieces)
        if self._json_tool is not None:
            yield _use("tooluse_json", JSON_TOOL, orjson.loads(text))
        else:
            yield {"text": text}

    def _deltas(self, block: JsonObject) -> Iterator[JsonObject]:
        if "text" in block:
            for piece in self._pieces:
                yield {"text": piece}
        elif (use := as_object(block.get("toolUse"))) is not None:
            written = _written(use.get("input"))
            middle = len(written) // 2
            if written != "{}":
                for part in ("", written[:middle], written[middle:]):
                    yield {"toolUse": {"input": part}}
        else:
            for piece in _WORDS.findall(self._behaviour.reasoning):
                yield {"reasoningContent": {"text": piece}}
            yield {"reasoningContent": {"signature": _SIGNATURE}}

    def _reason(self) -> str:
        if self._behaviour.tool_calls or self._json_tool is not None:
            return "tool_use"
        reason = "length" if self._cut else self._behaviour.finish_reason
        return _REASONS.get(reason, reason)

    def _usage(self) -> JsonObject:
        read, written = sum(len(text.split()) for text in _texts(self._body)), len(self._pieces)
        told = self._behaviour.usage
        if told is None:
            return {"inputTokens": read, "outputTokens": written, "totalTokens": read + written}
        if "prompt_tokens" not in told:  # in the vendor's own words
            return dict(told)
        read, written = (as_int(told.get(f"{one}_tokens")) or 0 for one in ("prompt", "completion"))
        cached = as_int(dig(dict(told), "prompt_tokens_details", "cached_tokens")) or 0
        return {
            "inputTokens": read - cached,
            "outputTokens": written,
            "totalTokens": read + written,
            **({"cacheReadInputTokens": cached, "cacheWriteInputTokens": 0} if cached else {}),
        }


def _use(call: Json, name: Json, arguments: Json) -> JsonObject:
    return {"toolUse": {"toolUseId": call, "name": name, "input": arguments}}


def _written(value: Json) -> str:
    return orjson.dumps(value).decode()


def _texts(value: Json) -> Iterator[str]:
    """Every text a request carries for the model."""
    if isinstance(value, dict):
        for name in ("system", "messages", "content", "text", "toolResult"):
            inner = value.get(name)
            if isinstance(inner, str):
                yield inner
            elif inner is not None:
                yield from _texts(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
