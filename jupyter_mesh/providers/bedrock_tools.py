"""Tools in the words of Bedrock's Converse API, and answers held to JSON, for which a tool may
serve.
"""

from __future__ import annotations

from dataclasses import field

import orjson

from ..schemas.frozen import frozen
from ..schemas.json import JsonObject, as_list, as_object
from .anthropic_schema import closed_schema
from .bedrock_answer import JSON_TOOL
from .bedrock_messages import cache_point, used_tools
from .bedrock_models import keeps_to_schemas
from .conversation import Conversation, Shape, Tool, ToolChoice, tool_choice, tools, wanted_shape

_ANY_OBJECT: JsonObject = {"type": "object", "additionalProperties": True}


@frozen
class Offered:
    """What the model may call, and the shape of what it says.

    Attributes:
        config: `toolConfig`; None: no tools.
        forced: Some tool is forced upon it.
        text_format: Of `outputConfig`.
        dropped: The caller's wishes that cannot be said to Bedrock.
    """

    config: JsonObject | None = None
    forced: bool = False
    text_format: JsonObject | None = None
    dropped: list[str] = field(default_factory=list[str])


def offered(body: JsonObject, said: Conversation, model: str) -> Offered:
    """What a request offers to `model`.

    Raises:
        UnsupportedParameter: A tool is none of the caller's own functions.
    """
    own, choice, shape = tools(body), tool_choice(body), wanted_shape(body)
    used = used_tools(said)
    dropped: list[str] = []
    if choice is not None and choice.kind == "none":
        if used and own:  # Bedrock wants tools that were called to be told of, and has no "none"
            dropped.append("tool_choice")
        else:
            own = ()
        choice = None
    if not own:
        own = tuple(Tool(name, "", _ANY_OBJECT) for name in used)
    specs = [spec for tool in own for spec in _specs(tool, _extra(body, tool.name))]
    text_format: JsonObject | None = None
    forced = choice is not None and choice.kind in ("required", "tool")
    if shape is not None and not forced:
        if shape.schema is not None and keeps_to_schemas(model):
            text_format = _text_format(shape, shape.schema)
        else:
            choice = ToolChoice("required") if specs else ToolChoice("tool", JSON_TOOL)
            specs.append(_json_tool(shape))
            forced = True
    if not specs:
        return Offered(text_format=text_format)
    config: JsonObject = {"tools": [*specs]}
    if choice is not None:
        config["toolChoice"] = _chosen(choice)
    return Offered(config, forced, text_format, dropped)


def _chosen(choice: ToolChoice) -> JsonObject:
    match choice.kind:
        case "tool":
            return {"tool": {"name": choice.name}}
        case "required":
            return {"any": {}}
        case _:
            return {"auto": {}}


def _specs(tool: Tool, extra: JsonObject) -> list[JsonObject]:
    spec: JsonObject = {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        "inputSchema": {"json": {"type": "object", **tool.schema}},
    }
    if tool.strict is True:
        spec["strict"] = True
    cached = extra.get("cache_control")
    return [{"toolSpec": spec}, *([] if cached is None else [cache_point(cached)])]


def _extra(body: JsonObject, name: str) -> JsonObject:
    """The fields beside a tool."""
    for one in as_list(body.get("tools")) or []:
        outer = as_object(one) or {}
        if (as_object(outer.get("function")) or {}).get("name") == name:
            return outer
    return {}


def _text_format(shape: Shape, schema: JsonObject) -> JsonObject:
    written = orjson.dumps(closed_schema(schema)).decode()
    structure: JsonObject = {"jsonSchema": {"schema": written, "name": shape.name}}
    return {"type": "json_schema", "structure": structure}


def _json_tool(shape: Shape) -> JsonObject:
    spec: JsonObject = {
        "name": JSON_TOOL,
        "description": "Give your answer to the user by calling this tool.",
        "inputSchema": {"json": {"type": "object", **(shape.schema or _ANY_OBJECT)}},
    }
    return {"toolSpec": spec}
