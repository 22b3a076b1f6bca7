"""A conversation in the blocks of Bedrock's Converse API.

Thoughts come back in `reasoning_details` of the message they belong to, with the signature by which
the vendor knows them and the name of the model that had them: no other model is shown them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

import orjson

from ..errors import UnsupportedParameter
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from .conversation import Conversation, Media, Part, Text, ToolCall, ToolResult, Turn

THOUGHTS = "amazon-bedrock-v1"
"""The `format` of thoughts in `reasoning_details`."""

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_AUDIO = {
    "audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/ogg": "ogg",
    "audio/aac": "aac", "audio/opus": "opus", "audio/webm": "webm",
}  # fmt: skip
_IDS = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9 ()\[\]-]+")


def system_blocks(system: Iterable[Text]) -> list[Json]:
    """The system prompts, and where their cache ends."""
    return [
        block
        for one in system
        if one.text.strip()
        for block in _with_cache_point({"text": one.text}, one.extra)
    ]


def messages(said: Conversation, model: str) -> list[Json]:
    """The turns, for `model`.

    Raises:
        UnsupportedParameter: A part is of a kind that Bedrock does not take.
    """
    names: set[str] = set()
    turns: list[Json] = []
    for turn in said.turns:
        blocks: list[Json] = [
            block
            for part in _in_order(turn)
            if not (isinstance(part, Text) and not part.text.strip())  # Bedrock refuses blank text
            for block in _blocks(part, names)
        ]
        for place, thought in _thoughts(turn, model):
            blocks.insert(place, thought)
        if (cached := turn.extra.get("cache_control")) is not None and blocks:
            blocks.append(cache_point(cached))
        if blocks:
            turns.append({"role": turn.role, "content": blocks})
    return turns


def used_tools(said: Conversation) -> list[str]:
    """The names of the tools that were called or have answered, each once."""
    parts = (part for turn in said.turns for part in turn.parts)
    names = [part.name or part.id for part in parts if isinstance(part, ToolCall | ToolResult)]
    return list(dict.fromkeys(names))


def cache_point(cached: Json) -> JsonObject:
    """Where a cache ends, as `cache_control` beside the block before it asks for."""
    ttl = as_str(dig(cached, "ttl"))
    return {"cachePoint": {"type": "default", **({"ttl": ttl} if ttl else {})}}


def call_id(value: str) -> str:
    """An id of a call, which another vendor may have written longer or with other characters."""
    return value if _IDS.fullmatch(value) else f"call_{sha256(value.encode()).hexdigest()[:40]}"


def _in_order(turn: Turn) -> Iterable[Part]:
    """The results of tools come before anything else the user says."""
    if turn.role == "assistant":
        return turn.parts
    return sorted(turn.parts, key=lambda part: not isinstance(part, ToolResult))


def _with_cache_point(block: JsonObject, extra: JsonObject) -> Iterable[JsonObject]:
    yield block
    if (cached := extra.get("cache_control")) is not None:
        yield cache_point(cached)


def _blocks(part: Part, names: set[str]) -> Iterable[JsonObject]:
    match part:
        case Text():
            block: JsonObject = {"text": part.text}
        case Media():
            block = _media(part, names)
        case ToolCall():
            use: JsonObject = {"toolUseId": call_id(part.id), "name": part.name}
            block = {"toolUse": {**use, "input": _arguments(part.arguments)}}
        case ToolResult():
            block = {"toolResult": _result(part, names)}
    return _with_cache_point(block, part.extra)


def _result(part: ToolResult, names: set[str]) -> JsonObject:
    content: list[Json] = [
        {"text": one.text} if isinstance(one, Text) else _media(one, names)
        for one in part.content
        if not (isinstance(one, Text) and not one.text.strip())
    ]
    result: JsonObject = {
        "toolUseId": call_id(part.id),
        "content": content or [{"text": "(no output)"}],
    }
    return {**result, "status": "error"} if part.extra.get("is_error") is True else result


def _media(part: Media, names: set[str]) -> JsonObject:
    if part.kind == "image" or part.type.startswith("image/"):
        return {"image": {"format": _format(part, _IMAGES), "source": _source(part)}}
    if part.kind == "audio":
        return {"audio": {"format": _format(part, _AUDIO), "source": _source(part)}}
    name = _document_name(part.name, names)
    document: JsonObject = {"format": _format(part, _DOCUMENTS), "name": name}
    extra = {key: part.extra[key] for key in ("context", "citations") if key in part.extra}
    return {"document": {**document, "source": _source(part), **extra}}


def _source(part: Media) -> JsonObject:
    if not part.url:
        return {"bytes": part.data}
    if part.url.startswith("s3://"):
        return {"s3Location": {"uri": part.url}}
    raise UnsupportedParameter(
        "Bedrock fetches nothing from the web: send the content itself as a `data:` URL, or name "
        "it by an s3:// address.",
        param="messages",
    )


def _format(part: Media, known: dict[str, str]) -> str:
    kind = part.type
    if part.url:  # nothing else says what lies there
        ending = part.url.rpartition(".")[2].lower()
        kind = next((one for one, word in known.items() if word == ending), kind)
        kind = "image/jpeg" if ending == "jpg" else kind
    if (word := known.get(kind)) is None:
        raise UnsupportedParameter(
            f"Bedrock does not take {kind or part.url}; it takes {', '.join(known)}.",
            param="messages",
        )
    return word


def _document_name(name: str, taken: set[str]) -> str:
    """A name of the characters that Bedrock allows, different for each document."""
    plain = " ".join(_NOT_IN_NAMES.sub(" ", name).split())[:180] or "document"
    number = 1
    while (unique := plain if number == 1 else f"{plain} {number}") in taken:
        number += 1
    taken.add(unique)
    return unique


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
            found.append((place, {"reasoningContent": {"redactedContent": data}}))
        elif (signature := as_str(detail.get("signature"))) is not None:
            thought: JsonObject = {
                "text": as_str(detail.get("text")) or "",
                "signature": signature,
            }
            found.append((place, {"reasoningContent": {"reasoningText": thought}}))
    return sorted(found, key=lambda pair: pair[0])


def _arguments(text: str) -> Json:
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    # What a model wrote is not always JSON; it is shown so to the next one.
    return value if isinstance(value, dict) else {"INVALID_JSON": text}
