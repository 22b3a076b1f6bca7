"""Looking into OpenAI's chunk and answer shapes, and changing the texts in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ..schemas.events import Chunk
from ..schemas.json import Json, JsonObject

TEXT_FIELDS = ("content", "reasoning_content", "reasoning", "refusal")
"""String fields of a delta or message that a model writes."""

Channel: TypeAlias = tuple[int, str]
"""(choice index, field), where the field of a tool call is `arguments:<index>`."""


def delta_texts(data: JsonObject) -> Iterator[tuple[Channel, str]]:
    """Every piece of text in a chunk, with the channel it belongs to."""
    choices = data.get("choices")
    if not isinstance(choices, list):
        return
    for position, choice in enumerate(choices):
        if not isinstance(choice, dict):
            continue
        index = choice.get("index")
        number = index if isinstance(index, int) else position
        text = choice.get("text")
        if isinstance(text, str) and text:
            yield (number, "text"), text
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            continue
        for name in TEXT_FIELDS:
            value = delta.get(name)
            if isinstance(value, str) and value:
                yield (number, name), value
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            yield from _argument_texts(number, calls)


def _argument_texts(number: int, calls: list[Json]) -> Iterator[tuple[Channel, str]]:
    for position, call in enumerate(calls):
        if isinstance(call, dict) and isinstance(function := call.get("function"), dict):
            index = call.get("index")
            arguments = function.get("arguments")
            if isinstance(arguments, str) and arguments:
                slot = index if isinstance(index, int) else position
                yield (number, f"arguments:{slot}"), arguments


def chunk_text(data: JsonObject) -> str:
    """All text a chunk carries, joined."""
    return "".join(text for _, text in delta_texts(data))


def finish_reason(data: JsonObject) -> str | None:
    """The first choice's finish reason, if it has come."""
    choices = data.get("choices")
    if isinstance(choices, list) and choices and isinstance(first := choices[0], dict):
        reason = first.get("finish_reason")
        return reason if isinstance(reason, str) else None
    return None


def map_texts(data: JsonObject, change: Callable[[Channel, str], str]) -> JsonObject:
    """A copy of a chunk or answer with every text changed; the same object when nothing changed."""
    changes = {channel: change(channel, text) for channel, text in delta_texts(data)}
    if not any(changes[channel] != text for channel, text in delta_texts(data)):
        return data
    choices = data["choices"]
    assert isinstance(choices, list)
    return {**data, "choices": [_changed_choice(n, c, changes) for n, c in enumerate(choices)]}


def _changed_choice(position: int, choice: Json, changes: dict[Channel, str]) -> Json:
    if not isinstance(choice, dict):
        return choice
    index = choice.get("index")
    number = index if isinstance(index, int) else position
    new: JsonObject = dict(choice)
    if (number, "text") in changes:
        new["text"] = changes[number, "text"]
    for holder in ("delta", "message"):
        delta = choice.get(holder)
        if not isinstance(delta, dict):
            continue
        fields: JsonObject = {
            name: changes.get((number, name), value) for name, value in delta.items()
        }
        if isinstance(calls := delta.get("tool_calls"), list):
            fields["tool_calls"] = [
                _changed_call(number, n, c, changes) for n, c in enumerate(calls)
            ]
        new[holder] = fields
    return new


def _changed_call(number: int, position: int, call: Json, changes: dict[Channel, str]) -> Json:
    if not isinstance(call, dict) or not isinstance(function := call.get("function"), dict):
        return call
    index = call.get("index")
    slot = index if isinstance(index, int) else position
    arguments = changes.get((number, f"arguments:{slot}"), function.get("arguments"))
    return {**call, "function": {**function, "arguments": arguments}}


def text_chunk(like: JsonObject, channel: Channel, text: str, finish: str | None = None) -> Chunk:
    """A new chunk in the manner of `like` (same id, model, created) that carries `text` on
    `channel`.
    """
    number, name = channel
    choice: JsonObject = {"index": number, "finish_reason": finish}
    if name == "text":
        choice["text"] = text
    elif name.startswith("arguments:"):
        slot = int(name.partition(":")[2])
        call: JsonObject = {"index": slot, "function": {"arguments": text}}
        choice["delta"] = {"tool_calls": [call]}
    else:
        choice["delta"] = {name: text} if text else {}
    kept = {key: value for key, value in like.items() if key not in ("choices", "usage")}
    return Chunk({**kept, "choices": [choice]})
