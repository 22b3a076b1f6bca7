"""A conversation in Anthropic's blocks.

Thoughts come back in `reasoning_details` of the message they belong to, with the signature by which
the vendor knows them and the name of the model that had them: no other model is shown them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

import orjson

from ..errors import InvalidRequest, UnsupportedParameter
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str
from .conversation import Conversation, Media, Part, Text, ToolCall, ToolResult, Turn

THOUGHTS = "anthropic-claude-v1"
"""The `format` of thoughts of these models in `reasoning_details`."""

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_OF_DOCUMENTS = ("title", "context", "citations")


def system_blocks(system: Iterable[Text]) -> list[Json]:
    """The system prompts."""
    return [_text(one) for one in system]


def messages(conversation: Conversation, model: str) -> list[Json]:
    """The turns, for `model`.

    Raises:
        InvalidRequest: A part is not what it says.
        UnsupportedParameter: A part is of a kind that these models do not read.
    """
    turns = conversation.turns
    said: list[Json] = []
    for position, turn in enumerate(turns):
        blocks = _blocks(turn, model)
        if turn.role == "assistant" and position + 1 == len(turns):
            _trim(blocks)
        if blocks:
            said.append({"role": turn.role, "content": blocks})
    return said


def called_without_thoughts(conversation: Conversation, model: str) -> bool:
    """Whether the last answer called tools, and came without thoughts of this model."""
    last = next((one for one in reversed(conversation.turns) if one.role == "assistant"), None)
    if last is None or not any(isinstance(part, ToolCall) for part in last.parts):
        return False
    return not _thoughts(last, model)


def called_tools(conversation: Conversation) -> list[str]:
    """The names of the tools that were called, each once."""
    calls = (part for turn in conversation.turns for part in turn.parts)
    return list(dict.fromkeys(part.name for part in calls if isinstance(part, ToolCall)))


def _blocks(turn: Turn, model: str) -> list[Json]:
    parts = turn.parts
    if turn.role == "user":  # the results of tools come before anything else the user says
        parts = tuple(sorted(parts, key=lambda part: not isinstance(part, ToolResult)))
    blocks: list[Json] = [_block(part) for part in parts]
    if (cached := turn.extra.get("cache_control")) is not None and blocks:
        blocks[-1] = {**(as_object(blocks[-1]) or {}), "cache_control": cached}
    for place, thought in _thoughts(turn, model):
        blocks.insert(place, thought)
    return blocks


def _thoughts(turn: Turn, model: str) -> list[tuple[int, JsonObject]]:
    """Blocks of thinking, and where among the others they stood."""
    found: list[tuple[int, JsonObject]] = []
    for one in as_list(turn.extra.get("reasoning_details")) or []:
        detail = as_object(one) or {}
        if detail.get("format") != THOUGHTS or detail.get("model") != model:
            continue
        place = detail.get("index")
        place = place if isinstance(place, int) and place >= 0 else len(found)
        if (data := as_str(detail.get("data"))) is not None:
            found.append((place, {"type": "redacted_thinking", "data": data}))
        elif (signature := as_str(detail.get("signature"))) is not None:
            thought = as_str(detail.get("text")) or ""
            block: JsonObject = {"type": "thinking", "thinking": thought, "signature": signature}
            found.append((place, block))
    return sorted(found, key=lambda pair: pair[0])


def _block(part: Part) -> JsonObject:
    match part:
        case Text():
            return _text(part)
        case Media():
            return {**_media(part), **_cached(part.extra)}
        case ToolCall():
            call: JsonObject = {"type": "tool_use", "id": _id(part.id), "name": part.name}
            return {**call, "input": _arguments(part.arguments), **_cached(part.extra)}
        case ToolResult():
            return _result(part)


def _text(part: Text) -> JsonObject:
    return {"type": "text", "text": part.text, **_cached(part.extra)}


def _result(part: ToolResult) -> JsonObject:
    result: JsonObject = {"type": "tool_result", "tool_use_id": _id(part.id)}
    content: list[Json] = [_block(one) for one in part.content]
    if content:
        result["content"] = content
    if part.extra.get("is_error") is True:
        result["is_error"] = True
    return {**result, **_cached(part.extra)}


def _media(part: Media) -> JsonObject:
    if part.kind == "audio":
        raise UnsupportedParameter(
            "This model does not hear: choose one that takes audio.", param="messages"
        )
    source: JsonObject = {"type": "base64", "media_type": part.type, "data": part.data}
    if part.url:
        source = {"type": "url", "url": part.url}
    if part.kind == "image" or part.type.startswith("image/"):
        return {"type": "image", "source": source}
    if part.type.startswith("text/"):
        source = {"type": "text", "media_type": "text/plain", "data": _decoded(part.data)}
    elif part.data and part.type != "application/pdf":
        raise UnsupportedParameter(
            f"This model reads PDF, text and pictures, not {part.type}.", param="messages"
        )
    extra = {name: part.extra[name] for name in _OF_DOCUMENTS if name in part.extra}
    title: JsonObject = {"title": part.name} if part.name else {}
    return {"type": "document", "source": source, **title, **extra}


def _cached(extra: JsonObject) -> JsonObject:
    cached = extra.get("cache_control")
    return {} if cached is None else {"cache_control": cached}


def _id(value: str) -> str:
    """An id of a call, which another vendor may have written with characters unknown here."""
    return _NOT_IN_IDS.sub("_", value) or "_"


def _arguments(text: str) -> Json:
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    # What a model wrote is not always JSON; the vendor's documentation says to show it so.
    return value if isinstance(value, dict) else {"INVALID_JSON": text}


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:  # no ASCII, no base64, no UTF-8
        raise InvalidRequest(
            "A text file in a message is not base64 of UTF-8.", param="messages"
        ) from None


def _trim(blocks: list[Json]) -> None:
    """Take blanks off the end of a beginning that the model is to go on from: the vendor does not
    take them.
    """
    last = as_object(blocks[-1]) if blocks else None
    if last is not None and last.get("type") == "text":
        text = str(last.get("text")).rstrip()
        blocks[-1:] = [{**last, "text": text}] if text else []
