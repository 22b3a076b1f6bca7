"""`POST /v1/responses` as a chat request. The gateway keeps no conversation: state is refused.

Source: OpenAI API reference, "Create a model response", and the Open Responses specification.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from jupyter_mesh.errors import InvalidRequest, UnsupportedParameter
from jupyter_mesh.schemas.json import Json, JsonObject, as_list, as_object, as_str, dig

from .json_body import parse_sealed
from .signatures import FIELD, signed

Messages: TypeAlias = "list[JsonObject]"

_STATE = {
    "previous_response_id": "send the whole conversation as `input`",
    "conversation": "send the whole conversation as `input`",
    "background": "wait for the answer, or stream it",
    "prompt": "send the prompt's text",
    "context_management": "send what the model is to see",
}
_RENAMED = {"max_output_tokens": "max_completion_tokens"}
_READ = frozenset(
    {"input", "instructions", "tools", "tool_choice", "text", "reasoning", "store", "include",
     "truncation", "stream_options", "top_logprobs", *_STATE}
)  # fmt: skip
_OF_CHATS = {
    "messages": "input",
    "n": None,
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "functions": "tools",
    "function_call": "tool_choice",
    "logprobs": "top_logprobs",
    "stop": None,
}
"""Fields of chat completions, and what this API has instead."""

_SIGNATURES = "signatures"
"""Where a message holds those of its calls until it is whole."""
_INCLUDABLE = frozenset({"reasoning.encrypted_content", "message.output_text.logprobs"})


def chat_body(body: JsonObject) -> JsonObject:
    """The same as a body for chat completions. What is not known here is passed on.

    Raises:
        InvalidRequest: Something is not of the shape of the Responses API.
        UnsupportedParameter: It asks for what a gateway without state and tools of its own has not.
    """
    _refuse_state(body)
    _refuse_chats(body)
    messages: Messages = []
    if (instructions := body.get("instructions")) is not None:
        if not isinstance(instructions, str):
            raise InvalidRequest("`instructions` must be a string.", param="instructions")
        messages.append({"role": "system", "content": instructions})
    asked = body.get("input")
    if isinstance(asked, str) and asked:
        messages.append({"role": "user", "content": asked})
    elif items := as_list(asked):
        for position, item in enumerate(items):
            _take(messages, as_object(item) or {}, f"input[{position}]")
    else:
        raise InvalidRequest("`input` must be a non-empty string or list.", param="input")
    _sign(messages)
    _let_go_of_thoughts(messages)
    chat: JsonObject = {"messages": [*messages]}
    for name, value in body.items():
        if name not in _READ and value is not None:
            chat[_RENAMED.get(name, name)] = value
    return chat | _tools(body) | _shape(body) | _likelihoods(body)


def _refuse_state(body: JsonObject) -> None:
    for name, instead in _STATE.items():
        if body.get(name):
            raise UnsupportedParameter(
                f"The gateway keeps no state, so it does not take `{name}`: {instead}.", param=name
            )
    if body.get("store") is True:
        raise UnsupportedParameter(
            "The gateway stores no responses: leave `store` out, or send false.", param="store"
        )
    if body.get("truncation") not in (None, "disabled"):
        raise UnsupportedParameter(
            "The gateway shortens no conversation: send `truncation` as `disabled`.",
            param="truncation",
        )
    for wanted in as_list(body.get("include")) or []:
        if wanted not in _INCLUDABLE:
            raise UnsupportedParameter(
                f"`include` may hold {', '.join(sorted(_INCLUDABLE))}, not {str(wanted)[:60]!r}.",
                param="include",
            )


def _refuse_chats(body: JsonObject) -> None:
    """They would stand beside what is made of this API's own fields, or in its place."""
    for name, instead in _OF_CHATS.items():
        if body.get(name) is not None:
            advice = f"send `{instead}`" if instead else "leave it out"
            raise InvalidRequest(f"The Responses API has no `{name}`: {advice}.", param=name)


def _take(messages: Messages, item: JsonObject, where: str) -> None:
    kind = as_str(item.get("type")) or "message"
    reader = _ITEMS.get(kind)
    if reader is None:
        raise UnsupportedParameter(
            f"`{where}` is {kind[:60]!r}; the gateway takes {', '.join(sorted(_ITEMS))}.",
            param=where,
        )
    reader(messages, item, where)


def _message(messages: Messages, item: JsonObject, where: str) -> None:
    role, content = item.get("role"), item.get("content")
    if not isinstance(content, str):
        parts = as_list(content)
        if parts is None:
            raise InvalidRequest(f"`{where}.content` must be a string or a list.", param=where)
        content = [_part(as_object(part) or {}, f"{where}.content") for part in parts]
    if role == "assistant":
        last = _assistant(messages)
        before = last.get("content")
        last["content"] = content if not before else [*_parts(before), *_parts(content)]
    else:
        messages.append({"role": role, "content": content})


def _parts(content: Json) -> list[Json]:
    return (
        [{"type": "text", "text": content}] if isinstance(content, str) else as_list(content) or []
    )


