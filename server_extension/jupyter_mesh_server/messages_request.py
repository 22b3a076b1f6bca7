"""`POST /anthropic/v1/messages` as a chat request.

Source: Anthropic's API reference, "Create a Message".
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

import orjson

from jupyter_mesh.errors import InvalidRequest, UnsupportedParameter
from jupyter_mesh.schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig

from .messages_thoughts import detail_of
from .signatures import FIELD, signed

_RENAMED = {"max_tokens": "max_completion_tokens", "stop_sequences": "stop"}
_READ = frozenset(
    {
        *("messages", "system", "tools", "tool_choice", "metadata", "output_config"),
        *("output_format", "service_tier", "stream_options"),
    }
)
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_ELSEWHERE = {
    "container": "no container",
    "mcp_servers": "no tools of its own",
    "fallbacks": "an alias for that",
}


def chat_body(body: JsonObject, *, counting: bool = False) -> JsonObject:
    """The same as a body for chat completions. What is not known here is passed on.

    Args:
        body: In the shape of the Messages API.
        counting: Only tokens are to be counted, so that no `max_tokens` is wanted.

    Raises:
        InvalidRequest: Something is not of the shape of the Messages API.
        UnsupportedParameter: It asks for what only Anthropic itself has.
    """
    if not counting and as_int(body.get("max_tokens")) is None:
        raise InvalidRequest("max_tokens: Field required", param="max_tokens")
    for name, instead in _ELSEWHERE.items():
        if body.get(name):
            raise UnsupportedParameter(
                f"The gateway has {instead}: leave `{name}` out.", param=name
            )
    model = as_str(body.get("model")) or ""
    messages = [*_system(body.get("system"))]
    for position, one in enumerate(_list(body, "messages")):
        messages += _message(as_object(one) or {}, f"messages.{position}", model)
    chat: JsonObject = {"messages": [*messages]}
    for name, value in body.items():
        if name not in _READ and value is not None:
            chat[_RENAMED.get(name, name)] = value
    return chat | _tools(body) | _output(body) | _others(body)


def _list(body: JsonObject, name: str) -> list[Json]:
    value = as_list(body.get(name))
    if not value:
        raise InvalidRequest(f"{name}: a non-empty list is required", param=name)
    return value


def _system(system: Json) -> Iterable[JsonObject]:
    if isinstance(system, str):
        if system:
            yield {"role": "system", "content": system}
    elif blocks := as_list(system):
        parts = [_part(as_object(one) or {}, "system") for one in blocks]
        yield {"role": "system", "content": [*parts]}


def _message(message: JsonObject, where: str, model: str) -> list[JsonObject]:
    role, content = as_str(message.get("role")), message.get("content")
    if role not in ("user", "assistant", "system"):
        raise InvalidRequest(f"{where}.role: Input should be 'user' or 'assistant'", param=where)
    if isinstance(content, str):
        return [{"role": role, "content": content}]
    blocks = [as_object(one) or {} for one in as_list(content) or []]
    if role == "assistant":
        return [_assistant(blocks, where, model)]
    results = [one for one in blocks if one.get("type") == "tool_result"]
    rest = [one for one in blocks if one.get("type") != "tool_result"]
    messages = [_result(one, where) for one in results]
    if rest or not results:
        parts: list[Json] = [_part(one, where) for one in rest]
        messages.append({"role": role, "content": parts})
    return messages


def _assistant(blocks: list[JsonObject], where: str, model: str) -> JsonObject:
    parts: list[Json] = []
    calls: list[Json] = []
    details: list[Json] = []
    signatures: list[Json] = []
    thoughts: list[str] = []
    for index, block in enumerate(blocks):
        match block.get("type"):
            case "tool_use":
                calls.append(_call(block))
            case "thinking" | "redacted_thinking":
                detail = detail_of(block, index, model)
                if detail is None:
                    thoughts.append(as_str(block.get("thinking")) or "")
                else:
                    (signatures if FIELD in detail else details).append(detail)
            case _:
                parts.append(_part(block, where))
    message: JsonObject = {"role": "assistant", "content": _joined(parts)}
    if calls:
        message["tool_calls"] = calls
    if details:
        message["reasoning_details"] = details
    if "".join(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    signed(message, signatures)
    return message


def _joined(parts: list[Json]) -> Json:
    """Text alone as one string, which every server takes of a model."""
    if not parts:
        return None
    if any(dig(part, "cache_control") is not None for part in parts):
        return parts
    texts = [as_str(dig(part, "text")) for part in parts]
    return "".join(text or "" for text in texts)


def _call(block: JsonObject) -> JsonObject:
    arguments = orjson.dumps(as_object(block.get("input")) or {}).decode()
    function: JsonObject = {"name": as_str(block.get("name")) or "", "arguments": arguments}
    call: JsonObject = {"id": as_str(block.get("id")) or "", "type": "function"}
    return {**call, "function": function, **_marks(block)}


def _result(block: JsonObject, where: str) -> JsonObject:
    content = block.get("content")
    if not isinstance(content, str):
        parts: list[Json] = [_part(as_object(one) or {}, where) for one in as_list(content) or []]
        plain = all(dig(part, "type") == "text" for part in parts)
        content = "".join(str(dig(part, "text")) for part in parts) if plain else parts
    failed: JsonObject = {"is_error": True} if block.get("is_error") is True else {}
    call_id = as_str(block.get("tool_use_id")) or ""
    result: JsonObject = {"role": "tool", "tool_call_id": call_id, "content": content}
    return {**result, **failed, **_marks(block)}


def _part(block: JsonObject, where: str) -> JsonObject:
    source = as_object(block.get("source")) or {}
    data, media = as_str(source.get("data")) or "", as_str(source.get("media_type")) or ""
    match block.get("type"), source.get("type"):
        case "text", _:
            return {"type": "text", "text": as_str(block.get("text")) or "", **_marks(block)}
        case "image", "url":
            url = as_str(source.get("url")) or ""
        case "image", "base64":
            url = f"data:{media};base64,{data}"
        case "document", "base64":
            return _document(block, f"data:{media};base64,{data}")
        case "document", "text":
            text = base64.b64encode(data.encode()).decode()
            return _document(block, f"data:text/plain;base64,{text}")
        case kind, how:
            shown = f"{kind} ({how})" if how else str(kind)
            raise UnsupportedParameter(
                f"{where}: the gateway cannot pass on a block of type {shown[:80]!r}.",
                param="messages",
            )
    return {"type": "image_url", "image_url": {"url": url}, **_marks(block)}


def _document(block: JsonObject, data: str) -> JsonObject:
    title = as_str(block.get("title"))
    file: JsonObject = {"file_data": data, "filename": title or "document"}
    told = {name: block[name] for name in ("context", "citations") if block.get(name)}
    return {"type": "file", "file": file, **told, **_marks(block)}


def _marks(block: JsonObject) -> JsonObject:
    cached = block.get("cache_control")
    return {} if cached is None else {"cache_control": cached}


def _tools(body: JsonObject) -> JsonObject:
    tools = [
        _tool(as_object(one) or {}, n) for n, one in enumerate(as_list(body.get("tools")) or [])
    ]
    chosen: JsonObject = {"tools": [*tools]} if tools else {}
    choice = as_object(body.get("tool_choice"))
    if choice is None:
        return chosen
    kind = as_str(choice.get("type")) or ""
    if kind == "tool":
        chosen["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    elif kind in _CHOICES:
        chosen["tool_choice"] = _CHOICES[kind]
    else:
        raise InvalidRequest("tool_choice.type: auto, any, tool or none", param="tool_choice")
    if choice.get("disable_parallel_tool_use") is True:
        chosen["parallel_tool_calls"] = False
    return chosen


def _tool(tool: JsonObject, position: int) -> JsonObject:
    if tool.get("type") not in (None, "custom"):
        raise UnsupportedParameter(
            f"tools.{position}: {str(tool.get('type'))[:80]!r} is a tool of Anthropic's own; the "
            "gateway passes on tools that the caller runs.",
            param="tools",
        )
    function: JsonObject = {
        "name": tool.get("name"),
        "description": tool.get("description"),
        "parameters": tool.get("input_schema"),
        "strict": tool.get("strict"),
    }
    said: Json = {name: value for name, value in function.items() if value is not None}
    return {"type": "function", "function": said, **_marks(tool)}


def _output(body: JsonObject) -> JsonObject:
    """How the answer is to look, and how much thought it is worth."""
    output: JsonObject = {}
    schema = dig(body, "output_config", "format", "schema") or dig(body, "output_format", "schema")
    if schema is not None:
        named: JsonObject = {"name": "answer", "schema": schema, "strict": True}
        output["response_format"] = {"type": "json_schema", "json_schema": named}
    effort = as_str(dig(body, "output_config", "effort"))
    budget = as_int(dig(body, "thinking", "budget_tokens"))
    if effort is None and budget is not None and dig(body, "thinking", "type") == "enabled":
        effort = "low" if budget < 4_096 else "medium" if budget < 16_384 else "high"
    return {**output, "reasoning_effort": effort} if effort else output


def _others(body: JsonObject) -> JsonObject:
    others: JsonObject = {}
    if (user := as_str(dig(body, "metadata", "user_id"))) is not None:
        others["user"] = user
    if body.get("service_tier") == "standard_only":
        others["service_tier"] = "default"
    return others
