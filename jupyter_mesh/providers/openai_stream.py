"""Reading a streamed answer: chunks, usage wherever it comes, whether the end was the end."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from ..outbound.faults import Faults
from ..schemas.events import Chunk, Finished, FinishReason, Metered
from ..schemas.json import Json, JsonObject, as_list, as_object
from ..schemas.request import Request
from ..schemas.spend import Usage
from ..schemas.tokens import estimate_all, estimate_tokens
from .openai_usage import usage_from_openai
from .sse import ServerSentEvent

SLICE_TOKENS = 64
"""Output tokens, roughly, between two interim `Metered` events."""

_SLICE_LETTERS = 4 * SLICE_TOKENS
_MOST_CALLS = 1_024
TEXT_FIELDS = frozenset({"content", "reasoning_content", "reasoning", "refusal"})
"""What a model writes in a message, beside its calls of tools."""
_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "abort": "aborted",
    "cancelled": "aborted",
    "error": "error",
}


def finish_reason_of(word: str | None) -> FinishReason:
    """The mesh's word for a vendor's finish reason; `stop` for those nobody knows."""
    return _REASONS.get(word or "stop", "stop")


class StreamReading:
    """What a stream has said so far.

    Attributes:
        done: `[DONE]` has come.
        usage: The last usage the provider reported.
    """

    def __init__(self, request: Request, model: str, faults: Faults) -> None:
        self.done = False
        self.usage: Usage | None = None
        self._request = request
        self._model = model
        self._faults = faults
        self._reasons: dict[int, str | None] = {}
        self._pieces: list[str] = []
        self._input: int | None = None
        self._output = 0
        self._letters = 0
        self._chunks = 0

    def read(self, event: ServerSentEvent) -> Sequence[Chunk]:
        """The chunk in an event; nothing for the end mark.

        Raises:
            ProviderError: The event is an error, or not a chunk.
        """
        raw = event.data
        if raw == b"[DONE]":
            self.done = True
            return ()
        try:
            data: Json = orjson.loads(raw)
        except orjson.JSONDecodeError:
            data = None
        if not isinstance(data, dict):
            raise self._faults.protocol("sent an event that is not a JSON object")
        if (error := data.get("error")) or event.name == "error":
            raise self._faults.from_error(error or data)
        usage = data.get("usage")
        reported = isinstance(usage, dict)
        if reported:
            self.usage = usage_from_openai(usage) or self.usage
        one_line = None if b"\n" in raw else raw
        choices = self.note(data)
        return (Chunk(data, one_line, usage_only=reported and not choices),)

    def note(self, data: JsonObject) -> Json:
        """Take note of what a chunk says; its choices."""
        choices = data.get("choices")
        if isinstance(choices, list):
            for position, choice in enumerate(choices):
                if isinstance(choice, dict):
                    self._note(position, choice)
        self._chunks += 1
        return choices

    @property
    def complete(self) -> bool:
        """Whether every choice that began has said why it ended."""
        return bool(self._reasons) and None not in self._reasons.values()

    def slice(self) -> Metered | None:
        """An interim count when about `SLICE_TOKENS` more tokens have come since the last one."""
        if self._letters < _SLICE_LETTERS and self._chunks < SLICE_TOKENS:
            return None
        self._count()
        written = max(self._output, self.usage.output if self.usage else 0)
        if self._input is None:
            self._input = estimate_all(self._request.texts())
        read = self.usage.input if self.usage else self._input
        return Metered(
            Usage(input=read, output=written, estimated=True), model=self._model, final=False
        )

    def end(self) -> tuple[Metered, Finished]:
        """The final count and the reason, once the stream has ended.

        Raises:
            ProviderProtocolError: It ended before the answer did.
        """
        if not (self.complete or (self.done and self._reasons)):
            raise self._faults.protocol("broke off in the middle of its answer")
        self._count()
        usage = self.usage
        if usage is None or (self._output and not usage.output):
            read = usage.input if usage else estimate_all(self._request.texts())
            usage = Usage(input=read, output=self._output, estimated=True)
        reason = self._reasons[min(self._reasons)]
        return Metered(usage, model=self._model), Finished(finish_reason_of(reason))

    def _note(self, position: int, choice: JsonObject) -> None:
        number = choice.get("index")
        number = number if isinstance(number, int) else position
        reason = choice.get("finish_reason")
        if isinstance(reason, str):
            self._reasons[number] = reason
        elif number not in self._reasons:
            self._reasons[number] = None
        delta = choice.get("delta")
        if isinstance(delta, dict):
            for name, value in delta.items():
                if name in TEXT_FIELDS:
                    self._take(value)
                elif name == "tool_calls":
                    self._note_calls(as_list(value) or [])
        else:
            self._take(choice.get("text"))

    def _note_calls(self, calls: list[Json]) -> None:
        for call in calls:
            fields = as_object(call) or {}
            index = fields.get("index")
            # Whoever puts the pieces together makes room for every index up to this one.
            if isinstance(index, int) and not 0 <= index < _MOST_CALLS:
                raise self._faults.protocol("numbered a tool call as no answer would")
            function = as_object(fields.get("function")) or {}
            self._take(function.get("name"))
            self._take(function.get("arguments"))

    def _take(self, text: Json) -> None:
        if isinstance(text, str) and text:
            self._pieces.append(text)
            self._letters += len(text) if text.isascii() else 3 * len(text)

    def _count(self) -> None:
        """Add what came since the last count to the output."""
        if self._pieces:
            self._output += estimate_tokens("".join(self._pieces))
        self._pieces = []
        self._letters = self._chunks = 0