def _part(part: JsonObject, where: str) -> Json:
    kind = as_str(part.get("type"))
    if kind in ("input_text", "output_text", "text"):
        return {"type": "text", "text": part.get("text")}
    if kind == "refusal":
        return {"type": "refusal", "refusal": part.get("refusal")}
    if kind == "input_image" and isinstance(url := part.get("image_url"), str):
        image: JsonObject = {"url": url}
        if part.get("detail") is not None:
            image["detail"] = part["detail"]
        return {"type": "image_url", "image_url": image}
    if kind == "input_file" and isinstance(data := part.get("file_data"), str):
        return {"type": "file", "file": {"file_data": data, "filename": part.get("filename")}}
    if kind == "input_audio":
        return {"type": "input_audio", "input_audio": part.get("input_audio")}
    raise UnsupportedParameter(
        f"`{where}` holds a part of type {str(kind)[:60]!r} that the gateway cannot pass on: send "
        "text, `image_url` of an image, or `file_data` of a file.",
        param=where,
    )


def _called(messages: Messages, item: JsonObject, where: str) -> None:
    last = _assistant(messages)
    function: JsonObject = {"name": item.get("name"), "arguments": item.get("arguments")}
    call: JsonObject = {"id": item.get("call_id"), "type": "function", "function": function}
    last["tool_calls"] = [*(as_list(last.get("tool_calls")) or []), call]


def _answered(messages: Messages, item: JsonObject, where: str) -> None:
    output = item.get("output")
    if not isinstance(output, str):
        output = [_part(as_object(one) or {}, f"{where}.output") for one in as_list(output) or []]
    messages.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": output})


def _thought(messages: Messages, item: JsonObject, where: str) -> None:
    """What the model thought goes back beside what it then said."""
    last = _assistant(messages)
    sealed = as_str(item.get("encrypted_content"))
    if sealed:
        kept = parse_sealed(sealed)
        if isinstance(kept, list):
            last["reasoning_details"] = [*(as_list(last.get("reasoning_details")) or []), *kept]
        elif isinstance(kept, dict) and FIELD in kept:
            last[_SIGNATURES] = [*(as_list(last.get(_SIGNATURES)) or []), kept]
        else:
            raise InvalidRequest(
                f"`{where}.encrypted_content` was not made by this gateway.", param=where
            )
    elif text := "".join(
        as_str(dig(part, "text")) or "" for part in as_list(item.get("content")) or []
    ):
        last["reasoning_content"] = text


def _assistant(messages: Messages) -> JsonObject:
    """The message of the model that goes on; several items are one message of a chat."""
    if not messages or messages[-1].get("role") != "assistant":
        messages.append({"role": "assistant", "content": None})
    return messages[-1]


def _sign(messages: Messages) -> None:
    """Calls get their signatures once all of them are there."""
    for message in messages:
        signed(message, as_list(message.pop(_SIGNATURES, None)) or ())


def _let_go_of_thoughts(messages: Messages) -> None:
    """A thought after which nothing was said or called is no message."""
    messages[:] = [
        one
        for one in messages
        if one.get("role") != "assistant" or one.get("content") or one.get("tool_calls")
    ]


_ITEMS: dict[str, Callable[[Messages, JsonObject, str], None]] = {
    "message": _message,
    "function_call": _called,
    "function_call_output": _answered,
    "reasoning": _thought,
}


def _tools(body: JsonObject) -> JsonObject:
    found: list[Json] = []
    for position, one in enumerate(as_list(body.get("tools")) or []):
        tool = as_object(one) or {}
        if tool.get("type") != "function":
            raise UnsupportedParameter(
                f"`tools[{position}]` is {str(tool.get('type'))[:60]!r}; the gateway runs no tools "
                "of its own, so it takes functions only.",
                param="tools",
            )
        kept = ("name", "description", "parameters", "strict")
        found.append(
            {"type": "function", "function": {name: tool[name] for name in kept if name in tool}}
        )
    chat: JsonObject = {"tools": found} if found else {}
    choice = body.get("tool_choice")
    if isinstance(choice, str):
        chat["tool_choice"] = choice
    elif isinstance(choice, dict):
        if choice.get("type") != "function":
            raise UnsupportedParameter(
                "`tool_choice` must be `auto`, `none`, `required` or a function.",
                param="tool_choice",
            )
        chat["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    return chat


def _shape(body: JsonObject) -> JsonObject:
    chat: JsonObject = {}
    text = as_object(body.get("text")) or {}
    if (verbosity := text.get("verbosity")) is not None:
        chat["verbosity"] = verbosity
    wanted = as_object(text.get("format"))
    if wanted is not None and wanted.get("type") == "json_schema":
        named = ("name", "schema", "strict", "description")
        schema: JsonObject = {name: wanted[name] for name in named if name in wanted}
        chat["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wanted is not None and wanted.get("type") != "text":
        chat["response_format"] = wanted
    if (effort := dig(body, "reasoning", "effort")) is not None:
        chat["reasoning_effort"] = effort
    return chat


def _likelihoods(body: JsonObject) -> JsonObject:
    most = body.get("top_logprobs")
    if most is not None:
        return {"logprobs": True, "top_logprobs": most}
    wanted = "message.output_text.logprobs" in (as_list(body.get("include")) or [])
    return {"logprobs": True} if wanted else {}
