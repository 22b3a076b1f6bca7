"""The pieces of a response: its items, what they hold, and its usage.

Source: OpenAI API reference, "The response object".
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject, as_object, as_str
from jupyter_mesh.schemas.spend import Usage


class Item:
    """One item of the output, while it grows.

    Attributes:
        data: As it stands now.
        place: Its index in the output.
        said: The text so far: of the message, the thought, or the arguments.
        logprobs: Of the text, where the model tells.
    """

    def __init__(self, data: JsonObject, place: int) -> None:
        self.data = data
        self.place = place
        self.said: list[str] = []
        self.logprobs: list[Json] = []

    @property
    def id(self) -> str:
        """The item's own."""
        return as_str(self.data.get("id")) or ""

    @property
    def kind(self) -> str:
        """Its type."""
        return as_str(self.data.get("type")) or ""


def part_of(kind: str, text: str, logprobs: list[Json]) -> JsonObject:
    """What an item holds of `kind`."""
    if kind == "refusal":
        return {"type": kind, "refusal": text}
    if kind == "output_text":
        return {"type": kind, "text": text, "annotations": [], "logprobs": logprobs}
    return {"type": kind, "text": text}


def tool_of(tool: Json) -> JsonObject:
    """A tool of the request as it stands in the answer."""
    return {"description": None, "parameters": None, "strict": None, **(as_object(tool) or {})}


def usage_json(usage: Usage) -> JsonObject:
    """Tokens in the words of the Responses API."""
    cached: JsonObject = {
        "cached_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
    }
    return {
        "input_tokens": usage.input,
        "input_tokens_details": cached,
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }
