"""Looking into OpenAI's chunk and answer shapes, and changing the texts in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias, cast

from ..schemas.events import Chunk
from ..schemas.json import Json, JsonObject, as_list
from ..schemas.texts import is_payload

TEXT_FIELDS = ("content", "reasoning_content", "reasoning", "refusal")
"""String fields of a delta or message that a model writes."""

Channel: TypeAlias = tuple[int | str, ...]
"""The choice and the place a stream of text belongs to: `(0, "content")`, `(0, "text")`,
`(0, "tool_calls", 1, "function", "arguments")`. The items of a list go by their own `index`;
those without one are read on as one text.
"""

_Path: TypeAlias = tuple[int | str, ...]

_NO_TEXT = frozenset(
    {
        "role", "id", "type", "index", "format", "signature", "data", "b64_json",
        "encrypted_content", "thought_signature",
    }
)  # fmt: skip
"""Fields of a delta or message that hold structure or binary data, at any depth."""


def texts(data: JsonObject) -> Iterator[tuple[Channel, _Path, str]]:
    """Every piece of text in a chunk or answer that a model wrote, in reading order, with the
    channel it belongs to and its place.
    """
    choices = data.get("choices")
    if not isinstance(choices, list):
        return
    for position, choice in enumerate(choices):
        if not isinstance(choice, dict):
            continue
        number = _number(choice, position)
        for holder in ("delta", "message"):
            if said := choice.get(holder):
                yield from _texts_in(said, (number,), ("choices", position, holder))
        if isinstance(text := choice.get("text"), str) and text:
            yield (number, "text"), ("choices", position, "text"), text


def _texts_in(value: Json, channel: Channel, path: _Path) -> Iterator[tuple[Channel, _Path, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            if item and name not in _NO_TEXT:
                if not isinstance(item, str):
                    yield from _texts_in(item, (*channel, name), (*path, name))
                elif not is_payload(item):
                    yield (*channel, name), (*path, name), item
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _texts_in(item, (*channel, _number(item, 0)), (*path, position))
    elif isinstance(value, str) and value and not is_payload(value):
        yield channel, path, value


def _number(item: Json, otherwise: int) -> int:
    index = item.get("index") if isinstance(item, dict) else None
    return index if isinstance(index, int) else otherwise


def map_texts(data: JsonObject, change: Callable[[Channel, str], str]) -> JsonObject:
    """A copy of a chunk or answer with every text changed, in reading order; the same object when
    nothing changed.
    """
    changed = [
        (path, new) for channel, path, text in texts(data) if (new := change(channel, text)) != text
    ]
    for path, new in changed:
        data = cast(JsonObject, _replaced(data, path, new))
    return data


def map_documents(data: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """A copy of a ranking with every text of the documents that it repeats changed."""
    results = as_list(data.get("results"))
    if not results:
        return data
    ranked: list[Json] = [
        {**one, "document": _changed(one["document"], change)}
        if isinstance(one, dict) and "document" in one
        else one
        for one in results
    ]
    return {**data, "results": ranked}


def _changed(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _changed(item, change) for name, item in value.items()}
    return [_changed(item, change) for item in value] if isinstance(value, list) else value


def _replaced(value: Json, path: _Path, new: str) -> Json:
    """A copy of `value` with `new` at `path`, which exists."""
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_replaced(v, rest, new) if n == first else v for n, v in enumerate(value)]
    assert isinstance(value, dict)
    return {**value, str(first): _replaced(value[str(first)], rest, new)}


def without_logprobs(data: JsonObject) -> JsonObject:
    """A copy of a chunk or answer without the tokens that its choices spell the text out in; the
    same object when there are none.
    """
    choices = as_list(data.get("choices")) or ()
    if not any(isinstance(one, dict) and one.get("logprobs") for one in choices):
        return data
    bare: list[Json] = [
        {**one, "logprobs": None} if isinstance(one, dict) and "logprobs" in one else one
        for one in choices
    ]
    return {**data, "choices": bare}


def chunk_text(data: JsonObject) -> str:
    """All text a chunk carries, joined."""
    return "".join([text for _, _, text in texts(data)])


def choice_numbers(data: JsonObject) -> list[int]:
    """The choices in a chunk or answer."""
    return [_number(one, n) for n, one in enumerate(as_list(data.get("choices")) or ())]


def finished(data: JsonObject) -> dict[int, str]:
    """The finish reasons that a chunk brings, by choice."""
    return {
        _number(choice, position): reason
        for position, choice in enumerate(as_list(data.get("choices")) or ())
        if isinstance(choice, dict) and isinstance(reason := choice.get("finish_reason"), str)
    }


def finish_reason(data: JsonObject) -> str | None:
    """The first choice's finish reason, if it has come."""
    choices = data.get("choices")
    if isinstance(choices, list) and choices and isinstance(first := choices[0], dict):
        reason = first.get("finish_reason")
        return reason if isinstance(reason, str) else None
    return None


def text_chunk(like: JsonObject, channel: Channel, text: str, finish: str | None = None) -> Chunk:
    """A new chunk in the manner of `like` (same id, model, created) that carries `text` on
    `channel`.
    """
    number, *place = channel
    choice: JsonObject = {"index": number, "finish_reason": finish}
    if place == ["text"]:
        choice["text"] = text
    else:
        choice["delta"] = _nested(place, text) if text else {}
    kept = {key: value for key, value in like.items() if key not in ("choices", "usage")}
    return Chunk({**kept, "choices": [choice]})


def _nested(place: list[int | str], text: str) -> Json:
    if not place:
        return text
    first, *rest = place
    inner = _nested(rest, text)
    if isinstance(first, str):
        return {first: inner}
    return [{"index": first, **inner}] if isinstance(inner, dict) else [inner]
