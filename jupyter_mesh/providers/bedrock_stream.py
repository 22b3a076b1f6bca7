"""Reading a stream of Bedrock's events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..schemas.json import JsonObject, as_int, as_object, as_str, dig
from ..spi.provider import Attempt
from .bedrock_answer import JSON_TOOL, finish_word, thought, usage_from_bedrock
from .bedrock_faults import BedrockFaults
from .converted import ConvertedReading


@dataclass(slots=True)
class _Block:
    """What a block has said so far.

    Attributes:
        call: The number of the tool call it is; None: it is none of the caller's tools.
        json: Its arguments are the answer.
        argued: Some arguments have come.
    """

    call: int | None = None
    json: bool = False
    argued: bool = False
    thoughts: list[str] = field(default_factory=list[str])
    signature: str = ""
    redacted: str = ""


class BedrockReading(ConvertedReading):
    """What a stream has said so far. Its blocks are begun, where they are tools, added to and
    stopped.
    """

    def __init__(self, attempt: Attempt, faults: BedrockFaults) -> None:
        super().__init__(attempt, faults)
        self._named = faults
        self._blocks: dict[int, _Block] = {}
        self._calls = 0

    def convert(self, name: str, data: JsonObject) -> Iterable[JsonObject]:
        match name:
            case "contentBlockStart":
                return self._begin(self._block(data), as_object(dig(data, "start", "toolUse")))
            case "contentBlockDelta":
                return self._add(self._block(data), as_object(data.get("delta")) or {})
            case "contentBlockStop":
                return self._stop(as_int(data.get("contentBlockIndex")) or 0)
            case "messageStop":
                reason = data.get("stopReason")
                return (self.finish(finish_word(reason, self.faults, calls=self._calls > 0)),)
            case "metadata":
                self.usage = usage_from_bedrock(data.get("usage"))
                self.done = True
            case _ if name == "error" or name.endswith("xception"):
                raise self._named.from_event(name, data)
            case _:  # `messageStart`, and what the vendor may add
                pass
        return ()

    def _block(self, data: JsonObject) -> _Block:
        return self._blocks.setdefault(as_int(data.get("contentBlockIndex")) or 0, _Block())

    def _begin(self, block: _Block, use: JsonObject | None) -> Iterable[JsonObject]:
        if use is None:
            return
        name = as_str(use.get("name")) or ""
        if name == JSON_TOOL:
            block.json = True
            return
        block.call = self._calls
        self._calls += 1
        yield self.tool_call(block.call, as_str(use.get("toolUseId")) or "", name)

    def _add(self, block: _Block, delta: JsonObject) -> Iterable[JsonObject]:
        if text := as_str(delta.get("text")):
            yield self.text(text)
        if piece := as_str(dig(delta, "toolUse", "input")):
            yield from self._argue(block, piece)
        if (reasoning := as_object(delta.get("reasoningContent"))) is not None:
            block.signature += self.hold(as_str(reasoning.get("signature")) or "")
            block.redacted += self.hold(as_str(reasoning.get("redactedContent")) or "")
            if thinks := as_str(reasoning.get("text")):
                block.thoughts.append(self.hold(thinks))
                yield self.reasoning(thinks)

    def _argue(self, block: _Block, piece: str) -> Iterable[JsonObject]:
        """More of a tool's arguments."""
        block.argued = True
        if block.json:
            yield self.text(piece)
        elif block.call is not None:
            yield self.tool_arguments(block.call, piece)

    def _stop(self, index: int) -> Iterable[JsonObject]:
        block = self._blocks.pop(index, _Block())
        if (block.call is not None or block.json) and not block.argued:
            yield from self._argue(block, "{}")
        content: JsonObject = {
            "reasoningText": {"text": "".join(block.thoughts), "signature": block.signature}
        }
        if block.redacted:
            content = {"redactedContent": block.redacted}
        if (detail := thought(content, index, self._model)) is not None:
            yield self.delta({"reasoning_details": [detail]})
