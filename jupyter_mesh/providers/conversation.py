"""A chat request read for vendors whose format is their own: who said what, which tools there are.

Read from OpenAI's shape (API reference, chat completions). Turns alternate: what stands side by
side in one role is one turn, and the results of tools are said by the user.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Literal, TypeAlias

from ..errors import InvalidRequest, UnsupportedParameter
from ..schemas.frozen import frozen
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig


@frozen
class Text:
    """Words. `extra`: the fields beside them, such as Anthropic's `cache_control`."""

    text: str
    extra: JsonObject = field(default_factory=dict[str, Json])


@frozen
class Media:
    """A picture, sound or document: either its bytes in base64 with their type, or where it is.

    Attributes:
        kind: What it is.
        type: Media type, such as `image/png`; empty where only a URL is known.
        data: Base64; empty where there is a URL.
        url: Where it is; empty where there is data.
        name: Of a file.
        extra: Fields beside it.
    """

    kind: Literal["image", "audio", "file"]
    type: str = ""
    data: str = ""
    url: str = ""
    name: str = ""
    extra: JsonObject = field(default_factory=dict[str, Json])


@frozen
class ToolCall:
    """The model's wish to have a tool run. `arguments` is JSON text, as the model wrote it;
    `extra` are the fields beside it, such as a signature that must come back.
    """

    id: str
    name: str
    arguments: str
    extra: JsonObject = field(default_factory=dict[str, Json])


@frozen
class ToolResult:
    """What a tool answered to the call `id`."""

    id: str
    name: str
    content: tuple[Text | Media, ...]
    extra: JsonObject = field(default_factory=dict[str, Json])


Part: TypeAlias = Text | Media | ToolCall | ToolResult


