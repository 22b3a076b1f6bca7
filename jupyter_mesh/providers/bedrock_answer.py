"""Answers in the blocks of Bedrock's Converse API, read into OpenAI's message."""

from __future__ import annotations

import orjson

from ..outbound.faults import Faults
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.spend import Usage
from .bedrock_messages import THOUGHTS

JSON_TOOL = "mesh_json_answer"
"""The tool whose arguments are the answer, for models that have no other way to keep to JSON."""

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


def finish_word(stop_reason: Json, faults: Faults, *, calls: bool) -> str:
    """OpenAI's word for why an answer ended.

    Args:
        stop_reason: The vendor's word.
        faults: To raise where it is no end of an answer.
        calls: It asks for tools of the caller's.

    Raises:
        ProviderUnavailable: The model wrote what nobody can read.
    """
    reason = as_str(stop_reason) or ""
    if reason.startswith("malformed_"):
        raise faults.from_error(
            {"message": f"The model broke off with {reason.replace('_', ' ')}.", "code": 500}
        )
    word = _REASONS.get(reason, "stop")
    return "stop" if word == "tool_calls" and not calls else word


def usage_from_bedrock(usage: Json) -> Usage | None:
    """The tokens in a `usage` object; None where it is none.

    Bedrock counts what is read from and written to the cache beside `inputTokens` (Bedrock User
    Guide, "Prompt caching"), the mesh within.
    """
    fields = as_object(usage)
    if fields is None or as_int(fields.get("inputTokens")) is None:
        return None
    read = _count(fields, "cacheReadInputTokens")
    written = _count(fields, "cacheWriteInputTokens")
    return Usage(
        input=_count(fields, "inputTokens") + read + written,
        output=_count(fields, "outputTokens"),
        cache_read=read,
        cache_write=written,
        cache_write_1h=min(_lasting(fields), written),
    )


def _lasting(fields: JsonObject) -> int:
    """Tokens written to the cache for an hour."""
    details = [as_object(one) or {} for one in as_list(fields.get("cacheDetails")) or []]
    return sum(_count(one, "inputTokens") for one in details if one.get("ttl") == "1h")


def _count(fields: JsonObject, name: str) -> int:
    return max(as_int(fields.get(name)) or 0, 0)


def thought(content: JsonObject, index: int, model: str) -> JsonObject | None:
    """An item of `reasoning_details`, to be sent back with the message; None: it has no signature.

    Args:
        content: Of a block of reasoning, whole.
        index: Its place in the answer.
        model: Who thought so.
    """
    common: JsonObject = {"format": THOUGHTS, "index": index, "model": model}
    if (data := as_str(content.get("redactedContent"))) is not None:
        return {"type": "reasoning.encrypted", "data": data, **common}
    signature = as_str(dig(content, "reasoningText", "signature"))
    if not signature:
        return None
    text = as_str(dig(content, "reasoningText", "text")) or ""
    return {"type": "reasoning.text", "text": text, "signature": signature, **common}


def message_of(content: list[Json], model: str) -> JsonObject:
    """The message in a whole answer."""
    texts: list[str] = []
    thoughts: list[str] = []
    details: list[Json] = []
    calls: list[Json] = []
    for index, one in enumerate(content):
        block = as_object(one) or {}
        if (text := as_str(block.get("text"))) is not None:
            texts.append(text)
        elif (reasoning := as_object(block.get("reasoningContent"))) is not None:
            thoughts.append(as_str(dig(reasoning, "reasoningText", "text")) or "")
            details += filter(None, [thought(reasoning, index, model)])
        elif (use := as_object(block.get("toolUse"))) is not None:
            if use.get("name") == JSON_TOOL:
                texts.append(_json(use.get("input")))
            else:
                calls.append(_call(use))
        else:
            cited = as_list(dig(block, "citationsContent", "content")) or []
            texts += filter(None, (as_str(dig(piece, "text")) for piece in cited))
    message: JsonObject = {"content": "".join(texts) if texts or not calls else None}
    if "".join(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    named = {"reasoning_details": details, "tool_calls": calls}
    return {**message, **{name: items for name, items in named.items() if items}}


def _call(use: JsonObject) -> JsonObject:
    function: JsonObject = {
        "name": as_str(use.get("name")) or "",
        "arguments": _json(use.get("input")),
    }
    return {"id": as_str(use.get("toolUseId")) or "", "type": "function", "function": function}


def _json(value: Json) -> str:
    return orjson.dumps(value if isinstance(value, dict) else {}).decode()
