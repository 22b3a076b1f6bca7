"""From a stream of chunks to the whole answer, and back."""

from __future__ import annotations

from ..schemas.events import Chunk
from ..schemas.json import Json, JsonObject
from ..schemas.request import Operation
from .chunks import TEXT_FIELDS

_MOST_TOOL_CALLS = 1024
"""A provider that numbers its calls higher does not get memory for those in between."""


class Fold:
    """Folds `chat.completion.chunk` or streamed `text_completion` objects into the object a
    non-streamed call would have given. Unknown fields of the envelope and of choices are kept, the
    last one winning.
    """

    def __init__(self) -> None:
        self._envelope: JsonObject = {}
        self._choices: dict[int, JsonObject] = {}

    def add(self, data: JsonObject) -> None:
        """Take in one chunk."""
        for name, value in data.items():
            if name != "choices" and (value is not None or name not in self._envelope):
                self._envelope[name] = value
        choices = data.get("choices")
        for position, choice in enumerate(choices if isinstance(choices, list) else []):
            if isinstance(choice, dict):
                index = choice.get("index")
                number = index if isinstance(index, int) else position
                _merge_choice(self._choices.setdefault(number, {"index": number}), choice)

    def answer(self) -> JsonObject:
        """The folded answer so far."""
        kind = self._envelope.get("object")
        choices: list[Json] = [self._choices[number] for number in sorted(self._choices)]
        chat = kind == "chat.completion.chunk"
        return {
            **self._envelope,
            "object": "chat.completion" if chat else kind,
            "choices": choices,
        }


def _merge_choice(into: JsonObject, choice: JsonObject) -> None:
    for name, value in choice.items():
        if name == "delta" and isinstance(value, dict):
            message = into.setdefault("message", {"role": "assistant", "content": None})
            if isinstance(message, dict):
                _merge_delta(message, value)
        elif name == "text" and isinstance(value, str):
            into["text"] = f"{into.get('text') or ''}{value}"
        elif name == "logprobs" and isinstance(value, dict):
            _merge_logprobs(into, value)
        elif value is not None or name not in into:
            into[name] = value


def _merge_delta(message: JsonObject, delta: JsonObject) -> None:
    for name, value in delta.items():
        if name in TEXT_FIELDS and isinstance(value, str):
            message[name] = f"{message.get(name) or ''}{value}"
        elif name == "tool_calls" and isinstance(value, list):
            calls = message.setdefault("tool_calls", [])
            if isinstance(calls, list):
                for position, call in enumerate(value):
                    if isinstance(call, dict):
                        _merge_tool_call(calls, position, call)
        elif isinstance(value, list) and isinstance(old := message.get(name), list):
            message[name] = [*old, *value]
        elif value is not None:
            message[name] = value


def _merge_tool_call(calls: list[Json], position: int, call: JsonObject) -> None:
    index = call.get("index")
    number = index if isinstance(index, int) else position
    if not 0 <= number < _MOST_TOOL_CALLS:
        return
    while len(calls) <= number:
        calls.append({"type": "function", "function": {"name": "", "arguments": ""}})
    into = calls[number]
    if not isinstance(into, dict):
        return
    for name, value in call.items():
        if name == "function" and isinstance(value, dict):
            function = into.setdefault("function", {})
            if isinstance(function, dict):
                for key, part in value.items():
                    grows = key in ("name", "arguments") and isinstance(part, str)
                    if grows:
                        function[key] = f"{function.get(key) or ''}{part}"
                    elif part is not None or key not in function:
                        function[key] = part
        elif name != "index" and value is not None:
            into[name] = value


def _merge_logprobs(into: JsonObject, value: JsonObject) -> None:
    old = into.get("logprobs")
    if not isinstance(old, dict):
        into["logprobs"] = dict(value)
        return
    for name, items in value.items():
        known = old.get(name)
        old[name] = (
            [*known, *items] if isinstance(known, list) and isinstance(items, list) else items
        )


def unfold(answer: JsonObject, operation: Operation) -> list[Chunk]:
    """Chunks that a client folds into `answer`: one with all the text of each choice, one that
    finishes it, and the usage chunk.
    """
    if operation not in (Operation.CHAT, Operation.COMPLETION):
        return []
    envelope = {k: v for k, v in answer.items() if k not in ("choices", "usage", "object")}
    chat = operation is Operation.CHAT
    envelope["object"] = "chat.completion.chunk" if chat else "text_completion"
    chunks: list[Chunk] = []
    choices = answer.get("choices")
    for choice in choices if isinstance(choices, list) else []:
        if not isinstance(choice, dict):
            continue
        rest = {k: v for k, v in choice.items() if k not in ("message", "finish_reason")}
        message = choice.get("message")
        if isinstance(message, dict):
            rest["delta"] = _numbered_tool_calls(message)
        chunks.append(Chunk({**envelope, "choices": [{**rest, "finish_reason": None}]}))
        end: JsonObject = {
            "index": choice.get("index", 0),
            "finish_reason": choice.get("finish_reason"),
        }
        end |= {"delta": {}} if chat else {"text": ""}
        chunks.append(Chunk({**envelope, "choices": [end]}))
    if "usage" in answer:
        chunks.append(Chunk({**envelope, "choices": [], "usage": answer["usage"]}, usage_only=True))
    return chunks


def _numbered_tool_calls(message: JsonObject) -> JsonObject:
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return message
    numbered: list[Json] = [
        {"index": n, **call} if isinstance(call, dict) else call for n, call in enumerate(calls)
    ]
    return {**message, "tool_calls": numbered}
