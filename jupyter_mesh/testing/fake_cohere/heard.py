"""What a request to Cohere asks, in the words that are the same for every vendor."""

from __future__ import annotations

import orjson

from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_upstream.heard import Heard, Said

_PARAMETERS = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "p": "top_p",
    "seed": "seed",
    "stop_sequences": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logprobs": "logprobs",
    "thinking": "reasoning_effort",
}


def heard(body: JsonObject) -> Heard:
    """Read a request of `/v2/chat`."""
    messages = as_list(body.get("messages")) or []
    return Heard(
        model=as_str(body.get("model")) or "",
        system=[
            "".join(_texts(dig(one, "content"))) for one in messages if dig(one, "role") == "system"
        ],
        turns=[_turn(one) for one in messages if dig(one, "role") != "system"],
        tools={
            as_str(dig(tool, "function", "name")) or "": as_object(
                dig(tool, "function", "parameters")
            )
            or {}
            for tool in as_list(body.get("tools")) or []
        },
        tool_choice=_choice(body),
        schema=_schema(body),
        parameters={ours: body[theirs] for theirs, ours in _PARAMETERS.items() if theirs in body},
    )


def _turn(message: Json) -> Said:
    role = dig(message, "role")
    content = dig(message, "content")
    if role == "tool":
        told = "".join(_texts(content))
        return Said(role="user", results=[(as_str(dig(message, "tool_call_id")) or "", told)])
    said = Said(role="assistant" if role == "assistant" else "user", texts=_texts(content))
    for block in as_list(content) or []:
        if (url := as_str(dig(block, "image_url", "url"))) is not None:
            said.images.append(url.partition(";base64,")[2] or url)
    for call in as_list(dig(message, "tool_calls")) or []:
        arguments: Json = orjson.loads(as_str(dig(call, "function", "arguments")) or "{}")
        said.calls.append((as_str(dig(call, "function", "name")) or "", arguments))
    return said


def _texts(content: Json) -> list[str]:
    if isinstance(content, str):
        return [content]
    blocks = as_list(content) or []
    return [text for block in blocks if (text := as_str(dig(block, "text"))) is not None]


def _choice(body: JsonObject) -> str | None:
    """Cohere names no tool: one that must be called is the only one that is offered."""
    tools = as_list(body.get("tools")) or []
    match body.get("tool_choice"):
        case "NONE":
            return "none"
        case "REQUIRED":
            alone = len(tools) == 1
            return as_str(dig(tools[0], "function", "name")) if alone else "required"
        case _:
            return "auto" if tools else None


def _schema(body: JsonObject) -> JsonObject | None:
    if dig(body, "response_format", "type") != "json_object":
        return None
    return as_object(dig(body, "response_format", "json_schema")) or {}
