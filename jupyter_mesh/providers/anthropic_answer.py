"""Answers in Anthropic's blocks, read into OpenAI's message."""

from __future__ import annotations

import orjson

from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.spend import Usage
from .anthropic_messages import THOUGHTS

JSON_TOOL = "mesh_json_answer"
"""The tool whose arguments are the answer, for models that have no other way to keep to JSON."""

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def finish_word(stop_reason: Json, *, calls: bool) -> str:
    """OpenAI's word for why an answer ended; `calls`: it asks for tools of the caller's."""
    word = _REASONS.get(as_str(stop_reason) or "", "stop")
    return "stop" if word == "tool_calls" and not calls else word


def usage_from_anthropic(usage: Json) -> Usage | None:
    """The tokens in a `usage` object; None where it is none. Anthropic counts what is read from
    and written to the cache beside `input_tokens`, the mesh within.
    """
    fields = as_object(usage)
    if fields is None or as_int(fields.get("output_tokens")) is None:
        return None
    read = _count(fields, "cache_read_input_tokens")
    written = _count(fields, "cache_creation_input_tokens")
    output = _count(fields, "output_tokens")
    lasting = as_int(dig(fields, "cache_creation", "ephemeral_1h_input_tokens")) or 0
    thought = as_int(dig(fields, "output_tokens_details", "thinking_tokens")) or 0
    return Usage(
        input=_count(fields, "input_tokens") + read + written,
        output=output,
        cache_read=read,
        cache_write=written,
        cache_write_1h=min(max(lasting, 0), written),
        reasoning=min(max(thought, 0), output),
    )


def _count(fields: JsonObject, name: str) -> int:
    return max(as_int(fields.get(name)) or 0, 0)


def thought(block: JsonObject, index: int, model: str) -> JsonObject | None:
    """An item of `reasoning_details`, to be sent back with the message; None: it has no signature.

    Args:
        block: Of type `thinking` or `redacted_thinking`, whole.
        index: Its place in the answer.
        model: Who thought so.
    """
    common: JsonObject = {"format": THOUGHTS, "index": index, "model": model}
    if (data := as_str(block.get("data"))) is not None:
        return {"type": "reasoning.encrypted", "data": data, **common}
    signature = as_str(block.get("signature"))
    if not signature:
        return None
    text = as_str(block.get("thinking")) or ""
    return {"type": "reasoning.text", "text": text, "signature": signature, **common}


def message_of(content: list[Json], model: str) -> JsonObject:
    """The message in a whole answer."""
    texts: list[str] = []
    thoughts: list[str] = []
    details: list[Json] = []
    calls: list[Json] = []
    citations: list[Json] = []
    for index, one in enumerate(content):
        block = as_object(one) or {}
        match block.get("type"):
            case "text":
                texts.append(as_str(block.get("text")) or "")
                citations += as_list(block.get("citations")) or []
            case "thinking" | "redacted_thinking":
                thoughts.append(as_str(block.get("thinking")) or "")
                details += filter(None, [thought(block, index, model)])
            case "tool_use" if block.get("name") == JSON_TOOL:
                texts.append(_json(block.get("input")))
            case "tool_use":
                calls.append(_call(block))
            case _:  # what tools of the vendor's own did: none is offered, so none is answered
                pass
    message: JsonObject = {"content": "".join(texts) if texts or not calls else None}
    if "".join(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    named = {"reasoning_details": details, "tool_calls": calls, "citations": citations}
    return {**message, **{name: items for name, items in named.items() if items}}


def _call(block: JsonObject) -> JsonObject:
    function: JsonObject = {
        "name": as_str(block.get("name")) or "",
        "arguments": _json(block.get("input")),
    }
    return {"id": as_str(block.get("id")) or "", "type": "function", "function": function}


def _json(value: Json) -> str:
    return orjson.dumps(value if isinstance(value, dict) else {}).decode()
