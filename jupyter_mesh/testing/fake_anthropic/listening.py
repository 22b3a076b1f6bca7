"""What a request in Anthropic's format asks, in the words that all fakes share."""

from __future__ import annotations

from ...providers.anthropic_answer import JSON_TOOL
from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_upstream.heard import Heard, Said
from .checks import blocks_of

_CHOICES = {"auto": "auto", "none": "none", "any": "required"}
_PARAMETERS = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop_sequences": "stop",
}


def heard(body: JsonObject) -> Heard:
    """What was asked."""
    tools = [as_object(one) or {} for one in as_list(body.get("tools")) or []]
    schema = as_object(dig(body, "output_config", "format", "schema"))
    for tool in tools:
        if tool.get("name") == JSON_TOOL:
            asked = as_object(tool.get("input_schema")) or {}
            schema = asked if "properties" in asked else {}
    parameters: JsonObject = {
        ours: body[theirs] for theirs, ours in _PARAMETERS.items() if theirs in body
    }
    if dig(body, "thinking", "type") in ("enabled", "adaptive") or dig(
        body, "output_config", "effort"
    ):
        parameters["reasoning_effort"] = True
    return Heard(
        model=as_str(body.get("model")) or "",
        system=[str(block.get("text")) for block in blocks_of(body.get("system"))],
        turns=[_said(as_object(one) or {}) for one in as_list(body.get("messages")) or []],
        tools={
            str(tool.get("name")): as_object(tool.get("input_schema")) or {}
            for tool in tools
            if tool.get("name") != JSON_TOOL
        },
        tool_choice=_choice(body),
        schema=schema,
        parameters=parameters,
    )


def _choice(body: JsonObject) -> str | None:
    name = as_str(dig(body, "tool_choice", "name"))
    if name is not None:
        return None if name == JSON_TOOL else name
    return _CHOICES.get(as_str(dig(body, "tool_choice", "type")) or "")


def _said(message: JsonObject) -> Said:
    said = Said(role="assistant" if message.get("role") == "assistant" else "user")
    for block in blocks_of(message.get("content")):
        match block.get("type"):
            case "text":
                said.texts.append(str(block.get("text")))
            case "image":
                source = as_object(block.get("source")) or {}
                said.images.append(str(source.get("data") or source.get("url")))
            case "tool_use":
                said.calls.append((str(block.get("name")), block.get("input")))
            case "tool_result":
                said.results.append((str(block.get("tool_use_id")), _text(block.get("content"))))
            case _:
                pass
    return said


def _text(content: Json) -> str:
    return "".join(str(block.get("text") or "") for block in blocks_of(content))