@frozen
class Turn:
    """What one side said. `extra` holds the message's fields that are none of OpenAI's."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]
    extra: JsonObject = field(default_factory=dict[str, Json])


@frozen
class Conversation:
    """System prompts, wherever they stood, and the turns."""

    system: tuple[Text, ...]
    turns: tuple[Turn, ...]


@frozen
class Tool:
    """A function that the model may ask for; `schema` is the JSON schema of its arguments, `extra`
    are the fields beside it.
    """

    name: str
    description: str
    schema: JsonObject
    strict: bool | None = None
    extra: JsonObject = field(default_factory=dict[str, Json])


@frozen
class ToolChoice:
    """`auto`, `none`, `required` (some tool), or `tool` with the name of the one."""

    kind: Literal["auto", "none", "required", "tool"]
    name: str = ""


@frozen
class Shape:
    """The shape an answer must have: any JSON object (`schema` None), or one of a schema."""

    schema: JsonObject | None
    name: str = "answer"


_OF_MESSAGES = frozenset(
    {"role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal", "audio"}
)


def conversation(body: JsonObject) -> Conversation:
    """Read `messages`.

    Raises:
        InvalidRequest: A part is not of OpenAI's shape.
        UnsupportedParameter: A part can only be understood by OpenAI itself, such as a file's id,
            or a system message holds more than text.
    """
    system: list[Text] = []
    turns: list[Turn] = []
    names: dict[str, str] = {}
    for message in (as_object(one) or {} for one in as_list(body.get("messages")) or []):
        role = as_str(message.get("role"))
        if role in ("system", "developer"):
            system += _instructions(message)
            continue
        if role in ("tool", "function"):
            parts: tuple[Part, ...] = (_result(message, names),)
        else:
            parts = (*_contents(message), *_calls(message))
            names |= {part.id: part.name for part in parts if isinstance(part, ToolCall)}
        side: Literal["user", "assistant"] = "assistant" if role == "assistant" else "user"
        extra = {name: value for name, value in message.items() if name not in _OF_MESSAGES}
        if turns and turns[-1].role == side:
            last = turns[-1]
            turns[-1] = Turn(side, (*last.parts, *parts), {**last.extra, **extra})
        else:
            turns.append(Turn(side, parts, extra))
    return Conversation(tuple(system), tuple(turn for turn in turns if turn.parts or turn.extra))


def tools(body: JsonObject) -> tuple[Tool, ...]:
    """Read `tools`, and `functions` as they were called before.

    Raises:
        UnsupportedParameter: One is no function.
    """
    found: list[Tool] = []
    for position, one in enumerate(as_list(body.get("tools")) or []):
        function = as_object(dig(one, "function"))
        if function is None:
            kind = as_str(dig(one, "type")) or "something else"
            raise UnsupportedParameter(
                f"Tool {position + 1} is {kind!r}; this model's API knows functions only.",
                param="tools",
            )
        outer = as_object(one) or {}
        extra = {name: value for name, value in outer.items() if name not in ("type", "function")}
        found.append(_tool(function, extra))
    return (*found, *(_tool(as_object(one) or {}) for one in as_list(body.get("functions")) or []))


def tool_choice(body: JsonObject) -> ToolChoice | None:
    """Read `tool_choice`, and `function_call` as it was called before; None: nothing is said."""
    value = body.get("tool_choice", body.get("function_call"))
    if value is None:
        return None
    if value in ("auto", "none", "required"):
        return ToolChoice(value)
    if value == "any":
        return ToolChoice("required")
    name = as_str(dig(value, "function", "name")) or as_str(dig(value, "name"))
    if name is None:
        raise InvalidRequest("`tool_choice` names no tool.", param="tool_choice")
    return ToolChoice("tool", name)


def wanted_shape(body: JsonObject) -> Shape | None:
    """Read `response_format`; None: free text.

    Raises:
        InvalidRequest: It is none of OpenAI's.
    """
    value = body.get("response_format")
    kind = as_str(dig(value, "type"))
    if value is None or kind == "text":
        return None
    if kind == "json_object":
        return Shape(None)
    schema = as_object(dig(value, "json_schema", "schema"))
    if kind == "json_schema" and schema is not None:
        return Shape(schema, as_str(dig(value, "json_schema", "name")) or "answer")
    raise InvalidRequest(
        "`response_format` must be `text`, `json_object`, or `json_schema` with a schema.",
        param="response_format",
    )


def stop_sequences(body: JsonObject) -> list[str]:
    """Read `stop`: none, one or several."""
    value = body.get("stop")
    if isinstance(value, str):
        return [value]
    return [one for one in as_list(value) or [] if isinstance(one, str)]


def _tool(function: JsonObject, extra: JsonObject | None = None) -> Tool:
    strict = function.get("strict")
    return Tool(
        as_str(function.get("name")) or "",
        as_str(function.get("description")) or "",
        as_object(function.get("parameters")) or {"type": "object", "properties": {}},
        strict if isinstance(strict, bool) else None,
        extra or {},
    )


def _contents(message: JsonObject) -> Iterator[Text | Media]:
    content = message.get("content")
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    for one in as_list(content) or []:
        if isinstance(one, str):
            yield Text(one)
        elif (part := _part(as_object(one) or {})) is not None:
            yield part


def _instructions(message: JsonObject) -> Iterator[Text]:
    for part in _contents(message):
        if isinstance(part, Media):
            raise UnsupportedParameter(
                "A system message of this model holds text only: send pictures, sound and files "
                "as the user.",
                param="messages",
            )
        yield part


def _part(part: JsonObject) -> Text | Media | None:
    kind = as_str(part.get("type")) or "text"
    extra = {name: value for name, value in part.items() if name not in ("type", kind)}
    if kind in ("text", "input_text", "output_text", "refusal"):
        text = as_str(part.get("text")) or as_str(part.get("refusal"))
        extra.pop("text", None)
        return Text(text, extra) if text else None
    if kind in ("image_url", "input_image"):
        held = as_object(part.get("image_url")) or {}
        url = as_str(part.get("image_url")) or as_str(dig(part, "image_url", "url")) or ""
        extra.pop("image_url", None)
        extra |= {name: held[name] for name in held if name != "url"}
        return _image(url, extra)
    if kind == "input_audio":
        word = as_str(dig(part, "input_audio", "format")) or "wav"
        data = as_str(dig(part, "input_audio", "data")) or ""
        return Media("audio", f"audio/{'mpeg' if word == 'mp3' else word}", data, extra=extra)
    if kind == "file":
        return _file(part, extra)
    raise UnsupportedParameter(
        f"A message holds a part of type {kind!r}, which this model's API does not have.",
        param="messages",
    )


def _image(url: str, extra: JsonObject) -> Media:
    if not url.startswith("data:"):
        return Media("image", url=url, extra=extra)
    kind, data = _data_url(url)
    return Media("image", kind, data, extra=extra)


def _file(part: JsonObject, extra: JsonObject) -> Media:
    url = as_str(dig(part, "file", "file_data"))
    if url is None:
        raise UnsupportedParameter(
            "A message names a file by its id, which only OpenAI knows; send its content as "
            "`file_data`.",
            param="messages",
        )
    kind, data = _data_url(url) if url.startswith("data:") else ("application/pdf", url)
    return Media("file", kind, data, name=as_str(dig(part, "file", "filename")) or "", extra=extra)


def _data_url(url: str) -> tuple[str, str]:
    """Media type and base64 of a `data:` URL (RFC 2397)."""
    head, comma, data = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise InvalidRequest(
            "A `data:` URL must be of the form data:image/png;base64,…", param="messages"
        )
    return head.removeprefix("data:").partition(";")[0], data


def _calls(message: JsonObject) -> Iterator[ToolCall]:
    for one in as_list(message.get("tool_calls")) or []:
        call = as_object(one) or {}
        extra = {name: value for name, value in call.items() if name not in _OF_CALLS}
        yield ToolCall(
            as_str(call.get("id")) or "",
            as_str(dig(call, "function", "name")) or "",
            as_str(dig(call, "function", "arguments")) or "{}",
            extra,
        )
    older = as_object(message.get("function_call"))
    if older is not None:
        name = as_str(older.get("name")) or ""
        yield ToolCall(name, name, as_str(older.get("arguments")) or "{}")


_OF_CALLS = frozenset({"id", "type", "function", "index"})


def _result(message: JsonObject, names: dict[str, str]) -> ToolResult:
    name = as_str(message.get("name")) or ""
    call = as_str(message.get("tool_call_id")) or name
    extra = {key: value for key, value in message.items() if key not in _OF_MESSAGES}
    return ToolResult(call, names.get(call) or name, tuple(_contents(message)), extra)
