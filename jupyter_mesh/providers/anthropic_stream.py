"""Reading a stream of Anthropic's events."""

from __future__ import annotations

from collections.abc import Iterable

from ..outbound.faults import Faults
from ..schemas.json import Json, JsonObject, as_int, as_object, as_str, dig
from ..spi.provider import Attempt
from .anthropic_answer import JSON_TOOL, finish_word, thought, usage_from_anthropic
from .converted import ConvertedReading


class AnthropicReading(ConvertedReading):
    """What a stream has said so far. Its blocks come one after the other; each is begun, added to
    and stopped.
    """

    def __init__(self, attempt: Attempt, faults: Faults) -> None:
        super().__init__(attempt, faults)
        self._counts: JsonObject = {}
        self._block: JsonObject = {}
        self._thinking: list[str] = []
        self._calls = 0
        self._arguments = False

    def convert(self, name: str, data: JsonObject) -> Iterable[JsonObject]:
        match data.get("type") or name:
            case "message_start":
                self.id = as_str(dig(data, "message", "id")) or self.id
                self._note_usage(dig(data, "message", "usage"))
            case "content_block_start":
                return self._begin(as_object(data.get("content_block")) or {})
            case "content_block_delta":
                return self._add(as_object(data.get("delta")) or {})
            case "content_block_stop":
                return self._stop(as_int(data.get("index")) or 0)
            case "message_delta":
                self._note_usage(data.get("usage"))
                return self._finish(as_object(data.get("delta")) or {})
            case "message_stop":
                self.done = True
            case "error":
                raise self.faults.from_error(data.get("error") or data)
            case _:  # `ping`, and what the vendor may add
                pass
        return ()

    def _note_usage(self, usage: Json) -> None:
        """Take note of counts: each event says the whole, of the classes that it names."""
        fields = as_object(usage) or {}
        self._counts |= {name: value for name, value in fields.items() if value is not None}
        self.usage = usage_from_anthropic(self._counts)

    def _begin(self, block: JsonObject) -> Iterable[JsonObject]:
        self._block = dict(block)
        self._thinking = [as_str(block.get("thinking")) or ""]
        self._arguments = False
        match block.get("type"):
            case "text":
                if text := as_str(block.get("text")):
                    yield self.text(text)
            case "thinking":
                if text := as_str(block.get("thinking")):
                    yield self.reasoning(text)
            case "tool_use" if block.get("name") != JSON_TOOL:
                call = as_str(block.get("id")) or "", as_str(block.get("name")) or ""
                yield self.tool_call(self._calls, *call)
                self._calls += 1
            case _:
                pass

    def _add(self, delta: JsonObject) -> Iterable[JsonObject]:
        match delta.get("type"):
            case "text_delta":
                yield self.text(as_str(delta.get("text")) or "")
            case "thinking_delta":
                piece = as_str(delta.get("thinking")) or ""
                self._thinking.append(self.hold(piece))
                yield self.reasoning(piece)
            case "signature_delta":
                piece = self.hold(as_str(delta.get("signature")) or "")
                self._block["signature"] = f"{self._block.get('signature') or ''}{piece}"
            case "input_json_delta":
                yield from self._argue(as_str(delta.get("partial_json")) or "")
            case "citations_delta":
                yield self.delta({"citations": [delta.get("citation")]})
            case _:
                pass

    def _argue(self, piece: str) -> Iterable[JsonObject]:
        """More of a tool's arguments."""
        if not piece or self._block.get("type") != "tool_use":
            return
        self._arguments = True
        if self._block.get("name") == JSON_TOOL:
            yield self.text(piece)
        else:
            yield self.tool_arguments(self._calls - 1, piece)

    def _stop(self, index: int) -> Iterable[JsonObject]:
        match self._block.get("type"):
            case "tool_use" if not self._arguments:
                yield from self._argue("{}")
            case "thinking" | "redacted_thinking":
                block: JsonObject = {**self._block, "thinking": "".join(self._thinking)}
                if (detail := thought(block, index, self._model)) is not None:
                    yield self.delta({"reasoning_details": [detail]})
            case _:
                pass
        self._block = {}

    def _finish(self, delta: JsonObject) -> Iterable[JsonObject]:
        reason = delta.get("stop_reason")
        if reason is None:
            return
        if explanation := as_str(dig(delta, "stop_details", "explanation")):
            yield self.delta({"refusal": explanation})
        chunk = self.finish(finish_word(reason, calls=self._calls > 0))
        if (stopped := as_str(delta.get("stop_sequence"))) is not None:
            choice = as_object(dig(chunk, "choices", 0)) or {}
            chunk["choices"] = [{**choice, "stop_reason": stopped}]
        yield chunk
