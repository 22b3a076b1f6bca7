"""What a Converse request asks."""

from __future__ import annotations

from typing import Literal

import orjson

from ...providers.bedrock_answer import JSON_TOOL
from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_upstream.heard import Heard, Said

_PARAMETERS = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP"}


def heard(model: str, body: JsonObject) -> Heard:
    """The request, in the words of every vendor's."""
    listed = as_list(dig(body, "toolConfig", "tools")) or []
    specs = [spec for one in listed if (spec := as_object(dig(one, "toolSpec"))) is not None]
    schemas = {
        as_str(spec.get("name")) or "": as_object(dig(spec, "inputSchema", "json")) or {}
        for spec in specs
    }
    written = as_str(dig(body, "outputConfig", "textFormat", "structure", "jsonSchema", "schema"))
    schema: Json = orjson.loads(written) if written else schemas.pop(JSON_TOOL, None)
    inference = as_object(body.get("inferenceConfig")) or {}
    told = Heard(
        model=model,
        system=[as_str(dig(one, "text")) or "" for one in as_list(body.get("system")) or []],
        turns=[_said(as_object(one) or {}) for one in as_list(body.get("messages")) or []],
        tools=schemas,
        tool_choice=_choice(dig(body, "toolConfig", "toolChoice")),
        schema=as_object(schema),
        parameters={
            ours: inference[theirs] for ours, theirs in _PARAMETERS.items() if theirs in inference
        },
    )
    if stops := inference.get("stopSequences"):
        told.parameters["stop"] = stops
    more = as_object(body.get("additionalModelRequestFields")) or {}
    effort = dig(body, "outputConfig", "effort") or more.get("thinking")
    if effort := effort or more.get("reasoning_effort") or more.get("reasoningConfig"):
        told.parameters["reasoning_effort"] = effort
    return told


def _choice(value: Json) -> str | None:
    choice = as_object(value)
    if choice is None:
        return None
    if "any" in choice:
        return "required"
    return as_str(dig(choice, "tool", "name")) or "auto"


def _said(message: JsonObject) -> Said:
    role: Literal["user", "assistant"] = (
        "assistant" if message.get("role") == "assistant" else "user"
    )
    said = Said(role=role)
    for one in as_list(message.get("content")) or []:
        block = as_object(one) or {}
        if (text := as_str(block.get("text"))) is not None:
            said.texts.append(text)
        elif (data := as_str(dig(block, "image", "source", "bytes"))) is not None:
            said.images.append(data)
        elif (use := as_object(block.get("toolUse"))) is not None:
            said.calls.append((as_str(use.get("name")) or "", use.get("input")))
        elif (result := as_object(block.get("toolResult"))) is not None:
            texts = (as_str(dig(part, "text")) for part in as_list(result.get("content")) or [])
            call = as_str(result.get("toolUseId")) or ""
            said.results.append((call, "".join(text for text in texts if text)))
    return said
