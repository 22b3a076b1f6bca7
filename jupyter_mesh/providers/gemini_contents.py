"""A conversation in Gemini's words.

Source: `google.cloud.aiplatform.v1` (`Content`, `Part`) and Google's documents on function calling
and on thought signatures. That API has no ids of tool calls: a result belongs to the call of its
name in the same place of the order.
"""

from __future__ import annotations

import mimetypes
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import urlsplit

import orjson

from ..errors import InvalidRequest, UnsupportedParameter
from ..schemas.json import Json, JsonObject, as_object, as_str, dig
from .conversation import Conversation, Media, Part, Text, ToolCall, ToolResult, Turn

_FOREIGN = b64encode(b"skip_thought_signature_validator").decode()
"""What Google's documents give as the signature of a call that another model has made."""


def contents_of(talk: Conversation, *, signatures: bool) -> JsonObject:
    """`systemInstruction` and `contents`.

    Args:
        talk: What was said.
        signatures: Whether this model insists on a signature with each tool call.

    Raises:
        UnsupportedParameter: A part cannot be put to Gemini.
        InvalidRequest: The arguments of a tool call are no JSON object.
    """
    system: list[Json] = [{"text": one.text} for one in talk.system]
    contents: list[Json] = []
    calls: list[str] = []
    for turn in talk.turns:
        if turn.role == "assistant":
            contents.append({"role": "model", "parts": _said(turn, signatures)})
            calls = [part.id for part in turn.parts if isinstance(part, ToolCall)]
        else:
            contents += _asked(turn, calls)
    if not contents:  # Gemini answers to somebody, not to its instructions
        return {"contents": [{"role": "user", "parts": system}]}
    return {"contents": contents, **({"systemInstruction": {"parts": system}} if system else {})}


def _said(turn: Turn, signatures: bool) -> list[Json]:
    parts: list[JsonObject] = []
    first = True
    for part in turn.parts:
        if isinstance(part, ToolCall):
            signature = signature_of(part.extra)
            if signature is None and first and signatures:  # Gemini signs the first of a turn
                signature = _FOREIGN
            first = False
            parts.append(_call(part, signature))
        else:
            parts.append(_plain(part))
    signature = signature_of(turn.extra)
    if signature is not None and parts and "text" in parts[-1]:
        parts[-1]["thoughtSignature"] = signature
    return [*parts]


def _asked(turn: Turn, calls: Sequence[str]) -> list[Json]:
    """What the user's side says: the results of tools apart, in the order of their calls."""
    results = [part for part in turn.parts if isinstance(part, ToolResult)]
    others: list[Json] = [_plain(part) for part in turn.parts if not isinstance(part, ToolResult)]
    places = {call: place for place, call in enumerate(calls)}
    results.sort(key=lambda result: places.get(result.id, len(places)))
    said: list[Json] = []
    if results:
        said.append({"role": "user", "parts": [_result(one) for one in results]})
    if others:
        said.append({"role": "user", "parts": others})
    return said


def signature_of(extra: JsonObject) -> str | None:
    """The thought signature beside a call or message, where Google's OpenAI endpoint puts it."""
    return as_str(dig(extra, "extra_content", "google", "thought_signature"))


def _call(call: ToolCall, signature: str | None) -> JsonObject:
    part: JsonObject = {"functionCall": {"name": call.name, "args": _arguments(call)}}
    return part if signature is None else {**part, "thoughtSignature": signature}


def _arguments(call: ToolCall) -> JsonObject:
    try:
        value: Json = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        value = None
    arguments = as_object(value)
    if arguments is None:
        raise InvalidRequest(
            f"The arguments of the tool call {call.id!r} are no JSON object.", param="messages"
        )
    return arguments


def _result(result: ToolResult) -> JsonObject:
    texts = [part.text for part in result.content if isinstance(part, Text)]
    media: list[Json] = [_media(part) for part in result.content if isinstance(part, Media)]
    response: JsonObject = {"name": result.name, "response": _output("\n".join(texts))}
    if media:
        response["parts"] = media
    return {"functionResponse": response}


def _output(text: str) -> JsonObject:
    """A tool's answer as the object that Gemini wants; what is one already stays as it is."""
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"output": text}
    return as_object(value) or {"output": value}


def _plain(part: Part) -> JsonObject:
    if isinstance(part, Text):
        return {"text": part.text}
    if not isinstance(part, Media):
        raise InvalidRequest("Only an assistant's message has `tool_calls`.", param="messages")
    return _media(part)


def _media(part: Media) -> JsonObject:
    if part.data:
        return {"inlineData": {"mimeType": part.type, "data": part.data}}
    if not part.url.startswith(("https://", "http://", "gs://")):
        raise UnsupportedParameter(
            "Google Vertex AI fetches media from gs:// and https:// only; send others as a "
            "`data:` URL.",
            param="messages",
        )
    kind = part.type or mimetypes.guess_type(urlsplit(part.url).path)[0] or "image/jpeg"
    return {"fileData": {"mimeType": kind, "fileUri": part.url}}
