"""Signed thoughts: those that come back must be those that were had."""

from __future__ import annotations

import base64
import hashlib

from ...schemas.json import JsonObject


def signed(thinking: str) -> JsonObject:
    """A block of thinking."""
    return {"type": "thinking", "thinking": thinking, "signature": _signature(thinking)}


def is_signed(block: JsonObject) -> bool:
    """Whether a block came from here and was not changed."""
    return block.get("signature") == _signature(str(block.get("thinking")))


def _signature(thinking: str) -> str:
    return base64.b64encode(hashlib.sha256(f"fake:{thinking}".encode()).digest() * 3).decode()
