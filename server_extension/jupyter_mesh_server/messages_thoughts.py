"""Thoughts on their way through Anthropic's API.

A block of thinking has one field that clients hand back as it was: its signature. What other
vendors want to have back of a thought (`reasoning_details`) travels in there.
"""

from __future__ import annotations

import base64
import binascii

import orjson

from jupyter_mesh.schemas.json import JsonObject, as_object, as_str

_MARK = "mesh."
_ANTHROPIC = "anthropic-claude-v1"
"""The format of thoughts that came straight from Anthropic, without the mesh."""


def block_of(detail: JsonObject) -> JsonObject:
    """The block of thinking that an item of `reasoning_details` is."""
    text = as_str(detail.get("text"))
    rest = {name: value for name, value in detail.items() if name != "text"}
    sealed = _MARK + base64.b64encode(orjson.dumps(rest)).decode()
    if text is None and detail.get("data") is not None:
        return {"type": "redacted_thinking", "data": sealed}
    return {"type": "thinking", "thinking": text or "", "signature": sealed}


def detail_of(block: JsonObject, index: int, model: str) -> JsonObject | None:
    """The item of `reasoning_details` that a block of thinking is; None: it was signed by nobody.

    Args:
        block: Of type `thinking` or `redacted_thinking`.
        index: Its place in the message.
        model: Who is asked now: who signed what did not come through the mesh.
    """
    redacted = block.get("type") == "redacted_thinking"
    text: JsonObject = {} if redacted else {"text": as_str(block.get("thinking")) or ""}
    sealed = as_str(block.get("data" if redacted else "signature")) or ""
    if sealed.startswith(_MARK):
        detail = _opened(sealed.removeprefix(_MARK))
        return None if detail is None else {**detail, **text}
    if not sealed:
        return None
    kind = "reasoning.encrypted" if redacted else "reasoning.text"
    seal: JsonObject = {"data" if redacted else "signature": sealed}
    name = model.rpartition("/")[2]
    return {"type": kind, **text, **seal, "format": _ANTHROPIC, "index": index, "model": name}


def _opened(sealed: str) -> JsonObject | None:
    try:
        return as_object(orjson.loads(base64.b64decode(sealed, validate=True)))
    except (binascii.Error, orjson.JSONDecodeError):
        return None
