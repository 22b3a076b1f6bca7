"""Reading a stream of Cohere's v2 chat: typed events, the last of which is `message-end`."""

from __future__ import annotations

from collections.abc import Iterable

from ..outbound.faults import Faults
from ..schemas.json import JsonObject, as_list, as_object, as_str, dig
from ..spi.provider import Attempt
from .cohere_answer import logprobs_of, reason_of, usage_from_cohere
from .converted import ConvertedReading


class CohereReading(ConvertedReading):
    """A stream of `V2ChatStreamResponse`s."""

    def __init__(self, attempt: Attempt, faults: Faults) -> None:
        super().__init__(attempt, faults)
        self._calls = -1

    def convert(self, name: str, data: JsonObject) -> Iterable[JsonObject]:
        delta = as_object(data.get("delta")) or {}
        message = as_object(delta.get("message")) or {}
        match data.get("type"):
            case "message-start":
                self.id = as_str(data.get("id")) or self.id
                return [self.delta({})]
            case "content-start" | "content-delta":
                return self._content(message, data)
            case "tool-plan-delta":
                plan = as_str(message.get("tool_plan"))
                return [self.reasoning(plan)] if plan else []
            case "tool-call-start":
                return [self._call(as_object(message.get("tool_calls")) or {})]
            case "tool-call-delta":
                piece = as_str(dig(message, "tool_calls", "function", "arguments")) or ""
                return [self.tool_arguments(max(self._calls, 0), piece)] if piece else []
            case "citation-start":
                citation = message.get("citations")
                return [] if citation is None else [self.delta({"citations": [citation]})]
            case "message-end":
                return self._end(data)
            case None:
                raise self.faults.from_error(data)
            case _:
                return []

    def _content(self, message: JsonObject, data: JsonObject) -> list[JsonObject]:
        chunks: list[JsonObject] = []
        content = as_object(message.get("content")) or {}
        if thinking := as_str(content.get("thinking")):
            chunks.append(self.reasoning(thinking))
        if text := as_str(content.get("text")):
            chunks.append(self.text(text))
        logprobs = data.get("logprobs")
        if logprobs is not None and (told := logprobs_of([logprobs])) is not None:
            chunks = chunks or [self.delta({})]
            choices = as_list(chunks[0]["choices"]) or []
            first = as_object(choices[0]) or {}
            chunks[0] = {**chunks[0], "choices": [{**first, "logprobs": told}]}
        return chunks

    def _call(self, call: JsonObject) -> JsonObject:
        self._calls += 1
        function = as_object(call.get("function")) or {}
        return self.tool_call(
            self._calls,
            as_str(call.get("id")) or f"call_{self._calls}",
            as_str(function.get("name")) or "",
            as_str(function.get("arguments")) or "",
        )

    def _end(self, data: JsonObject) -> list[JsonObject]:
        word = as_str(dig(data, "delta", "finish_reason")) or "COMPLETE"
        reason = reason_of(word, dig(data, "delta", "error"), self.faults)
        self.usage = usage_from_cohere(dig(data, "delta", "usage"))
        self.done = True
        return [self.finish(reason)]
