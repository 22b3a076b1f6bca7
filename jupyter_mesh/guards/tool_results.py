"""Which texts of a request came out of a tool: nobody who may ask wrote them."""

from __future__ import annotations

from collections.abc import Iterator

from ..schemas.json import Json, as_list, dig
from ..schemas.request import Request

_ROLES = ("tool", "function")
_ITEMS = ("function_call_output", "custom_tool_call_output", "mcp_call")


def is_of_a_tool(text: str, request: Request | None) -> bool:
    """Whether `text` is what a tool returned: a part of it, or its parts joined."""
    if request is None:
        return False
    return any(text in {*parts, "".join(parts), "\n".join(parts)} for parts in _returned(request))


def _returned(request: Request) -> Iterator[list[str]]:
    for message in as_list(request.body.get("messages")) or []:
        if dig(message, "role") in _ROLES:
            yield _texts(dig(message, "content"))
    for item in as_list(request.body.get("input")) or []:
        if dig(item, "type") in _ITEMS:
            yield _texts(dig(item, "output"))


def _texts(content: Json) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = (dig(part, "text") for part in as_list(content) or [])
    return [text for text in parts if isinstance(text, str)]
