"""Thoughts on their way through Anthropic's API.

A block of thinking has one field that clients hand back as it was: its signature. What other
vendors want to have back of a thought (`reasoning_details`) travels in there.
"""

from __future__ import annotations

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.json import JsonObject, as_object, as_str

from .json_body import parse_sealed, sealed

_MARK = "mesh."
_ANTHROPIC = "anthropic-claude-v1"
"""The format of thoughts that came straight from Anthropic, without the mesh."""


def block_of(detail: JsonObject) -> JsonObject:
    """The block of thinking that an item of `reasoning_details` is."""
    text = as_str(detail.get("text"))
    rest = {name: value for name, value in detail.items() if name != "text"}
    if text is None and detail.get("data") is not None:
        return hidden(rest)
    return {"type": "thinking", "thinking": text or "", "signature": _MARK + sealed(rest)}


def hidden(value: JsonObject) -> JsonObject:
    """A block of thinking of which nothing is shown, that comes back with the message."""
    return {"type": "redacted_thinking", "data": _MARK + sealed(value)}


def detail_of(block: JsonObject, index: int, model: str) -> JsonObject | None:
    """The item of `reasoning_details`, or whatever was `hidden`, that a block of thinking is; None:
    it was signed by nobody.

    Args:
        block: Of type `thinking` or `redacted_thinking`.
        index: Its place in the message.
        model: Who is asked now: who signed what did not come through the mesh.

    Raises:
        InvalidRequest: It claims to have been signed here, and cannot be read.
    """
    redacted = block.get("type") == "redacted_thinking"
    text: JsonObject = {} if redacted else {"text": as_str(block.get("thinking")) or ""}
    kept = as_str(block.get("data" if redacted else "signature")) or ""
    if kept.startswith(_MARK):
        detail = as_object(parse_sealed(kept.removeprefix(_MARK)))
        if detail is None:
            raise InvalidRequest(
                "The signature of a thought was not made by this gateway.", param="messages"
            )
        return {**detail, **text}
    if not kept:
        return None
    kind = "reasoning.encrypted" if redacted else "reasoning.text"
    seal: JsonObject = {"data" if redacted else "signature": kept}
    name = model.rpartition("/")[2]
    return {"type": kind, **text, **seal, "format": _ANTHROPIC, "index": index, "model": name}
