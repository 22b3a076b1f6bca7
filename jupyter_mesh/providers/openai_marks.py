"""What other vendors' clients and models leave in a conversation, taken out for OpenAI itself.

It refuses fields that it does not know. Servers that only speak its format get everything as it
came.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ..schemas.json import Json, JsonObject, as_list

_STRICT = (
    ".openai.com",
    ".openai.azure.com",
    ".openai.azure.us",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
)
_OF_MESSAGES = frozenset(
    {
        "cache_control", "is_error", "reasoning", "reasoning_content", "reasoning_details",
        "extra_content", "citations", "tool_plan",
    }
)  # fmt: skip
_OF_PARTS = frozenset({"cache_control", "citations", "context", "extra_content"})
_OF_BODIES = frozenset({"cache_control", "thinking", "google"})
"""Of Anthropic's API, and of Google's."""


def is_strict(base_url: str) -> bool:
    """Whether OpenAI itself answers there, or Azure for it."""
    return (urlsplit(base_url).hostname or "").endswith(_STRICT)


def without_marks(body: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
    """The body without them, and the parameters among them. What is said stays."""
    dropped = tuple(sorted(_OF_BODIES & body.keys()))
    plain = {name: value for name, value in body.items() if name not in dropped}
    for name in ("messages", "tools"):
        if (items := as_list(plain.get(name))) is not None:
            plain[name] = [_plain(item) for item in items]
    return plain, dropped


def _plain(item: Json) -> Json:
    if not isinstance(item, dict):
        return item
    if _OF_MESSAGES & item.keys():
        item = {name: value for name, value in item.items() if name not in _OF_MESSAGES}
    for name in ("content", "tool_calls"):
        parts = item.get(name)
        if isinstance(parts, list) and any(_marked(part) for part in parts):
            item = {**item, name: [_unmarked(part) for part in parts]}
    return item


def _marked(part: Json) -> bool:
    return isinstance(part, dict) and bool(_OF_PARTS & part.keys())


def _unmarked(part: Json) -> Json:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if name not in _OF_PARTS}
