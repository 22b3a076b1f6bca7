"""Tools in Anthropic's words, and answers held to JSON, for which a tool may serve."""

from __future__ import annotations

from dataclasses import field

from ..errors import UnsupportedParameter
from ..schemas.frozen import frozen
from ..schemas.json import Json, JsonObject
from .anthropic_answer import JSON_TOOL
from .anthropic_messages import called_tools
from .anthropic_models import ClaudeModel
from .anthropic_schema import closed_schema
from .conversation import (
    Conversation,
    Shape,
    Tool,
    ToolChoice,
    tool_choice,
    tools,
    wanted_shape,
)

_WORDS = {"auto": "auto", "none": "none", "required": "any"}
_ONLY_JSON = "Answer with one JSON object and nothing else: no words around it, no code fence."
_ANY_OBJECT: JsonObject = {"type": "object", "additionalProperties": True}


@frozen
class Offered:
    """What the model may call, and the shape of what it says.

    Attributes:
        fields: `tools` and `tool_choice`.
        forced: Some tool is forced upon it.
        output_format: Of `output_config`.
        system: Words to add to the system prompt.
    """

    fields: JsonObject
    forced: bool = False
    output_format: JsonObject | None = None
    system: list[Json] = field(default_factory=list[Json])


def offered(body: JsonObject, said: Conversation, model: ClaudeModel) -> Offered:
    """What a request offers to `model`.

    Raises:
        UnsupportedParameter: A tool is forced upon a model that cannot be forced, or a tool is
            none of the caller's own functions.
    """
    own = tools(body)
    choice = tool_choice(body)
    shape = wanted_shape(body)
    if not own:
        # Whoever has called tools must be told of some, even if none may be called any more.
        own = tuple(Tool(name, "", _ANY_OBJECT) for name in called_tools(said))
        choice = ToolChoice("none") if own else None
    specs: list[Json] = [_spec(tool, model) for tool in own]
    forcing = choice is not None and choice.kind in ("required", "tool")
    if forcing and model.always_thinks:
        raise UnsupportedParameter(
            "This model always thinks, and no tool can be forced upon it: use `tool_choice` "
            "`auto`, or choose another model.",
            param="tool_choice",
        )
    output_format: JsonObject | None = None
    system: list[Json] = []
    if shape is not None and not forcing:
        if shape.schema is not None and model.schemas:
            output_format = {"type": "json_schema", "schema": closed_schema(shape.schema)}
        elif model.always_thinks:
            system.append({"type": "text", "text": _ONLY_JSON})
        else:
            specs.append(_json_tool(shape))
            alone = not own or (choice is not None and choice.kind == "none")
            choice = ToolChoice("tool", JSON_TOOL) if alone else ToolChoice("required")
            forcing = True
    if not specs:
        return Offered({}, output_format=output_format, system=system)
    fields: JsonObject = {"tools": specs, **_chosen(body, choice)}
    return Offered(fields, forcing, output_format, system)


def _chosen(body: JsonObject, choice: ToolChoice | None) -> JsonObject:
    one_at_a_time = body.get("parallel_tool_calls") is False
    if choice is None:
        if not one_at_a_time:
            return {}
        choice = ToolChoice("auto")
    chosen: JsonObject = {"type": "tool", "name": choice.name}
    if choice.kind != "tool":
        chosen = {"type": _WORDS[choice.kind]}
    if one_at_a_time and choice.kind != "none":
        chosen["disable_parallel_tool_use"] = True
    return {"tool_choice": chosen}


def _spec(tool: Tool, model: ClaudeModel) -> JsonObject:
    strict = tool.strict is True and model.schemas
    schema = {"type": "object", **tool.schema}
    spec: JsonObject = {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        "input_schema": closed_schema(schema) if strict else schema,
    }
    if strict:
        spec["strict"] = True
    return {**spec, **tool.extra}


def _json_tool(shape: Shape) -> JsonObject:
    return {
        "name": JSON_TOOL,
        "description": "Give your answer to the user by calling this tool.",
        "input_schema": shape.schema or _ANY_OBJECT,
    }
