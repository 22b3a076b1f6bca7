"""A conversation in Cohere's words.

Source: Cohere API reference, v2 (chat), and the types of its client, `cohere` 7.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import UnsupportedParameter
from ..schemas.json import Json, JsonObject, as_str
from .conversation import Conversation, Media, Part, Text, ToolCall, ToolResult, Turn


def messages_of(talk: Conversation) -> list[Json]:
    """`messages`.

    Raises:
        UnsupportedParameter: A part cannot be put to Cohere.
    """
    system: list[Json] = [{"role": "system", "content": one.text} for one in talk.system]
    said: list[Json] = []
    for turn in talk.turns:
        said += [_said(turn)] if turn.role == "assistant" else _asked(turn)
    return [*system, *said]


def _said(turn: Turn) -> JsonObject:
    text = "".join(part.text for part in turn.parts if isinstance(part, Text))
    calls: list[Json] = [_call(part) for part in turn.parts if isinstance(part, ToolCall)]
    if any(isinstance(part, Media) for part in turn.parts):
        raise _cannot("media in what the model itself said")
    if not calls:
        return {"role": "assistant", "content": text}
    message: JsonObject = {"role": "assistant", "tool_calls": calls}
    # What is said before a call is its plan; of ours it has been told as a thought.
    plan = as_str(turn.extra.get("tool_plan")) or as_str(turn.extra.get("reasoning_content"))
    plan = "\n".join(one for one in (plan, text) if one)
    return {**message, "tool_plan": plan} if plan else message


def _call(call: ToolCall) -> JsonObject:
    function: JsonObject = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _asked(turn: Turn) -> Iterator[JsonObject]:
    """What the user's side says: each result a message of its own, the rest one more."""
    others: list[Part] = []
    for part in turn.parts:
        if isinstance(part, ToolResult):
            yield {"role": "tool", "tool_call_id": part.id, "content": _told(part)}
        else:
            others.append(part)
    if len(others) == 1 and isinstance(others[0], Text):
        yield {"role": "user", "content": others[0].text}
    elif others:
        yield {"role": "user", "content": [_block(part) for part in others]}


def _told(result: ToolResult) -> list[Json]:
    if any(isinstance(part, Media) for part in result.content):
        raise _cannot("pictures and files in a tool's result")
    texts = [part.text for part in result.content if isinstance(part, Text)]
    return [{"type": "text", "text": text} for text in texts or [""]]


def _block(part: Part) -> JsonObject:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, Media) and part.kind == "image":
        url = part.url or f"data:{part.type};base64,{part.data}"
        detail = part.extra.get("detail")
        image: JsonObject = {"url": url} if detail is None else {"url": url, "detail": detail}
        return {"type": "image_url", "image_url": image}
    raise _cannot(part.kind if isinstance(part, Media) else "tool calls of the user's side")


def _cannot(what: str) -> UnsupportedParameter:
    return UnsupportedParameter(
        f"Cohere does not take {what}; choose a model of another provider.", param="messages"
    )
